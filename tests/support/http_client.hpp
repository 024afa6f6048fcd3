// promlite: a client that says exactly what a test tells it to, over sockets that block for at most ten
// seconds. SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_HTTP_CLIENT_HPP
#define PROMLITE_TESTS_SUPPORT_HTTP_CLIENT_HPP

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace test {

struct Response {
  int status = 0;
  std::string head;  // without its empty line, with the CR LF of every line
  std::string body;

  /// The value of the header, or "(none)"; values of a header that is there twice are joined by " | ".
  std::string header(std::string_view name) const {
    std::string found = "(none)";
    for (std::size_t at = head.find("\r\n"); at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
      const std::size_t colon = head.find(':', at);
      if (colon == std::string::npos || head.substr(at + 2, colon - at - 2) != name) continue;
      const std::string value = head.substr(colon + 2, head.find("\r\n", colon) - colon - 2);
      found = found == "(none)" ? value : found + " | " + value;
    }
    return found;
  }
};

class HttpClient {
 public:
  /// `address` as MetricsServer::address() gives it. `receive_buffer` is the kernel's, 0 for the default.
  explicit HttpClient(const std::string& address, int receive_buffer = 0) {
    if (address.rfind("unix:", 0) == 0) {
      sockaddr_un name{};
      name.sun_family = AF_UNIX;
      std::memcpy(name.sun_path, address.data() + 5, address.size() - 5);
      connect_to(AF_UNIX, &name, sizeof name, receive_buffer);
      return;
    }
    const std::size_t colon = address.rfind(':');
    const auto port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
    if (address[0] == '[') {
      sockaddr_in6 name{};
      name.sin6_family = AF_INET6;
      name.sin6_port = port;
      inet_pton(AF_INET6, address.substr(1, colon - 2).c_str(), &name.sin6_addr);
      connect_to(AF_INET6, &name, sizeof name, receive_buffer);
    } else {
      sockaddr_in name{};
      name.sin_family = AF_INET;
      name.sin_port = port;
      inet_pton(AF_INET, address.substr(0, colon).c_str(), &name.sin_addr);
      connect_to(AF_INET, &name, sizeof name, receive_buffer);
    }
  }
  HttpClient(HttpClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), input_(std::move(other.input_)) {}
  ~HttpClient() { close(); }

  int descriptor() const { return fd_; }

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  /// Closes with a reset instead of an end.
  void reset() {
    const linger now = {1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void finish_sending() { shutdown(fd_, SHUT_WR); }

  /// False when the other side does not take it any more.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// The next response; status 0 when the connection ended before it. `to_head`: the response has no body.
  Response read(bool to_head = false) {
    Response response;
    std::size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
      if (!read_more()) return response;
    }
    response.head = input_.substr(0, end + 2);
    input_.erase(0, end + 4);
    const auto size = static_cast<std::size_t>(std::atol(response.header("Content-Length").c_str()));
    while (!to_head && input_.size() < size) {
      if (!read_more()) return Response();
    }
    if (!to_head) {
      response.body = input_.substr(0, size);
      input_.erase(0, size);
    }
    response.status = std::atoi(response.head.c_str() + 9);
    return response;
  }

  /// All that comes until the other side ends or resets the connection.
  std::string read_all() {
    while (read_more()) {
    }
    return std::move(input_);
  }
  /// True when the other side ends the connection without another byte.
  bool at_end() { return input_.empty() && !read_more() && input_.empty(); }

  Response get(const std::string& target, const std::string& headers = "") {
    if (!send("GET " + target + " HTTP/1.1\r\nHost: test\r\n" + headers + "\r\n")) return Response();
    return read();
  }

 private:
  void connect_to(int family, const void* name, socklen_t size, int receive_buffer) {
    fd_ = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit = {10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (receive_buffer != 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    if (connect(fd_, static_cast<const sockaddr*>(name), size) != 0) {
      close();
      throw std::runtime_error("cannot connect");
    }
  }

  bool read_more() {
    char buffer[65536];
    ssize_t received = 0;
    do {
      received = recv(fd_, buffer, sizeof buffer, 0);
    } while (received < 0 && errno == EINTR);
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      throw std::runtime_error("the server is silent");
    if (received <= 0) return false;
    input_.append(buffer, static_cast<std::size_t>(received));
    return true;
  }

  int fd_ = -1;
  std::string input_;
};

/// One GET on a connection of its own.
inline Response get(const std::string& address, const std::string& target = "/metrics",
                    const std::string& headers = "") {
  return HttpClient(address).get(target, headers);
}

/// Seconds that `action` takes.
template <class Action>
double seconds_of(Action&& action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Whether the kernel is taking this thread away: it has been joined, perhaps, and still has its entry.
inline bool is_ending(const std::string& thread) {
  std::ifstream file("/proc/self/task/" + thread + "/stat");
  std::string line;
  std::getline(file, line);
  // proc(5): behind the name, which may have any characters in it, state, five numbers and the kernel's
  // flags.
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string state;
  long number = 0;
  fields >> state;
  for (int i = 0; i < 5; ++i) fields >> number;
  constexpr unsigned long exiting = 4;  // PF_EXITING
  unsigned long flags = exiting;        // of a thread that is gone by now
  return !(fields >> flags) || (flags & exiting) != 0;
}

/// Entries of a folder of /proc/self: `fd`, `task`.
inline int count_of(const std::string& folder) {
  DIR* const directory = opendir(("/proc/self/" + folder).c_str());
  int count = 0;
  while (const dirent* const entry = readdir(directory)) {
    if (entry->d_name[0] != '.' && (folder != "task" || !is_ending(entry->d_name))) ++count;
  }
  closedir(directory);
  return count - (folder == "fd" ? 1 : 0);
}

/// Threads of this process, counted once a sanitizer has started its own with the first one.
inline int threads_here() {
  std::thread([] {}).join();
  return count_of("task");
}

/// True as soon as the folder of /proc/self has so many entries; false when it has not in five seconds. One
/// look counts: a client that has left can still be in the listener's queue, and is accepted after it.
inline bool settles_at(const char* folder, int count) {
  for (int i = 0; i < 1000; ++i) {
    if (count_of(folder) == count) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

}  // namespace test

#endif  // PROMLITE_TESTS_SUPPORT_HTTP_CLIENT_HPP
