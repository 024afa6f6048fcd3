// promlite: whether a server answers, asked as a client of its own.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_WATCHDOG_HPP
#define PROMLITE_EXPORTER_WATCHDOG_HPP

#include <promlite/config.hpp>
#include <promlite/transport/address.hpp>
#include <promlite/transport/instant.hpp>
#include <promlite/transport/socket.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// The address that a server told, for a client; false where a client cannot know it.
PROMLITE_COLD inline bool client_address(const std::string& text, SocketAddress& address) {
  ListenAddress parsed;
  if (parse_address(text, parsed) != nullptr || parsed.descriptor >= 0) return false;
  if (parsed.path.empty()) {
    const auto port = static_cast<std::uint16_t>(std::strtoul(parsed.port.c_str(), nullptr, 10));
    return numeric_address(parsed.host, port, address);
  }
  sockaddr_un name{};
  if (parsed.path.size() >= sizeof name.sun_path) return false;
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, parsed.path.data(), parsed.path.size());
  std::memcpy(&address.storage, &name, sizeof name);
  address.size = sizeof name;
  return true;
}

/// Asks the server at `address`, as MetricsServer::address() says it, for /-/healthy. True when it says
/// anything before the deadline, or cannot be asked; false as well when `interrupting` becomes readable
/// first.
PROMLITE_COLD inline bool server_answers(const std::string& address, Instant deadline, int interrupting) {
  SocketAddress target;
  if (!client_address(address, target)) return true;
  FileDescriptor connection;
  const int error = start_connecting(target, connection);
  if (error != 0 && error != EINPROGRESS) return false;
  const auto wait = [&](short events) {
    pollfd fds[2] = {{connection.get(), events, 0}, {interrupting, POLLIN, 0}};
    for (Instant current = now(); current < deadline; current = now()) {
      if (wait_for(fds, 2, deadline, current) > 0) return fds[1].revents == 0;
    }
    return false;
  };
  constexpr std::string_view request =
      "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  std::size_t size = 0;
  char answer[16];
  return wait(POLLOUT) && send_both(connection.get(), request, {}, size) == Io::done &&
         size == request.size() && wait(POLLIN) &&
         receive(connection.get(), answer, sizeof answer, size) == Io::done;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_WATCHDOG_HPP
