// promlite: the server that a client talks to: its URL, what each request says, and what no message may.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_HTTP_PEER_HPP
#define PROMLITE_TRANSPORT_HTTP_PEER_HPP

#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/transport/base64.hpp>
#include <promlite/transport/http_message.hpp>
#include <promlite/transport/http_url.hpp>
#include <promlite/transport/quote.hpp>
#include <promlite/transport/resolver.hpp>
#include <promlite/version.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// The first thing that is wrong with what it was given stays in problem(): whoever sends looks there first.
/// Throws std::bad_alloc.
class HttpPeer {
 public:
  PROMLITE_COLD explicit HttpPeer(std::string_view url) {
    if (const char* const problem = parse_http_url(url, url_)) {
      // Behind the last @ there are no credentials.
      const std::size_t at = url.rfind('@');
      const std::string shown = quote_words(at == std::string_view::npos ? url : url.substr(at + 1));
      set_problem(message_of("\"", shown, "\": ", problem));
      return;
    }
    resolver_ = std::make_shared<Resolver>(url_.host, url_.port);
    const std::size_t colon = url_.credentials.find(':');
    if (colon == std::string::npos) return;
    const std::string credentials = url_.credentials;
    set_basic_auth(std::string_view(credentials).substr(0, colon),
                   std::string_view(credentials).substr(colon + 1));
  }

  /// RFC 7617.
  PROMLITE_COLD void set_basic_auth(std::string_view user, std::string_view password) {
    if (user.find(':') != std::string_view::npos) return set_problem("a user name cannot have a colon");
    if (has_control(user) || has_control(password)) {
      return set_problem("the user name or the password has a control character in it");
    }
    const std::string pair = message_of(user, ":", password);
    std::string encoded;
    append_base64(encoded, pair, Base64::padded);
    keep_secret(password);
    keep_secret(encoded);
    authorization_ = "Basic " + encoded;
  }

  /// RFC 6750.
  PROMLITE_COLD void set_bearer_token(std::string_view token) {
    if (token.empty()) return set_problem("the bearer token is empty");
    for (const char c : token) {
      if (!is_visible_ascii(c))
        return set_problem("the bearer token has a character that a token cannot have");
    }
    keep_secret(token);
    authorization_ = message_of("Bearer ", token);
  }

  PROMLITE_COLD void add_header(std::string_view name, std::string_view value) {
    bool token = !name.empty();
    for (const char c : name) token = token && is_token_char(c);
    if (!token) return set_problem(message_of("\"", quote_words(name), "\" is not the name of a header"));
    for (const std::string_view own : {"host", "connection", "content-length", "content-type",
                                       "transfer-encoding", "expect", "user-agent"}) {
      if (equals_ignoring_case(name, own))
        return set_problem(message_of("the header ", name, " is not free"));
    }
    if (has_control(value)) {
      return set_problem(message_of("the value of the header ", name, " has a control character in it"));
    }
    if (equals_ignoring_case(name, "authorization")) {
      keep_secret(value.substr(value.find(' ') + 1));
      authorization_ = value;
      return;
    }
    // It may be a key. A short one, as a tenant's number, would hide too much.
    if (value.size() >= 8) keep_secret(value);
    headers_.append(name).append(": ").append(value).append("\r\n");
  }

  PROMLITE_COLD void set_timeout(std::chrono::milliseconds timeout) {
    if (timeout < std::chrono::milliseconds(1) || timeout > std::chrono::hours(24)) {
      return set_problem("the timeout is not between a millisecond and a day");
    }
    timeout_ = timeout.count();
  }

  PROMLITE_COLD void set_problem(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  /// Empty when there is none.
  const std::string& problem() const noexcept { return problem_; }
  const HttpUrl& url() const noexcept { return url_; }
  Instant timeout() const noexcept { return timeout_; }
  /// There unless there is a problem().
  Resolver& resolver() const noexcept { return *resolver_; }

  /// A request's head with its empty line. `target` follows the URL's prefix.
  PROMLITE_COLD std::string head(std::string_view method, std::string_view target,
                                 std::string_view content_type, std::size_t body_size) const {
    std::string head;
    head.append(method).append(" ").append(url_.prefix).append(target);
    head.append(" HTTP/1.1\r\nHost: ").append(url_.authority);
    head.append("\r\nUser-Agent: promlite/" PROMLITE_VERSION "\r\nConnection: close\r\n");
    if (!content_type.empty()) head.append("Content-Type: ").append(content_type).append("\r\n");
    if (method != "GET" || body_size != 0) {
      head.append("Content-Length: ").append(digits_of(body_size)).append("\r\n");
    }
    if (!authorization_.empty()) head.append("Authorization: ").append(authorization_).append("\r\n");
    return head.append(headers_).append("\r\n");
  }

  /// The other side's words, as a message may repeat them: not when they repeat a credential.
  PROMLITE_COLD std::string quote(std::string_view words) const {
    for (const std::string& secret : secrets_) {
      if (words.find(secret) != std::string_view::npos) return "(not shown: it repeats a credential)";
    }
    return quote_words(words);
  }

 private:
  static bool has_control(std::string_view text) noexcept {
    for (const char c : text) {
      if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') return true;
    }
    return false;
  }

  void keep_secret(std::string_view secret) {
    if (!secret.empty()) secrets_.emplace_back(secret);
  }

  HttpUrl url_;
  std::string headers_;
  std::string authorization_;
  std::vector<std::string> secrets_;
  std::string problem_;
  Instant timeout_ = 5000;
  std::shared_ptr<Resolver> resolver_;  // shared by copies, too
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_HTTP_PEER_HPP
