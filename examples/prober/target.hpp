// prober: what a target is, and which ones may be probed. Pure functions.
// SPDX-License-Identifier: MIT
#ifndef PROBER_TARGET_HPP
#define PROBER_TARGET_HPP

#include "result.hpp"

#include <promlite/transport/http_url.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>

namespace prober {

struct Target {
  std::string host;  // a name or an address, without brackets, in small letters
  std::uint16_t port = 0;
  std::string host_and_port;  // "host:port" or "[::1]:port": what --target.allow is held against
  std::string host_header;    // as it was written
  std::string path;           // with the query; for HTTP only
};

inline std::string lower(std::string_view text) {
  std::string small(text);
  for (char& c : small) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return small;
}

/// A target, or why it is none.
struct ParsedTarget {
  std::optional<Target> target;
  Failure failure;
};

/// "HOST:PORT", "[IPV6]:PORT" or such with "tcp://" before it.
inline ParsedTarget parse_tcp_target(std::string_view text) {
  if (text.substr(0, 6) == "tcp://") text.remove_prefix(6);
  const auto refuse = [](std::string why) {
    return ParsedTarget{std::nullopt, {Phase::target, "not understood", std::move(why)}};
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.back() == ']') return refuse("the port is missing");
  promlite::detail::HttpUrl parsed;
  if (const char* const problem = promlite::detail::parse_authority(text, parsed)) return refuse(problem);
  const std::string authority = lower(parsed.authority);
  return {Target{lower(parsed.host), parsed.port, authority, authority, ""}, {}};
}

/// "http://HOST[:PORT][/PATH][?QUERY]", or such without "http://"; the port is 80 unless it is there.
inline ParsedTarget parse_http_target(std::string_view text) {
  const auto refuse = [](const char* reason, std::string why) {
    return ParsedTarget{std::nullopt, {Phase::target, reason, std::move(why)}};
  };
  for (const char c : text) {
    if (c <= ' ' || c > '~') return refuse("not understood", "a character in it must be percent-encoded");
  }
  const std::size_t start = text.find("://");
  if (start != std::string_view::npos && start < text.find_first_of("/?#")) {
    const std::string scheme = lower(text.substr(0, start));
    if (scheme == "https")
      return refuse("TLS is not spoken", "https:// needs TLS, which this prober has not");
    if (scheme != "http") return refuse("not understood", "the scheme is not http");
    text.remove_prefix(start + 3);
  }
  text = text.substr(0, text.find('#'));
  const std::string_view authority = text.substr(0, text.find_first_of("/?"));
  text.remove_prefix(authority.size());
  if (authority.find('@') != std::string_view::npos)
    return refuse("not understood", "it has a user, whose password everybody could see");
  promlite::detail::HttpUrl parsed;
  if (const char* const problem = promlite::detail::parse_authority(authority, parsed))
    return refuse("not understood", problem);
  const std::string path = (text.substr(0, 1) == "/" ? "" : "/") + std::string(text);
  return {Target{lower(parsed.host), parsed.port, lower(parsed.authority), lower(authority), path}, {}};
}

/// Whether all of `text` fits: "*" stands for any characters, none included, "?" for one.
inline bool fits(std::string_view glob, std::string_view text) {
  std::size_t g = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // the last one, and how far it reaches
  std::size_t reached = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      reached = t;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t])) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++reached;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

/// Whether a glob stands for IPv4 addresses: its host has digits, and nothing else but dots, "*" and "?".
inline bool means_addresses(std::string_view glob) {
  const std::string_view host = glob.substr(0, glob.rfind(':'));
  return host.find_first_not_of("0123456789.*?") == std::string_view::npos &&
         host.find_first_of("0123456789") != std::string_view::npos;
}

/// Whether a target may be probed: no globs allow all, else one must fit its host and port. A name never fits
/// one that stands for addresses: whose "10.1.example.org" is says nothing of where it leads.
inline bool is_allowed(const Target& target, const std::vector<std::string>& globs) {
  ::in_addr address{};
  const bool is_address = ::inet_pton(AF_INET, target.host.c_str(), &address) == 1;
  bool allowed = globs.empty();
  for (const std::string& glob : globs)
    allowed = allowed || (fits(lower(glob), target.host_and_port) && (is_address || !means_addresses(glob)));
  return allowed;
}

/// A target as a log may show it: without the user and password that it should not have.
inline std::string without_user(std::string_view text) {
  const std::size_t scheme = text.find("://");
  const std::size_t start = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::string_view authority = text.substr(start, text.find_first_of("/?#", start) - start);
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return std::string(text);
  return std::string(text.substr(0, start)) + "..." + std::string(text.substr(start + at));
}

}  // namespace prober

#endif  // PROBER_TARGET_HPP
