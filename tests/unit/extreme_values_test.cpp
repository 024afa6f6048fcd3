// promlite: the ends of every range: doubles of all exponents, integers of all sizes, names, labels, times
// and exemplars as long as they can be; each format is read and says the same. SPDX-License-Identifier: MIT
#include <promlite/core.hpp>
#include <promlite/exposition/parser.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/protobuf_reader.hpp"

using namespace promlite;
using test::error_of;

/// The text, when it and the other formats are read and say the same.
static std::string same_in_all(Registry& registry) {
  const std::string text = to_text(registry);
  const auto plain = parse_text(text);
  const auto open = parse_openmetrics(to_openmetrics(registry));
  if (!plain || !open) return "not read: " + plain.message() + open.message();
  if (test::show(test::read_protobuf(to_protobuf(registry))) != test::show(*plain)) return "protobuf differs";
  std::size_t samples = 0, others = 0;
  for (const auto& family : plain->families) samples += family.samples.size();
  for (const auto& family : open->families) others += family.samples.size();
  return samples == others ? text : "OpenMetrics has more samples, or fewer";
}

TEST_CASE("a double of every exponent is the same in every format") {
  std::mt19937_64 next(1);
  Registry registry;
  const auto gauge = registry.gauge("x", "");
  for (std::uint64_t exponent = 0; exponent < 2048; ++exponent) {
    for (const std::uint64_t mantissa :
         {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0} >> 12, next() >> 12}) {
      const double value = detail::double_of(next() << 63 | exponent << 52 | mantissa);
      gauge.set(value);
      for (const Exposition& read :
           {*parse_text(to_text(registry)), *parse_openmetrics(to_openmetrics(registry)),
            test::read_protobuf(to_protobuf(registry))}) {
        const double found = read.families.front().samples.front().value;
        if (found != value && !(std::isnan(found) && std::isnan(value))) CHECK(found == value);
      }
    }
  }
}

TEST_CASE("integers of every size, and bounds over the whole range") {
  Registry registry;
  const auto counter = registry.counter<std::uint64_t>("c_total", "", {"i"});
  const auto gauge = registry.gauge<std::int64_t>("g", "", {"i"});
  std::vector<double> bounds;
  for (int exponent = -1074; exponent < 1024; exponent += 9) bounds.push_back(std::ldexp(1.0, exponent));
  const auto histogram = registry.histogram("h", "", buckets(bounds));
  for (const double bound : bounds) histogram.observe(bound);
  for (int i = 0; i < 64; ++i) {
    counter.with(i).inc(~std::uint64_t{0} >> i);
    gauge.with(i).set(std::numeric_limits<std::int64_t>::min() / (std::int64_t{1} << i % 63));
  }
  const std::string text = same_in_all(registry);
  CHECK_THAT(text, ContainsSubstring("c_total{i=\"0\"} 18446744073709551615\n"));
  CHECK_THAT(text, ContainsSubstring("c_total{i=\"10\"} 18014398509481983\n"));
  CHECK_THAT(text, ContainsSubstring("g{i=\"0\"} -9223372036854775808\n"));
  CHECK_THAT(text, ContainsSubstring("h_bucket{le=\"5e-324\"} 1\n"));
  CHECK_THAT(text, ContainsSubstring("h_count " + std::to_string(bounds.size()) + "\n"));
}

TEST_CASE("native histograms of the finest and the coarsest schema hold every value") {
  for (const int schema : {-4, 0, 8}) {
    for (const double threshold : {0.0, 5e-324, 1e300}) {
      Registry registry;
      const auto histogram =
          registry.native_histogram("n", "", native_schema(schema), zero_threshold(threshold));
      int observed = 0;
      for (const double value : {0.0, 5e-324, 4e-320, 2.2250738585072014e-308, 1.0, 1.7976931348623157e308,
                                 std::numeric_limits<double>::infinity()}) {
        histogram.observe(value);
        histogram.observe(-value);
        observed += 2;
      }
      INFO("schema " << schema << " threshold " << threshold);
      CHECK(parse_openmetrics(to_openmetrics(registry)));
      CHECK_THAT(to_text(registry), ContainsSubstring("n_count " + std::to_string(observed) + "\n"));
      CHECK(test::read_protobuf(to_protobuf(registry)).families.size() == 1);
    }
  }
}

class ManyLabels final : public Collector {
 public:
  void collect(Sink& sink) override {
    std::vector<std::string> names;
    for (int i = 0; i < 65'536; ++i) names.push_back("l" + std::to_string(100'000 + i));
    std::vector<Label> labels;
    for (const std::string& name : names) labels.push_back({name, name});
    sink.gauge("many", "Labels.").sample(labels, 1);
  }
};

