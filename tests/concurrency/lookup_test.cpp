// promlite: series and families that many threads create, find and declare at once.
// SPDX-License-Identifier: MIT
#include "harness.hpp"
#include "support/catch.hpp"

namespace {

std::string key(const char* name, int value) {
  return std::string(name) + "{a=\"" + std::to_string(value) + "\"}";
}

}  // namespace

TEST_CASE("threads that create the same series at once get the same series") {
  promlite::Registry registry;
  const auto family = registry.counter("family_total", "help", {"a"}, promlite::max_series(100000));
  const int threads = 8;
  const int series = test::times(1500);
  test::in_threads(threads, [&](int) {
    for (int i = 0; i < series; ++i) family.with(i).inc();
  });
  test::Scrape expected;
  for (int i = 0; i < series; ++i) expected[key("family_total", i)] = threads;
  CHECK(test::scrape(registry) == expected);
}

TEST_CASE("threads that create different series at once lose none, whatever tables they outgrow") {
  promlite::Registry registry;
  const auto family = registry.histogram("family", "help", {"a"}, promlite::max_series(100000),
                                         promlite::Buckets{std::vector<double>{1}});
  const int threads = 6;
  const int series = test::times(300);
  test::in_threads(threads, [&](int thread) {
    for (int i = 0; i < series; ++i) {
      family.with(thread * series + i).observe(1);
      family.with(thread * series + i / 2).observe(2);  // one that is there already
    }
  });
  const test::Scrape scrape = test::scrape(registry);
  CHECK(test::series_of(scrape, "family_count") == static_cast<std::size_t>(threads * series));
  CHECK(test::sum_of(scrape, "family_count") == 2.0 * threads * series);
  CHECK(test::sum_of(scrape, "family_sum") == 3.0 * threads * series);
}

TEST_CASE("a series that exists is found while the table grows") {
  promlite::Registry registry;
  const auto family = registry.counter("family_total", "help", {"a"}, promlite::max_series(1000000));
  const int known = 5;
  for (int i = 0; i < known; ++i) family.with(i).inc();
  std::atomic<bool> done{false};
  std::atomic<long> lookups{0};
  test::Threads readers;
  for (int r = 0; r < 3; ++r) {
    readers.start([&] {
      long mine = 0;
      while (!done) {
        for (int i = 0; i < known; ++i) family.with(i).inc();
        ++mine;
      }
      lookups.fetch_add(mine);
    });
  }
  const int series = test::times(20000);
  for (int i = known; i < series; ++i) family.with(i).inc();
  done = true;
  readers.join();
  test::Scrape expected;
  for (int i = 0; i < series; ++i) {
    expected[key("family_total", i)] = i < known ? 1.0 + static_cast<double>(lookups) : 1.0;
  }
  CHECK(test::scrape(registry) == expected);
}

TEST_CASE("a flood of label values: the number of series is bounded, the sum of all is exact") {
  promlite::Registry registry;
  const int bound = 50;
  const auto family =
      registry.counter("family_total", "help", {"a"}, promlite::max_series(static_cast<std::size_t>(bound)));
  const int threads = 6;
  const int updates = test::times(20000);
  std::atomic<bool> done{false};
  test::Threads scraper;
  std::atomic<bool> too_many{false};
  scraper.start([&] {
    while (!done) {
      const test::Scrape scrape = test::scrape(registry);
      if (test::series_of(scrape, "family_total") > static_cast<std::size_t>(bound) + 1) too_many = true;
    }
  });
  test::in_threads(threads, [&](int thread) {
    test::Random random(static_cast<std::uint64_t>(thread));
    for (int i = 0; i < updates; ++i) family.with(random.below(100000)).inc();
  });
  done = true;
  scraper.join();
  const test::Scrape scrape = test::scrape(registry);
  CHECK_FALSE(too_many);
  CHECK(test::series_of(scrape, "family_total") == static_cast<std::size_t>(bound) + 1);
  CHECK(test::sum_of(scrape, "family_total") == 1.0 * threads * updates);
  CHECK(scrape.at("promlite_overflowed_updates_total{family=\"family_total\"}") ==
        scrape.at("family_total{a=\"promlite_overflow\"}"));
}

