// promlite: a scrape shows sum and buckets of the same observations, and never waits for long.
// SPDX-License-Identifier: MIT
#include "harness.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cstdio>

namespace {

namespace detail = promlite::detail;
using Clock = std::chrono::steady_clock;

/// Keeps the last histogram and summary of a scrape, and how long the scrape was at it.
class Recorder final : public promlite::Encoder {
 public:
  void begin_family(const promlite::FamilyHead&) override {}
  void value(promlite::PaddedText, promlite::Number) override {}
  void histogram(promlite::PaddedText, const promlite::HistogramSample& sample) override {
    counts.assign(sample.counts, sample.counts + sample.size + 1);
    sum = sample.sum;
  }
  void summary(promlite::PaddedText, const promlite::SummarySample& sample) override {
    counts.assign(1, sample.count);
    sum = sample.sum;
  }
  void finish() override {}
  std::size_t size() const noexcept override { return 0; }

  std::vector<std::uint64_t> counts;
  double sum = 0;
};

// One value for each bucket, so far apart that observations which the sum has and the buckets lack (or the
// other way round) cannot make up for each other unless there are a thousand of them.
const std::vector<double> values = {1, 0x1p10, 0x1p20};
const promlite::Buckets buckets{std::vector<double>{1, 0x1p10}};

double sum_of(const std::vector<std::uint64_t>& counts) {
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) sum += static_cast<double>(counts[i]) * values[i];
  return sum;
}

/// A wait that was given up has slept at least this long; a scrape that took less has exact values.
constexpr auto given_up = std::chrono::milliseconds(40);

/// Scrapes `registry` for a while, with `work(i)` going on in `threads` threads for i = 0, 1, ... Returns the
/// scrapes that were wrong without having waited in vain, and counts the last one, which nothing disturbs.
template <class Work>
int wrong_scrapes(promlite::Registry& registry, int threads, double (*sum)(const std::vector<std::uint64_t>&),
                  const Work& work) {
  std::atomic<bool> done{false};
  test::StartLine line(threads + 1);
  test::Threads workers;
  for (int t = 0; t < threads; ++t) {
    workers.start([&, t] {
      line.wait();
      for (std::size_t i = static_cast<std::size_t>(t); !done; ++i) work(i);
    });
  }
  line.wait();
  int scrapes = 0;
  int wrong = 0;
  int slow = 0;
  const auto end = Clock::now() + std::chrono::milliseconds(test::times(700));
  for (; scrapes < 20 || Clock::now() < end; ++scrapes) {
    Recorder recorder;
    const auto start = Clock::now();
    registry.collect(recorder);
    const bool waited = Clock::now() - start >= given_up;
    slow += waited ? 1 : 0;
    wrong += !waited && recorder.sum != sum(recorder.counts) ? 1 : 0;
  }
  done = true;
  workers.join();
  Recorder at_rest;
  registry.collect(at_rest);
  wrong += at_rest.sum != sum(at_rest.counts) ? 1 : 0;
  if (std::getenv("PROMLITE_FIGURES") != nullptr)
    std::printf("%d threads: %d scrapes, %d of them waited in vain\n", threads, scrapes, slow);
  CHECK(at_rest.sum > 0);
  return wrong;
}

/// A histogram series in cells of the test's own, so that the test can stand in for an updater.
struct OwnSeries {
  explicit OwnSeries(bool owned) : chunk(detail::Chunk::make(8, owned)), config(declaration(), stats) {}
  OwnSeries(const OwnSeries&) = delete;
  OwnSeries& operator=(const OwnSeries&) = delete;
  ~OwnSeries() { detail::Chunk::destroy(chunk); }

  promlite::Histogram handle() {
    return detail::MetricTraits<promlite::Histogram>::handle({chunk, 1}, config, stats);
  }
  void encode(Recorder& recorder) {
    detail::MetricTraits<promlite::Histogram>::SeriesState none;
    detail::ScrapeContext scrape;
    detail::MetricTraits<promlite::Histogram>::encode(recorder, {}, {chunk, 1}, config, none, scrape);
  }
  static promlite::detail::Declaration declaration() {
    promlite::detail::Declaration declared;
    declared.bounds = buckets.bounds;
    return declared;
  }

  detail::Chunk* chunk;
  detail::FamilyStats stats;
  detail::HistogramConfig config;
};

}  // namespace

TEST_CASE("sum and buckets of owned cells are of the same observations") {
  promlite::Registry registry;
  const promlite::Histogram histogram = registry.histogram("histogram", "help", buckets);
  CHECK(wrong_scrapes(registry, 3, sum_of, [&](std::size_t i) { histogram.observe(values[i % 3]); }) == 0);
}

TEST_CASE("sum and buckets of shared cells are of the same observations") {
  const test::NoSlotsLeft all_taken;
  promlite::Registry registry;
  const promlite::Histogram histogram = registry.histogram("histogram", "help", buckets);
  CHECK(wrong_scrapes(registry, 3, sum_of, [&](std::size_t i) { histogram.observe(values[i % 3]); }) == 0);
}

