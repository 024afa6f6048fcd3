// promlite: one request to a server and its response, within a deadline.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_HTTP_EXCHANGE_HPP
#define PROMLITE_TRANSPORT_HTTP_EXCHANGE_HPP

#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/transport/http_peer.hpp>
#include <promlite/transport/http_response.hpp>
#include <promlite/transport/limit.hpp>
#include <promlite/transport/socket.hpp>

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

/// What became of one HTTP request. Tests true when the whole response came, whatever its status.
struct [[nodiscard]] HttpResult {
  int status = 0;        ///< 0: there was no response
  std::string body;      ///< as much of it as came
  std::string location;  ///< where a redirect, which is not followed, points to
  std::string problem;   ///< why there is no response or not all of it; empty when there is
  /// Nothing or a 5xx came, and the next attempt may have more luck.
  bool transient = false;

  explicit operator bool() const noexcept { return status != 0 && problem.empty(); }
};

namespace detail {

struct HttpQuestion {
  std::string_view method;
  std::string_view target;
  std::string_view content_type;
  std::string_view body;
  /// The most that is read, head and body together.
  std::size_t max_bytes = std::size_t{64} << 10;
  /// A status that makes the response's body uninteresting.
  bool (*ends_with_head)(int status) = [](int) { return false; };
};

/// Opens a connection for one question. Every wait is bounded by the same limit, whatever the other side
/// does.
class HttpExchange {
 public:
  HttpExchange(const HttpPeer& peer, const HttpQuestion& question, const Limit& limit) noexcept
      : peer_(&peer), question_(&question), limit_(limit) {}

  /// Throws std::bad_alloc.
  HttpResult run();

 private:
  void connect();
  int connect_to(const SocketAddress& address, const Limit& share);
  void send();
  void receive();
  void take_end();
  void give_up(Waited waited, const char* doing);
  bool open() const noexcept { return result_.problem.empty(); }

  const HttpPeer* peer_;
  const HttpQuestion* question_;
  Limit limit_;
  FileDescriptor connection_;
  HttpResponseParser parser_;
  HttpResult result_;
};

PROMLITE_COLD inline HttpResult HttpExchange::run() {
  result_.problem = peer_->problem();
  if (!open()) return std::move(result_);
  result_.transient = true;
  connect();
  if (open()) send();
  if (open()) receive();
  connection_.close();
  result_.status = parser_.status();
  result_.body = std::move(parser_.body());
  result_.location = parser_.location();
  if (result_.status != 0) result_.transient = result_.status >= 500;
  return std::move(result_);
}

PROMLITE_COLD inline void HttpExchange::give_up(Waited waited, const char* doing) {
  if (waited == Waited::stopped) result_.transient = false;
  result_.problem =
      message_of(waited == Waited::stopped ? "stopped while " : "the deadline passed while ", doing);
}

// The addresses of a name in the resolver's order, each with its share of the time that is left: one that
// swallows packets must not use up the time of the next.
PROMLITE_COLD inline void HttpExchange::connect() {
  std::vector<SocketAddress> addresses;
  result_.problem = peer_->resolver().resolve(limit_, addresses);
  for (std::size_t i = 0; open() && i < addresses.size(); ++i) {
    const auto left = static_cast<Instant>(addresses.size() - i);
    Limit share = limit_;
    if (left > 1 && limit_.deadline != never) share.deadline = now() + (limit_.deadline - now()) / left;
    const int error = connect_to(addresses[i], share);
    if (error == 0 || !open()) return;
    if (left == 1) result_.problem = errno_text(error);
  }
}

// The errno, or 0.
PROMLITE_COLD inline int HttpExchange::connect_to(const SocketAddress& address, const Limit& share) {
  const int error = start_connecting(address, connection_);
  if (error != EINPROGRESS) return error;
  const Waited waited = wait_ready(connection_.get(), POLLOUT, share);
  if (waited == Waited::ready) return connecting_error(connection_.get());
  if (waited == Waited::stopped || share.deadline == limit_.deadline) give_up(waited, "connecting");
  return ETIMEDOUT;
}

PROMLITE_COLD inline void HttpExchange::send() {
  const std::string bytes =
      peer_->head(question_->method, question_->target, question_->content_type, question_->body.size());
  std::string_view head = bytes;
  std::string_view body = question_->body;
  while (!head.empty() || !body.empty()) {
    // Bytes that come before all are sent are an answer: a server need not read a request that it refuses.
    const Waited waited = wait_ready(connection_.get(), POLLOUT | POLLIN, limit_);
    if (waited != Waited::ready) return give_up(waited, "sending");
    std::size_t sent = 0;
    // A connection that cannot be written to may still have an answer; if not, receive() says why.
    if (send_both(connection_.get(), head, body, sent) != Io::done) return;
    const std::size_t of_head = sent < head.size() ? sent : head.size();
    head.remove_prefix(of_head);
    body.remove_prefix(sent - of_head);
  }
}

PROMLITE_COLD inline void HttpExchange::receive() {
  char buffer[4096];
  std::size_t left = question_->max_bytes;
  for (;;) {
    const Waited waited = wait_ready(connection_.get(), POLLIN, limit_);
    if (waited != Waited::ready) return give_up(waited, "waiting for the answer");
    std::size_t received = 0;
    const Io io =
        detail::receive(connection_.get(), buffer, left < sizeof buffer ? left : sizeof buffer, received);
    if (io == Io::blocked) continue;
    if (io == Io::failed) {
      result_.problem = errno_text(errno);
      return;
    }
    if (io == Io::ended) return take_end();
    left -= received;
    switch (parser_.feed({buffer, received})) {
      case HttpResponseParser::State::complete:
        return;
      case HttpResponseParser::State::failed:
        result_.transient = false;
        result_.problem = message_of("the answer is not HTTP: \"", peer_->quote(parser_.line()), "\"");
        return;
      case HttpResponseParser::State::body:
        if (question_->ends_with_head(parser_.status())) return;
        break;
      case HttpResponseParser::State::head:
        break;
    }
    if (left == 0) {
      result_.transient = false;
      result_.problem = parser_.status() == 0 ? "the answer's head does not end" : "the answer is too long";
      return;
    }
  }
}

PROMLITE_COLD inline void HttpExchange::take_end() {
  if (parser_.end()) return;
  result_.problem = parser_.status() == 0 ? "the connection ended without an answer"
                                          : "the connection ended in the middle of the answer";
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_HTTP_EXCHANGE_HPP
