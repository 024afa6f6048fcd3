// promlite: tests of the text encoder by itself (text format 0.0.4; also built with -ffast-math).
// SPDX-License-Identifier: MIT
#include <promlite/exposition/text.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/padded.hpp"

using namespace promlite;
using detail::double_of;

template <class Write>
static std::string encoded(Write&& write) {
  return encoded_by<detail::TextEncoder>(write);
}

TEST_CASE("nothing is nothing") {
  CHECK(encoded([](detail::TextEncoder&) {}).empty());
}

TEST_CASE("every type has its TYPE line") {
  const auto head = [](MetricType type) {
    return encoded([&](detail::TextEncoder& encoder) { encoder.begin_family({"x", "h", "", type}); });
  };
  CHECK(head(MetricType::counter) == "# HELP x h\n# TYPE x counter\n");
  CHECK(head(MetricType::gauge) == "# HELP x h\n# TYPE x gauge\n");
  CHECK(head(MetricType::histogram) == "# HELP x h\n# TYPE x histogram\n");
  CHECK(head(MetricType::summary) == "# HELP x h\n# TYPE x summary\n");
  CHECK(head(MetricType::untyped) == "# HELP x h\n# TYPE x untyped\n");
  CHECK(head(MetricType::unknown) == "# HELP x h\n# TYPE x untyped\n");
  CHECK(head(MetricType::stateset) == "# HELP x h\n# TYPE x gauge\n");
  CHECK(head(MetricType::gauge_histogram) == "# HELP x h\n# TYPE x histogram\n");
  CHECK(head(MetricType::info) == "# HELP x_info h\n# TYPE x_info gauge\n");
}

TEST_CASE("help escapes backslash and line feed and nothing else; empty help has no line") {
  const auto help = [](std::string_view text) {
    return encoded([&](detail::TextEncoder& encoder) {
      encoder.begin_family({"x", text, "", MetricType::gauge});
    });
  };
  const std::string type = "# TYPE x gauge\n";
  CHECK(help("") == type);
  CHECK(help("a\\b\nc\"d\te") == "# HELP x a\\\\b\\nc\"d\te\n" + type);
  CHECK(help("\n# TYPE y gauge\n") == "# HELP x \\n# TYPE y gauge\\n\n" + type);
  CHECK(help(" a ") == "# HELP x  a \n" + type);
  CHECK(help(std::string_view("\0", 1)) == "# HELP x " + std::string(1, '\0') + "\n" + type);
}

TEST_CASE("values of every kind, with and without labels") {
  CHECK(encoded([](detail::TextEncoder& encoder) {
          encoder.begin_family({"x", "", "", MetricType::gauge});
          encoder.value(Padded(""), 1);
          encoder.value(Padded("a=\"b\""), -5);
          encoder.value(Padded("a=\"c\""), 1e6);
          encoder.value(Padded("a=\"d\""), ~std::uint64_t{0});
          encoder.value(Padded("a=\"e\""), double_of(0x7FF8000000000000));
          encoder.value(Padded("a=\"f\""), double_of(0xFFF0000000000000));
          encoder.value(Padded("a=\"g\""), -1.7976931348623157e308);
        }) ==
        "# TYPE x gauge\nx 1\nx{a=\"b\"} -5\nx{a=\"c\"} 1e+06\nx{a=\"d\"} 18446744073709551615\nx{a=\"e\"} "
        "NaN\nx{a=\"f\"} -Inf\nx{a=\"g\"} -1.7976931348623157e+308\n");
}

TEST_CASE("names and labels of every length up to 200 arrive whole") {
  for (std::size_t size = 1; size <= 200; ++size) {
    const std::string name(size, 'n');
    const std::string labels = "a=\"" + std::string(size, 'v') + "\"";
    REQUIRE(encoded([&](detail::TextEncoder& encoder) {
              encoder.begin_family({name, "", "", MetricType::info});
              encoder.value(Padded(labels), 1);
              encoder.value(Padded(""), 1);
            }) ==
            "# TYPE " + name + "_info gauge\n" + name + "_info{" + labels + "} 1\n" + name + "_info 1\n");
  }
}

