// promlite: which path of the server answers what. No socket and no registry.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_SITE_HPP
#define PROMLITE_TRANSPORT_SITE_HPP

#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/transport/authorization.hpp>
#include <promlite/transport/http_message.hpp>
#include <promlite/transport/server_options.hpp>

#include <string>
#include <string_view>

namespace promlite {
namespace detail {

/// A response whose body lives as long as the server. With `scrape` the body is yet to be collected.
struct Reply {
  int status = 200;
  std::string_view body;
  std::string_view content_type = "text/plain; charset=utf-8";
  std::string_view extra;  ///< header lines
  bool scrape = false;
};

/// The reply to a request that went wrong. It says what the status says: nothing of the request, nothing of
/// the program.
inline Reply error_reply(int status) noexcept {
  Reply reply;
  reply.status = status;
  switch (status) {
    case 401:
      reply.body = "Unauthorized\n";
      break;
    case 404:
      reply.body = "Not found\n";
      break;
    case 405:
      reply.body = "Method not allowed\n";
      reply.extra = "Allow: GET, HEAD\r\n";
      break;
    case 408:
      reply.body = "Request timeout\n";
      break;
    case 503:
      reply.body = "Service unavailable\n";
      break;
    default:
      reply.body = "Bad request\n";
      break;
  }
  return reply;
}

/// Text as the content of an HTML element, or as an attribute in double quotes.
PROMLITE_COLD inline std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

/// The paths of one server, and who may ask for them.
class Site {
 public:
  /// Throws Error when an option makes no sense.
  PROMLITE_COLD explicit Site(const ServerOptions& options)
      : metrics_path_(options.metrics_path), token_(options.bearer_token) {
    if (const char* problem = problem_of(options)) fail(message_of("cannot serve metrics: ", problem));
    if (options.basic_auth) user_password_ = options.basic_auth->user + ":" + options.basic_auth->password;
    if (!user_password_.empty()) challenge_ = "WWW-Authenticate: Basic realm=\"metrics\"\r\n";
    if (!token_.empty()) challenge_ += "WWW-Authenticate: Bearer realm=\"metrics\"\r\n";
    const std::string name = escape_html(options.name);
    landing_page_ = message_of("<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>", name,
                               "</title></head>\n<body>\n<h1>", name, "</h1>\n<p><a href=\"",
                               escape_html(metrics_path_), "\">Metrics</a></p>\n</body>\n</html>\n");
  }

  /// The reason why a server cannot be made so, or null.
  static const char* problem_of(const ServerOptions& options) noexcept {
    const std::string& path = options.metrics_path;
    if (path.empty() || path[0] != '/') return "metrics_path does not begin with a slash";
    for (const char c : path) {
      if (c <= ' ' || c >= 0x7f || c == '?' || c == '#')
        return "metrics_path holds a character that a path cannot hold";
    }
    if (options.basic_auth && options.basic_auth->user.find(':') != std::string::npos) {
      return "the user of basic_auth holds a colon";
    }
    return nullptr;
  }

  /// Throws std::bad_alloc, and only where there is a secret to be compared.
  Reply reply_to(const HttpRequest& request, bool ready) const {
    if (!challenge_.empty() && !is_authorized(request.authorization, user_password_, token_)) {
      Reply reply = error_reply(401);
      reply.extra = challenge_;
      return reply;
    }
    Reply reply = page(request.path, ready);
    if (reply.status == 404) return reply;
    switch (request.method) {
      case HttpMethod::get:
      case HttpMethod::head:
        return reply;
      case HttpMethod::options:
        reply = Reply();
        reply.extra = "Allow: GET, HEAD, OPTIONS\r\n";
        return reply;
      case HttpMethod::other:
        break;
    }
    return error_reply(405);
  }

 private:
  Reply page(std::string_view path, bool ready) const noexcept {
    Reply reply;
    if (path == metrics_path_) {
      reply.scrape = true;
    } else if (path == "/") {
      reply.body = landing_page_;
      reply.content_type = "text/html; charset=UTF-8";
    } else if (path == "/-/healthy" || (path == "/-/ready" && ready)) {
      reply.body = "OK\n";
    } else if (path == "/-/ready") {
      reply.status = 503;
      reply.body = "Not ready\n";
    } else if (path != "*") {
      return error_reply(404);
    }
    return reply;
  }

  std::string metrics_path_;
  std::string user_password_;
  std::string token_;
  std::string challenge_;
  std::string landing_page_;
};

}  // namespace detail
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_SITE_HPP
