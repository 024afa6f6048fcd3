// promlite: what a service manager is told, and what it hands over (sd_notify(3), sd_listen_fds(3)).
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_NOTIFY_HPP
#define PROMLITE_EXPORTER_NOTIFY_HPP

#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/transport/socket.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <unistd.h>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// A variable of the environment as a number; 0 when it is none.
PROMLITE_COLD inline std::uint64_t number_in_environment(const char* name) noexcept {
  const char* const text = std::getenv(name);
  if (text == nullptr) return 0;
  std::uint64_t number = 0;
  const char* const end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, number);
  return error == std::errc() && stop == end ? number : 0;
}

/// Takes a variable of a service manager out of the environment, so that no child process believes that it
/// was meant. Only while there is one thread.
inline void take_from_environment(std::initializer_list<const char*> names) noexcept {
  for (const char* const name : names) ::unsetenv(name);
}

/// Tells the service manager how the program is. The protocol is that of sd_notify(3): one datagram of
/// VARIABLE=VALUE lines to the socket that NOTIFY_SOCKET names. Without that variable, or where nobody
/// listens, everything here does nothing.
class ServiceManager {
 public:
  /// Takes the variables out of the environment: only while there is one thread.
  PROMLITE_COLD ServiceManager() {
    if (const char* const path = std::getenv("NOTIFY_SOCKET")) path_ = path;
    const std::uint64_t process = number_in_environment("WATCHDOG_PID");
    if (process == 0 || process == static_cast<std::uint64_t>(::getpid())) {
      const std::uint64_t microseconds = number_in_environment("WATCHDOG_USEC");
      if (!path_.empty() && microseconds > 0) {
        watchdog_ = static_cast<Instant>(microseconds < 1'000 ? 1 : microseconds / 1'000);
      }
    }
    take_from_environment({"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"});
  }

  /// Milliseconds after the last alive() in which the next one is expected; 0: none is.
  Instant watchdog() const noexcept { return watchdog_; }

  void ready(std::string_view status) noexcept { send({"READY=1\nSTATUS=", status}); }
  /// The reload that began is over with ready().
  void reloading() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    const auto microseconds = static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
                              static_cast<std::uint64_t>(time.tv_nsec) / 1'000;
    char digits[24];
    const char* const end = std::to_chars(digits, digits + sizeof digits, microseconds).ptr;
    send({"RELOADING=1\nMONOTONIC_USEC=", std::string_view(digits, static_cast<std::size_t>(end - digits))});
  }
  void stopping() noexcept { send({"STOPPING=1"}); }
  void alive() noexcept { send({"WATCHDOG=1"}); }

 private:
  PROMLITE_COLD void send(std::initializer_list<std::string_view> parts) noexcept {
    sockaddr_un name{};
    if (path_.empty() || path_.size() >= sizeof name.sun_path) return;
    PROMLITE_TRY {
      const std::string message = join(parts);
      name.sun_family = AF_UNIX;
      std::memcpy(name.sun_path, path_.data(), path_.size());
      // An abstract socket's name begins with a NUL, which is written '@', and has no other one behind it.
      if (name.sun_path[0] == '@') name.sun_path[0] = '\0';
      const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
      const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      if (!socket) return;
      (void)::sendto(socket.get(), message.data(), message.size(), MSG_NOSIGNAL,
                     reinterpret_cast<const sockaddr*>(&name), size);
    }
    PROMLITE_CATCH_ALL {}
  }

  std::string path_;
  Instant watchdog_ = 0;
};

/// The addresses of the sockets that a service manager opened for this process, `fd:3` and so on; none when
/// there are none. Takes the variables out of the environment: only while there is one thread.
PROMLITE_COLD inline std::vector<std::string> take_listen_addresses() {
  std::vector<std::string> addresses;
  if (number_in_environment("LISTEN_PID") == static_cast<std::uint64_t>(::getpid())) {
    const std::uint64_t count = number_in_environment("LISTEN_FDS");
    for (std::uint64_t i = 0; i < count && i < 1024; ++i) addresses.push_back("fd:" + std::to_string(3 + i));
  }
  take_from_environment({"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"});
  return addresses;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_NOTIFY_HPP