TEST_CASE("a name that not all readers know is quoted") {
  const double bound = 1;
  const std::uint64_t counts[] = {2, 0};
  CHECK(encoded([&](detail::TextEncoder& encoder) {
          encoder.begin_family({"disk.free", "h", "", MetricType::gauge});
          encoder.value(Padded(""), 1);
          encoder.value(Padded("\"mount.point\"=\"/\",fs=\"ext4\""), 2);
          encoder.begin_family({"a\"b\\c\nd", "", "", MetricType::histogram});
          encoder.histogram(Padded(""), {&bound, 1, counts, 0.5});
          encoder.histogram(Padded("e=\"f\""), {nullptr, 0, counts, 0.5});
          encoder.begin_family({"1st", "", "", MetricType::summary});
          encoder.summary(Padded(""), {&bound, &bound, 1, 0, 0});
          encoder.begin_family(
              {"gr\xC3\xB6\xC3\x9F"
               "e",
               "", "", MetricType::info});
          encoder.value(Padded("a=\"b\""), 1);
          encoder.begin_family({":a:1", "", "", MetricType::gauge});
          encoder.value(Padded(""), 1);
        }) ==
        "# HELP \"disk.free\" h\n# TYPE \"disk.free\" gauge\n"
        "{\"disk.free\"} 1\n{\"disk.free\",\"mount.point\"=\"/\",fs=\"ext4\"} 2\n"
        "# TYPE \"a\\\"b\\\\c\\nd\" histogram\n"
        "{\"a\\\"b\\\\c\\nd_bucket\",le=\"1\"} 2\n{\"a\\\"b\\\\c\\nd_bucket\",le=\"+Inf\"} 2\n"
        "{\"a\\\"b\\\\c\\nd_sum\"} 0.5\n{\"a\\\"b\\\\c\\nd_count\"} 2\n"
        "{\"a\\\"b\\\\c\\nd_bucket\",e=\"f\",le=\"+Inf\"} 2\n"
        "{\"a\\\"b\\\\c\\nd_sum\",e=\"f\"} 0.5\n{\"a\\\"b\\\\c\\nd_count\",e=\"f\"} 2\n"
        "# TYPE \"1st\" summary\n{\"1st\",quantile=\"1\"} 1\n{\"1st_sum\"} 0\n{\"1st_count\"} 0\n"
        "# TYPE \"gr\xC3\xB6\xC3\x9F"
        "e_info\" gauge\n{\"gr\xC3\xB6\xC3\x9F"
        "e_info\",a=\"b\"} 1\n"
        "# TYPE :a:1 gauge\n:a:1 1\n");
}

TEST_CASE("names that not all readers know are escaped where the family says that it has such, labels too") {
  const double bound = 1;
  const std::uint64_t counts[] = {2, 0};
  const Padded labels("\"mount.point\"=\"/\",fs=\"ext4\"");
  CHECK(encoded([&](detail::TextEncoder& encoder) {
          encoder.begin_family({"disk.free", "h", "", MetricType::gauge, true});
          encoder.value(labels, 1);
          encoder.begin_family({"disk.wait", "", "", MetricType::histogram, true});
          encoder.histogram(labels, {&bound, 1, counts, 0.5});
          encoder.begin_family({"disk.size", "", "", MetricType::summary, true});
          encoder.summary(labels, {&bound, &bound, 1, 3, 4});
        }) ==
        "# HELP disk_free h\n# TYPE disk_free gauge\ndisk_free{mount_point=\"/\",fs=\"ext4\"} 1\n"
        "# TYPE disk_wait histogram\n"
        "disk_wait_bucket{mount_point=\"/\",fs=\"ext4\",le=\"1\"} 2\n"
        "disk_wait_bucket{mount_point=\"/\",fs=\"ext4\",le=\"+Inf\"} 2\n"
        "disk_wait_sum{mount_point=\"/\",fs=\"ext4\"} 0.5\ndisk_wait_count{mount_point=\"/\",fs=\"ext4\"} 2\n"
        "# TYPE disk_size summary\ndisk_size{mount_point=\"/\",fs=\"ext4\",quantile=\"1\"} 1\n"
        "disk_size_sum{mount_point=\"/\",fs=\"ext4\"} 4\ndisk_size_count{mount_point=\"/\",fs=\"ext4\"} 3\n");
}

