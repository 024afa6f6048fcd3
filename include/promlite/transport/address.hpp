// promlite: the address that a server listens on, as people write it.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_ADDRESS_HPP
#define PROMLITE_TRANSPORT_ADDRESS_HPP

#include <promlite/config.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// A host and a port, the path of a Unix socket, or a socket that the process was given.
struct ListenAddress {
  std::string host;
  std::string port;
  std::string path;     ///< not empty: a Unix socket
  int descriptor = -1;  ///< not negative: a socket that listens already
};

/// The number that `text` is, of at most `most` digits; else -1.
PROMLITE_COLD inline long decimal(std::string_view text, std::size_t most) noexcept {
  long number = text.empty() || text.size() > most ? -1 : 0;
  for (const char c : text) {
    if (c < '0' || c > '9') number = -1;
    if (number >= 0) number = number * 10 + (c - '0');
  }
  return number;
}

/// Reads `HOST:PORT`, `[IPV6]:PORT`, `:PORT`, `unix:PATH` or `fd:NUMBER`. No host means 127.0.0.1: metrics
/// reveal internals, so a wildcard must be written. Returns what is wrong, or null. Throws std::bad_alloc.
PROMLITE_COLD inline const char* parse_address(std::string_view text, ListenAddress& address) {
  if (text.find('\0') != std::string_view::npos) return "there is a NUL in it";
  if (text.substr(0, 5) == "unix:") {
    address.path = text.substr(5);
    if (address.path.empty()) return "there is no path behind unix:";
    return nullptr;
  }
  if (text.substr(0, 3) == "fd:") {
    address.descriptor = static_cast<int>(decimal(text.substr(3), 7));
    return address.descriptor < 0 ? "there is no number of a file descriptor behind fd:" : nullptr;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.back() == ']') {
    return "there is no port; write HOST:PORT, [IPV6]:PORT or unix:PATH";
  }
  std::string_view host = text.substr(0, colon);
  if (!host.empty() && host.front() == '[') {
    if (host.back() != ']' || host.size() < 4) return "the brackets are not around an IPv6 address";
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos) {
      return "the brackets are not around an IPv6 address";
    }
  } else if (host.find(':') != std::string_view::npos) {
    return "an IPv6 address needs brackets: [::1]:9464";
  }
  // Resolvers disagree about what this is.
  if (host == "*") return "a wildcard is written 0.0.0.0 or [::]";
  const std::string_view port = text.substr(colon + 1);
  const long number = decimal(port, 5);
  if (number < 0 || number > 65535) return "the port is not a number from 0 to 65535";
  address.host = host.empty() ? "127.0.0.1" : host;
  address.port = port;
  return nullptr;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_ADDRESS_HPP
