// promlite: children of a program with a running server update, collect and end; the parent is scraped all
// along. SPDX-License-Identifier: MIT
//
// forks [short|normal|long]
#include <promlite/exposition/parser.hpp>
#include <promlite/promlite.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "concurrency/harness.hpp"
#include "reliability/reliability.hpp"
#include "support/http_client.hpp"

using reliability::demand;

static promlite::Registry registry;
static const promlite::Counter<> jobs = registry.counter("jobs_total", "Jobs.");
static const promlite::Counter<> forks = registry.counter("forks_total", "Forks.");

/// What a child does; its end runs every destructor, the server's too.
[[noreturn]] static void live_as_child(bool serve) {
  alarm(20);
  const double before = jobs.value();
  for (int i = 0; i < 1000; ++i) jobs.inc();
  demand(jobs.value() == before + 1000, "a child counts");
  // The parent's registry, which a scrape of the parent may have held at the moment of the fork.
  demand(test::scrape(registry).at("jobs_total") == before + 1000, "a child collects what it inherited");
  promlite::Registry own;
  own.counter("own_total", "Own.").inc(2);
  demand(test::scrape(own) == test::Scrape{{"own_total", 2}}, "a child collects");
  if (serve) {
    promlite::MetricsServer server("127.0.0.1:0", own);
    demand(test::parse(test::get(server.address()).body) == test::Scrape{{"own_total", 2}},
           "a child's server serves");
  }
  std::exit(0);
}

int main(int argc, char** argv) {
  const reliability::Size size(argc, argv);
  const int children = size.of(60, 1000, 100'000);
  static promlite::MetricsServer server("127.0.0.1:0", registry);
  const int descriptors = test::count_of("fd");
  std::atomic<bool> done{false};
  std::atomic<long> scrapes{0};
  test::Threads threads;
  for (int t = 0; t < 2; ++t) {
    threads.start([&] {
      while (!done) {
        jobs.inc();
        std::this_thread::yield();
      }
    });
  }
  threads.start([&] {
    test::Scrape before;
    while (!done) {
      const test::Response response = test::get(server.address());
      demand(response.status == 200, "the parent is scraped");
      demand(static_cast<bool>(promlite::parse_text(response.body)), "the scrape is read");
      test::Scrape now = test::parse(response.body);
      const std::string fallen = test::fallen(before, now);
      demand(fallen.empty(), "nothing falls in the parent: " + fallen);
      before = std::move(now);
      ++scrapes;
    }
  });
  for (int i = 0; i < children; ++i) {
    forks.inc();
    const pid_t child = fork();
    if (child == 0) live_as_child(i % 4 == 0);
    int status = -1;
    waitpid(child, &status, 0);
    demand(WIFEXITED(status) && WEXITSTATUS(status) == 0,
           "child " + std::to_string(i) + " ends with status 0: " + std::to_string(status));
  }
  done = true;
  threads.join();
  demand(forks.value() == children, "the parent's counts are its own");
  demand(test::get(server.address()).status == 200, "the parent serves");
  demand(test::settles_at("fd", descriptors), "no descriptor is left");
  std::printf(
      "%d children updated, collected and ended, every fourth with a server of its own; the parent answered "
      "%ld scrapes meanwhile, nothing fell\n",
      children, scrapes.load());
}
