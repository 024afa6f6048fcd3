// promlite: random operations by random threads, beside a model that is a map and a mutex.
// SPDX-License-Identifier: MIT
#include "harness.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstdio>
#include <mutex>
#include <optional>
#include <random>

namespace {

std::uint64_t seed_of_run() {
  const char* const given = std::getenv("PROMLITE_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device()();
}

/// What every series must show. Amounts are multiples of 1/4, so sums are exact in any order.
class Model {
 public:
  void add(const std::string& sample, double amount) {
    const std::lock_guard<std::mutex> lock(mutex_);
    samples_[sample] += amount;
  }
  test::Scrape samples() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return samples_;
  }

 private:
  mutable std::mutex mutex_;
  test::Scrape samples_;
};

/// A registry and its model, with one function that changes both at random.
class World {
 public:
  void step(test::Random& random) {
    const std::string number = std::to_string(random.below(4));
    switch (random.below(11)) {
      case 0:
        counter_.inc();
        return model_.add("counter_total", 1);
      case 1: {
        const double amount = 0.25 * random.below(40);
        counter_.inc(amount);
        return model_.add("counter_total", amount);
      }
      case 2: {
        const auto amount = static_cast<std::uint64_t>(random.below(1000));
        whole_.inc(amount);
        return model_.add("whole_total", static_cast<double>(amount));
      }
      case 3: {
        const int amount = random.below(100) - 50;
        gauge_.inc(amount);
        return model_.add("gauge_one", amount);
      }
      case 4: {
        const double value = 0.25 * random.below(40);
        histogram_.observe(value);
        if (value <= 2) model_.add("histogram_bucket{le=\"2\"}", 1);
        if (value <= 5) model_.add("histogram_bucket{le=\"5\"}", 1);
        model_.add("histogram_bucket{le=\"+Inf\"}", 1);
        model_.add("histogram_count", 1);
        return model_.add("histogram_sum", value);
      }
      case 5: {
        const double value = 0.25 * random.below(4000);
        summary_.observe(value);
        model_.add("summary_count", 1);
        return model_.add("summary_sum", value);
      }
      case 6:
      case 7: {
        const int a = random.below(30);
        const int b = random.below(3);
        family_.with(a, b).inc(0.5);
        return model_.add("family_total{a=\"" + std::to_string(a) + "\",b=\"" + std::to_string(b) + "\"}",
                          0.5);
      }
      case 8:
        registry.counter(promlite::runtime_name("late" + number + "_total"), "help", {"c"})
            .with(number)
            .inc(2);
        return model_.add("late" + number + "_total{c=\"" + number + "\"}", 2);
      case 9:
        counter_.inc(-1.0);
        histogram_.observe(std::nan(""));
        model_.add("promlite_refused_updates_total{family=\"counter_total\"}", 1);
        return model_.add("promlite_refused_updates_total{family=\"histogram\"}", 1);
      default: {
        std::thread([this] { summary_.observe(1); }).join();
        model_.add("summary_count", 1);
        return model_.add("summary_sum", 1);
      }
    }
  }

  /// The first sample that says less than what was finished before the scrape began, or nothing.
  std::string look() {
    const test::Scrape finished = model_.samples();
    return test::fallen(finished, test::scrape(registry));
  }
  test::Scrape expected() const { return model_.samples(); }

  promlite::Registry registry;

 private:
  promlite::Counter<> counter_ = registry.counter("counter_total", "help");
  promlite::Counter<std::uint64_t> whole_ = registry.counter<std::uint64_t>("whole_total", "help");
  promlite::Gauge<> gauge_ = registry.gauge("gauge_one", "help");
  promlite::Histogram histogram_ =
      registry.histogram("histogram", "help", promlite::Buckets{std::vector<double>{2, 5}});
  promlite::Summary summary_ = registry.summary("summary", "help");
  promlite::Family<promlite::Counter<>, 2> family_ = registry.counter("family_total", "help", {"a", "b"});
  Model model_;
};

}  // namespace

TEST_CASE("random schedules end as the model says, and no scrape shows less than what was done before it") {
  const std::uint64_t seed = seed_of_run();
  std::printf("PROMLITE_SEED=%llu repeats this run's operations\n", static_cast<unsigned long long>(seed));
  CAPTURE(seed);
  for (int round = 0; round < test::times(8); ++round) {
    CAPTURE(round);
    test::Random random(seed + static_cast<std::uint64_t>(round));
    World world;
    const int threads = 2 + random.below(8);
    const int steps = 200 + random.below(1500);
    // Every third round nobody has a slot.
    std::optional<test::NoSlotsLeft> all_taken;
    if (round % 3 == 2) all_taken.emplace();
    std::atomic<bool> done{false};
    std::string problem;
    test::Threads scraper;
    scraper.start([&] {
      while (!done && problem.empty()) problem = world.look();
    });
    test::in_threads(threads, [&, first = random.next()](int thread) {
      test::Random mine(first + static_cast<std::uint64_t>(thread));
      for (int i = 0; i < steps; ++i) world.step(mine);
    });
    done = true;
    scraper.join();
    CHECK(problem == "");
    test::Scrape expected = world.expected();
    // Series that nobody touched are there from the start, and show 0.
    for (const char* sample : {"counter_total", "whole_total", "gauge_one", "summary_count", "summary_sum"}) {
      expected.emplace(sample, 0);
    }
    CHECK(test::scrape(world.registry) == expected);
  }
}
