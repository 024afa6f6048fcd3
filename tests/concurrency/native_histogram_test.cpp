// promlite: native histograms under load: no scrape shows buckets that disagree or fall, and nothing is lost.
// SPDX-License-Identifier: MIT
#include "harness.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace {

using Buckets = std::map<int, std::uint64_t>;  // by index

/// What one scrape says of one histogram.
struct Seen {
  explicit Seen(promlite::Registry& registry);

  std::uint64_t native_count() const {
    std::uint64_t total = zero;
    for (const auto& bucket : positive) total += bucket.second;
    for (const auto& bucket : negative) total += bucket.second;
    return total;
  }
  std::uint64_t classic_count() const {
    std::uint64_t total = 0;
    for (const std::uint64_t count : classic) total += count;
    return total;
  }
  void lower_to(int other) {
    for (; schema > other; --schema) {
      for (Buckets* const side : {&positive, &negative}) {
        Buckets lowered;
        for (const auto& bucket : *side) lowered[(bucket.first + 1) >> 1] += bucket.second;
        *side = lowered;
      }
    }
  }

  int schema = 0;
  double sum = 0;
  std::uint64_t zero = 0;
  Buckets positive;
  Buckets negative;
  std::vector<std::uint64_t> classic;
};

class Recorder final : public promlite::Encoder {
 public:
  explicit Recorder(Seen& to) : to_(to) {}
  void begin_family(const promlite::FamilyHead&) override {}
  void value(promlite::PaddedText, promlite::Number) override {}
  void summary(promlite::PaddedText, const promlite::SummarySample&) override {}
  void finish() override {}
  std::size_t size() const noexcept override { return 0; }
  void histogram(promlite::PaddedText, const promlite::HistogramSample& sample) override {
    to_.sum = sample.sum;
    to_.classic.assign(sample.counts, sample.counts + sample.size + 1);
    const promlite::NativeSample& shown = *sample.native;
    to_.schema = shown.schema;
    to_.zero = shown.zero_count;
    for (std::size_t i = 0; i < shown.positive_size; ++i)
      to_.positive[shown.positive[i].index] += shown.positive[i].count;
    for (std::size_t i = 0; i < shown.negative_size; ++i)
      to_.negative[shown.negative[i].index] += shown.negative[i].count;
  }

 private:
  Seen& to_;
};

Seen::Seen(promlite::Registry& registry) {
  Recorder recorder(*this);
  registry.collect(recorder);
}

bool grows(const Buckets& before, const Buckets& now) {
  for (const auto& bucket : before) {
    const auto found = now.find(bucket.first);
    if (found == now.end() || found->second < bucket.second) return false;
  }
  return true;
}

/// True when Prometheus would not take `now` for a histogram that began anew.
bool goes_on(Seen before, const Seen& now) {
  if (now.schema > before.schema) return false;
  before.lower_to(now.schema);
  bool classic_grows = before.classic.size() == now.classic.size();
  for (std::size_t i = 0; classic_grows && i < now.classic.size(); ++i)
    classic_grows = before.classic[i] <= now.classic[i];
  return classic_grows && before.zero <= now.zero && grows(before.positive, now.positive) &&
         grows(before.negative, now.negative);
}

/// `value(random)` in many threads, with a scraper beside them.
template <class Value>
void load(bool shared, promlite::Registry& registry, const promlite::NativeHistogram& histogram,
          bool positive, const Value& value) {
  INFO("shared cells: " << shared);
  const std::vector<test::NoSlotsLeft> none_left(shared ? 1 : 0);
  const int threads = 4;
  const int observations = test::times(20000);
  std::vector<double> sums(threads);
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  test::Threads scraper;
  scraper.start([&] {
    Seen before(registry);
    while (!done) {
      Seen now(registry);
      wrong += now.native_count() == now.classic_count() ? 0 : 1;
      wrong += goes_on(before, now) ? 0 : 1;
      wrong += positive && now.sum < before.sum ? 1 : 0;
      before = std::move(now);
    }
  });
  test::in_threads(threads, [&](int thread) {
    test::Random random(static_cast<std::uint64_t>(thread) + 1);
    for (int i = 0; i < observations; ++i) {
      const double next = value(random);
      sums[static_cast<std::size_t>(thread)] += next;
      histogram.observe(next);
    }
  });
  done = true;
  scraper.join();
  CHECK(wrong == 0);
  const Seen last(registry);
  CHECK(last.native_count() ==
        static_cast<std::uint64_t>(threads) * static_cast<std::uint64_t>(observations));
  CHECK(last.classic_count() == last.native_count());
  double sum = 0;
  for (const double part : sums) sum += part;
  CHECK(std::abs(last.sum - sum) <= std::abs(sum) * 1e-9);
}

}  // namespace

TEST_CASE("latencies of many threads, with classic buckets") {
  const bool shared = GENERATE(false, true);
  promlite::Registry registry;
  const auto histogram = registry.histogram("histogram", "help", promlite::native());
  load(shared, registry, histogram, true, [](test::Random& random) {
    return std::ldexp(1 + random.below(1000) / 1000.0, random.below(20) - 15);
  });
}

TEST_CASE("values whose spread uses up the pages while scrapes go on") {
  const bool shared = GENERATE(false, true);
  promlite::Registry registry;
  const auto histogram = registry.native_histogram(
      "histogram", "help", promlite::native_schema(8),
      promlite::buckets({-0x1.8p300, -1, -1e-300, 0, 1e-300, 0x1.8p100, 0x1.9p100, 0x1p1000}));
  load(shared, registry, histogram, false, [](test::Random& random) {
    const double magnitude = std::ldexp(1 + random.below(4) / 4.0, random.below(2000) - 1000);
    return random.below(2) == 0 ? magnitude : -magnitude;
  });
}

TEST_CASE("where updates pause now and then, a scrape finds sum and buckets of the same observations") {
  promlite::Registry registry;
  const auto histogram = registry.native_histogram("histogram", "help", promlite::native_schema(0));
  std::atomic<bool> done{false};
  test::Threads updater;
  updater.start([&] {
    while (!done) {
      histogram.observe(1);
      histogram.observe(0x1p20);
      std::this_thread::yield();
    }
  });
  int agreed = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (int i = 0; i < 20 || (agreed == 0 && std::chrono::steady_clock::now() < end); ++i) {
    const Seen now(registry);
    double sum = 0;
    for (const auto& bucket : now.positive)
      sum += static_cast<double>(bucket.second) * (bucket.first == 0 ? 1 : 0x1p20);
    agreed += now.sum == sum ? 1 : 0;
  }
  done = true;
  updater.join();
  CHECK(agreed > 0);
}
