// promlite: series that are removed, expire, come again and are looked up, updated and scraped meanwhile.
// SPDX-License-Identifier: MIT
#include <promlite/clock.hpp>

#include <array>
#include <cstdio>
#include <mutex>
#include <optional>
#include <random>

#include "harness.hpp"
#include "support/catch.hpp"

namespace {

using namespace std::chrono_literals;

std::uint64_t seed_of_run() {
  const char* const given = std::getenv("PROMLITE_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device()();
  std::printf("PROMLITE_SEED=%llu repeats this run's operations\n", static_cast<unsigned long long>(seed));
  return seed;
}

/// Four families with the same labels, and what they must show: a map behind mutexes. One operation on a key
/// is one step for both, under the key's mutex; operations on different keys run at once.
class World {
 public:
  static constexpr int keys = 60;

  explicit World(bool may_overflow) : bound_(may_overflow ? keys / 2 : keys) {}

  void step(test::Random& random) {
    const int key = random.below(keys);
    Entry& entry = entries_[static_cast<std::size_t>(key)];
    const std::lock_guard<std::mutex> lock(entry.mutex);
    switch (random.below(8)) {
      case 0:
        remove(key, entry);
        return;
      case 1:
        // Updates of the series that were removed, which vanish.
        for (const Handles& old : entry.old) update(old);
        if (entry.old.size() > 20) entry.old.erase(entry.old.begin(), entry.old.begin() + 10);
        return;
      case 2:
        registry.gauge(promlite::runtime_name("late" + std::to_string(key)), "help", {"k"})
            .with(key)
            .set(key);
        return;
      default:
        break;
    }
    if (!entry.present) entry.handles = look_up(key);
    entry.present = true;
    ++entry.updates;
    if (random.below(2) == 0) {
      update(entry.handles);
    } else {
      update(look_up(key));
    }
  }

  /// Where no series overflowed: what must be there.
  test::Scrape expected() {
    test::Scrape all;
    for (int key = 0; key < keys; ++key) {
      const Entry& entry = entries_[static_cast<std::size_t>(key)];
      if (!entry.present) continue;
      const std::string labels = "{k=\"" + std::to_string(key) + "\"}";
      const double n = entry.updates;
      all["counter_total" + labels] = 1.5 * n;
      all["gauge" + labels] = n;
      all["histogram_bucket{k=\"" + std::to_string(key) + "\",le=\"2\"}"] = n;
      all["histogram_bucket{k=\"" + std::to_string(key) + "\",le=\"+Inf\"}"] = n;
      all["histogram_sum" + labels] = n;
      all["histogram_count" + labels] = n;
      all["summary{k=\"" + std::to_string(key) + "\",quantile=\"0.5\"}"] = 1;
      all["summary_sum" + labels] = n;
      all["summary_count" + labels] = n;
    }
    return all;
  }

  promlite::Registry registry;

 private:
  struct Handles {
    promlite::Counter<> counter;
    promlite::Gauge<> gauge;
    promlite::Histogram histogram;
    promlite::Summary summary;
  };
  struct Entry {
    std::mutex mutex;
    bool present = false;
    int updates = 0;
    Handles handles;
    std::vector<Handles> old;
  };

  Handles look_up(int key) {
    return {counters_.with(key), gauges_.with(key), histograms_.with(key), summaries_.with(key)};
  }
  static void update(const Handles& handles) {
    handles.counter.inc();
    handles.counter.inc(0.5);
    handles.gauge.inc();
    handles.histogram.observe(1);
    handles.summary.observe(1);
  }
  void remove(int key, Entry& entry) {
    const bool removed = counters_.remove(key);
    gauges_.remove(key);
    histograms_.remove_matching({{"k", std::to_string(key)}});
    summaries_.remove(key);
    if (removed != entry.present && bound_ == keys) wrong_removals.fetch_add(1);
    if (entry.present) entry.old.push_back(entry.handles);
    entry.present = false;
    entry.updates = 0;
  }

  const std::size_t bound_;
  promlite::Family<promlite::Counter<>, 1> counters_ =
      registry.counter("counter_total", "help", {"k"}, promlite::max_series(bound_));
  promlite::Family<promlite::Gauge<>, 1> gauges_ =
      registry.gauge("gauge", "help", {"k"}, promlite::max_series(bound_));
  promlite::Family<promlite::Histogram, 1> histograms_ = registry.histogram(
      "histogram", "help", {"k"}, promlite::Buckets{std::vector<double>{2}}, promlite::max_series(bound_));
  promlite::Family<promlite::Summary, 1> summaries_ =
      registry.summary("summary", "help", {"k"}, promlite::quantiles({0.5}), promlite::max_series(bound_));
  std::array<Entry, keys> entries_;

 public:
  std::atomic<int> wrong_removals{0};
};

/// The samples of the four families, without what only some runs have.
test::Scrape of_families(const test::Scrape& scrape) {
  test::Scrape kept;
  for (const auto& sample : scrape) {
    if (test::starts_with(sample.first, "late") || test::starts_with(sample.first, "promlite_")) continue;
    kept.insert(sample);
  }
  return kept;
}

/// Quantiles of 1 are shown as the middle of its bucket.
test::Scrape without_quantile_error(test::Scrape scrape) {
  for (auto& sample : scrape) {
    if (sample.first.find("quantile=") != std::string::npos && sample.second > 0.99 && sample.second < 1.01)
      sample.second = 1;
  }
  return scrape;
}

}  // namespace

TEST_CASE("random schedules with removals end as the model says") {
  const std::uint64_t seed = seed_of_run();
  CAPTURE(seed);
  for (int round = 0; round < test::times(6); ++round) {
    CAPTURE(round);
    test::Random random(seed + static_cast<std::uint64_t>(round));
    const bool may_overflow = round % 3 == 1;
    World world(may_overflow);
    const int threads = 2 + random.below(6);
    const int steps = 500 + random.below(2000);
    // Every third round nobody has a slot.
    std::optional<test::NoSlotsLeft> all_taken;
    if (round % 3 == 2) all_taken.emplace();
    std::atomic<bool> done{false};
    test::Threads scraper;
    std::size_t most = 0;
    scraper.start([&] {
      while (!done) {
        const std::size_t series = test::series_of(test::scrape(world.registry), "counter_total");
        if (series > most) most = series;
      }
    });
    test::in_threads(threads, [&, first = random.next()](int thread) {
      test::Random mine(first + static_cast<std::uint64_t>(thread));
      for (int i = 0; i < steps; ++i) world.step(mine);
    });
    done = true;
    scraper.join();
    CHECK(world.wrong_removals == 0);
    if (may_overflow) {
      CHECK(most <= World::keys / 2 + 1);
    } else {
      CHECK(without_quantile_error(of_families(test::scrape(world.registry))) == world.expected());
    }
  }
}

TEST_CASE(
    "what threads remove from under each other counts at most what was counted, and never what was before") {
  promlite::Registry registry;
  promlite::ManualClock clock;
  registry.use_clock(clock);
  const auto family = registry.counter<std::uint64_t>("x_total", "help", {"k"}, promlite::max_series(8),
                                                      promlite::expire_after(1min));
  const auto gauges = registry.gauge("gauge", "help", {"k"}, promlite::expire_after(1min));
  const std::uint64_t seed = seed_of_run();
  CAPTURE(seed);
  const int steps = 4000 * test::times(1);
  std::atomic<bool> done{false};
  test::Threads others;
  others.start([&] {
    while (!done) {
      test::scrape(registry);
      clock.advance(20s);
    }
  });
  others.start([&] {
    test::Random random(seed + 1000);
    while (!done) {
      family.remove_matching({{"k", std::to_string(random.below(12))}});
      if (random.below(50) == 0) family.clear();
      if (random.below(10) == 0) gauges.clear();
      std::this_thread::yield();
    }
  });
  test::in_threads(4, [&](int thread) {
    test::Random random(seed + static_cast<std::uint64_t>(thread));
    auto kept = family.with("kept");
    for (int i = 0; i < steps; ++i) {
      const int key = random.below(12);
      const auto one = family.with(key);
      one.inc();
      if (random.below(3) == 0) family.remove(key);
      one.inc();
      kept.inc();
      gauges.with(key).set(i);
      if (random.below(20) == 0) kept = family.with("kept");
    }
  });
  done = true;
  others.join();
  CHECK(test::sum_of(test::scrape(registry), "x_total") <= 4.0 * 3 * steps);
  family.clear();
  gauges.clear();
  CHECK(family.size() == 0);
  const test::Scrape rest = test::scrape(registry);
  CHECK(test::series_of(rest, "gauge") == 0);
  for (int key = 0; key < 8; ++key) CHECK(family.with(key).value() == 0);
  CHECK(test::series_of(test::scrape(registry), "x_total") >= 8);
}

TEST_CASE("a full family tells nobody so who asks for a series that it has, while others come and go") {
  promlite::Registry registry;
  const auto family = registry.counter<std::uint64_t>("x_total", "help", {"k"}, promlite::max_series(3));
  const int kept = 100000 * test::times(1);
  family.with("always");
  std::atomic<bool> done{false};
  test::Threads others;
  for (int t = 0; t < 2; ++t) {
    others.start([&, t] {
      for (int i = t; !done; i += 2) {
        family.with(i).inc();
        family.with(-1 - i).inc();
        family.remove(i);
        family.remove(-1 - i);
      }
    });
  }
  for (int i = 0; i < kept; ++i) family.with("always").inc();
  done = true;
  others.join();
  CHECK(family.with("always").value() == static_cast<std::uint64_t>(kept));
}
