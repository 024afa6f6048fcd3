// promlite: tests of histograms through whole expositions.
// SPDX-License-Identifier: MIT
#include <promlite/exposition/text.hpp>
#include <promlite/histogram.hpp>
#include <promlite/registry.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

using namespace promlite;

static const double infinity = std::numeric_limits<double>::infinity();
static const double nan_value = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("a new histogram is shown with all its buckets at 0, the default ones unless said otherwise") {
  Registry registry;
  registry.histogram("x_seconds", "Help.");
  CHECK(
      to_text(registry) ==
      "# HELP x_seconds Help.\n# TYPE x_seconds histogram\n"
      "x_seconds_bucket{le=\"0.005\"} 0\nx_seconds_bucket{le=\"0.01\"} 0\nx_seconds_bucket{le=\"0.025\"} 0\n"
      "x_seconds_bucket{le=\"0.05\"} 0\nx_seconds_bucket{le=\"0.1\"} 0\nx_seconds_bucket{le=\"0.25\"} 0\n"
      "x_seconds_bucket{le=\"0.5\"} 0\nx_seconds_bucket{le=\"1\"} 0\nx_seconds_bucket{le=\"2.5\"} 0\n"
      "x_seconds_bucket{le=\"5\"} 0\nx_seconds_bucket{le=\"10\"} 0\nx_seconds_bucket{le=\"+Inf\"} 0\n"
      "x_seconds_sum 0\nx_seconds_count 0\n");
}

TEST_CASE("bounds are inclusive, and buckets cumulative") {
  Registry registry;
  const Histogram histogram = registry.histogram("x", "", buckets({-1, 0, 0.1, 1e6}));
  for (const double value : {-2.0, -1.0, -0.5, -0.0, 0.0, 5e-324, 0.1, 0.10000000000000002, 1e6, 1e6 + 1})
    histogram.observe(value);
  CHECK(histogram.count() == 10);
  CHECK(to_text(registry) ==
        "# TYPE x histogram\n"
        "x_bucket{le=\"-1\"} 2\nx_bucket{le=\"0\"} 5\nx_bucket{le=\"0.1\"} 7\nx_bucket{le=\"1e+06\"} 9\n"
        "x_bucket{le=\"+Inf\"} 10\nx_sum 1.9999977e+06\nx_count 10\n");
}

TEST_CASE("infinities have their buckets, and a sum") {
  Registry registry;
  const Histogram histogram = registry.histogram("x", "", buckets({1, 2, infinity}));
  histogram.observe(infinity);
  CHECK(to_text(registry) ==
        "# TYPE x histogram\nx_bucket{le=\"1\"} 0\nx_bucket{le=\"2\"} 0\nx_bucket{le=\"+Inf\"} 1\nx_sum "
        "+Inf\nx_count 1\n");
  histogram.observe(-infinity);
  CHECK(to_text(registry) ==
        "# TYPE x histogram\nx_bucket{le=\"1\"} 1\nx_bucket{le=\"2\"} 1\nx_bucket{le=\"+Inf\"} 2\nx_sum "
        "NaN\nx_count 2\n");
}

TEST_CASE("NaN is refused and counted, and leaves count and sum alone") {
  Registry registry;
  const Histogram histogram = registry.histogram("x", "", buckets({1}));
  histogram.observe(0.5);
  histogram.observe(nan_value);
  histogram.observe(-nan_value);
  CHECK(histogram.count() == 1);
  CHECK(histogram.sum() == 0.5);
  CHECK(to_text(registry) ==
        "# HELP promlite_refused_updates_total Updates with a value that the metric cannot take.\n"
        "# TYPE promlite_refused_updates_total counter\n"
        "promlite_refused_updates_total{family=\"x\"} 2\n"
        "# TYPE x histogram\nx_bucket{le=\"1\"} 1\nx_bucket{le=\"+Inf\"} 1\nx_sum 0.5\nx_count 1\n");
}