TEST_CASE("sum and buckets are of the same observations with more threads than slots") {
  promlite::Registry registry;
  const promlite::Histogram histogram = registry.histogram("histogram", "help", buckets);
  CHECK(wrong_scrapes(registry, 350, sum_of, [&](std::size_t i) {
          histogram.observe(values[i % 3]);
          // Or else most threads would stand in the middle of an update most of the time.
          if (i % 100 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }) == 0);
}

TEST_CASE("sum and count of a summary are of the same observations") {
  const bool shared = GENERATE(false, true);
  INFO("shared cells: " << shared);
  std::vector<test::NoSlotsLeft> none_left(shared ? 1 : 0);
  promlite::Registry registry;
  const promlite::Summary summary = registry.summary("summary", "help");
  const auto count = [](const std::vector<std::uint64_t>& counts) {
    return static_cast<double>(counts.at(0));
  };
  CHECK(wrong_scrapes(registry, 3, count, [&](std::size_t) { summary.observe(1); }) == 0);
}

TEST_CASE("an update at any point of a reader's look is seen whole or not at all") {
  const bool owned = GENERATE(true, false);
  const int updates_at = GENERATE(0, 1, 2, 3);
  INFO("owned cells: " << owned << ", updates before load " << updates_at);
  OwnSeries series(owned);
  const promlite::Histogram histogram = series.handle();
  for (const double value : values) histogram.observe(value);
  detail::Cell* const cells = (owned ? series.chunk->owned() : series.chunk->shared()) + 1;

  int looks = 0;
  detail::Patience patience;
  std::vector<std::uint64_t> counts(3);
  double sum = 0;
  detail::read_snapshot(cells[detail::HistogramCells::progress], patience, [&] {
    ++looks;
    const auto other_thread_runs = [&](int point) {
      if (looks <= 3 && point == updates_at) {
        for (const double value : values) histogram.observe(value);
      }
    };
    other_thread_runs(0);
    sum = detail::double_of(cells[detail::HistogramCells::sum].load(std::memory_order_acquire));
    other_thread_runs(1);
    counts[0] = cells[detail::HistogramCells::buckets].load(std::memory_order_acquire);
    other_thread_runs(2);
    counts[1] = cells[detail::HistogramCells::buckets + 1].load(std::memory_order_acquire);
    counts[2] = cells[detail::HistogramCells::buckets + 2].load(std::memory_order_acquire);
    other_thread_runs(3);
  });
  CHECK(looks == 4);
  CHECK(counts == std::vector<std::uint64_t>{4, 4, 4});
  CHECK(sum == sum_of(counts));
}

TEST_CASE("a reader stops trying when there is always another update") {
  OwnSeries series(true);
  const promlite::Histogram histogram = series.handle();
  histogram.observe(1);
  detail::Cell* const cells = series.chunk->owned() + 1;
  int looks = 0;
  detail::Patience patience;
  detail::read_snapshot(cells[detail::HistogramCells::progress], patience, [&] {
    ++looks;
    histogram.observe(1);
  });
  CHECK(looks > 256);
  CHECK(looks < 2000);
}

TEST_CASE("a scrape does not wait for an updater that was stopped in the middle") {
  const bool owned = GENERATE(true, false);
  INFO("owned cells: " << owned);
  OwnSeries series(owned);
  const promlite::Histogram histogram = series.handle();
  for (const double value : values) histogram.observe(value);
  detail::Cell* const cells = (owned ? series.chunk->owned() : series.chunk->shared()) + 1;

  const auto half_an_update = [&](auto& update) {
    update.add(cells[detail::HistogramCells::buckets], 1);  // and then its thread does not run any more
    Recorder recorder;
    const auto start = Clock::now();
    series.encode(recorder);
    CHECK(Clock::now() - start < std::chrono::seconds(5));  // 50 ms, on a machine that has nothing else to do
    CHECK(recorder.counts == std::vector<std::uint64_t>{2, 1, 1});
    CHECK(recorder.sum == 1 + 0x1p10 + 0x1p20);
    update.add_real(cells[detail::HistogramCells::sum], 1);
  };
  if (owned) {
    detail::OwnedUpdate update(cells[detail::HistogramCells::progress]);
    half_an_update(update);
  } else {
    detail::SharedUpdate update(cells[detail::HistogramCells::progress]);
    half_an_update(update);
  }

  // When it goes on, the scrape is exact again, and does not wait.
  Recorder recorder;
  const auto start = Clock::now();
  series.encode(recorder);
  CHECK(Clock::now() - start < given_up);
  CHECK(recorder.counts == std::vector<std::uint64_t>{2, 1, 1});
  CHECK(recorder.sum == sum_of(recorder.counts));
}

TEST_CASE("a scrape's waits for stopped updaters are bounded together, however many there are") {
  promlite::Registry registry;
  const promlite::Histogram histogram = registry.histogram("histogram", "help", buckets);
  detail::CellRange range;  // what a handle begins with
  std::memcpy(static_cast<void*>(&range), static_cast<const void*>(&histogram), sizeof range);

  const int updaters = 60;
  test::StartLine stopped(updaters + 1);
  std::atomic<bool> go_on{false};
  test::Threads threads;
  for (int i = 0; i < updaters; ++i) {
    threads.start([&] {
      histogram.observe(1);
      detail::Cell* const cells = range.chunk->owned() + range.offset;
      const detail::OwnedUpdate update(cells[detail::HistogramCells::progress]);
      update.add(cells[detail::HistogramCells::buckets], 1);
      stopped.wait();
      while (!go_on) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      update.add_real(cells[detail::HistogramCells::sum], 1);
    });
  }
  stopped.wait();
  Recorder during;
  const auto start = Clock::now();
  registry.collect(during);
  const auto took = Clock::now() - start;
  go_on = true;
  threads.join();
  Recorder after;
  registry.collect(after);

  CHECK(took < std::chrono::seconds(1));  // 50 ms, where 60 waits of 40 ms each would be 2.4 s
  CHECK(during.counts == std::vector<std::uint64_t>{2 * updaters, 0, 0});
  CHECK(during.sum == updaters);
  CHECK(after.counts == during.counts);
  CHECK(after.sum == 2 * updaters);
}
