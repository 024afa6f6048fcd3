// mysql_exporter: where the server is and who to be there.
// SPDX-License-Identifier: MIT
#ifndef MYSQL_EXPORTER_SERVER_HPP
#define MYSQL_EXPORTER_SERVER_HPP

#include "answer.hpp"

#include <promlite/error.hpp>

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

#include <unistd.h>

namespace mysql_exporter {

/// A host and a port, or the path of a Unix socket.
struct Server {
  std::string name;  // how messages call it
  std::string host;
  unsigned port = 3306;
  std::string socket;  // not empty: a Unix socket
  std::string my_cnf;  // empty: no file
};

/// "HOST", "HOST:PORT", "[IPV6]:PORT", or a path, which is anything with a slash.
inline promlite::Expected<Server> parse_server(const std::string& text) {
  using Result = promlite::Expected<Server>;
  Server server;
  server.name = text;
  if (text.find('\0') != std::string::npos) return Result::failure("there is a NUL in it");
  if (text.find('/') != std::string::npos) {
    server.socket = text;
    return server;
  }
  std::string_view host = text;
  std::string_view port;
  if (const std::size_t bracket = text.find(']'); bracket != std::string::npos) {
    if (text[0] != '[') return Result::failure("\"]\" without \"[\"");
    host = std::string_view(text).substr(1, bracket - 1);
    port = std::string_view(text).substr(bracket + 1);
  } else if (const std::size_t colon = text.find(':'); colon != std::string::npos) {
    host = std::string_view(text).substr(0, colon);
    port = std::string_view(text).substr(colon);
  }
  server.host = host;
  if (host.empty()) return Result::failure("the host is missing");
  if (port.empty()) return server;
  const auto number = parse_integer(port.substr(1));
  if (port[0] != ':' || !number || *number < 1 || *number > 65535) {
    return Result::failure("the port is not a number from 1 to 65535 (an IPv6 address stands in brackets)");
  }
  server.port = static_cast<unsigned>(*number);
  return server;
}

/// Throws promlite::Error when the option file cannot be read: the client library just passes over it.
inline void check_my_cnf(const Server& server) {
  if (server.my_cnf.empty() || ::access(server.my_cnf.c_str(), R_OK) == 0) return;
  throw promlite::Error("cannot read " + server.my_cnf + ": " + std::generic_category().message(errno));
}

}  // namespace mysql_exporter

#endif  // MYSQL_EXPORTER_SERVER_HPP
