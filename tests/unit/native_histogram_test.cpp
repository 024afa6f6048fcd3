// promlite: tests of native histograms: buckets against a plain model, limits, classic buckets beside them,
// expositions.
// SPDX-License-Identifier: MIT
#include <promlite/exposition/openmetrics.hpp>
#include <promlite/exposition/protobuf.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/native_histogram.hpp>
#include <promlite/registry.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace promlite;
using namespace std::chrono_literals;

static const double infinity = std::numeric_limits<double>::infinity();
static const double largest = std::numeric_limits<double>::max();
static const double nan_value = std::numeric_limits<double>::quiet_NaN();
static const double default_threshold = 0x1p-128;

/// What an encoder is given of the one histogram of a registry.
struct Shown final : Encoder {
  explicit Shown(Registry& registry) { registry.collect(*this); }
  void begin_family(const FamilyHead&) override {}
  void value(PaddedText, Number) override {}
  void summary(PaddedText, const SummarySample&) override {}
  void finish() override {}
  std::size_t size() const noexcept override { return 0; }
  void histogram(PaddedText, const HistogramSample& sample) override {
    sum = sample.sum;
    classic.assign(sample.counts, sample.counts + sample.size + 1);
    REQUIRE(sample.native != nullptr);
    const NativeSample& native = *sample.native;
    schema = native.schema;
    zero_threshold = native.zero_threshold;
    zero = native.zero_count;
    for (std::size_t i = 0; i < native.positive_size; ++i)
      positive.emplace_back(native.positive[i].index, native.positive[i].count);
    for (std::size_t i = 0; i < native.negative_size; ++i)
      negative.emplace_back(native.negative[i].index, native.negative[i].count);
  }
  using Buckets = std::vector<std::pair<int, std::uint64_t>>;
  static std::uint64_t total_of(const Buckets& buckets) {
    std::uint64_t total = 0;
    for (const auto& bucket : buckets) total += bucket.second;
    return total;
  }

  int schema = -100;
  double zero_threshold = -1;
  double sum = 0;
  std::uint64_t zero = 0;
  Buckets positive;
  Buckets negative;
  std::vector<std::uint64_t> classic;  ///< not cumulative
};

/// The index of a magnitude by frexp and a table of roots: a second, plain implementation.
static int model_index(double magnitude, int schema) {
  if (magnitude > largest) return model_index(largest, schema) + 1;
  int exponent = 0;
  const double fraction = std::frexp(magnitude, &exponent);
  if (schema <= 0) {
    const int power = fraction == 0.5 ? exponent - 1 : exponent;
    return static_cast<int>(std::ceil(static_cast<double>(power) / static_cast<double>(1 << -schema)));
  }
  const int per_octave = 1 << schema;
  int bound = 0;
  while (bound < per_octave &&
         static_cast<double>(std::exp2(static_cast<long double>(bound) / per_octave) / 2) < fraction) {
    ++bound;
  }
  return (exponent - 1) * per_octave + bound;
}

static Shown::Buckets list_of(const std::map<int, std::uint64_t>& buckets) {
  return Shown::Buckets(buckets.begin(), buckets.end());
}

/// Counts plainly, at a resolution of `schema`.
struct Model {
  Model(const std::vector<double>& values, int schema, double threshold, const std::vector<double>& bounds)
      : classic(bounds.size() + 1) {
    std::map<int, std::uint64_t> above;
    std::map<int, std::uint64_t> below;
    for (const double value : values) {
      std::size_t bucket = 0;
      while (bucket < bounds.size() && bounds[bucket] < value) ++bucket;
      ++classic[bucket];
      if (std::abs(value) <= threshold) {
        ++zero;
      } else {
        ++(value > 0 ? above : below)[model_index(std::abs(value), schema)];
      }
    }
    positive = list_of(above);
    negative = list_of(below);
  }
  std::uint64_t zero = 0;
  Shown::Buckets positive;
  Shown::Buckets negative;
  std::vector<std::uint64_t> classic;
};

