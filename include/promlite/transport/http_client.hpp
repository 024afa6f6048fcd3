// promlite: a small HTTP client, for what a collector or a tool has to ask of somebody else.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_HTTP_CLIENT_HPP
#define PROMLITE_TRANSPORT_HTTP_CLIENT_HPP

#include <promlite/config.hpp>
#include <promlite/transport/http_exchange.hpp>
#include <promlite/transport/http_peer.hpp>
#include <promlite/transport/limit.hpp>
#include <promlite/transport/socket.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {

namespace detail {

/// Why this is no request that can be sent, or null.
PROMLITE_COLD inline const char* request_problem(std::string_view method, std::string_view target) noexcept {
  if (method.empty()) return "the method is empty";
  for (const char c : method) {
    if (c < 'A' || c > 'Z') return "the method is not made of capital letters";
  }
  if (target.empty() || target.front() != '/') return "the path does not begin with a slash";
  for (const char c : target) {
    if (!is_visible_ascii(c) || c == '#') return "the path has a character that must be percent-encoded";
  }
  return nullptr;
}

}  // namespace detail

/// Sends requests to one server over HTTP/1.1, each on a connection of its own, which is closed after it.
/// What is wrong with the URL or a setting is told by each request. No redirect is followed, no proxy used;
/// there is no TLS. Requests may be sent by several threads at once; settings may not change meanwhile.
class HttpClient {
 public:
  /// `host:port` or `http://[USER:PASSWORD@]HOST[:PORT][/PREFIX]`; the port is 80 unless it is there.
  explicit HttpClient(std::string_view url) : peer_(url) {}

  /// For everything together: looking up, connecting, sending, receiving. 5 s unless set; 1 ms to a day.
  HttpClient& timeout(std::chrono::milliseconds timeout) {
    peer_.set_timeout(timeout);
    return *this;
  }
  HttpClient& basic_auth(std::string_view user, std::string_view password) {
    peer_.set_basic_auth(user, password);
    return *this;
  }
  HttpClient& bearer_token(std::string_view token) {
    peer_.set_bearer_token(token);
    return *this;
  }
  /// A header for every request. Those that frame a message are not free.
  HttpClient& header(std::string_view name, std::string_view value) {
    peer_.add_header(name, value);
    return *this;
  }
  /// The most that is read of a response; a longer one fails. 64 KiB unless set.
  HttpClient& max_response_bytes(std::size_t bytes) noexcept {
    max_bytes_ = bytes;
    return *this;
  }

  /// Asks for `target`, a path with or without a query, which follows the URL's prefix. Throws nothing but
  /// std::bad_alloc.
  HttpResult get(std::string_view target) const { return send("GET", target); }
  PROMLITE_COLD HttpResult send(std::string_view method, std::string_view target,
                                std::string_view content_type = {}, std::string_view body = {}) const {
    HttpResult refused;
    if (const char* const problem = detail::request_problem(method, target)) refused.problem = problem;
    if (content_type.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
      refused.problem = "the content type has a CR, LF or NUL in it";
    }
    if (!refused.problem.empty()) return refused;
    detail::HttpQuestion question;
    question.method = method;
    question.target = target;
    question.content_type = content_type;
    question.body = body;
    question.max_bytes = max_bytes_;
    // RFC 9110 section 9.3.2: the length is that of the body which GET would get.
    if (method == "HEAD") question.ends_with_head = [](int) { return true; };
    return detail::HttpExchange(peer_, question, {detail::now() + peer_.timeout(), -1}).run();
  }

 private:
  detail::HttpPeer peer_;
  std::size_t max_bytes_ = std::size_t{64} << 10;
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_HTTP_CLIENT_HPP
