// promlite: tests of summaries: error bound, window, exposition.
// SPDX-License-Identifier: MIT
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>
#include <promlite/summary.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "support/c_locale.hpp"
#include "support/catch.hpp"

using namespace promlite;
using namespace std::chrono_literals;

static const double infinity = std::numeric_limits<double>::infinity();
static const double nan_value = std::numeric_limits<double>::quiet_NaN();
static const double largest = std::numeric_limits<double>::max();

TEST_CASE("without quantiles a summary is sum and count") {
  Registry registry;
  const Summary summary = registry.summary("x", "Help.");
  CHECK(to_text(registry) == "# HELP x Help.\n# TYPE x summary\nx_sum 0\nx_count 0\n");
  summary.observe(1.5);
  summary.observe(-0.25);
  CHECK(summary.count() == 2);
  CHECK(summary.sum() == 1.25);
  CHECK(to_text(registry) == "# HELP x Help.\n# TYPE x summary\nx_sum 1.25\nx_count 2\n");
}

TEST_CASE("quantiles are shown ascending, and NaN while there is nothing") {
  Registry registry;
  registry.summary("x", "", quantiles({0.99, 0.5, 1, 0, 0.999}));
  CHECK(to_text(registry) ==
        "# TYPE x summary\nx{quantile=\"0\"} NaN\nx{quantile=\"0.5\"} NaN\nx{quantile=\"0.99\"} NaN\n"
        "x{quantile=\"0.999\"} NaN\nx{quantile=\"1\"} NaN\nx_sum 0\nx_count 0\n");
}

TEST_CASE("NaN is refused and counted; zeros and infinities are quantiles as they are") {
  Registry registry;
  const Summary summary = registry.summary("x", "", quantiles({0, 0.5, 1}));
  summary.observe(nan_value);
  CHECK(to_text(registry) ==
        "# HELP promlite_refused_updates_total Updates with a value that the metric cannot take.\n"
        "# TYPE promlite_refused_updates_total counter\n"
        "promlite_refused_updates_total{family=\"x\"} 1\n"
        "# TYPE x summary\nx{quantile=\"0\"} NaN\nx{quantile=\"0.5\"} NaN\nx{quantile=\"1\"} NaN\nx_sum "
        "0\nx_count 0\n");
  Registry other;
  const Summary extremes = other.summary("x", "", quantiles({0, 0.5, 1}));
  extremes.observe(-infinity);
  extremes.observe(-0.0);
  extremes.observe(infinity);
  CHECK(to_text(other) ==
        "# TYPE x summary\nx{quantile=\"0\"} -Inf\nx{quantile=\"0.5\"} 0\nx{quantile=\"1\"} +Inf\nx_sum "
        "NaN\nx_count "
        "3\n");
}

/// The value of the series x{quantile="q"}.
static double shown(Registry& registry, double q) {
  char number[32] = {};
  detail::write_number(number, q);
  const std::string line = "x{quantile=\"" + std::string(number) + "\"} ";
  const std::string text = to_text(registry);
  const std::size_t at = text.find(line);
  REQUIRE(at != std::string::npos);
  return test::parsed(text.substr(at + line.size()));
}

static const std::vector<double> all_quantiles = {0,    0.001, 0.01, 0.1,  0.25,  0.5,
                                                  0.75, 0.9,   0.95, 0.99, 0.999, 1};

/// Observes `values` and compares every quantile with the exact one by nearest rank.
static void check_error(std::vector<double> values) {
  Registry registry;
  const Summary summary = registry.summary("x", "", quantiles(all_quantiles));
  for (const double value : values) summary.observe(value);
  std::sort(values.begin(), values.end());
  for (const double q : all_quantiles) {
    // The smallest value that at least q of all do not exceed; q in thousandths, so the rank is an integer
    // sum.
    const auto thousandths = static_cast<std::size_t>(std::lround(q * 1000));
    const std::size_t rank = std::max<std::size_t>(1, (thousandths * values.size() + 999) / 1000);
    const double exact = values[rank - 1];
    const double told = shown(registry, q);
    INFO(q << " of " << values.size() << " values: " << told << " for " << exact);
    // Twelve digits are enough for the factor; the bound is stated for numbers that are not subnormal.
    if (std::abs(exact) >= 0x1p-1022 && std::abs(exact) <= largest) {
      REQUIRE(std::abs(told / exact - 1) <= Summary::relative_error);
    } else if (exact == 0 || std::abs(exact) > largest) {
      REQUIRE(told == exact);
    } else {
      REQUIRE(std::abs(told - exact) <= 0x1p-1022 * Summary::relative_error);
    }
  }
}