TEST_CASE("a histogram is cumulative, ends in +Inf, and its count is that of +Inf") {
  const std::vector<double> bounds = {-1.5, 0, 0.005, 1e6};
  const std::vector<std::uint64_t> counts = {1, 0, 2, 3, 4};
  const std::vector<std::uint64_t> none = {0, 0, 0, 0, 0};
  CHECK(encoded([&](detail::TextEncoder& encoder) {
          encoder.begin_family({"x", "", "", MetricType::histogram});
          encoder.histogram(Padded(""), {bounds.data(), bounds.size(), counts.data(), 0.5});
          encoder.histogram(Padded("a=\"b\""), {bounds.data(), bounds.size(), none.data(), 0});
        }) ==
        "# TYPE x histogram\n"
        "x_bucket{le=\"-1.5\"} 1\nx_bucket{le=\"0\"} 1\nx_bucket{le=\"0.005\"} 3\nx_bucket{le=\"1e+06\"} "
        "6\nx_bucket{le=\"+Inf\"} 10\nx_sum 0.5\nx_count 10\n"
        "x_bucket{a=\"b\",le=\"-1.5\"} 0\nx_bucket{a=\"b\",le=\"0\"} 0\nx_bucket{a=\"b\",le=\"0.005\"} "
        "0\nx_bucket{a=\"b\",le=\"1e+06\"} 0\nx_bucket{a=\"b\",le=\"+Inf\"} 0\nx_sum{a=\"b\"} "
        "0\nx_count{a=\"b\"} 0\n");
}

TEST_CASE("what the format cannot hold is left out") {
  const Padded labels("a=\"b\"");
  const ExemplarSample exemplars[] = {{true, labels, 0.5, 1}, {}};
  const NativeBucket bucket = {0, 2};
  NativeSample native;
  native.positive = &bucket;
  native.positive_size = 1;
  const double bound = 1;
  const std::uint64_t counts[] = {2, 0};
  CHECK(encoded([&](detail::TextEncoder& encoder) {
          encoder.begin_family({"x_total", "", "", MetricType::counter});
          encoder.counter(labels, {3, exemplars, 1});
          encoder.begin_family({"y", "", "", MetricType::gauge_histogram});
          encoder.histogram(Padded(""), {&bound, 1, counts, 0.5, exemplars, &native, 1});
          encoder.begin_family({"z", "", "", MetricType::summary});
          encoder.summary(Padded(""), {nullptr, nullptr, 0, 1, 2, 1});
        }) ==
        "# TYPE x_total counter\nx_total{a=\"b\"} 3\n"
        "# TYPE y histogram\ny_bucket{le=\"1\"} 2\ny_bucket{le=\"+Inf\"} 2\ny_sum 0.5\ny_count 2\n"
        "# TYPE z summary\nz_sum 2\nz_count 1\n");
}

TEST_CASE("a histogram without bounds is its +Inf bucket") {
  const std::uint64_t count = 7;
  CHECK(encoded([&](detail::TextEncoder& encoder) {
          encoder.begin_family({"x", "", "", MetricType::histogram});
          encoder.histogram(Padded(""), {nullptr, 0, &count, 1});
        }) == "# TYPE x histogram\nx_bucket{le=\"+Inf\"} 7\nx_sum 1\nx_count 7\n");
}

