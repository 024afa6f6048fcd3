// promlite: from one scrape to the next nothing falls that may only grow, while threads come and go.
// SPDX-License-Identifier: MIT
#include "harness.hpp"
#include "support/catch.hpp"

namespace {

struct Metrics {
  promlite::Registry registry;
  promlite::Counter<> mixed = registry.counter("mixed_total", "help");
  promlite::Counter<std::uint64_t> whole = registry.counter<std::uint64_t>("whole_total", "help");
  promlite::Histogram histogram =
      registry.histogram("histogram", "help", promlite::Buckets{std::vector<double>{0.1, 1, 10}});
  promlite::Summary summary = registry.summary("summary", "help", promlite::quantiles({0.5, 0.99}));
  promlite::Family<promlite::Counter<>, 1> family =
      registry.counter("family_total", "help", {"a"}, promlite::max_series(20));
  promlite::Family<promlite::Histogram, 1> durations = registry.histogram("durations_seconds", "help", {"a"});

  void update(int i) const noexcept {
    mixed.inc();
    if (i % 3 == 0) mixed.inc(0.1 * i);
    whole.inc(static_cast<unsigned>(i));
    histogram.observe(0.01 * i);
    summary.observe(0.7 * i);
    family.with(i % 40).inc(0.3);
    durations.with(i % 5).observe(0.001 * i);
  }
};

/// Scrapes until `done`, and returns the first thing that fell. Counts scrapes, so that writers go on for
/// some.
std::string watch(promlite::Registry& registry, const std::atomic<bool>& done, std::atomic<int>& scrapes) {
  test::Scrape before;
  for (;; ++scrapes) {
    const bool last = done;
    const test::Scrape now = test::scrape(registry);
    const std::string problem = test::fallen(before, now);
    if (!problem.empty() || last) {
      scrapes = 1000;
      return problem;
    }
    before = now;
  }
}

}  // namespace

TEST_CASE("nothing falls while short-lived threads follow one another") {
  Metrics metrics;
  std::atomic<bool> done{false};
  test::Threads spawners;
  std::atomic<int> running{3};
  std::atomic<int> scrapes{0};
  for (int s = 0; s < 3; ++s) {
    spawners.start([&] {
      for (int i = 0; i < test::times(600) || scrapes < 10; ++i) {
        std::thread([&] {
          for (int u = 0; u < 50; ++u) metrics.update(u);
        }).join();
      }
      if (running.fetch_sub(1) == 1) done = true;
    });
  }
  CHECK(watch(metrics.registry, done, scrapes) == "");
  spawners.join();
  CHECK(test::scrape(metrics.registry).at("mixed_total") > 50.0 * 1800);
}

TEST_CASE("nothing falls while more threads than slots come and go") {
  Metrics metrics;
  std::atomic<bool> done{false};
  std::atomic<int> scrapes{0};
  test::Threads spawners;
  spawners.start([&] {
    for (int wave = 0; wave < test::times(3) || scrapes < 5; ++wave) {
      test::in_threads(330, [&](int) {
        for (int u = 0; u < 100; ++u) metrics.update(u);
      });
    }
    done = true;
  });
  CHECK(watch(metrics.registry, done, scrapes) == "");
  spawners.join();
}

TEST_CASE("nothing that a handle tells falls, either") {
  Metrics metrics;
  std::atomic<bool> done{false};
  test::Threads writers;
  for (int w = 0; w < 3; ++w) {
    writers.start([&] {
      for (int i = 0; i < test::times(60000); ++i) metrics.update(i % 100);
      done = true;
    });
  }
  double mixed = 0, sum = 0, summary_sum = 0;
  std::uint64_t whole = 0, count = 0, summary_count = 0;
  bool fell = false;
  const auto look = [&fell](auto& before, auto now) {
    fell = fell || now < before;
    before = now;
  };
  while (!done && !fell) {
    look(mixed, metrics.mixed.value());
    look(whole, metrics.whole.value());
    look(count, metrics.histogram.count());
    look(sum, metrics.histogram.sum());
    look(summary_count, metrics.summary.count());
    look(summary_sum, metrics.summary.sum());
  }
  CHECK_FALSE(fell);
}
