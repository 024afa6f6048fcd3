// promlite: what a server answers: at once, by a scrape, or when another thread has made it.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_REPLY_HPP
#define PROMLITE_TRANSPORT_REPLY_HPP

#include <promlite/config.hpp>
#include <promlite/transport/http_message.hpp>

#include <memory>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

class LateReply;

/// What a site answers. What it views lives as long as the site; or, where a LateReply gives it, as long as
/// that one.
struct Reply {
  int status = 200;
  std::string_view body;
  std::string_view content_type = "text/plain; charset=utf-8";
  std::string_view extra;  ///< header lines, each with its CR LF
  /// More of them, which every response to the request has, whatever becomes of it. The site's to say: those
  /// of what a LateReply gives do not count.
  std::string_view headers;
  bool scrape = false;              ///< the body is yet to be collected; only `headers` counts
  std::shared_ptr<LateReply> late;  ///< if not null, the reply is yet to be made; only `headers` counts
};

/// A reply that is being made on another thread. That thread wakes the server when it is there. The server
/// holds it until its response has been sent, or has become of no use: 503 at the request's deadline, or the
/// client has left, or the server has ended. So the other thread has a share of what it works on, and asks
/// nobody's leave to go on.
class LateReply {
 public:
  virtual ~LateReply() = default;
  /// Whether reply() can be called. On the server's thread, after each time that it was woken.
  virtual bool ready() const noexcept = 0;
  /// The reply; once, when ready(), on the server's thread, so without delay. It may be of any kind: a page,
  /// a scrape, a later one still, which then has the rest of the same time. An exception is answered with
  /// 503.
  virtual Reply reply(const HttpRequest& request, bool ready) = 0;
};

/// The reply to a request that went wrong. It says what the status says: nothing of the request, nothing of
/// the program.
PROMLITE_COLD inline Reply error_reply(int status) noexcept {
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
    case 500:
      reply.body = "Internal server error\n";
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

/// `reply` as the request's method wants it: with GET and HEAD as it is, else how to ask for it.
inline Reply reply_by_method(HttpMethod method, Reply reply) {
  if (method == HttpMethod::get || method == HttpMethod::head) return reply;
  if (method != HttpMethod::options) return error_reply(405);
  Reply allowed;
  allowed.extra = "Allow: GET, HEAD, OPTIONS\r\n";
  return allowed;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_REPLY_HPP
