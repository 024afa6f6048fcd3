// promlite: which path of the server answers what. No socket and no registry.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_SITE_HPP
#define PROMLITE_TRANSPORT_SITE_HPP

#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/transport/authorization.hpp>
#include <promlite/transport/http_message.hpp>
#include <promlite/transport/reply.hpp>
#include <promlite/transport/server_options.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

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

class Event;

/// The paths of one server, and who may ask for them. What derives from it adds paths, or decides otherwise
/// who may ask. Its functions are const and called by one thread at a time, by different threads where
/// servers share it.
class Site {
 public:
  /// Throws Error when an option makes no sense.
  PROMLITE_COLD explicit Site(const ServerOptions& options)
      : metrics_path_(options.metrics_path), token_(options.bearer_token) {
    if (const char* problem = problem_of(options)) fail(message_of("cannot serve metrics: ", problem));
    if (options.basic_auth) user_password_ = options.basic_auth->user + ":" + options.basic_auth->password;
    if (!user_password_.empty()) challenge_ = "WWW-Authenticate: Basic realm=\"metrics\"\r\n";
    if (!token_.empty()) challenge_ += "WWW-Authenticate: Bearer realm=\"metrics\"\r\n";
    landing_page_ = options.landing_page.empty() ? default_page(options) : options.landing_page;
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

  virtual ~Site() = default;

  /// The reply to a request, of which nothing may be kept. `ready` is what /-/ready says; signalling `wake`,
  /// now or later and from any thread, has the server look at its late replies. Throws std::bad_alloc, and
  /// here only where there is a secret to be compared; an exception is answered with 503.
  virtual Reply reply_to(const HttpRequest& request, bool ready,
                         [[maybe_unused]] const std::shared_ptr<Event>& wake) const {
    if (!challenge_.empty() && !is_authorized(request.authorization, user_password_, token_)) {
      Reply reply = error_reply(401);
      reply.extra = challenge_;
      return reply;
    }
    Reply reply = page(request.path, ready);
    return reply.status == 404 ? reply : reply_by_method(request.method, std::move(reply));
  }

  /// The most bytes of a reply's content type, `extra` and `headers` together, above 256. A reply with more
  /// becomes an empty one of status 500.
  virtual std::size_t header_room() const noexcept { return 0; }

 protected:
  /// What is at this path for whoever may see it; else 404.
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

 private:
  PROMLITE_COLD static std::string default_page(const ServerOptions& options) {
    const std::string name = escape_html(options.name);
    return message_of("<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>", name,
                      "</title></head>\n<body>\n<h1>", name, "</h1>\n<p><a href=\"",
                      escape_html(options.metrics_path), "\">Metrics</a></p>\n</body>\n</html>\n");
  }

  std::string metrics_path_;
  std::string user_password_;
  std::string token_;
  std::string challenge_;
  std::string landing_page_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_SITE_HPP
