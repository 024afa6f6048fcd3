// promlite: the fastest HTTP answer there is, to measure a scrape against: a bare epoll loop that sends one
// preformatted response for each request it is sent, and looks at nothing but the request's end.
//
//   http_responder PORT SERIES      prints its address and serves 127.0.0.1:PORT until its input ends
//   wrk -t1 -c4 -d5s http://127.0.0.1:PORT/metrics
// SPDX-License-Identifier: MIT
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_series.hpp"

struct Client {
  int fd = -1;
  std::string input;
  std::size_t left = 0;  // of the response that is being sent
};

// False when the client is gone.
static bool send_rest(int epoll, Client& client, std::string_view response) {
  const ssize_t sent =
      send(client.fd, response.data() + (response.size() - client.left), client.left, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return false;
  const bool was_whole = client.left == response.size();
  if (sent > 0) client.left -= static_cast<std::size_t>(sent);
  if (client.left != 0 || !was_whole) {
    epoll_event event{};
    event.events = client.left != 0 ? EPOLLOUT : EPOLLIN;
    event.data.ptr = &client;
    epoll_ctl(epoll, EPOLL_CTL_MOD, client.fd, &event);
  }
  return true;
}

static bool serve(int epoll, Client& client, std::string_view response) {
  if (client.left != 0) return send_rest(epoll, client, response);
  char buffer[8192];
  const ssize_t received = recv(client.fd, buffer, sizeof buffer, 0);
  if (received <= 0) return received < 0 && errno == EAGAIN;
  client.input.append(buffer, static_cast<std::size_t>(received));
  if (client.input.find("\r\n\r\n") == std::string::npos) return true;
  client.input.clear();
  client.left = response.size();
  return send_rest(epoll, client, response);
}

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 0;
  const std::string body = bench::series_text(argc > 2 ? std::atoi(argv[2]) : 100);
  const std::string response =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\nCache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n\r\n" +
      body;

  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(static_cast<std::uint16_t>(port));
  socklen_t size = sizeof name;
  if (bind(listener, reinterpret_cast<sockaddr*>(&name), size) != 0 || listen(listener, SOMAXCONN) != 0) {
    std::perror("http_responder");
    return 1;
  }
  getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size);
  std::printf("http://127.0.0.1:%d/metrics\n", ntohs(name.sin_port));
  std::fflush(stdout);

  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  Client accepting;
  Client input;
  accepting.fd = listener;
  input.fd = STDIN_FILENO;
  for (Client* const each : {&accepting, &input}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = each;
    epoll_ctl(epoll, EPOLL_CTL_ADD, each->fd, &event);
  }
  for (;;) {
    epoll_event events[64];
    const int count = epoll_wait(epoll, events, 64, -1);
    for (int i = 0; i < count; ++i) {
      auto* const client = static_cast<Client*>(events[i].data.ptr);
      if (client == &input) {
        char c = 0;
        if (read(STDIN_FILENO, &c, 1) <= 0) return 0;
      } else if (client == &accepting) {
        const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) continue;
        auto* const accepted = new Client;
        accepted->fd = fd;
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = accepted;
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
      } else if (!serve(epoll, *client, response)) {
        close(client->fd);
        delete client;
      }
    }
  }
}
