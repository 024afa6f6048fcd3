// mysql_exporter: one connection to the server, with a deadline for all of it.
// SPDX-License-Identifier: MIT
#ifndef MYSQL_EXPORTER_SESSION_HPP
#define MYSQL_EXPORTER_SESSION_HPP

#include "answer.hpp"
#include "look_up.hpp"
#include "server.hpp"
#include "socket_guard.hpp"

#include <promlite/error.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <errmsg.h>
#include <mysql.h>
#include <poll.h>

// Part of the library's interface, but its header <mysql/client_plugin.h> needs one that Debian has no
// package of.
struct st_mysql_client_plugin;
extern "C" st_mysql_client_plugin* mysql_client_find_plugin(MYSQL* handle, const char* name, int kind);

namespace mysql_exporter {

using Deadline = std::chrono::steady_clock::time_point;

/// Before any other use of the client library. It loads what is needed to log in when it is first asked for,
/// and two threads that ask at once get in each other's way: so all is loaded here.
inline bool prepare_library() {
  if (mysql_library_init(0, nullptr, nullptr) != 0) return false;
  MYSQL* const handle = mysql_init(nullptr);
  if (handle == nullptr) return false;
  for (const char* const name : {"client_ed25519", "caching_sha2_password", "sha256_password"}) {
    constexpr int authentication = 2;
    mysql_client_find_plugin(handle, name, authentication);  // null: not installed
  }
  mysql_close(handle);
  return true;
}

/// A connection for one collection. Whatever the server does, constructing and asking end at the deadline.
/// The client library's own timeouts are whole seconds and begin anew with every byte that comes: so
/// connecting, which opens sockets of its own, is driven step by step, and from then on a guard shuts the
/// socket down. Failures are thrown as promlite::Error, which names the server, or as std::system_error. For
/// one thread.
class Session {
 public:
  /// Connects and logs in. `server` outlives this.
  Session(const Server& server, Deadline deadline) : server_(server), deadline_(deadline) {
    static const bool prepared = prepare_library();
    handle_.reset(prepared ? mysql_init(nullptr) : nullptr);
    if (handle_ == nullptr) throw promlite::Error("the client library cannot be initialised");
    set_options();
    MYSQL* connected = nullptr;
    const bool local = !server.socket.empty();
    if (!local && !can_look_up(server.host, deadline))
      fail("cannot connect", "looking up the host took too long");
    // The host is always given, so that one in the option file is not taken.
    const int waits =
        mysql_real_connect_start(&connected, handle(), local ? "localhost" : server.host.c_str(), nullptr,
                                 nullptr, nullptr, server.port, local ? server.socket.c_str() : nullptr, 0);
    finish_connecting(waits, connected);
    if (connected == nullptr) fail("cannot connect");
    guard_.emplace(mysql_get_socket(handle()), deadline);
  }

  bool is_mariadb() const {
    return std::string_view(mysql_get_server_info(handle_.get())).find("MariaDB") != std::string_view::npos;
  }
  /// 8.0.22 is 80022.
  unsigned long version() const { return mysql_get_server_version(handle_.get()); }

  /// All rows that a statement has, up to a limit that no real server comes near. Messages call it `name`.
  Answer ask(const std::string& statement, const std::string& name) {
    if (mysql_real_query(handle(), statement.data(), statement.size()) != 0) fail(name);
    const std::unique_ptr<MYSQL_RES, Free> result(mysql_use_result(handle()));
    if (result == nullptr) fail(name);
    try {
      return read(*result, name);
    } catch (...) {
      // Rows that nobody read would be waited for.
      mariadb_cancel(handle());
      throw;
    }
  }

  Answer ask(const std::string& statement) { return ask(statement, statement); }

  Deadline deadline() const { return deadline_; }

 private:
  static constexpr std::size_t max_bytes = 16 << 20;  // of one answer
  static constexpr std::size_t max_packet = 1 << 20;

  struct Close {
    void operator()(MYSQL* handle) const { mysql_close(handle); }
  };
  struct Free {
    void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
  };

  MYSQL* handle() { return handle_.get(); }