static std::string hex(const std::string& bytes) {
  std::string digits;
  for (const char c : bytes) {
    digits.push_back("0123456789abcdef"[static_cast<unsigned char>(c) >> 4]);
    digits.push_back("0123456789abcdef"[static_cast<unsigned char>(c) & 15]);
  }
  return digits;
}
static std::string without_blanks(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  return text;
}

static double random_finite(std::mt19937_64& random) {
  double value = detail::double_of(random());
  while (!detail::is_finite(value)) value = detail::double_of(random());
  return value;
}

TEST_CASE("indices of known values") {
  struct Row {
    double value;
    int at_minus_4, at_minus_1, at_0, at_3, at_8;
  };
  const Row rows[] = {{5e-324, -67, -537, -1074, -8592, -274944},
                      {0x1p-128, -8, -64, -128, -1024, -32768},
                      {0.5, 0, 0, -1, -8, -256},
                      {1, 0, 0, 0, 0, 0},
                      {1.0000001, 1, 1, 1, 1, 1},
                      {2, 1, 1, 1, 8, 256},
                      {3, 1, 1, 2, 13, 406},
                      {4, 1, 1, 2, 16, 512},
                      {10, 1, 2, 4, 27, 851},
                      {100, 1, 4, 7, 54, 1701},
                      {largest, 64, 512, 1024, 8192, 262144},
                      {infinity, 65, 513, 1025, 8193, 262145}};
  for (const Row& row : rows) {
    for (const auto& [schema, index] :
         {std::pair{-4, row.at_minus_4}, std::pair{-1, row.at_minus_1}, std::pair{0, row.at_0},
          std::pair{3, row.at_3}, std::pair{8, row.at_8}}) {
      INFO(row.value << " at schema " << schema);
      for (const double sign : {1.0, -1.0}) {
        Registry registry;
        registry.native_histogram("x", "", native_schema(schema), zero_threshold(0))
            .observe(sign * row.value);
        const Shown shown(registry);
        CHECK(shown.schema == schema);
        CHECK((sign > 0 ? shown.positive : shown.negative) == Shown::Buckets{{index, 1}});
        CHECK((sign > 0 ? shown.negative : shown.positive).empty());
      }
    }
  }
}

