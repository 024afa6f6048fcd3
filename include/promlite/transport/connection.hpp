// promlite: one client of the server: what it has sent, what it is being sent, and until when.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_CONNECTION_HPP
#define PROMLITE_TRANSPORT_CONNECTION_HPP

#include <promlite/config.hpp>
#include <promlite/transport/body_pool.hpp>
#include <promlite/transport/http_message.hpp>
#include <promlite/transport/instant.hpp>
#include <promlite/transport/reply.hpp>
#include <promlite/transport/scrape_source.hpp>
#include <promlite/transport/server_limits.hpp>
#include <promlite/transport/socket.hpp>

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// A connection and its buffers. The head of a request must fit: there is room for a usual one, and when that
/// is full, once, for the longest. Bodies are not read, and the body of a response belongs to others.
/// Requests are answered one after the other.
class Connection {
 public:
  enum class State : unsigned char {
    reading,    ///< the head of a request is not complete
    waiting,    ///< a scrape that has no body yet, or a late reply that is not there yet
    sending,    ///< a response is not sent to its end
    lingering,  ///< all is said; what still comes is thrown away, so that no reset overtakes the last
                ///< response
    closed
  };

  /// Throws std::bad_alloc.
  Connection(FileDescriptor fd, const ServerLimits& limits, Instant current)
      : since(current),
        deadline(current + limits.header_timeout),
        fd_(std::move(fd)),
        parser_(limits.http),
        most_input_(limits.http.head_bytes),
        capacity_(most_input_ < usual_head ? most_input_ : usual_head),
        room_(own_headers + limits.header_room),
        head_(new char[max_response_head + room_ + capacity_]),
        input_(head_.get() + max_response_head + room_) {}

  ScrapeKey key;                    ///< of the scrape, while waiting
  std::shared_ptr<LateReply> late;  ///< what the response is made by, until it is sent
  std::string_view headers;         ///< of the response, whichever it will be
  Instant since;  ///< when it was made, or when the last response ended; while sending, of the last progress
  Instant deadline;     ///< when the present state ends
  bool in_head = true;  ///< `deadline` is that of a head; false while idle between two requests

  State state() const noexcept { return state_; }
  int descriptor() const noexcept { return fd_.get(); }
  const HttpRequest& request() const noexcept { return parser_.request(); }
  int error_status() const noexcept { return parser_.status(); }
  bool has_input() const noexcept { return filled_ != 0; }
  bool input_ended() const noexcept { return ended_; }

  short wanted_events() const noexcept {
    switch (state_) {
      case State::reading:
      case State::lingering:
        return POLLIN;
      case State::sending:
        return POLLOUT;
      case State::waiting:
      case State::closed:
        break;
    }
    return 0;
  }

  /// Reads once; false when the connection has failed.
  bool fill() noexcept {
    std::size_t received = 0;
    const Io result = receive(fd_.get(), input_ + filled_, capacity_ - filled_, received);
    filled_ += received;
    if (result == Io::ended) ended_ = true;
    return result != Io::failed;
  }

  /// Reads once and forgets it; false when there is nothing more to come.
  bool discard() noexcept {
    std::size_t received = 0;
    const Io result = receive(fd_.get(), input_, capacity_, received);
    return result == Io::done || result == Io::blocked;
  }

  /// Throws std::bad_alloc.
  HttpRequestParser::State parse() {
    const HttpRequestParser::State state = parser_.parse({input_, filled_});
    if (state != HttpRequestParser::State::incomplete || filled_ != capacity_) return state;
    grow();
    return parser_.parse({input_, filled_});
  }

  void wait() noexcept { state_ = State::waiting; }

  /// Begins a response. `shared`, if there is one, holds the body and has been retained for this connection.
  void respond(const Reply& reply, std::string_view body, Body* shared, Instant current) noexcept {
    HttpResponseHead head;
    if (reply.content_type.size() + reply.extra.size() + headers.size() <= room_) {
      head.status = reply.status;
      head.content_type = reply.content_type;
      head.extra = reply.extra;
      head.headers = headers;
    } else {
      head.status = 500;
      body = {};
    }
    headers = {};
    head.content_length = body.size();
    const bool understood = parser_.state() == HttpRequestParser::State::complete;
    keep_alive_ = understood && request().keep_alive;
    head.keep_alive = keep_alive_;
    head.minor_version = request().minor_version;
    head_size_ = static_cast<std::size_t>(write_response_head(head_.get(), head) - head_.get());
    body_ = understood && request().method == HttpMethod::head ? std::string_view() : body;
    shared_ = shared;
    sent_ = 0;
    since = current;
    state_ = State::sending;
  }

