// promlite: tests of the OpenMetrics encoder by itself, byte for byte (OpenMetrics 1.0.0).
// SPDX-License-Identifier: MIT
#include <promlite/exposition/openmetrics.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "support/padded.hpp"

using namespace promlite;
using detail::double_of;
using detail::OpenMetricsEncoder;

static const double nan_value = double_of(detail::quiet_nan_bits);
static const double infinity = double_of(detail::infinity_bits);

template <class Write>
static std::string encoded(Write&& write, CreatedSamples created = CreatedSamples::hidden) {
  return encoded_by<OpenMetricsEncoder>(write, created);
}

static constexpr UnixNanoseconds seconds = 1'000'000'000;

TEST_CASE("every type, with all that it may have") {
  const Padded trace("trace_id=\"ab12\"");
  const ExemplarSample job = {true, trace, 1, 1700000000 * seconds + seconds / 2};
  const ExemplarSample waits[] = {{true, Padded(""), 0.25, 0}, {}, {}};
  const double bounds[] = {0.5, 1};
  const std::uint64_t waited[] = {1, 1, 1};
  const double depth_bound = 1;
  const std::uint64_t depths[] = {2, 1};
  const double half = 0.5;
  const double quarter = 0.25;
  const auto write = [&](OpenMetricsEncoder& encoder) {
    encoder.begin_family({"target", "Target metadata.", "", MetricType::info});
    encoder.value(Padded("zone=\"b\""), 1);
    encoder.begin_family({"app_jobs_total", "Jobs \"run\" so far.", "", MetricType::counter});
    encoder.counter(Padded("q=\"a\""), {3, &job, 1699999000 * seconds + seconds / 4});
    encoder.counter(Padded("q=\"b\""), {3, nullptr, 1699999000 * seconds + 1'999'999});
    encoder.value(Padded("q=\"c\""), 4);
    encoder.begin_family({"app_wait_seconds", "Time spent waiting.", "seconds", MetricType::histogram});
    encoder.histogram(Padded(""), {bounds, 2, waited, 12.75, waits, nullptr, 1700000000 * seconds});
    encoder.begin_family({"app_mode", "", "", MetricType::stateset});
    encoder.value(Padded("app_mode=\"off\""), 0);
    encoder.value(Padded("app_mode=\"on\""), 1);
    encoder.begin_family({"app_depth", "", "", MetricType::gauge_histogram});
    encoder.histogram(Padded(""), {&depth_bound, 1, depths, 5, nullptr, nullptr, seconds});
    encoder.begin_family({"app_run_seconds", "", "seconds", MetricType::summary});
    encoder.summary(Padded(""), {&half, &quarter, 1, 1, 0.25, seconds});
    encoder.begin_family({"app_misc", "", "", MetricType::unknown});
    encoder.value(Padded(""), 4.5);
    encoder.begin_family({"app_read_bytes_total", "Back\\slash and\nline.", "bytes", MetricType::counter});
    encoder.value(Padded(""), 0);
  };
  const std::string expected =
      "# TYPE target info\n# HELP target Target metadata.\ntarget_info{zone=\"b\"} 1\n"
      "# TYPE app_jobs counter\n# HELP app_jobs Jobs \\\"run\\\" so far.\n"
      "app_jobs_total{q=\"a\"} 3.0 # {trace_id=\"ab12\"} 1.0 1700000000.5\n"
      "app_jobs_created{q=\"a\"} 1699999000.25\n"
      "app_jobs_total{q=\"b\"} 3.0\n"
      "app_jobs_created{q=\"b\"} 1699999000.001\n"
      "app_jobs_total{q=\"c\"} 4.0\n"
      "# TYPE app_wait_seconds histogram\n# UNIT app_wait_seconds seconds\n"
      "# HELP app_wait_seconds Time spent waiting.\n"
      "app_wait_seconds_bucket{le=\"0.5\"} 1 # {} 0.25\n"
      "app_wait_seconds_bucket{le=\"1.0\"} 2\n"
      "app_wait_seconds_bucket{le=\"+Inf\"} 3\n"
      "app_wait_seconds_count 3\napp_wait_seconds_sum 12.75\n"
      "app_wait_seconds_created 1700000000.0\n"
      "# TYPE app_mode stateset\napp_mode{app_mode=\"off\"} 0\napp_mode{app_mode=\"on\"} 1\n"
      "# TYPE app_depth gaugehistogram\napp_depth_bucket{le=\"1.0\"} 2\napp_depth_bucket{le=\"+Inf\"} 3\n"
      "app_depth_gcount 3\napp_depth_gsum 5.0\n"
      "# TYPE app_run_seconds summary\n# UNIT app_run_seconds seconds\n"
      "app_run_seconds{quantile=\"0.5\"} 0.25\napp_run_seconds_count 1\napp_run_seconds_sum 0.25\n"
      "app_run_seconds_created 1.0\n"
      "# TYPE app_misc unknown\napp_misc 4.5\n"
      "# TYPE app_read_bytes counter\n# UNIT app_read_bytes bytes\n"
      "# HELP app_read_bytes Back\\\\slash and\\nline.\napp_read_bytes_total 0.0\n"
      "# EOF\n";
  CHECK(encoded(write, CreatedSamples::shown) == expected);

  std::string without;
  for (std::size_t at = 0; at < expected.size();) {
    const std::size_t end = expected.find('\n', at) + 1;
    const std::string line = expected.substr(at, end - at);
    if (line.find("_created") == std::string::npos) without += line;
    at = end;
  }
  CHECK(encoded(write) == without);
}