TEST_CASE("sixty-five thousand labels, and names and texts of any length") {
  Registry registry;
  ManyLabels collector;
  const Membership member = registry.add(collector);
  const auto many = parse_text(same_in_all(registry));
  REQUIRE(many);
  CHECK(many->families.front().samples.front().labels.size() == 65'536);
  Registry other;
  const std::string name(70'000, 'n'), label(70'000, 'l'), text(1 << 20, '"');
  other.gauge(runtime_name(name), text, {runtime_name(label)}).with(text).set(1);
  std::string escaped;
  for (int i = 0; i < 1 << 20; ++i) escaped += "\\\"";
  const bool as_expected = same_in_all(other) == "# HELP " + name + " " + text + "\n# TYPE " + name +
                                                     " gauge\n" + name + "{" + label + "=\"" + escaped +
                                                     "\"} 1\n";
  CHECK(as_expected);
}

TEST_CASE("an exemplar's labels have 128 characters, however many bytes each") {
  for (const std::string& character :
       {std::string("x"), std::string("\xC3\xA9"), std::string("\xF0\x9F\x98\x80")}) {
    for (const int count : {127, 128}) {  // beside the one of the name
      std::string value;
      for (int i = 0; i < count; ++i) value += character;
      Registry registry;
      registry.counter("c_total", "").inc(1, {{"t", value}});
      const auto read = parse_openmetrics(to_openmetrics(registry));
      REQUIRE(read);
      const auto& exemplar = read->families.front().samples.front().exemplar;
      CHECK(exemplar.has_value() == (count == 127));
      if (exemplar) CHECK(exemplar->labels == std::vector<ParsedLabel>{{"t", value}});
    }
  }
}

TEST_CASE("times of creation at the ends of time") {
  const auto created = [](std::int64_t nanoseconds) {
    const std::chrono::nanoseconds since(nanoseconds);
    const ManualClock clock(std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(since)));
    Registry registry;
    registry.use_clock(clock);
    registry.counter("c_total", "", {"a"}).with("x");
    const std::string text = to_openmetrics(registry, CreatedSamples::shown);
    if (!parse_openmetrics(text)) return std::string("not read");
    test::read_protobuf(to_protobuf(registry));
    const std::size_t at = text.find("c_created{a=\"x\"} ");
    return at == std::string::npos ? std::string() : text.substr(at + 17, text.find('\n', at) - at - 17);
  };
  CHECK(created(std::numeric_limits<std::int64_t>::max()) == "9223372036.854");
  CHECK(created(1'000'000) == "0.001");
  CHECK(created(0).empty());
  CHECK(created(std::numeric_limits<std::int64_t>::min()).empty());
}

TEST_CASE("timestamps at the ends of their range are read") {
  const auto seconds = [](const char* text) {
    return *parse_text(text)->families.front().samples.front().timestamp;
  };
  CHECK(seconds("a 1 9223372036854775807\n") == 9223372036854775.807);
  CHECK(seconds("a 1 -9223372036854775808\n") == -9223372036854775.808);
  CHECK_FALSE(parse_text("a 1 9223372036854775808\n"));
  CHECK_FALSE(parse_text("a 1 -9223372036854775809\n"));
}

TEST_CASE("the label of a stateset's states is unlike every other label, however names are escaped") {
  Registry registry;
  const auto refusal = [&](const char* name, const char* label) {
    return error_of(
        [&] { registry.stateset(runtime_name(name), "", {"on"}, {runtime_name(label)}, utf8_names()); });
  };
  const std::string reason = "the label of the states is called as the stateset is, so no other may be";
  CHECK(refusal("a.b", "a_b") == "stateset 'a.b': " + reason);
  CHECK(refusal("a_b", "a.b") == "stateset 'a_b': " + reason);
  CHECK(error_of([&] {
          registry.stateset(runtime_name("a.b"), "", {"on"}, const_labels({{"a_b", "x"}}), utf8_names());
        }) == "stateset 'a.b': " + reason);
  CHECK(refusal("a.b:c", "d") ==
        "stateset 'a.b:c': the label of the states is called as the stateset is, and a label's name has no "
        "colon");
  CHECK(to_text(registry).empty());
  CHECK(refusal("a.b", "c") == "no error");
}

class ColonStates final : public Collector {
 public:
  void collect(Sink& sink) override {
    sink.stateset("rule:mode", "").sample({{"on", true}});
    sink.gauge("rule:value", "").sample(1);
  }
};

TEST_CASE("a collected stateset has no colon in its name, since that is a label's name") {
  Registry registry;
  ColonStates collector;
  const Membership member = registry.add(collector);
  CHECK(to_text(registry) == "# TYPE rule:value gauge\nrule:value 1\n");
  CHECK_THAT(to_text(registry), ContainsSubstring("promlite_collector_errors_total 1\n"));
  CHECK(parse_openmetrics(to_openmetrics(registry)));
}