TEST_CASE("a series that exists is found when its family has just become full") {
  // The second thread asks for a series that is not there yet; before it learns that, the first one has made
  // it and filled the family. Long values make that time long.
  const std::string value(200000, 'v');
  test::Random random(1);
  double lost = 0;
  for (int round = 0; round < test::times(150); ++round) {
    promlite::Registry registry;
    const auto family = registry.counter("family_total", "help", {"a"}, promlite::max_series(1));
    const int delay = random.below(1000000);
    test::in_threads(2, [&](int thread) {
      volatile int waited = 0;
      while (thread == 1 && waited < delay) waited = waited + 1;
      family.with(value).inc();
      if (thread == 0) family.with("w").inc();
    });
    const test::Scrape scrape = test::scrape(registry);
    CHECK(test::sum_of(scrape, "family_total") == 3);
    const auto overflow = scrape.find("family_total{a=\"promlite_overflow\"}");
    if (overflow != scrape.end()) lost += overflow->second - 1;
  }
  CHECK(lost == 0);
}

TEST_CASE("threads that declare the same metrics at once, during scrapes, share them") {
  promlite::Registry registry;
  const int threads = 6;
  const int metrics = test::times(150);
  std::atomic<bool> done{false};
  std::atomic<bool> fell{false};
  test::Threads scraper;
  scraper.start([&] {
    test::Scrape before;
    while (!done) {
      test::Scrape now = test::scrape(registry);
      if (!test::fallen(before, now).empty()) fell = true;
      before = std::move(now);
    }
  });
  test::in_threads(threads, [&](int thread) {
    for (int i = 0; i < metrics; ++i) {
      // Half of the threads go the other way round.
      const std::string number = std::to_string(thread % 2 == 0 ? i : metrics - 1 - i);
      registry.counter(promlite::runtime_name("single" + number + "_total"), "help").inc();
      registry.counter(promlite::runtime_name("family" + number + "_total"), "help", {"a"})
          .with(thread % 2)
          .inc();
      registry.histogram(promlite::runtime_name("histogram" + number), "help").observe(1);
      registry.gauge(promlite::runtime_name("gauge" + number), "help").inc();
      registry.summary(promlite::runtime_name("summary" + number), "help").observe(1);
    }
  });
  done = true;
  scraper.join();
  CHECK_FALSE(fell);
  const test::Scrape scrape = test::scrape(registry);
  int wrong = 0;
  for (int i = 0; i < metrics; ++i) {
    const std::string number = std::to_string(i);
    wrong += scrape.at("single" + number + "_total") == threads &&
                     scrape.at("family" + number + "_total{a=\"0\"}") == threads / 2 &&
                     scrape.at("family" + number + "_total{a=\"1\"}") == threads / 2 &&
                     scrape.at("histogram" + number + "_count") == threads &&
                     scrape.at("gauge" + number) == threads &&
                     scrape.at("summary" + number + "_count") == threads
                 ? 0
                 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("of threads that declare different things under one name, all but one kind are refused") {
  const int rounds = test::times(100);
  for (int round = 0; round < rounds; ++round) {
    promlite::Registry registry;
    std::atomic<int> counters{0};
    std::atomic<int> integers{0};
    std::atomic<int> refused{0};
    test::in_threads(4, [&](int thread) {
      try {
        if (thread % 2 == 0) {
          registry.counter("mine_total", "help").inc();
          counters.fetch_add(1);
        } else {
          registry.counter<std::uint64_t>("mine_total", "help").inc();
          integers.fetch_add(1);
        }
      } catch (const promlite::Error&) {
        refused.fetch_add(1);
      }
    });
    CHECK(refused == 2);
    CHECK(counters * integers == 0);
    CHECK(test::scrape(registry) == test::Scrape{{"mine_total", 2}});
  }
}