TEST_CASE("bounds are those of the family, also when the next one's lie at the same address") {
  std::vector<double> bounds = {1};
  const std::vector<std::uint64_t> counts = {0, 0};
  CHECK(encoded([&](detail::TextEncoder& encoder) {
          encoder.begin_family({"x", "", "", MetricType::histogram});
          encoder.histogram(Padded(""), {bounds.data(), 1, counts.data(), 0});
          bounds[0] = 2;
          encoder.begin_family({"y", "", "", MetricType::histogram});
          encoder.histogram(Padded(""), {bounds.data(), 1, counts.data(), 0});
        }) ==
        "# TYPE x histogram\nx_bucket{le=\"1\"} 0\nx_bucket{le=\"+Inf\"} 0\nx_sum 0\nx_count 0\n"
        "# TYPE y histogram\ny_bucket{le=\"2\"} 0\ny_bucket{le=\"+Inf\"} 0\ny_sum 0\ny_count 0\n");
}

TEST_CASE("bounds of the longest text") {
  const std::vector<double> bounds = {-1.7976931348623157e308, -2.2250738585072014e-308,
                                      1.2345678901234568e-300};
  const std::vector<std::uint64_t> counts = {~std::uint64_t{0}, 0, 0, 0};
  CHECK(encoded([&](detail::TextEncoder& encoder) {
          encoder.begin_family({"x", "", "", MetricType::histogram});
          encoder.histogram(Padded("a=\"b\""),
                            {bounds.data(), bounds.size(), counts.data(), -1.2345678901234568e-300});
        }) ==
        "# TYPE x histogram\nx_bucket{a=\"b\",le=\"-1.7976931348623157e+308\"} 18446744073709551615\n"
        "x_bucket{a=\"b\",le=\"-2.2250738585072014e-308\"} 18446744073709551615\n"
        "x_bucket{a=\"b\",le=\"1.2345678901234568e-300\"} 18446744073709551615\n"
        "x_bucket{a=\"b\",le=\"+Inf\"} 18446744073709551615\nx_sum{a=\"b\"} -1.2345678901234568e-300\n"
        "x_count{a=\"b\"} 18446744073709551615\n");
}

TEST_CASE("a summary, with and without quantiles") {
  const std::vector<double> quantiles = {0, 0.5, 0.999};
  const std::vector<double> values = {-1, double_of(detail::quiet_nan_bits),
                                      double_of(detail::infinity_bits)};
  CHECK(encoded([&](detail::TextEncoder& encoder) {
          encoder.begin_family({"x", "", "", MetricType::summary});
          encoder.summary(Padded("a=\"b\""), {quantiles.data(), values.data(), 3, 5, 2.5});
          encoder.summary(Padded(""), {nullptr, nullptr, 0, 0, 0});
          encoder.summary(Padded(""), {quantiles.data(), values.data(), 1, 1, -1});
        }) ==
        "# TYPE x summary\nx{a=\"b\",quantile=\"0\"} -1\nx{a=\"b\",quantile=\"0.5\"} "
        "NaN\nx{a=\"b\",quantile=\"0.999\"} "
        "+Inf\nx_sum{a=\"b\"} 2.5\nx_count{a=\"b\"} 5\nx_sum 0\nx_count 0\nx{quantile=\"0\"} -1\nx_sum "
        "-1\nx_count 1\n");
}

TEST_CASE("a large exposition grows its buffer without losing a byte") {
  std::string expected = "# TYPE x gauge\n";
  const std::string long_value(3000, 'z');
  CHECK(encoded([&](detail::TextEncoder& encoder) {
          encoder.begin_family({"x", "", "", MetricType::gauge});
          for (int i = 0; i < 2000; ++i) {
            const std::string labels = "a=\"" + std::to_string(i) + (i % 100 == 0 ? long_value : "") + "\"";
            encoder.value(Padded(labels), i);
            expected += "x{" + labels + "} " + std::to_string(i) + "\n";
          }
        }) == expected);
}

TEST_CASE("the content type") {
  CHECK(std::string(text_content_type) == "text/plain; version=0.0.4; charset=utf-8");
}