TEST_CASE("buckets, native and classic, are those of a plain count") {
  std::mt19937_64 random(20);
  const auto values_of = [&](int kind, std::size_t count) {
    std::lognormal_distribution<double> latency(-3, 2);
    std::normal_distribution<double> around_zero(0, 3);
    std::vector<double> values = {0.0, -0.0, default_threshold, -default_threshold, 0.25, 1, 5e-324};
    for (std::size_t i = 0; i < count; ++i) {
      values.push_back(kind == 0   ? latency(random)
                       : kind == 1 ? around_zero(random)
                       : kind == 2 ? random_finite(random)
                                   : std::ldexp(static_cast<double>(random() % 16), -2));
    }
    if (kind == 2) values.insert(values.end(), {infinity, -infinity, largest, -largest});
    return values;
  };
  const std::vector<std::vector<double>> bound_lists = {
      {},
      {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
      {-1, -0.5, -1e-50, 0, 1e-60, 0.25, 0.26, 0.27, 0.271, 0.2711, 1e300}};
  for (int schema = -4; schema <= 8; ++schema) {
    for (const double threshold : {default_threshold, 0.0, 0.3}) {
      for (int kind = 0; kind < 4; ++kind) {
        const std::vector<double>& bounds = bound_lists[static_cast<std::size_t>(kind + schema + 4) % 3];
        INFO("schema " << schema << ", threshold " << threshold << ", values of kind " << kind);
        const std::vector<double> values = values_of(kind, 300);
        Registry registry;
        const NativeHistogram histogram = registry.native_histogram(
            "x", "", native_schema(schema), zero_threshold(threshold), buckets(bounds), max_buckets(0));
        for (const double value : values) histogram.observe(value);
        const Shown shown(registry);
        const Model model(values, schema, threshold, bounds);
        REQUIRE(shown.schema == schema);
        REQUIRE(shown.zero_threshold == threshold);
        REQUIRE(shown.zero == model.zero);
        REQUIRE(shown.positive == model.positive);
        REQUIRE(shown.negative == model.negative);
        REQUIRE(shown.classic == model.classic);
        REQUIRE(histogram.count() == values.size());
      }
    }
  }
}

TEST_CASE("more buckets than the limit are shown at the highest resolution that has as few") {
  std::mt19937_64 random(21);
  const std::vector<double> bounds = {0.001, 0.1, 1, 50};
  for (const std::size_t limit : {std::size_t{1}, std::size_t{20}, std::size_t{160}}) {
    for (const double octaves : {2.0, 10.0, 40.0}) {
      INFO("limit " << limit << ", octaves " << octaves);
      Registry registry;
      const NativeHistogram histogram =
          registry.native_histogram("x", "", native_schema(5), max_buckets(limit), buckets(bounds));
      std::uniform_real_distribution<double> exponent(-octaves / 2, octaves / 2);
      std::vector<double> values;
      int before = 5;
      for (int i = 0; i < 2000; ++i) {
        values.push_back((i % 5 == 0 ? -1 : 1) * std::exp2(exponent(random)));
        histogram.observe(values.back());
        if (i % 100 != 99) continue;
        const Shown shown(registry);
        int schema = 5;
        while (schema > -4) {
          const Model model(values, schema, default_threshold, bounds);
          if (model.positive.size() + model.negative.size() <= limit) break;
          --schema;
        }
        const Model model(values, schema, default_threshold, bounds);
        REQUIRE(shown.schema == schema);
        REQUIRE(shown.schema <= before);  // to Prometheus a higher one would be a reset
        REQUIRE(shown.positive == model.positive);
        REQUIRE(shown.negative == model.negative);
        REQUIRE(shown.classic == model.classic);
        before = shown.schema;
      }
    }
  }
}

TEST_CASE("values over all decades fill a bounded number of pages, and are counted nevertheless") {
  std::mt19937_64 random(22);
  const std::vector<double> bounds = {-1e100, 0, 1e-200, 1e-199, 1e-198, 1, 1.5, 1e200};
  for (const int schema : {-4, 0, 3, 8}) {
    INFO("schema " << schema);
    Registry registry;
    const NativeHistogram histogram =
        registry.histogram("x", "", native(), buckets(bounds), native_schema(schema));
    std::vector<double> values;
    for (int i = 0; i < 20000; ++i) {
      values.push_back(random_finite(random));
      histogram.observe(values.back());
    }
    for (const double value : bounds) {
      values.push_back(value);
      histogram.observe(value);
    }
    const Shown shown(registry);
    const Model model(values, -4, default_threshold, bounds);
    CHECK(shown.schema == -4);
    CHECK(shown.positive == model.positive);
    CHECK(shown.negative == model.negative);
    CHECK(shown.zero == model.zero);
    CHECK(shown.classic == model.classic);
    CHECK(histogram.count() == values.size());
  }
}

TEST_CASE("what finds no page any more is shown at schema 0, together with all else") {
  Registry registry;
  const std::vector<double> bounds = {0x1.8p-100, 1, 3, 0x1p77};
  const NativeHistogram histogram =
      registry.native_histogram("x", "", native_schema(8), max_buckets(300), buckets(bounds));
  std::vector<double> values;
  // A page at schema 8 is a quarter of a power of two: 300 pages are used up after 75 of them.
  for (int exponent = -100; exponent < 100; ++exponent) {
    for (const double factor : {1.1, 1.3, 1.5, 1.8}) {
      values.push_back(std::ldexp(factor, exponent));
      histogram.observe(values.back());
    }
    values.push_back(bounds[static_cast<std::size_t>(exponent + 100) % 4]);
    histogram.observe(values.back());
    if (exponent == -30) CHECK(Shown(registry).schema == 8);
  }
  const Shown shown(registry);
  const Model model(values, 0, default_threshold, bounds);
  CHECK(shown.schema == 0);
  CHECK(shown.positive == model.positive);
  CHECK(shown.classic == model.classic);
}

TEST_CASE("a native histogram in the text formats, and byte for byte as protobuf") {
  Registry registry;
  const ManualClock clock;  // it says 0, which is no time of creation
  registry.use_clock(clock);
  const auto family = registry.native_histogram("lat_seconds", "Latency.", {"p"}, bucket_factor(2));
  const NativeHistogram histogram = family.with("/");
  CHECK(to_text(registry) ==
        "# HELP lat_seconds Latency.\n# TYPE lat_seconds histogram\n"
        "lat_seconds_bucket{p=\"/\",le=\"+Inf\"} 0\nlat_seconds_sum{p=\"/\"} 0\nlat_seconds_count{p=\"/\"} "
        "0\n");
  for (const double value : {0.0, 1.0, 3.0, 5.0, -2.0}) histogram.observe(value);
  CHECK(to_text(registry) ==
        "# HELP lat_seconds Latency.\n# TYPE lat_seconds histogram\n"
        "lat_seconds_bucket{p=\"/\",le=\"+Inf\"} 5\nlat_seconds_sum{p=\"/\"} 7\nlat_seconds_count{p=\"/\"} "
        "5\n");
  CHECK(to_openmetrics(registry) ==
        "# TYPE lat_seconds histogram\n# HELP lat_seconds Latency.\n"
        "lat_seconds_bucket{p=\"/\",le=\"+Inf\"} 5\nlat_seconds_count{p=\"/\"} 5\n"
        "lat_seconds_sum{p=\"/\"} 7.0\n# EOF\n");
  CHECK(
      hex(to_protobuf(registry)) ==
      without_blanks(
          "52 0a0b6c61745f7365636f6e6473 12084c6174656e63792e 1804 2237 0a060a017012012f 3a2d 0805 "
          "110000000000001c40 2800 31000000000000f037 3801 4a0408021001 520102 6204 0800 1004 6a0402010200"));
}

TEST_CASE("classic buckets beside native ones look as they do alone") {
  Registry registry;
  const NativeHistogram histogram = registry.histogram("x_seconds", "", native(), buckets({0.5, 1, 2}));
  for (const double value : {0.25, 0.5, 0.75, 1.0, 1.5, 10.0}) histogram.observe(value);
  CHECK(
      to_text(registry) ==
      "# TYPE x_seconds histogram\nx_seconds_bucket{le=\"0.5\"} 2\nx_seconds_bucket{le=\"1\"} 4\n"
      "x_seconds_bucket{le=\"2\"} 5\nx_seconds_bucket{le=\"+Inf\"} 6\nx_seconds_sum 14\nx_seconds_count 6\n");
  Registry with_defaults;
  const NativeHistogram other = with_defaults.histogram("x_seconds", "", native());
  other.observe(0.3);
  CHECK(Shown(with_defaults).classic == std::vector<std::uint64_t>{0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0});
}

TEST_CASE("NaN is refused and counted, infinities have buckets of their own") {
  Registry registry;
  const NativeHistogram histogram = registry.native_histogram("x", "", native_schema(0));
  histogram.observe(nan_value);
  CHECK(histogram.count() == 0);
  histogram.observe(infinity);
  histogram.observe(-infinity);
  histogram.observe_n(4, 3);
  histogram.observe_n(nan_value, 0);
  histogram.observe_n(1, -1);
  histogram.observe(250ms);
  CHECK(histogram.count() == 6);
  CHECK(to_text(registry).find("promlite_refused_updates_total{family=\"x\"} 2\n") != std::string::npos);
  const Shown shown(registry);
  CHECK(shown.positive == Shown::Buckets{{-2, 1}, {2, 3}, {1025, 1}});
  CHECK(shown.negative == Shown::Buckets{{1025, 1}});
  CHECK(std::isnan(shown.sum));
}

TEST_CASE("a growth factor chooses the largest one at or below that there is") {
  const std::pair<double, int> choices[] = {{65536, -4}, {1e300, -4}, {256, -3}, {16, -2},   {4, -1},
                                            {2, 0},      {1.5, 1},    {1.2, 2},  {1.1, 3},   {1.05, 4},
                                            {1.03, 5},   {1.02, 6},   {1.01, 7}, {1.005, 8}, {1 + 1e-15, 8}};
  for (const auto& [factor, schema] : choices) {
    Registry registry;
    registry.native_histogram("x", "", bucket_factor(factor));
    INFO(factor);
    CHECK(Shown(registry).schema == schema);
  }
  Registry registry;
  registry.native_histogram("x", "");
  CHECK(Shown(registry).schema == 3);
  CHECK(Shown(registry).zero_threshold == default_threshold);
}

TEST_CASE("options that cannot be are refused, and so is another declaration under the name") {
  Registry registry;
  const auto problem = [&](auto option) {
    return test::error_of([&] { registry.native_histogram("x", "", option); });
  };
  for (const double factor : {1.0, 0.0, -2.0, nan_value, infinity}) {
    CHECK(problem(bucket_factor(factor)) ==
          "histogram 'x': bucket_factor must be a finite number greater than 1");
  }
  CHECK(problem(native_schema(9)) == "histogram 'x': native_schema must be from -4 to 8");
  CHECK(problem(native_schema(-5)) == "histogram 'x': native_schema must be from -4 to 8");
  for (const double threshold : {-1.0, nan_value, infinity}) {
    CHECK(problem(zero_threshold(threshold)) ==
          "histogram 'x': zero_threshold must be a finite number and not negative");
  }
  registry.native_histogram("x", "");
  CHECK(test::error_of([&] { registry.histogram("x", ""); }) ==
        "cannot register histogram x: histogram<native> x is registered already: another type");
  CHECK(
      problem(native_schema(4)) ==
      "cannot register histogram<native> x: histogram<native> x is registered already: other native buckets");
  const NativeHistogram same =
      registry.native_histogram("x", "", bucket_factor(1.1), zero_threshold(0x1p-128));
  same.observe(1);
  CHECK(registry.native_histogram("x", "").count() == 1);
  CHECK(
      test::error_of([&] { registry.histogram("x", "", native()); }) ==
      "cannot register histogram<native> x: histogram<native> x is registered already: other bucket bounds");
}

TEST_CASE("a handle is trivially copyable, a default-constructed one swallows observations") {
  static_assert(std::is_trivially_copyable_v<NativeHistogram>);
  static_assert(noexcept(NativeHistogram().observe(1)));
  const NativeHistogram nowhere;
  for (const double value : {0.0, 1.0, -1e300, infinity, nan_value}) nowhere.observe(value);
}

TEST_CASE("series of native histograms are removed and expire as others do") {
  Registry registry;
  ManualClock clock;
  registry.use_clock(clock);
  const auto family = registry.native_histogram("x", "", {"a"}, expire_after(10min), max_series(2));
  const NativeHistogram old = family.with("1");
  old.observe(3);
  family.with("2").observe(3);
  CHECK(family.remove("1"));
  old.observe(4);
  CHECK(family.with("1").count() == 0);
  CHECK(Shown(registry).positive == Shown::Buckets{{13, 1}});
  clock.advance(9min);
  family.with("2").observe(5);
  CHECK(family.size() == 2);
  CHECK(Shown(registry).positive.size() == 2);
  clock.advance(2min);
  CHECK(Shown(registry).positive.size() == 2);
  CHECK(family.size() == 1);
}
