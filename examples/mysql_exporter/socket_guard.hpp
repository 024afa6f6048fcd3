// mysql_exporter: an end to a conversation that goes on for too long.
// SPDX-License-Identifier: MIT
#ifndef MYSQL_EXPORTER_SOCKET_GUARD_HPP
#define MYSQL_EXPORTER_SOCKET_GUARD_HPP

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mysql_exporter {

/// Shuts a socket down at the deadline, unless this is gone by then. Whoever reads from the socket or writes
/// to it, in whatever library, is told that it has ended. The socket is open for as long as this lives.
/// Throws std::system_error when there is no thread or no descriptor.
class SocketGuard {
 public:
  SocketGuard(int socket, std::chrono::steady_clock::time_point deadline)
      : socket_(::fcntl(socket, F_DUPFD_CLOEXEC, 0)) {
    if (socket_ < 0) throw std::system_error(errno, std::generic_category(), "a guard of a socket");
    try {
      thread_ = std::thread([this, deadline] {
        std::unique_lock<std::mutex> lock(mutex_);
        if (!changed_.wait_until(lock, deadline, [this] { return done_; })) ::shutdown(socket_, SHUT_RDWR);
      });
    } catch (...) {
      ::close(socket_);
      throw;
    }
  }
  SocketGuard(const SocketGuard&) = delete;
  SocketGuard& operator=(const SocketGuard&) = delete;
  ~SocketGuard() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      done_ = true;
    }
    changed_.notify_one();
    thread_.join();
    ::close(socket_);
  }

 private:
  const int socket_;  // a descriptor of its own: the library may close the other one when it likes
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace mysql_exporter

#endif  // MYSQL_EXPORTER_SOCKET_GUARD_HPP