TEST_CASE("one bound and ten thousand bounds") {
  Registry registry;
  const Histogram one = registry.histogram("one", "", buckets({7}));
  one.observe(7);
  std::vector<double> bounds;
  for (int i = 0; i < 10000; ++i) bounds.push_back(i);
  const Histogram many = registry.histogram("many", "", buckets(bounds));
  std::string expected = "# TYPE many histogram\n";
  std::uint64_t total = 0;
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    for (int k = 0; k < i % 3; ++k) {
      many.observe(i - 0.5);
      ++total;
      sum += i - 0.5;
    }
    const double bound = i;
    char le[32] = {};
    detail::write_number(le, bound);
    expected += "many_bucket{le=\"" + std::string(le) + "\"} " + std::to_string(total) + "\n";
  }
  char sum_text[32] = {};
  detail::write_number(sum_text, sum);
  expected += "many_bucket{le=\"+Inf\"} " + std::to_string(total) + "\nmany_sum " + sum_text +
              "\nmany_count " + std::to_string(total) + "\n";
  expected +=
      "# TYPE one histogram\none_bucket{le=\"7\"} 1\none_bucket{le=\"+Inf\"} 1\none_sum 7\none_count 1\n";
  CHECK(to_text(registry) == expected);
}

TEST_CASE("observations of all threads, also of those that are gone, are in one sum") {
  Registry registry;
  const Histogram histogram = registry.histogram("x", "", buckets({1}));
  for (int round = 0; round < 10; ++round) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 50; ++k) {
          histogram.observe(0.5);
          histogram.observe(2);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  CHECK(histogram.count() == 8000);
  CHECK(histogram.sum() == 10000);
  CHECK(
      to_text(registry) ==
      "# TYPE x histogram\nx_bucket{le=\"1\"} 4000\nx_bucket{le=\"+Inf\"} 8000\nx_sum 10000\nx_count 8000\n");
}

TEST_CASE("series of a family share bounds and nothing else") {
  Registry registry;
  const auto family = registry.histogram("x", "", {"a"}, buckets({1}));
  family.with("one").observe(1);
  family.with("two").observe(3);
  family.with("one").observe(2);
  CHECK(to_text(registry) ==
        "# TYPE x histogram\n"
        "x_bucket{a=\"one\",le=\"1\"} 1\nx_bucket{a=\"one\",le=\"+Inf\"} 2\nx_sum{a=\"one\"} "
        "3\nx_count{a=\"one\"} 2\n"
        "x_bucket{a=\"two\",le=\"1\"} 0\nx_bucket{a=\"two\",le=\"+Inf\"} 1\nx_sum{a=\"two\"} "
        "3\nx_count{a=\"two\"} "
        "1\n");
}

TEST_CASE("a handle is trivially copyable, a default-constructed one swallows observations") {
  static_assert(std::is_trivially_copyable_v<Histogram>);
  static_assert(noexcept(Histogram().observe(1)));
  const Histogram nowhere;
  nowhere.observe(1);
  nowhere.observe(nan_value);
  nowhere.observe(infinity);
  const auto timer = nowhere.time();
}

TEST_CASE("a series takes a cell for each bucket and two more, a scrape the room for two sets of buckets") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{11}}) {
    detail::Declaration declared;
    for (std::size_t i = 0; i < size; ++i) declared.bounds.push_back(static_cast<double>(i));
    detail::FamilyStats stats;
    const detail::HistogramConfig config(declared, stats);
    CHECK(detail::MetricTraits<Histogram>::cells(config) == size + 3);
    CHECK(config.counts.size() == 2 * (size + 1));
  }
}

TEST_CASE("handles of removed series with more buckets than there are cells that nobody reads") {
  Registry registry;
  std::vector<double> bounds;
  for (int i = 1; i <= 1030; ++i) bounds.push_back(i);
  const auto family = registry.histogram("x", "", {"a"}, buckets(bounds));
  std::vector<Histogram> handles;
  for (int i = 0; i < 10; ++i) {
    handles.push_back(family.with(i));
    handles.back().observe(1030);
  }
  CHECK(family.clear() == 10);
  // With this scrape the memory of what was removed is given back.
  CHECK(to_text(registry).empty());
  const auto nowhere = [] {
    std::vector<std::uint64_t> cells;
    for (std::uint32_t i = 0; i < detail::largest_chunk; ++i)
      cells.push_back(detail::SlabMemory::lost()[i].load());
    return cells;
  };
  const std::vector<std::uint64_t> before = nowhere();
  for (const Histogram& handle : handles) {
    handle.observe(1);
    handle.observe(1030);
    handle.observe(2000);
  }
  CHECK(nowhere() == before);
  // The last one's memory is kept for the next series.
  CHECK(handles[8].count() == 0);
  CHECK(handles[8].sum() == 0);
  CHECK(handles[9].count() == 4);
}
