// promlite: where a client finds its server, as people write it.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_HTTP_URL_HPP
#define PROMLITE_TRANSPORT_HTTP_URL_HPP

#include <promlite/config.hpp>
#include <promlite/detail/ascii.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/error.hpp>
#include <promlite/naming.hpp>
#include <promlite/transport/query.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

struct HttpUrl {
  std::string host;         ///< without brackets
  std::string authority;    ///< `host:port` for Host and for messages: it holds no credentials
  std::string prefix;       ///< empty, or a path that begins with a slash and does not end in one
  std::string credentials;  ///< `user:password`, decoded; empty when there were none
  std::uint16_t port = 80;
};

PROMLITE_COLD inline std::string digits_of(std::uint64_t number) {
  char digits[max_number_chars];
  return {digits, write_number(digits, number)};
}

/// A character that may stand in a request line as it is, beside the blank: RFC 9112 section 3.2.
constexpr bool is_visible_ascii(char c) noexcept { return c > ' ' && c < '\x7f'; }

/// Decodes what stands before the @ of a URL, where a plus sign is one.
PROMLITE_COLD inline std::string decode_userinfo(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped.append(c == '+' ? std::string_view("%2B") : std::string_view(&c, 1));
  return percent_decode(escaped);
}

/// Takes `host`, `host:port`, `[v6]` or `[v6]:port` apart; returns what is wrong, or null.
PROMLITE_COLD inline const char* parse_authority(std::string_view text, HttpUrl& url) {
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  const bool brackets = !text.empty() && text.front() == '[';
  const std::size_t behind = brackets ? text.find(']') + 1 : text.find(':');
  if (brackets && (behind == 0 || behind < 4)) return "the brackets are not around an IPv6 address";
  if (behind < text.size()) {
    has_port = true;
    host = text.substr(0, behind);
    port = text.substr(behind + 1);
    if (text[behind] != ':') return "there is something other than a port behind the brackets";
    if (port.find(':') != std::string_view::npos) return "an IPv6 address needs brackets: [::1]:9091";
  }
  if (brackets) host = host.substr(1, host.size() - 2);
  if (host.empty()) return "the host is missing";
  for (const char c : host) {
    if (brackets ? hex_value(c) < 0 && c != ':' && c != '.' : !is_name_char(c) && c != '-' && c != '.') {
      return brackets ? "the brackets are not around an IPv6 address"
                      : "the host may have letters, digits, '-', '.' and '_' only";
    }
  }
  std::uint32_t number = has_port ? 0 : 80;
  for (const char c : port) {
    if (c < '0' || c > '9' || number > 65535) return "the port is not a number from 1 to 65535";
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (number == 0 || number > 65535) return "the port is not a number from 1 to 65535";
  url.host = host;
  url.port = static_cast<std::uint16_t>(number);
  url.authority = message_of(brackets ? "[" : "", host, brackets ? "]:" : ":", digits_of(number));
  return nullptr;
}

/// Takes `host:port`, or `http://[USER:PASSWORD@]HOST[:PORT][/PREFIX]`, apart; returns what is wrong, or
/// null. Throws std::bad_alloc.
PROMLITE_COLD inline const char* parse_http_url(std::string_view text, HttpUrl& url) {
  for (const char c : text) {
    if (!is_visible_ascii(c)) return "there is a blank, a control or a non-ASCII character in it";
  }
  const std::size_t scheme = text.find("://");
  if (scheme != std::string_view::npos) {
    if (equals_ignoring_case(text.substr(0, scheme), "https")) {
      return "https is not supported, there is no TLS in promlite: let a proxy on this machine (stunnel, "
             "nginx, envoy) speak it, and give http:// and the proxy's address here";
    }
    if (!equals_ignoring_case(text.substr(0, scheme), "http")) return "the scheme is not http";
    text.remove_prefix(scheme + 3);
  }
  if (text.find_first_of("?#") != std::string_view::npos) return "it has a query or a fragment";
  const std::size_t slash = text.find('/');
  std::string_view authority = text.substr(0, slash);
  if (slash != std::string_view::npos) url.prefix = text.substr(slash);
  while (!url.prefix.empty() && url.prefix.back() == '/') url.prefix.pop_back();
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    url.credentials = decode_userinfo(authority.substr(0, at));
    if (url.credentials.find(':') == std::string::npos)
      return "what stands before the @ is not USER:PASSWORD";
    authority.remove_prefix(at + 1);
  }
  return parse_authority(authority, url);
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_HTTP_URL_HPP
