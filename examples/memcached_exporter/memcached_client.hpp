// memcached_exporter: one connection to memcached, one question, one deadline over everything.
// SPDX-License-Identifier: MIT
#ifndef MEMCACHED_EXPORTER_MEMCACHED_CLIENT_HPP
#define MEMCACHED_EXPORTER_MEMCACHED_CLIENT_HPP

#include "address.hpp"
#include "stats_reply.hpp"

#include <promlite/error.hpp>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace memcached_exporter {

/// What the server said, and why there is not more of it.
struct Conversation {
  std::string text;
  std::string error;  // empty when every answer is complete
};

/// A socket that does not block, closed at the end of the scope.
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(); }

  promlite::Expected<void> connect(const SocketAddress& address, Deadline deadline) {
    close();
    socket_ = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket_ < 0) return failure("socket", errno);
    if (::connect(socket_, address.get(), address.size) == 0) return {};
    // A unix socket whose queue is full says EAGAIN: there is nothing that one could wait for.
    if (errno != EINPROGRESS && errno != EINTR) return failure("connect", errno);
    if (auto ready = wait_for(POLLOUT, deadline); !ready)
      return promlite::Expected<void>::failure("connect: " + ready.message());
    int error = 0;
    ::socklen_t size = sizeof error;
    if (::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return failure("connect", error);
    return {};
  }

  promlite::Expected<void> write(std::string_view text, Deadline deadline) {
    while (!text.empty()) {
      const ::ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        text.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        if (auto ready = wait_for(POLLOUT, deadline); !ready)
          return promlite::Expected<void>::failure("write: " + ready.message());
      } else if (errno != EINTR) {
        return failure("write", errno);
      }
    }
    return {};
  }

  /// Appends what has come, at least one byte.
  promlite::Expected<void> read(std::string& text, Deadline deadline) {
    using Result = promlite::Expected<void>;
    for (;;) {
      // Before every read, not only before a wait: a server that never stops talking never makes us wait.
      if (auto ready = wait_for(POLLIN, deadline); !ready) return Result::failure("read: " + ready.message());
      char buffer[16384];
      const ::ssize_t size = ::recv(socket_, buffer, sizeof buffer, 0);
      if (size == 0)
        return Result::failure("read: the server closed the connection before its answer was complete");
      if (size > 0) {
        text.append(buffer, static_cast<std::size_t>(size));
        return {};
      }
      if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return failure("read", errno);
    }
  }

 private:
  promlite::Expected<void> wait_for(short events, Deadline deadline) const {
    using Result = promlite::Expected<void>;
    for (;;) {
      // Rounded up, so that the last wait ends behind the deadline and not in a busy loop before it.
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) return Result::failure("the timeout has passed");
      ::pollfd ready{socket_, events, 0};
      const int count = ::poll(&ready, 1, static_cast<int>(left.count()));
      if (count > 0) return {};
      if (count < 0 && errno != EINTR) return failure("poll", errno);
    }
  }

  static promlite::Expected<void> failure(const char* what, int error) {
    return promlite::Expected<void>::failure(std::string(what) + ": " + std::strerror(error));
  }

  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }

  int socket_ = -1;
};

class MemcachedClient {
 public:
  /// What one answer may hold; 63 slab classes make less than 100 KiB.
  static constexpr std::size_t max_text = std::size_t{1} << 20;

  explicit MemcachedClient(Address address) : resolver_(std::move(address)) {}

  /// Connects, sends `commands`, each with its newline, and reads until `replies` answers are complete. Ends
  /// at the deadline, whatever the server and the name servers do. Not thread safe.
  Conversation ask(std::string_view commands, std::size_t replies, Deadline deadline) {
    Conversation conversation;
    conversation.error = converse(commands, replies, deadline, conversation.text);
    return conversation;
  }

 private:
  std::string converse(std::string_view commands, std::size_t replies, Deadline deadline, std::string& text) {
    const auto addresses = resolver_.resolve(deadline);
    if (!addresses) return addresses.message();
    Connection connection;
    auto connected = promlite::Expected<void>::failure("the name has no address");
    for (std::size_t i = 0; i < addresses->size() && !connected; ++i) {
      // An address that swallows packets must leave time for the next one.
      const Deadline now = std::chrono::steady_clock::now();
      const auto share = (deadline - now) / static_cast<Deadline::rep>(addresses->size() - i);
      connected = connection.connect((*addresses)[i], now + share);
    }
    if (!connected) return connected.message();
    if (auto written = connection.write(commands, deadline); !written) return written.message();

    ReplyScanner scanner(replies);
    for (;;) {
      if (auto read = connection.read(text, deadline); !read) return read.message();
      const auto state = scanner.scan(text);
      if (state == ReplyScanner::State::complete) return "";
      if (state == ReplyScanner::State::nonsense) return "the server's answer is not memcached's";
      if (text.size() > max_text) return "the server's answer is longer than 1 MiB";
    }
  }

  Resolver resolver_;
};

}  // namespace memcached_exporter

#endif  // MEMCACHED_EXPORTER_MEMCACHED_CLIENT_HPP