  void set_options() {
    // A stack for the library's side of an operation; its 60 KiB are little for name services and TLS.
    const std::size_t stack = 256 << 10;
    mysql_options(handle(), MYSQL_OPT_NONBLOCK, &stack);
    mysql_options(handle(), MYSQL_OPT_MAX_ALLOWED_PACKET, &max_packet);
    mysql_options(handle(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
    // A server that is not what it seems gets no file, and no password in clear text.
    const unsigned no = 0;
    mysql_options(handle(), MYSQL_OPT_LOCAL_INFILE, &no);
    mysql_options(handle(), MARIADB_OPT_RESTRICTED_AUTH,
                  "mysql_native_password,client_ed25519,caching_sha2_password,sha256_password");
    // "localhost" with a port is meant as it is written: without this the library takes a socket of its own.
    const unsigned protocol = server_.socket.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
    mysql_options(handle(), MYSQL_OPT_PROTOCOL, &protocol);
    if (server_.my_cnf.empty()) return;
    check_my_cnf(server_);
    mysql_options(handle(), MYSQL_READ_DEFAULT_FILE, server_.my_cnf.c_str());
  }

  Answer read(MYSQL_RES& result, const std::string& name) {
    Answer answer;
    const unsigned count = mysql_num_fields(&result);
    const MYSQL_FIELD* const fields = mysql_fetch_fields(&result);
    for (unsigned i = 0; i < count; ++i) answer.columns.emplace_back(fields[i].name, fields[i].name_length);
    std::size_t bytes = 0;
    while (const MYSQL_ROW row = mysql_fetch_row(&result)) {
      const unsigned long* const lengths = mysql_fetch_lengths(&result);
      Answer::Row& copy = answer.rows.emplace_back(count);
      for (unsigned i = 0; i < count; ++i) {
        if (row[i] != nullptr) copy[i].emplace(row[i], lengths[i]);
        bytes += sizeof copy[i] + lengths[i];
      }
      if (bytes > max_bytes) fail(name, "the answer is longer than 16 MiB");
    }
    if (mysql_errno(handle()) != 0) fail(name);
    return answer;
  }

  /// Once the deadline has passed every wait is answered with a timeout, which is how connecting ends without
  /// leaving anything behind.
  void finish_connecting(int waits_for, MYSQL*& connected) {
    while (waits_for != 0) waits_for = mysql_real_connect_cont(&connected, handle(), wait(waits_for));
  }

  int wait(int wanted) {
    using std::chrono::milliseconds;
    auto left = std::chrono::ceil<milliseconds>(deadline_ - std::chrono::steady_clock::now());
    if (left <= milliseconds(0)) return MYSQL_WAIT_TIMEOUT;
    if ((wanted & MYSQL_WAIT_TIMEOUT) != 0) {  // one from the option file
      left = std::min(left, milliseconds(mysql_get_timeout_value_ms(handle())));
    }
    ::pollfd waiting{mysql_get_socket(handle()), 0, 0};
    if ((wanted & MYSQL_WAIT_READ) != 0) waiting.events |= POLLIN;
    if ((wanted & MYSQL_WAIT_WRITE) != 0) waiting.events |= POLLOUT;
    if ((wanted & MYSQL_WAIT_EXCEPT) != 0) waiting.events |= POLLPRI;
    // An hour at a time, which fits into an int; what comes early is asked again.
    const int ready =
        ::poll(&waiting, 1, static_cast<int>(std::min<milliseconds>(left, std::chrono::hours(1)).count()));
    if (ready == 0) return MYSQL_WAIT_TIMEOUT;
    return wanted & (MYSQL_WAIT_READ | MYSQL_WAIT_WRITE | MYSQL_WAIT_EXCEPT);
  }

  [[noreturn]] void fail(const std::string& what, std::string reason = {}) {
    if (reason.empty()) reason = explain();
    mariadb_cancel(handle());  // so that closing sends nothing to a server that may not read it
    throw promlite::Error(server_.name + ": " + what + ": " + reason);
  }

  std::string explain() {
    if (std::chrono::steady_clock::now() >= deadline_) return "the timeout has passed";
    switch (mysql_errno(handle())) {
      case 0:
        return "there is no answer";
      case CR_SERVER_LOST:  // the library adds an errno that means nothing and varies
        return "the server ended the connection or talks nonsense";
      case CR_PLUGIN_NOT_ALLOWED:  // the library adds bytes that it no longer owns
        return "the server asks for a way to log in that is not allowed";
      default:
        break;
    }
    std::string reason = mysql_error(handle());
    for (char& c : reason) {
      if (c < ' ' || c > '~') c = '?';  // it may be the server's, and the server may be anything
    }
    return reason;
  }

  const Server& server_;
  const Deadline deadline_;
  std::unique_ptr<MYSQL, Close> handle_;
  std::optional<SocketGuard> guard_;  // of the handle's socket, so it goes first
};

}  // namespace mysql_exporter

#endif  // MYSQL_EXPORTER_SESSION_HPP
