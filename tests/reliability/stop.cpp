// promlite: a program with thousands of clients, a push and a resolver that hang stops and ends at once.
// SPDX-License-Identifier: MIT
//
// stop [short|normal|long]
#include <promlite/promlite.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <dlfcn.h>
#include <netdb.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reliability/reliability.hpp"
#include "support/http_client.hpp"

using reliability::demand;
using reliability::seconds_since;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

static std::atomic<bool> resolver_hangs{false};

// This program's resolver never finds "hangs.test".
extern "C" int getaddrinfo(const char* host, const char* port, const addrinfo* hints, addrinfo** found) {
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (host != nullptr && std::strcmp(host, "hangs.test") == 0) {
    resolver_hangs = true;
    for (;;) pause();
  }
  return real(host, port, hints, found);
}

/// Milliseconds of each end, as the program itself measured them.
struct Times {
  double server = -1;
  double push = -1;
  double resolver = -1;
};

struct Pipe {
  int read = -1;
  int write = -1;
  Pipe() {
    int ends[2];
    demand(pipe2(ends, O_CLOEXEC) == 0, "there is a pipe");
    read = ends[0];
    write = ends[1];
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    ::close(read);
    ::close(write);
  }
};

template <class Item>
static void tell(const Pipe& pipe, const Item& item) {
  demand(::write(pipe.write, &item, sizeof item) == sizeof item, "the other process listens");
}
template <class Item>
static Item hear(const Pipe& pipe) {
  Item item{};
  pollfd input = {pipe.read, POLLIN, 0};
  demand(::poll(&input, 1, 60'000) == 1 && ::read(pipe.read, &item, sizeof item) == sizeof item,
         "the other process tells");
  return item;
}

constexpr auto final_timeout = 20ms;

/// The program: all of it runs when it tells its port; it ends when it is told to, with `stop` or by exit
/// alone.
static void run_program(const Pipe& to_client, const Pipe& to_program, int silent_port) {
  static promlite::Registry registry;
  registry.counter("jobs_total", "Jobs.").inc();
  promlite::ServerOptions options;
  options.max_connections = 15000;
  static promlite::MetricsServer server("127.0.0.1:0", registry, options);
  promlite::BackgroundPushOptions pushing;
  pushing.interval = 10ms;
  pushing.final_timeout = final_timeout;
  // The listener takes no connection and answers nothing; the resolver never returns.
  static promlite::BackgroundPusher push(
      promlite::Pushgateway("http://127.0.0.1:" + std::to_string(silent_port), "job").timeout(60s), registry,
      pushing);
  static promlite::BackgroundPusher resolver(promlite::Pushgateway("http://hangs.test:1", "job").timeout(60s),
                                             registry, pushing);
  while (!resolver_hangs) std::this_thread::sleep_for(1ms);
  tell(to_client, static_cast<int>(server.port()));
  if (!hear<bool>(to_program)) std::exit(0);  // the destructors do it
  Times times;
  times.server = 1000 * test::seconds_of([] { server.stop(); });
  times.push = 1000 * test::seconds_of([] { (void)push.stop(); });
  times.resolver = 1000 * test::seconds_of([] { (void)resolver.stop(); });
  tell(to_client, times);
  (void)hear<bool>(to_program);
  std::exit(0);
}

/// Milliseconds from here to the child's end.
static double until_end(pid_t child) {
  const auto start = Clock::now();
  int status = -1;
  waitpid(child, &status, 0);
  demand(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the program ends with status 0");
  return 1000 * seconds_since(start);
}

/// What the system alone takes to end a process with as many connections, whatever library it has.
static double end_bare_process(std::size_t count) {
  const Pipe to_client, to_program;
  const pid_t child = fork();
  if (child == 0) {
    promlite::detail::Listener listener;
    demand(listener.open("127.0.0.1:0").empty(), "a listener");
    tell(to_client, static_cast<int>(listener.port()));
    for (std::size_t i = 0; i < count; ++i) {
      const int taken = accept(listener.descriptor(), nullptr, nullptr);
      if (taken >= 0) continue;
      pollfd waiting = {listener.descriptor(), POLLIN, 0};
      ::poll(&waiting, 1, 10'000);
      --i;
    }
    tell(to_client, true);
    (void)hear<bool>(to_program);
    _exit(0);
  }
  const std::string address = "127.0.0.1:" + std::to_string(hear<int>(to_client));
  std::vector<test::HttpClient> clients;
  for (std::size_t i = 0; i < count; ++i) clients.emplace_back(address);
  (void)hear<bool>(to_client);
  tell(to_program, true);
  return until_end(child);
}

struct Ends {
  Times times;
  double exit = 0;
};

/// Holds `count` unfinished requests, and ends the program.
static Ends end_program(std::size_t count, bool stop) {
  const Pipe to_client, to_program;
  promlite::detail::Listener silent;
  demand(silent.open("127.0.0.1:0").empty(), "a listener");
  const pid_t child = fork();
  if (child == 0) {
    run_program(to_client, to_program, silent.port());
    _exit(1);
  }
  const std::string address = "127.0.0.1:" + std::to_string(hear<int>(to_client));
  std::vector<test::HttpClient> clients;
  for (std::size_t i = 0; i < count; ++i) {
    clients.emplace_back(address);
    demand(clients.back().send("GET /metrics HTTP/1.1\r\nHost: a\r\nX-"), "a connection is taken");
  }
  demand(test::get(address).status == 200, "a scrape is answered");
  Ends ends;
  tell(to_program, stop);
  if (stop) {
    ends.times = hear<Times>(to_client);
    tell(to_program, true);
  }
  ends.exit = until_end(child);
  return ends;
}

int main(int argc, char** argv) {
  const reliability::Size size(argc, argv);
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t wanted = size.of<std::size_t>(500, 10000, 10000);
  const std::size_t count = std::min<std::size_t>(wanted, limit.rlim_max - 200);
  const int rounds = size.of(2, 5, 100);
  Ends worst;
  double worst_exit = 0, bare = 0;
  const auto larger = [](double& most, double now) { most = std::max(most, now); };
  for (int i = 0; i < rounds; ++i) {
    const Ends stopped = end_program(count, true);
    larger(worst.times.server, stopped.times.server);
    larger(worst.times.push, stopped.times.push);
    larger(worst.times.resolver, stopped.times.resolver);
    larger(worst.exit, stopped.exit);
    larger(worst_exit, end_program(count, false).exit);
    larger(bare, end_bare_process(count));
  }
  char figures[600];
  std::snprintf(figures, sizeof figures,
                "%zu connections, %d times, the slowest: server.stop() %.0f ms; pusher.stop(), 20 ms for the "
                "last push: %.0f ms "
                "while a push hangs, %.0f ms while the resolver does; exit after that %.0f ms; exit without "
                "stop() %.0f ms; a process without the library that holds as many takes %.0f ms to end",
                count, rounds, worst.times.server, worst.times.push, worst.times.resolver, worst.exit,
                worst_exit, bare);
  for (const double time :
       {worst.times.server, worst.times.push, worst.times.resolver, worst.exit, worst_exit}) {
    demand(time < 200 + bare,
           std::string("each takes less than 200 ms beside what the system takes: ") + figures);
  }
  std::printf("%s\n", figures);
}
