// promlite: a server that a test scripts: it takes requests down and answers what it is told to.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_FAKE_SERVER_HPP
#define PROMLITE_TESTS_SUPPORT_FAKE_SERVER_HPP

#include <promlite/transport/listener.hpp>
#include <promlite/transport/socket.hpp>

#include <cstdlib>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>

namespace test {

class FakeServer {
 public:
  /// One connection, after its request has come.
  class Call {
   public:
    std::string request;
    int number = 0;  // from 1, in the order of arrival

    /// False when nobody takes it any more.
    bool say(std::string_view bytes) const {
      while (!bytes.empty()) {
        const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      }
      return true;
    }
    /// A whole response.
    void answer(const std::string& status, const std::string& body = {},
                const std::string& headers = {}) const {
      say("HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers +
          "\r\n" + body);
    }
    /// Until the other side or the server is gone.
    void wait() const {
      char byte = 0;
      while (receive(&byte, 1) > 0) {
      }
    }
    void reset() const {
      const linger now = {1, 0};
      ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }

   private:
    friend class FakeServer;
    // A signal of the test's own may end up on any thread.
    ssize_t receive(char* to, std::size_t size) const {
      ssize_t count = 0;
      do {
        count = ::recv(fd_, to, size, 0);
      } while (count < 0 && errno == EINTR);
      return count;
    }
    int fd_ = -1;
  };

  explicit FakeServer(std::function<void(const Call&)> script, const std::string& address = "127.0.0.1:0")
      : script_(std::move(script)) {
    const std::string problem = listener_.open(address);
    if (!problem.empty()) throw std::runtime_error(problem);
    thread_ = std::thread([this] { accept(); });
  }
  ~FakeServer() {
    listener_.refuse();
    thread_.join();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& call : calls_) call.join();
  }

  const std::string& address() const { return listener_.address(); }
  std::string port() const { return std::to_string(listener_.port()); }
  std::vector<std::string> requests() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return requests_;
  }

 private:
  void accept() {
    for (;;) {
      pollfd fds[1] = {{listener_.descriptor(), POLLIN, 0}};
      if (::poll(fds, 1, -1) < 0 && errno != EINTR) return;
      promlite::detail::FileDescriptor connection;
      const auto accepted = listener_.accept(connection);
      if (accepted == promlite::detail::Listener::Accepted::none) continue;
      if (accepted != promlite::detail::Listener::Accepted::connection) return;
      const int flags = ::fcntl(connection.get(), F_GETFL);
      ::fcntl(connection.get(), F_SETFL, flags & ~O_NONBLOCK);
      calls_.emplace_back([this, owned = std::move(connection)]() mutable { serve(std::move(owned)); });
    }
  }

  void serve(promlite::detail::FileDescriptor connection) {
    Call call;
    call.fd_ = connection.get();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      open_.push_back(call.fd_);
    }
    if (read(call)) script_(call);
    const std::lock_guard<std::mutex> lock(mutex_);
    for (int& fd : open_) {
      if (fd == call.fd_) fd = -1;
    }
    connection.close();
  }

  bool read(Call& call) {
    char buffer[4096];
    for (;;) {
      const std::size_t head = call.request.find("\r\n\r\n");
      const std::size_t length = call.request.find("Content-Length: ");
      if (head != std::string::npos) {
        const std::size_t body =
            length < head ? static_cast<std::size_t>(std::atol(call.request.c_str() + length + 16)) : 0;
        if (call.request.size() >= head + 4 + body) break;
      }
      const ssize_t count = call.receive(buffer, sizeof buffer);
      if (count <= 0) return false;
      call.request.append(buffer, static_cast<std::size_t>(count));
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    requests_.push_back(call.request);
    call.number = static_cast<int>(requests_.size());
    return true;
  }

  std::function<void(const Call&)> script_;
  promlite::detail::Listener listener_;
  std::thread thread_;
  std::vector<std::thread> calls_;  // the accepting thread's, then the destructor's
  mutable std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::string> requests_;
};

}  // namespace test

#endif  // PROMLITE_TESTS_SUPPORT_FAKE_SERVER_HPP
