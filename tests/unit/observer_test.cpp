// promlite: tests of what histograms and summaries have in common: durations, many observations at once.
// SPDX-License-Identifier: MIT
#include <promlite/exposition/text.hpp>
#include <promlite/observer.hpp>
#include <promlite/registry.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

#include "support/catch.hpp"

using namespace promlite;
using namespace std::chrono_literals;

static const double infinity = std::numeric_limits<double>::infinity();
static const double nan_value = std::numeric_limits<double>::quiet_NaN();
static const double largest = std::numeric_limits<double>::max();

static std::string refused(const char* family, int times) {
  return "# HELP promlite_refused_updates_total Updates with a value that the metric cannot take.\n"
         "# TYPE promlite_refused_updates_total counter\n"
         "promlite_refused_updates_total{family=\"" +
         std::string(family) + "\"} " + std::to_string(times) + "\n";
}

template <class Metric>
static void observe_durations(const Metric& metric) {
  metric.observe(250ms);
  metric.observe(std::chrono::duration<float>(0.5F));
  metric.observe(1min);
  metric.observe(-1s);
  metric.observe_n(125ms, 2);
  metric.observe(1);
  metric.observe(1L);
  metric.observe(1.0F);
}

TEST_CASE("a duration of any type is observed in seconds, a number as it is") {
  Registry registry;
  observe_durations(registry.histogram("h", "", buckets({0.125, 0.25, 1})));
  observe_durations(registry.summary("s", ""));
  CHECK(to_text(registry) ==
        "# TYPE h histogram\nh_bucket{le=\"0.125\"} 3\nh_bucket{le=\"0.25\"} 4\nh_bucket{le=\"1\"} 8\n"
        "h_bucket{le=\"+Inf\"} 9\nh_sum 63\nh_count 9\n# TYPE s summary\ns_sum 63\ns_count 9\n");
}

template <class Metric>
static void observe_many(const Metric& metric) {
  metric.observe_n(0.5, 1000000);
  metric.observe_n(4.0, std::uint64_t{3});
  metric.observe_n(2, true);
  metric.observe_n(-1, static_cast<unsigned char>(2));
  metric.observe_n(7.0, 0);
  metric.observe_n(infinity, 0);
  metric.observe_n(nan_value, 0U);
  metric.observe_n(nan_value, 1000);
  metric.observe_n(1.0, -1);
  metric.observe_n(nan_value, std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("observe_n counts as often as told, and refuses once") {
  static_assert(noexcept(Histogram().observe_n(1, 1)));
  Registry registry;
  observe_many(registry.histogram("x", "", buckets({0.5, 2})));
  CHECK(to_text(registry) ==
        refused("x", 3) +
            "# TYPE x histogram\nx_bucket{le=\"0.5\"} 1000002\nx_bucket{le=\"2\"} 1000003\n"
            "x_bucket{le=\"+Inf\"} 1000006\nx_sum 500012\nx_count 1000006\n");
  Registry other;
  observe_many(other.summary("x", "", quantiles({0, 1})));
  CHECK_THAT(to_text(other), ContainsSubstring(refused("x", 3)));
  CHECK_THAT(to_text(other), ContainsSubstring("x_sum 500012\nx_count 1000006\n"));
  observe_many(Histogram());
  observe_many(Summary());
}

TEST_CASE("the times weigh in a summary's quantiles") {
  Registry registry;
  const Summary summary = registry.summary("x", "", quantiles({0.5, 0.91}));
  summary.observe_n(0, 90);
  summary.observe_n(infinity, 10);
  CHECK(to_text(registry) ==
        "# TYPE x summary\nx{quantile=\"0.5\"} 0\nx{quantile=\"0.91\"} +Inf\nx_sum +Inf\nx_count 100\n");
}

TEST_CASE("infinities, and products past the largest number, are what repeating would give") {
  Registry registry;
  const Histogram histogram = registry.histogram("x", "", buckets({1}));
  histogram.observe_n(largest, 2);
  CHECK(to_text(registry) ==
        "# TYPE x histogram\nx_bucket{le=\"1\"} 0\nx_bucket{le=\"+Inf\"} 2\nx_sum +Inf\nx_count 2\n");
  histogram.observe_n(-infinity, 3);
  CHECK(to_text(registry) ==
        "# TYPE x histogram\nx_bucket{le=\"1\"} 3\nx_bucket{le=\"+Inf\"} 5\nx_sum NaN\nx_count 5\n");
}