TEST_CASE("nothing is the end mark") {
  CHECK(encoded([](OpenMetricsEncoder&) {}) == "# EOF\n");
}

TEST_CASE("float fields have a point or an exponent, integer fields have none") {
  CHECK(encoded([](OpenMetricsEncoder& encoder) {
          encoder.begin_family({"x", "", "", MetricType::gauge});
          for (const double value : {0.0, -0.0, 1.0, -1.0, 17.0, 999999.0, 1e6, 1.5e-7, 0.25, -1234567.0,
                                     1e-5, infinity, -infinity, nan_value}) {
            encoder.value(Padded(""), value);
          }
          encoder.value(Padded(""), ~std::uint64_t{0});
          encoder.value(Padded(""), -5);
        }) ==
        "# TYPE x gauge\nx 0.0\nx 0.0\nx 1.0\nx -1.0\nx 17.0\nx 999999.0\nx 1e+06\nx 1.5e-07\nx 0.25\n"
        "x -1.234567e+06\nx 1e-05\nx +Inf\nx -Inf\nx NaN\n"
        "x 18446744073709551615.0\nx -5.0\n# EOF\n");
  const double bounds[] = {0.005, 1, 10, 100000, 1e6};
  const std::uint64_t counts[] = {1000000, 0, 0, 0, 0, 1};
  CHECK(encoded([&](OpenMetricsEncoder& encoder) {
          encoder.begin_family({"x", "", "", MetricType::histogram});
          encoder.histogram(Padded("a=\"b\""), {bounds, 5, counts, 1e6});
        }) ==
        "# TYPE x histogram\nx_bucket{a=\"b\",le=\"0.005\"} 1000000\nx_bucket{a=\"b\",le=\"1.0\"} 1000000\n"
        "x_bucket{a=\"b\",le=\"10.0\"} 1000000\nx_bucket{a=\"b\",le=\"100000.0\"} 1000000\n"
        "x_bucket{a=\"b\",le=\"1e+06\"} 1000000\nx_bucket{a=\"b\",le=\"+Inf\"} 1000001\n"
        "x_count{a=\"b\"} 1000001\nx_sum{a=\"b\"} 1e+06\n# EOF\n");
}

TEST_CASE("a counter is called by its base name, once; without _total it is unknown") {
  const auto counter = [](std::string_view name) {
    const ExemplarSample exemplar = {true, Padded(""), 1, seconds};
    return encoded(
        [&](OpenMetricsEncoder& encoder) {
          encoder.begin_family({name, "", "", MetricType::counter});
          encoder.counter(Padded(""), {1, &exemplar, seconds});
        },
        CreatedSamples::shown);
  };
  CHECK(counter("x_total") == "# TYPE x counter\nx_total 1.0 # {} 1.0 1.0\nx_created 1.0\n# EOF\n");
  CHECK(counter("x_total_total") ==
        "# TYPE x_total counter\nx_total_total 1.0 # {} 1.0 1.0\nx_total_created 1.0\n# EOF\n");
  CHECK(counter("x") == "# TYPE x unknown\nx 1.0\n# EOF\n");
  CHECK(counter("_total") == "# TYPE _total unknown\n_total 1.0\n# EOF\n");
}

