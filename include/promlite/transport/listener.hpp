// promlite: the socket that a server listens on: made from an address, or given to the process.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_LISTENER_HPP
#define PROMLITE_TRANSPORT_LISTENER_HPP

#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/transport/address.hpp>
#include <promlite/transport/socket.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

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
  void refuse() noexcept {
    if (!given_) ::shutdown(fd_.get(), SHUT_RDWR);
  }
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
  std::string open_descriptor(int descriptor);
  std::string open_host(const ListenAddress& address);
  /// The errno, or 0.
  int listen_on(const addrinfo& found, bool wildcard) noexcept;
  /// The errno, or 0. Throws std::bad_alloc.
  int name_itself();

  FileDescriptor fd_;
  std::string address_;
  std::string path_;
  dev_t device_{};
  ino_t inode_{};
  std::uint16_t port_ = 0;
  bool given_ = false;  // by another process
};

PROMLITE_COLD inline std::string Listener::open(std::string_view address) {
  ListenAddress parsed;
  if (const char* const problem = parse_address(address, parsed)) return problem;
  if (parsed.descriptor >= 0) {
    std::string reason = open_descriptor(parsed.descriptor);
    if (address_.empty()) address_ = address;
    return reason;
  }
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

// Whoever made the socket has it too and wants it to go on listening, so it is closed here and never shut
// down; nor does its file, where it has one, belong to this process.
PROMLITE_COLD inline std::string Listener::open_descriptor(int descriptor) {
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) return errno_text(errno);
  if (listens == 0) return "the socket does not listen";
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags < 0 || ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) {
    return errno_text(errno);
  }
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on,
               sizeof on);  // fails for a Unix socket, which has none
  fd_ = FileDescriptor(descriptor);
  given_ = true;
  (void)name_itself();
  return {};
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
  if (error == 0) error = name_itself();
  return error == 0 ? std::string() : errno_text(error);
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

PROMLITE_COLD inline int Listener::name_itself() {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  char host[NI_MAXHOST] = "";
  char port[NI_MAXSERV] = "";
  auto* const generic = reinterpret_cast<sockaddr*>(&name);
  if (::getsockname(fd_.get(), generic, &size) != 0) return errno;
  if (name.ss_family == AF_UNIX) {
    // unix(7): a socket without a name, or with an abstract one, has no path.
    const char* const path = reinterpret_cast<const sockaddr_un*>(&name)->sun_path;
    const std::size_t room = size - offsetof(sockaddr_un, sun_path);
    if (size > offsetof(sockaddr_un, sun_path) && *path != '\0')
      address_ = message_of("unix:", std::string_view(path, ::strnlen(path, room)));
    return 0;
  }
  if (::getnameinfo(generic, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) !=
      0) {
    return EADDRNOTAVAIL;
  }
  const bool v6 = name.ss_family == AF_INET6;
  address_ = message_of(v6 ? "[" : "", host, v6 ? "]:" : ":", port);
  for (const char* digit = port; *digit != '\0'; ++digit) {
    port_ = static_cast<std::uint16_t>(port_ * 10 + (*digit - '0'));
  }
  return 0;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_LISTENER_HPP
