// promlite: the sockets of the operating system (POSIX, Linux). The only file that includes their headers.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_SOCKET_HPP
#define PROMLITE_TRANSPORT_SOCKET_HPP

#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/transport/instant.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

// strerror_r comes in two kinds, told apart by what it returns.
inline const char* strerror_text(int, const char* buffer) noexcept { return buffer; }
inline const char* strerror_text(const char* text, const char*) noexcept { return text; }

/// What the system says about an errno.
PROMLITE_COLD inline std::string errno_text(int error) {
  char buffer[128] = "unknown error";
  return strerror_text(::strerror_r(error, buffer, sizeof buffer), buffer);
}

/// Owns a descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() { close(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  // Not repeated after EINTR: Linux has released the descriptor by then.
  void close() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

/// poll(2) that takes a deadline; -1 is a failure other than EINTR. Returns 0 early after a signal: the
/// caller looks at the clock anyway. Nothing is ready in `fds` unless the result is positive.
inline int wait_for(pollfd* fds, std::size_t count, Instant deadline, Instant current) noexcept {
  int timeout = -1;
  if (deadline != never) {
    const Instant left = deadline - current;
    timeout = left <= 0 ? 0 : left > 3600000 ? 3600000 : static_cast<int>(left);
  }
  const int ready = ::poll(fds, static_cast<nfds_t>(count), timeout);
  if (PROMLITE_LIKELY(ready >= 0)) return ready;
  const bool interrupted = errno == EINTR;
  for (std::size_t i = 0; i < count; ++i) fds[i].revents = 0;
  return interrupted ? 0 : -1;
}

/// Wakes a thread that waits for it. signal() may be called from any thread, and in a signal handler.
class Event {
 public:
  Event() noexcept : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), error_(fd_ ? 0 : errno) {}
  /// Why there is none, or 0.
  int error() const noexcept { return error_; }
  int descriptor() const noexcept { return fd_.get(); }

  // Whoever waits for a signal that was lost would wait for ever: no error is a reason not to try again.
  void signal() noexcept {
    const std::uint64_t one = 1;
    for (int tries = 0; tries < 100 && ::write(fd_.get(), &one, sizeof one) < 0; ++tries) {
    }
  }
  /// Takes all signals that have come.
  void drain() noexcept {
    std::uint64_t count = 0;
    while (::read(fd_.get(), &count, sizeof count) < 0 && errno == EINTR) {
    }
  }
  /// Waits until a signal has come, and takes it; false when the deadline came first.
  bool wait_until(Instant deadline) noexcept {
    for (;;) {
      pollfd fds[1] = {{fd_.get(), POLLIN, 0}};
      const Instant current = now();
      const int ready = wait_for(fds, 1, deadline, current);
      if (ready > 0) break;
      if (current >= deadline) return false;
      // poll fails at once where the process may have fewer descriptors than this: no reason to spin.
      if (ready < 0) wait_for(nullptr, 0, deadline < current + 10 ? deadline : current + 10, current);
    }
    drain();
    return true;
  }

 private:
  FileDescriptor fd_;
  int error_;
};

/// What became of reading or writing without waiting.
enum class Io : unsigned char { done, blocked, ended, failed };

/// Reads what is there, at most `size` bytes; `ended` after the other side's last byte.
inline Io receive(int fd, char* to, std::size_t size, std::size_t& received) noexcept {
  for (;;) {
    const ssize_t count = ::recv(fd, to, size, 0);
    if (count > 0) {
      received = static_cast<std::size_t>(count);
      return Io::done;
    }
    if (count == 0) return Io::ended;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Io::blocked;
    if (errno != EINTR) return Io::failed;
  }
}

/// Sends `head` and then `body` in one call, as much as goes; never raises SIGPIPE.
inline Io send_both(int fd, std::string_view head, std::string_view body, std::size_t& sent) noexcept {
  iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                    {const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = head.empty() ? parts + 1 : parts;
  message.msg_iovlen = head.empty() || body.empty() ? 1 : 2;
  for (;;) {
    const ssize_t count = ::sendmsg(fd, &message, MSG_NOSIGNAL);
    if (count >= 0) {
      sent = static_cast<std::size_t>(count);
      return Io::done;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Io::blocked;
    if (errno != EINTR) return Io::failed;
  }
}

/// Tells the other side that nothing more will come.
inline void finish_sending(int fd) noexcept { ::shutdown(fd, SHUT_WR); }

/// An address as connect(2) takes it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// The address of a host that is written in digits; false for a name. Asks nobody.
PROMLITE_COLD inline bool numeric_address(const std::string& host, std::uint16_t port,
                                          SocketAddress& address) noexcept {
  sockaddr_in four{};
  sockaddr_in6 six{};
  if (::inet_pton(AF_INET, host.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    address.size = sizeof four;
    std::memcpy(&address.storage, &four, sizeof four);
    return true;
  }
  if (::inet_pton(AF_INET6, host.c_str(), &six.sin6_addr) != 1) return false;
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  address.size = sizeof six;
  std::memcpy(&address.storage, &six, sizeof six);
  return true;
}

/// Asks the system's resolver, which takes as long as it takes and cannot be interrupted. Returns the reason
/// for a failure, or nothing. Throws std::bad_alloc.
PROMLITE_COLD inline std::string look_up_host(const std::string& host, std::uint16_t port,
                                              std::vector<SocketAddress>& found) {
  char digits[8] = "";
  std::snprintf(digits, sizeof digits, "%u", static_cast<unsigned>(port));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int problem = ::getaddrinfo(host.c_str(), digits, &hints, &list);
  if (problem == EAI_SYSTEM) return errno_text(errno);
  if (problem != 0) return ::gai_strerror(problem);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, &::freeaddrinfo);
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    SocketAddress address;
    if (each->ai_addrlen > sizeof address.storage) continue;
    std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
    address.size = each->ai_addrlen;
    found.push_back(address);
  }
  return found.empty() ? "no address" : std::string();
}

/// Begins to connect a socket that does not block. 0 when it is connected, EINPROGRESS when it will be
/// writable as soon as connecting_error() knows, else why not.
PROMLITE_COLD inline int start_connecting(const SocketAddress& address, FileDescriptor& connection) noexcept {
  const int on = 1;
  connection =
      FileDescriptor(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!connection) return errno;
  ::setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // connect(2): interrupted, it goes on all the same.
  if (::connect(connection.get(), address.get(), address.size) == 0) return 0;
  return errno == EINTR ? EINPROGRESS : errno;
}

/// What became of start_connecting(): 0, or why there is no connection.
PROMLITE_COLD inline int connecting_error(int fd) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_SOCKET_HPP