  /// Sends what goes: `done` at the response's end, `blocked` before it.
  Io flush(bool& progress) noexcept {
    const std::string_view head(head_.get(), head_size_);
    const std::string_view head_left = sent_ < head_size_ ? head.substr(sent_) : std::string_view();
    const std::string_view body_left = sent_ > head_size_ ? body_.substr(sent_ - head_size_) : body_;
    std::size_t sent = 0;
    const Io result = send_both(fd_.get(), head_left, body_left, sent);
    progress = sent != 0;
    if (result != Io::done) return result;
    sent_ += sent;
    return sent_ == head_size_ + body_.size() ? Io::done : Io::blocked;
  }

  /// How soon it has to go when there are too many; 0: not yet. `stalled`: a reader with no progress since
  /// then stands still.
  int expendability(Instant stalled) const noexcept {
    switch (state_) {
      case State::reading:
      case State::lingering:
        return 3;
      case State::sending:
        return since <= stalled ? 2 : 0;
      case State::waiting:
        return 1;
      case State::closed:
        break;
    }
    return 0;
  }

  /// The body that the connection no longer needs, or null.
  Body* take_body() noexcept { return std::exchange(shared_, nullptr); }

  /// After a response: true when the connection goes on with the next request.
  bool next_request() noexcept {
    if (!keep_alive_) return false;
    filled_ -= parser_.size();
    if (filled_ != 0) std::memmove(input_, input_ + parser_.size(), filled_);
    parser_.reset();
    state_ = State::reading;
    return !ended_ || filled_ != 0;
  }

  /// True when the other side may still be sending something that this one has not read.
  bool must_linger() const noexcept {
    return !ended_ && (parser_.state() != HttpRequestParser::State::complete || filled_ != parser_.size());
  }
  void linger() noexcept {
    finish_sending(fd_.get());
    state_ = State::lingering;
  }

  void close() noexcept {
    fd_.close();
    state_ = State::closed;
  }

 private:
  static constexpr std::size_t own_headers = 256;  // the longest content type and challenge
  static constexpr std::size_t usual_head = 2048;  // thrice what Prometheus sends

  // What was parsed points into the buffer, so parsing begins anew; once at most, so it stays linear.
  PROMLITE_COLD void grow() {
    std::unique_ptr<char[]> larger(new char[max_response_head + room_ + most_input_]);
    char* const input = larger.get() + max_response_head + room_;
    std::memcpy(input, input_, filled_);
    head_ = std::move(larger);
    input_ = input;
    capacity_ = most_input_;
    parser_.reset();
  }

  FileDescriptor fd_;
  HttpRequestParser parser_;
  State state_ = State::reading;
  bool ended_ = false;
  bool keep_alive_ = true;

  std::size_t most_input_;
  std::size_t capacity_;          // of input_
  std::size_t room_;              // for what is not the same in every response
  std::unique_ptr<char[]> head_;  // of the response
  char* input_;                   // behind it
  std::size_t filled_ = 0;

  std::size_t sent_ = 0;
  std::size_t head_size_ = 0;
  std::string_view body_;
  Body* shared_ = nullptr;
};

/// Some of a server's connections, none of them owned. Its room is made once.
class ConnectionList {
 public:
  /// Room for as many as there will ever be. Throws std::bad_alloc.
  void reserve(std::size_t most) { items_.reset(new Connection*[most]); }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  Connection** begin() const noexcept { return items_.get(); }
  Connection** end() const noexcept { return items_.get() + size_; }
  Connection*& operator[](std::size_t i) const noexcept { return items_[i]; }

  void push_back(Connection* connection) noexcept { items_[size_++] = connection; }
  Connection* pop_back() noexcept { return items_[--size_]; }
  /// Drops all but the first ones.
  void truncate(std::size_t size) noexcept { size_ = size; }
  void remove(const Connection& connection) noexcept {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      if (items_[i] != &connection) items_[kept++] = items_[i];
    }
    size_ = kept;
  }

 private:
  std::unique_ptr<Connection*[]> items_;
  std::size_t size_ = 0;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_CONNECTION_HPP
