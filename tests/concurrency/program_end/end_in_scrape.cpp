// promlite: ends while a collector hangs in a scrape of the server, and sees that it ends at once.
// SPDX-License-Identifier: MIT
//
// `end_in_scrape WAY` ends with status 0 when it does.
#include <promlite/promlite.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "support/http_client.hpp"

namespace {

/// Never comes back, and is never destroyed: what a hanging collector uses must not be.
class HangingCollector final : public promlite::Collector {
 public:
  void collect(promlite::Sink&) override {
    hangs_ = true;
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
  }
  void wait_for_it() const {
    while (!hangs_) std::this_thread::yield();
  }

 private:
  std::atomic<bool> hangs_{false};
};

[[noreturn]] void end(const std::string& way) {
  if (way == "exit") std::exit(EXIT_SUCCESS);
  if (way == "quick_exit") std::quick_exit(EXIT_SUCCESS);
  if (way == "exit_in_thread") std::thread([] { std::exit(EXIT_SUCCESS); }).join();
  std::fprintf(stderr, "end_in_scrape: no such way to end: %s\n", way.c_str());
  std::_Exit(EXIT_FAILURE);
}

/// The program: a static server, whose destructor runs at the end, and a scrape under way. Writes when it
/// ends.
[[noreturn]] void run(const std::string& way, int to_test) {
  static promlite::Registry registry;
  registry.counter("jobs_total", "Jobs.").inc();
  auto& collector = *new HangingCollector();
  static auto& member = *new promlite::Membership(registry.add(collector));
  static_cast<void>(member);
  static promlite::MetricsServer server("127.0.0.1:0", registry);
  static test::HttpClient client(server.address());
  client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  collector.wait_for_it();
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  if (::write(to_test, &now, sizeof now) != sizeof now) std::_Exit(EXIT_FAILURE);
  end(way);
}

}  // namespace

int main(int argc, char** argv) {
  int ends[2];
  if (argc != 2 || pipe(ends) != 0) return EXIT_FAILURE;
  const pid_t program = fork();
  if (program == 0) {
    alarm(30);
    run(argv[1], ends[1]);
  }
  std::chrono::steady_clock::duration began{};
  close(ends[1]);
  if (::read(ends[0], &began, sizeof began) != sizeof began) return EXIT_FAILURE;
  int status = -1;
  waitpid(program, &status, 0);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch() - began).count();
  std::printf("ended with status %d after %.0f ms\n", status, 1000 * seconds);
  // 200 ms, and what a busy machine and the thread sanitizer add, which waits for a second before it ends.
  return status == 0 && seconds < 4 ? EXIT_SUCCESS : EXIT_FAILURE;
}
