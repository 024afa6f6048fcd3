// promlite: the sockets of the operating system (POSIX, Linux). The only file that includes their headers.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_SOCKET_HPP
#define PROMLITE_TRANSPORT_SOCKET_HPP

#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/transport/address.hpp>

#include <cerrno>
#include <chrono>
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
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

namespace promlite {
namespace detail {

/// Milliseconds of the steady clock: deadlines do not move when somebody sets the time.
using Instant = std::int64_t;
constexpr Instant never = INT64_MAX;
inline Instant now() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

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
  Event() noexcept : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
  int descriptor() const noexcept { return fd_.get(); }

  void signal() noexcept {
    const std::uint64_t one = 1;
    while (::write(fd_.get(), &one, sizeof one) < 0 && errno == EINTR) {
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
      if (wait_for(fds, 1, deadline, current) > 0) break;
      if (current >= deadline) return false;
    }
    drain();
    return true;
  }

 private:
  FileDescriptor fd_;
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

/// A listening socket. The file of a Unix socket goes with it, if it is still the one that was made here.
class Listener {
 public:
  enum class Accepted : unsigned char { connection, none, lost, exhausted };

  /// Listens; the reason why not, without the address, or nothing. Throws std::bad_alloc.
  std::string open(std::string_view address);

  int descriptor() const noexcept { return fd_.get(); }
  /// Where clients can connect: `127.0.0.1:43211`, `[::1]:1234`, `unix:/path`.
  const std::string& address() const noexcept { return address_; }
  std::uint16_t port() const noexcept { return port_; }

  /// One connection, non-blocking and close-on-exec. `lost`: that one failed, the next may not; `exhausted`:
  /// the process or the system has run out of something, so asking again at once is of no use.
  Accepted accept(FileDescriptor& connection) noexcept {
    const int fd = ::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (PROMLITE_LIKELY(fd >= 0)) {
      connection = FileDescriptor(fd);
      return Accepted::connection;
    }
    switch (errno) {
      case EAGAIN:
        return Accepted::none;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        return Accepted::exhausted;
      // accept(2): errors that were pending on the new connection are reported here.
      default:
        return Accepted::lost;
    }
  }

  /// Takes no more connections although the descriptor stays open: for a thread that cannot be waited for.
  void refuse() noexcept { ::shutdown(fd_.get(), SHUT_RDWR); }
  void close() noexcept { fd_.close(); }
  /// Removes the file of a Unix socket, unless another has taken its place.
  PROMLITE_COLD void remove_path() noexcept {
    struct stat found {};
    if (!path_.empty() && ::lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ &&
        found.st_ino == inode_) {
      ::unlink(path_.c_str());
    }
    path_.clear();
  }

 private:
  static constexpr int socket_flags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

  std::string open_path(const std::string& path);
  std::string open_host(const ListenAddress& address);
  /// The errno, or 0.
  int listen_on(const addrinfo& found, bool wildcard) noexcept;
  void name_itself();

  FileDescriptor fd_;
  std::string address_;
  std::string path_;
  dev_t device_{};
  ino_t inode_{};
  std::uint16_t port_ = 0;
};

PROMLITE_COLD inline std::string Listener::open(std::string_view address) {
  ListenAddress parsed;
  if (const char* const problem = parse_address(address, parsed)) return problem;
  return parsed.path.empty() ? open_host(parsed) : open_path(parsed.path);
}

// A socket file outlives its process: one that nobody listens on is replaced, everything else is left alone.
PROMLITE_COLD inline std::string Listener::open_path(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path) return "the path is too long for a socket";
  std::memcpy(name.sun_path, path.data(), path.size());
  const auto* const generic = reinterpret_cast<const sockaddr*>(&name);

  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode)) return "a file that is not a socket is in the way";
    const FileDescriptor probe(::socket(AF_UNIX, socket_flags, 0));
    if (!probe) return errno_text(errno);
    if (::connect(probe.get(), generic, sizeof name) == 0 || errno == EAGAIN) return errno_text(EADDRINUSE);
    if (errno != ECONNREFUSED) return errno_text(errno);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return errno_text(errno);
  }
  fd_ = FileDescriptor(::socket(AF_UNIX, socket_flags, 0));
  if (!fd_ || ::bind(fd_.get(), generic, sizeof name) != 0) return errno_text(errno);
  address_ = "unix:" + path;
  if (::lstat(path.c_str(), &found) == 0) {
    path_ = path;
    device_ = found.st_dev;
    inode_ = found.st_ino;
  }
  if (::listen(fd_.get(), SOMAXCONN) == 0) return {};
  const int error = errno;
  remove_path();
  return errno_text(error);
}

PROMLITE_COLD inline std::string Listener::open_host(const ListenAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int problem = ::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found);
  if (problem == EAI_SYSTEM) return errno_text(errno);
  if (problem != 0) return ::gai_strerror(problem);
  // A name may have addresses of both kinds: IPv4 first, and the next one only where the machine has not this
  // address at all. Going on after "in use" would let two servers believe that they own one name.
  int error = EADDRNOTAVAIL;
  for (const int family : {AF_INET, AF_INET6}) {
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
      if (each->ai_family != family || (error != EADDRNOTAVAIL && error != EAFNOSUPPORT)) continue;
      error = listen_on(*each, address.host == "::");
    }
  }
  ::freeaddrinfo(found);
  if (error != 0) return errno_text(error);
  name_itself();
  return {};
}

PROMLITE_COLD inline int Listener::listen_on(const addrinfo& found, bool wildcard) noexcept {
  const int on = 1;
  const int only_v6 = wildcard ? 0 : 1;  // [::] is dual stack, whatever the system's default
  fd_ = FileDescriptor(::socket(found.ai_family, socket_flags, 0));
  if (!fd_) return errno;
  // A port in TIME_WAIT may be taken again after a restart. The sockets that are accepted inherit
  // TCP_NODELAY.
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (found.ai_family == AF_INET6)
    ::setsockopt(fd_.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6);
  if (::bind(fd_.get(), found.ai_addr, found.ai_addrlen) != 0) return errno;
  return ::listen(fd_.get(), SOMAXCONN) == 0 ? 0 : errno;
}

PROMLITE_COLD inline void Listener::name_itself() {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  char host[NI_MAXHOST] = "";
  char port[NI_MAXSERV] = "";
  auto* const generic = reinterpret_cast<sockaddr*>(&name);
  if (::getsockname(fd_.get(), generic, &size) != 0 ||
      ::getnameinfo(generic, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) !=
          0) {
    return;
  }
  const bool v6 = name.ss_family == AF_INET6;
  address_ = message_of(v6 ? "[" : "", host, v6 ? "]:" : ":", port);
  for (const char* digit = port; *digit != '\0'; ++digit) {
    port_ = static_cast<std::uint16_t>(port_ * 10 + (*digit - '0'));
  }
}

}  // namespace detail
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_SOCKET_HPP
