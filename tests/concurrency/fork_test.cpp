// promlite: a child process of a program whose threads are updating goes on with what it has.
// SPDX-License-Identifier: MIT
#include "harness.hpp"
#include "support/catch.hpp"

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

namespace {

/// The exit status of a child that runs `work()`, or -1 when it did not end by itself within a minute.
template <class Work>
int in_child(const Work& work) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    _exit(work());
  }
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("the child of a fork under load updates, declares and collects") {
  promlite::Registry registry;
  const promlite::Counter<> counter = registry.counter("counter_total", "help");
  const promlite::Counter<> mine = registry.counter("mine_total", "help");
  const promlite::Histogram histogram = registry.histogram("histogram", "help");
  const auto family = registry.counter("family_total", "help", {"a"});
  family.with("x").inc();  // before the threads: none of them creates it, so none holds the lock for that
  std::atomic<bool> done{false};
  std::atomic<int> updating{0};
  test::Threads threads;
  for (int t = 0; t < 3; ++t) {
    threads.start([&] {
      const auto update = [&] {
        counter.inc();
        histogram.observe(1);
        family.with("x").inc();
      };
      update();
      ++updating;
      while (!done) update();
    });
  }
  mine.inc(5);
  // None is in its first update, which allocates: a sanitizer's runtime may fork with its allocator locked.
  while (updating < 3) std::this_thread::yield();
  int failed = 0;
  for (int round = 0; round < test::times(60); ++round) {
    mine.inc();
    // No lock of the registry is held by anybody at the time of the fork: the other threads only update.
    const int status = in_child([&] {
      const double before = counter.value();
      for (int i = 0; i < 1000; ++i) {
        counter.inc();
        mine.inc();
        histogram.observe(1);
        family.with("x").inc();
        family.with(i % 5).inc();
      }
      registry.counter("born_total", "help").inc(7);
      promlite::Registry own;
      own.counter("own_total", "help").inc(2);
      const test::Scrape scrape = test::scrape(registry);
      const test::Scrape own_scrape = test::scrape(own);
      // The other threads do not run here, so all is exact but for the one update that each was in.
      const double torn = scrape.at("histogram_count") - scrape.at("histogram_sum");
      if (scrape.at("counter_total") != before + 1000) return 1;
      if (scrape.at("mine_total") != 1006 + round) return 2;
      if (scrape.at("born_total") != 7 || own_scrape != test::Scrape{{"own_total", 2}}) return 3;
      if (torn < 0 || torn > 3 || scrape.at("histogram_count") < 1000) return 4;
      if (scrape.at("family_total{a=\"4\"}") != 200) return 5;
      return 0;
    });
    if (status != 0) {
      failed = status;
      break;
    }
  }
  CHECK(failed == 0);
  done = true;
  threads.join();
  // Nothing that the children did is seen here.
  const test::Scrape scrape = test::scrape(registry);
  CHECK(scrape.at("mine_total") == 5 + test::times(60));
  CHECK(scrape.count("born_total") == 0);
  CHECK(scrape.count("family_total{a=\"4\"}") == 0);
}

TEST_CASE("slots of threads that a fork left behind stay taken in the child, which counts on all the same") {
  promlite::Registry registry;
  const promlite::Counter<> counter = registry.counter("counter_total", "help");
  std::atomic<bool> done{false};
  std::atomic<int> updated{0};
  test::Threads threads;
  const int held = static_cast<int>(promlite::detail::max_slots) + 10;
  for (int t = 0; t < held; ++t) {
    threads.start([&] {
      counter.inc();
      updated.fetch_add(1);
      while (!done) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
  }
  while (updated < held) std::this_thread::yield();
  // The main thread has no slot here or there: both count in shared cells.
  const int status = in_child([&] {
    for (int i = 0; i < 100; ++i) counter.inc();
    return test::scrape(registry) == test::Scrape{{"counter_total", held + 100.0}} ? 0 : 1;
  });
  counter.inc();
  done = true;
  threads.join();
  CHECK(status == 0);
  CHECK(test::scrape(registry) == test::Scrape{{"counter_total", held + 1.0}});
}