TEST_CASE("every quantile is within the stated error, whatever the distribution") {
  std::mt19937_64 random(10);
  for (const std::size_t count : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{10},
                                  std::size_t{999}, std::size_t{1000}, std::size_t{20011}}) {
    const auto make = [&](auto&& next) {
      std::vector<double> values;
      for (std::size_t i = 0; i < count; ++i) values.push_back(next(i));
      return values;
    };
    std::uniform_real_distribution<double> uniform(0, 1);
    std::exponential_distribution<double> waiting(20);
    std::lognormal_distribution<double> latency(-3, 2);
    std::normal_distribution<double> around_zero(0, 1);
    check_error(make([&](std::size_t) { return uniform(random); }));
    check_error(make([&](std::size_t) { return waiting(random); }));
    check_error(make([&](std::size_t) { return latency(random); }));
    check_error(make([&](std::size_t) { return around_zero(random); }));
    check_error(make([&](std::size_t i) { return i % 10 == 0 ? 5.0 : 0.001; }));
    check_error(make([&](std::size_t) { return 42.0; }));
    check_error(make([&](std::size_t i) { return static_cast<double>(i); }));
    check_error(make([&](std::size_t) { return static_cast<double>(random() % 3) - 1; }));
    // Six hundred decades, both signs, all bit patterns of finite numbers.
    check_error(make([&](std::size_t) {
      double value = detail::double_of(random());
      while (!detail::is_finite(value)) value = detail::double_of(random());
      return value;
    }));
  }
}

TEST_CASE("the ends of the range") {
  check_error({5e-324, 1e-320, 0x1p-1022, 1, largest});
  check_error({-largest, -1, -5e-324, 0, 5e-324, 1, largest});
  check_error({-infinity, -largest, 0, largest, infinity});
}

TEST_CASE("keys ascend with values") {
  using detail::SummaryKey;
  std::mt19937_64 random(11);
  std::vector<double> values = {-infinity, -largest, -1, -5e-324, 0.0, 5e-324, 1, largest, infinity};
  for (int i = 0; i < 5000; ++i) {
    const double value = detail::double_of(random());
    if (!detail::is_nan(value)) values.push_back(value);
  }
  std::sort(values.begin(), values.end());
  for (std::size_t i = 1; i < values.size(); ++i)
    REQUIRE(SummaryKey::of(values[i - 1]) <= SummaryKey::of(values[i]));
  CHECK(SummaryKey::of(-0.0) == SummaryKey::of(0.0));
  CHECK(SummaryKey::of(infinity) < (1U << detail::CellTree::key_bits));
  CHECK(SummaryKey::of(-infinity) > 0);
  CHECK(SummaryKey::of(infinity) > SummaryKey::of(largest));
}

TEST_CASE("quantiles speak of the last max_age, sum and count of all time") {
  Registry registry;
  const Summary summary = registry.summary("x", "", quantiles({0.5}), max_age(100ms));
  for (int i = 0; i < 100; ++i) summary.observe(1000);
  CHECK(shown(registry, 0.5) > 900);
  std::this_thread::sleep_for(110ms);  // the window is a span of real time
  summary.observe(1);
  CHECK(std::abs(shown(registry, 0.5) - 1) <= Summary::relative_error);
  std::this_thread::sleep_for(110ms);
  CHECK(to_text(registry) == "# TYPE x summary\nx{quantile=\"0.5\"} NaN\nx_sum 100001\nx_count 101\n");
}

TEST_CASE("each series of a family has a window of its own, whatever the order of creation") {
  Registry registry;
  const auto family = registry.summary("x", "", {"a"}, quantiles({1}), max_age(50ms));
  family.with("z").observe(0);
  CHECK(to_text(registry) ==
        "# TYPE x summary\nx{a=\"z\",quantile=\"1\"} 0\nx_sum{a=\"z\"} 0\nx_count{a=\"z\"} 1\n");
  std::this_thread::sleep_for(60ms);
  family.with("b").observe(0);
  CHECK(to_text(registry) ==
        "# TYPE x summary\nx{a=\"b\",quantile=\"1\"} 0\nx_sum{a=\"b\"} 0\nx_count{a=\"b\"} 1\n"
        "x{a=\"z\",quantile=\"1\"} NaN\nx_sum{a=\"z\"} 0\nx_count{a=\"z\"} 1\n");
}

TEST_CASE("observations of all threads are in one distribution") {
  Registry registry;
  const Summary summary = registry.summary("x", "", quantiles(all_quantiles));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; i < 4000; i += 4) summary.observe(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(summary.count() == 4000);
  CHECK(summary.sum() == 7998000);
  CHECK(std::abs(shown(registry, 0.5) / 1999 - 1) <= Summary::relative_error);
  CHECK(std::abs(shown(registry, 0.25) / 999 - 1) <= Summary::relative_error);
  CHECK(shown(registry, 0) == 0);
}

TEST_CASE("a handle is trivially copyable, a default-constructed one swallows observations") {
  static_assert(std::is_trivially_copyable_v<Summary>);
  static_assert(noexcept(Summary().observe(1)));
  const Summary nowhere;
  nowhere.observe(1);
  nowhere.observe(nan_value);
}

TEST_CASE("default-constructed handles of other metrics do not make this one wait for an update") {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) {
    Counter<>().inc(5);
    Gauge<>().set(1.5);
    Summary().count();
  }
  CHECK(std::chrono::steady_clock::now() - start < 2s);
}
