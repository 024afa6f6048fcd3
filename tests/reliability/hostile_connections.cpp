// promlite: an instrumented program, and a client that holds many connections to it and finishes no request.
// SPDX-License-Identifier: MIT
//
// hostile_connections serve MAX_CONNECTIONS   prints its address; counts in a thread called `work`; ends with
// its
//                                             standard input
// hostile_connections attack ADDRESS COUNT    holds COUNT connections, a byte a second on each; prints
//                                             `HELD OPENED` each second; ends with its standard input
#include <promlite/promlite.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reliability/reliability.hpp"

using namespace std::chrono_literals;

static bool input_ended() {
  pollfd input = {STDIN_FILENO, POLLIN, 0};
  return ::poll(&input, 1, 0) > 0;
}

static void raise_limit_of_descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static int serve(std::size_t max_connections) {
  const auto jobs = promlite::counter("jobs_total", "Jobs done.");
  const auto kinds = promlite::histogram("job_seconds", "Time of a job.", {"kind"});
  for (int kind = 0; kind < 50; ++kind) kinds.with(kind).observe(0.01 * kind);
  promlite::ServerOptions options;
  options.max_connections = max_connections;
  const promlite::MetricsServer server("127.0.0.1:0", options);
  std::atomic<bool> done{false};
  std::thread work([&] {
    pthread_setname_np(pthread_self(), "work");
    while (!done) jobs.inc();
  });
  std::printf("%s\n", server.address().c_str());
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  done = true;
  work.join();
  return 0;
}

/// One connection that never finishes its head. When the server ends it at its deadline, it comes back at
/// once; when it was turned away, after five seconds.
class Slowloris {
 public:
  /// Begins after up to five seconds, as the number says: not all of them end together.
  explicit Slowloris(std::size_t number) : rest_(static_cast<int>(number / 100 % 5)) {}

  /// Goes on for a second. True when it is held; counts in `opened`.
  bool go_on(const sockaddr_in& server, std::size_t number, std::uint64_t& opened) {
    if (fd_ < 0 && ++rest_ >= 5) open(server, number, opened);
    if (fd_ < 0) return false;
    char bytes[256];
    const ssize_t received = ::recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT);
    const bool open = received > 0 || (received < 0 && errno == EAGAIN);
    const std::string_view next = begun_ ? "a" : "GET /metrics HTTP/1.1\r\nHost: a\r\nX-Header: ";
    const ssize_t sent = !open ? -1 : ::send(fd_, next.data(), next.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    begun_ = begun_ || sent > 0;
    if (sent > 0 || (open && errno == EAGAIN)) {
      ++age_;
      return true;
    }
    ::close(fd_);
    fd_ = -1;
    rest_ = age_ >= 4 ? 5 : 0;
    return false;
  }

 private:
  void open(const sockaddr_in& server, std::size_t number, std::uint64_t& opened) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return;
    sockaddr_in own{};  // one address has too few ports for what is over and what begins
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(0x7F010001 + static_cast<std::uint32_t>(number % 100));
    ::bind(fd_, reinterpret_cast<const sockaddr*>(&own), sizeof own);
    const int connected = ::connect(fd_, reinterpret_cast<const sockaddr*>(&server), sizeof server);
    begun_ = false;
    age_ = 0;
    if (connected != 0 && errno != EINPROGRESS) {
      ::close(fd_);
      fd_ = -1;
      rest_ = 0;
      return;
    }
    ++opened;
  }

  int fd_ = -1;
  bool begun_ = false;
  int age_ = 0;  // seconds that it is open
  int rest_;     // seconds that it is closed; five are enough
};

static int attack(const std::string& address, std::size_t count) {
  const std::size_t colon = address.rfind(':');
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(static_cast<std::uint16_t>(std::atoi(address.c_str() + colon + 1)));
  ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &server.sin_addr);
  std::vector<Slowloris> connections;
  for (std::size_t i = 0; i < count; ++i) connections.emplace_back(i);
  std::uint64_t opened = 0;
  while (!input_ended()) {
    // A second in a hundred steps: the load is spread evenly.
    std::size_t held = 0;
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t step = 0; step < 100; ++step) {
      for (std::size_t i = step; i < count; i += 100) {
        if (connections[i].go_on(server, i, opened)) ++held;
      }
      std::this_thread::sleep_until(start + (step + 1) * 10ms);
    }
    std::printf("%zu %llu\n", held, static_cast<unsigned long long>(opened));
    std::fflush(stdout);
  }
  return 0;
}

int main(int argc, char** argv) {
  raise_limit_of_descriptors();
  const std::string_view what = argc > 2 ? argv[1] : "";
  if (what == "serve") return serve(static_cast<std::size_t>(std::atoi(argv[2])));
  if (what == "attack" && argc > 3) return attack(argv[2], static_cast<std::size_t>(std::atoi(argv[3])));
  std::fprintf(stderr, "usage: %s serve MAX_CONNECTIONS | attack ADDRESS COUNT\n", argv[0]);
  return 2;
}