TEST_CASE("sums that could fall are left out, with the count of their histogram") {
  const auto lines = [](MetricType type, double bound, double sum) {
    const std::uint64_t counts[] = {1, 1};
    const std::string text = encoded([&](OpenMetricsEncoder& encoder) {
      encoder.begin_family({"x", "", "", type});
      encoder.histogram(Padded(""), {&bound, 1, counts, sum});
    });
    const std::size_t from = text.find("le=\"+Inf\"} 2\n") + 13;
    return text.substr(from, text.size() - from - 6);
  };
  CHECK(lines(MetricType::histogram, 1, 0) == "x_count 2\nx_sum 0.0\n");
  CHECK(lines(MetricType::histogram, 1, infinity) == "x_count 2\nx_sum +Inf\n");
  CHECK(lines(MetricType::histogram, 0, 1) == "x_count 2\nx_sum 1.0\n");
  CHECK(lines(MetricType::histogram, -1, 1).empty());
  CHECK(lines(MetricType::histogram, 1, -1).empty());
  CHECK(lines(MetricType::histogram, 1, nan_value).empty());
  CHECK(lines(MetricType::histogram, 1, -infinity).empty());
  CHECK(lines(MetricType::gauge_histogram, 1, 1) == "x_gcount 2\nx_gsum 1.0\n");
  CHECK(lines(MetricType::gauge_histogram, -1, -1) == "x_gcount 2\nx_gsum -1.0\n");
  CHECK(lines(MetricType::gauge_histogram, 1, -1).empty());
  CHECK(lines(MetricType::gauge_histogram, -1, nan_value).empty());
}

TEST_CASE("of a summary, negative values and a sum that could fall are left out") {
  const double quantiles[] = {0, 0.5, 1};
  const double values[] = {-1, nan_value, 0};
  CHECK(encoded([&](OpenMetricsEncoder& encoder) {
          encoder.begin_family({"x", "", "", MetricType::summary});
          encoder.summary(Padded("a=\"b\""), {quantiles, values, 3, 2, -1});
          encoder.summary(Padded(""), {nullptr, nullptr, 0, 0, 0});
        }) ==
        "# TYPE x summary\nx{a=\"b\",quantile=\"0.5\"} NaN\nx{a=\"b\",quantile=\"1.0\"} 0.0\n"
        "x_count{a=\"b\"} 2\nx_count 0\nx_sum 0.0\n# EOF\n");
}

TEST_CASE("a histogram that has exponential buckets only is its +Inf bucket") {
  const NativeBucket bucket = {0, 2};
  NativeSample native;
  native.positive = &bucket;
  native.positive_size = 1;
  const std::uint64_t count = 2;
  CHECK(encoded([&](OpenMetricsEncoder& encoder) {
          encoder.begin_family({"x", "", "", MetricType::histogram});
          encoder.histogram(Padded(""), {nullptr, 0, &count, 1.5, nullptr, &native, seconds});
        }) == "# TYPE x histogram\nx_bucket{le=\"+Inf\"} 2\nx_count 2\nx_sum 1.5\n# EOF\n");
}

TEST_CASE("info and stateset have no unit; an exemplar may have labels of any length") {
  const std::string value(3000, 'v');
  const Padded labels("trace_id=\"" + value + "\"");
  const ExemplarSample exemplar = {true, labels, -1e-300, -1};
  CHECK(encoded([&](OpenMetricsEncoder& encoder) {
          encoder.begin_family({"x_bytes", "", "bytes", MetricType::info});
          encoder.begin_family({"y_bytes", "", "bytes", MetricType::stateset});
          encoder.begin_family({"z_total", "", "", MetricType::counter});
          encoder.counter(labels, {1, &exemplar, -1});
        }) == "# TYPE x_bytes info\n# TYPE y_bytes stateset\n# TYPE z counter\nz_total{trace_id=\"" + value +
                  "\"} 1.0 # {trace_id=\"" + value + "\"} -1e-300\n# EOF\n");
}

TEST_CASE("a name that not all readers know is quoted") {
  CHECK(encoded([](OpenMetricsEncoder& encoder) {
          encoder.begin_family({"my.jobs_total", "h", "", MetricType::counter});
          encoder.value(Padded("\"l.x\"=\"v\""), 1);
          encoder.value(Padded(""), 2);
        }) ==
        "# TYPE \"my.jobs\" counter\n# HELP \"my.jobs\" h\n{\"my.jobs_total\",\"l.x\"=\"v\"} 1.0\n"
        "{\"my.jobs_total\"} 2.0\n# EOF\n");
}

/// A source of one family.
struct OneCounter {
  void collect(Encoder& encoder) const {
    encoder.begin_family({"x_total", "", "", MetricType::counter});
    encoder.counter(Padded(""), {1, nullptr, seconds});
    encoder.finish();
  }
};

TEST_CASE("the text of a source") {
  OneCounter source;
  CHECK(to_openmetrics(source) == "# TYPE x counter\nx_total 1.0\n# EOF\n");
  CHECK(to_openmetrics(source, CreatedSamples::shown) ==
        "# TYPE x counter\nx_total 1.0\nx_created 1.0\n# EOF\n");
  CHECK(std::string(openmetrics_content_type) ==
        "application/openmetrics-text; version=1.0.0; charset=utf-8");
}
