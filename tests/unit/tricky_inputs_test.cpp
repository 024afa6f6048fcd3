// promlite: the inputs that break exporters, by the sections of the list of them: each is refused with a
// message that names the metric and changes nothing, or is shown so that every parser reads it.
// SPDX-License-Identifier: MIT
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace promlite;
using namespace std::string_literals;
using namespace std::string_view_literals;
using test::error_of;

static const double infinity = std::numeric_limits<double>::infinity();
static const double nan_value = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("section A: metric names, empty to with a NUL, are refused") {
  Registry registry;
  const auto gauge = [&](std::string_view name) {
    return error_of([&] { registry.gauge(runtime_name(name), ""); });
  };
  const auto no_name = [](std::string_view name) {
    return "gauge '" + std::string(name) + "': a metric name must match [a-zA-Z_][a-zA-Z0-9_]*";
  };
  CHECK(gauge("") == "gauge '': a metric name must not be empty");
  for (const std::string_view name : {"1st"sv, "a-b"sv, "a.b"sv, "a b"sv, " a"sv, "a "sv, "a\t"sv, "a\n"sv,
                                      "gr\xC3\xB6\xC3\x9F\x65"sv, "\xC3\x28"sv}) {
    CHECK(gauge(name) == no_name(name));
  }
  // what() is a C string: it ends where the name has its NUL.
  CHECK(gauge("a\0b"sv) == "gauge 'a");
  CHECK(gauge("a:b") == "gauge 'a:b': a colon is reserved for recording rules");
  CHECK(gauge("__x") == "gauge '__x': names that begin with two underscores are reserved");
  CHECK(to_text(registry).empty());
}

TEST_CASE("section A: metric names that look odd and are fine") {
  Registry registry;
  const std::string long_name(10000, 'n');
  for (const char* name :
       {"_x", "le", "quantile", "NaN", "Inf", "HELP", "x_total", "y_created", "y_sum", "y_bucket"})
    registry.gauge(runtime_name(name), "");
  registry.gauge(runtime_name(long_name), "");
  std::string expected;
  for (const std::string& name : {"HELP"s, "Inf"s, "NaN"s, "_x"s, "le"s, long_name, "quantile"s, "x_total"s,
                                  "y_bucket"s, "y_created"s, "y_sum"s}) {
    expected += "# TYPE " + name + " gauge\n" + name + " 0\n";
  }
  CHECK(to_text(registry) == expected);
}

TEST_CASE("section A: a counter's name ends in _total, once is enough, and something stands before it") {
  Registry registry;
  const auto counter = [&](std::string_view name) {
    return error_of([&] { registry.counter(runtime_name(name), ""); });
  };
  CHECK(counter("x") == "counter 'x': a counter's name ends in _total: call it 'x_total'");
  CHECK(counter("total") == "counter 'total': a counter's name ends in _total: call it 'total_total'");
  CHECK(counter("x_Total") == "counter 'x_Total': a counter's name ends in _total: call it 'x_Total_total'");
  CHECK(counter("_total") == "counter '_total': nothing is left of the name without its suffix");
  CHECK(counter("y_total_total") == "no error");
  CHECK(counter("z_created_total") == "no error");
  CHECK(to_text(registry) ==
        "# TYPE y_total_total counter\ny_total_total 0\n# TYPE z_created_total counter\nz_created_total 0\n");
}

TEST_CASE("section B: label names that are refused") {
  Registry registry;
  const auto gauge = [&](const char* label) {
    return error_of([&] { registry.gauge("x", "", {runtime_name(label)}); });
  };
  CHECK(gauge("") == "gauge 'x': label '': a label name must not be empty");
  for (const char* label : {"1a", "a-b", "a b", "a.b", "a:b", "\xC3\xB6"}) {
    CHECK(gauge(label) ==
          "gauge 'x': label '" + std::string(label) + "': a label name must match [a-zA-Z_][a-zA-Z0-9_]*");
  }
  for (const char* label : {"__name__", "__x"}) {
    CHECK(gauge(label) == "gauge 'x': label '" + std::string(label) +
                              "': label names that begin with two underscores are reserved");
  }
  CHECK(error_of([&] { registry.histogram("x", "", {runtime_name("le")}); }) ==
        "histogram 'x': label 'le' is reserved on a histogram");
  CHECK(error_of([&] {
          registry.histogram("x", "", const_labels({{"le", "1"}}));
        }) == "histogram 'x': label 'le' is reserved on a histogram");
  CHECK(error_of([&] { registry.summary("x", "", {runtime_name("quantile")}); }) ==
        "summary 'x': label 'quantile' is reserved on a summary");
  CHECK(error_of([&] { registry.gauge("x", "", {"a", "b", "a"}); }) == "gauge 'x': label 'a' is there twice");
  CHECK(error_of([&] {
          registry.gauge("x", "", {"a"}, const_labels({{"a", "1"}}));
        }) == "gauge 'x': label 'a' is there twice");
  CHECK(error_of([&] {
          registry.gauge("x", "", const_labels({{"a", "1"}, {"a", "1"}}));
        }) == "gauge 'x': label 'a' is there twice");
  CHECK(to_text(registry).empty());
}

TEST_CASE("section B: label names that are fine") {
  Registry registry;
  registry.gauge("a", "", {"_x", "le", "quantile", "job", "instance"}).with(1, 2, 3, 4, 5);
  registry.histogram("b", "", {"quantile"}, buckets({1})).with("q");
  registry.summary("c", "", {"le"}).with("l");
  CHECK(to_text(registry) ==
        "# TYPE a gauge\na{_x=\"1\",instance=\"5\",job=\"4\",le=\"2\",quantile=\"3\"} 0\n"
        "# TYPE b histogram\nb_bucket{quantile=\"q\",le=\"1\"} 0\nb_bucket{quantile=\"q\",le=\"+Inf\"} "
        "0\nb_sum{quantile=\"q\"} 0\nb_count{quantile=\"q\"} 0\n"
        "# TYPE c summary\nc_sum{le=\"l\"} 0\nc_count{le=\"l\"} 0\n");
}

TEST_CASE("section C: label values, escaped or as they are") {
  struct Row {
    std::string_view value;
    std::string_view text;
  };
  for (const Row& row : std::vector<Row>{{"", ""},
                                         {"a\"b", "a\\\"b"},
                                         {"a\\b", "a\\\\b"},
                                         {"\\n", "\\\\n"},
                                         {"\n", "\\n"},
                                         {"\r\t{},=#", "\r\t{},=#"},
                                         {"a\0b"sv, "a\0b"sv},
                                         {"x\\", "x\\\\"},
                                         {"\"} 1\nevil 1", "\\\"} 1\\nevil 1"},
                                         {"\xEF\xBB\xBF", "\xEF\xBB\xBF"},
                                         {"e\xCC\x81", "e\xCC\x81"},
                                         {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"}}) {
    Registry registry;
    registry.gauge("x", "", {"a"}).with(row.value);
    CHECK(to_text(registry) == "# TYPE x gauge\nx{a=\"" + std::string(row.text) + "\"} 0\n");
    Registry constant;
    constant.gauge("x", "", const_labels({{"a", row.value}}));
    CHECK(to_text(constant) == "# TYPE x gauge\nx{a=\"" + std::string(row.text) + "\"} 0\n");
  }
}

TEST_CASE("section C: composed and decomposed forms are different series") {
  Registry registry;
  const auto family = registry.gauge("x", "", {"a"});
  family.with("e\xCC\x81").set(1);
  family.with("\xC3\xA9").set(2);
  CHECK(to_text(registry) == "# TYPE x gauge\nx{a=\"e\xCC\x81\"} 1\nx{a=\"\xC3\xA9\"} 2\n");
}

TEST_CASE("section C: invalid UTF-8 is repaired in a look-up and refused in a declaration") {
  for (const std::string_view value : {"\xFF"sv, "\x80"sv, "\xE2\x82"sv}) {
    Registry registry;
    registry.gauge("x", "", {"a"}).with(value);
    CHECK_THAT(to_text(registry), ContainsSubstring("x{a=\"\xEF\xBF\xBD\"} 0\n"));
    CHECK_THAT(to_text(registry),
               ContainsSubstring("promlite_repaired_label_values_total{family=\"x\"} 1\n"));
    CHECK(error_of([&] {
            registry.gauge("y", "", const_labels({{"a", value}}));
          }) == "gauge 'y': the value of label 'a' is not valid UTF-8");
  }
}

TEST_CASE("section D: help, escaped, cleaned of carriage returns, or refused") {
  struct Row {
    std::string_view help;
    std::string_view line;
  };
  for (const Row& row : std::vector<Row>{{"", ""},
                                         {"a\nb\\c", "# HELP x a\\nb\\\\c\n"},
                                         {"say \"hi\"", "# HELP x say \"hi\"\n"},
                                         {"a\tb", "# HELP x a\tb\n"},
                                         {" a ", "# HELP x  a \n"},
                                         {"x\n# TYPE y gauge", "# HELP x x\\n# TYPE y gauge\n"},
                                         {"a\r\nb\rc\r", "# HELP x a\\nbc\n"},
                                         {"gr\xC3\xB6n", "# HELP x gr\xC3\xB6n\n"}}) {
    Registry registry;
    registry.gauge("x", row.help);
    CHECK(to_text(registry) == std::string(row.line) + "# TYPE x gauge\nx 0\n");
    // What was cleaned is the same declaration.
    registry.gauge("x", row.help);
  }
  Registry registry;
  CHECK(error_of([&] { registry.gauge("x", "\xFF"); }) == "gauge 'x': its help text is not valid UTF-8");
  CHECK(to_text(registry).empty());
}

TEST_CASE("section D: a unit is the end of the name") {
  Registry registry;
  registry.gauge("a_seconds", "", unit("seconds"));
  registry.counter("b_seconds_total", "", unit("seconds"));
  registry.histogram("c_bytes", "", unit("bytes"), buckets({1}));
  CHECK(error_of([&] { registry.gauge("d", "", unit("seconds")); }) ==
        "gauge 'd': the name does not end in its unit 'seconds'");
  CHECK(error_of([&] { registry.gauge("dseconds", "", unit("seconds")); }) ==
        "gauge 'dseconds': the name does not end in its unit 'seconds'");
  CHECK(error_of([&] { registry.gauge("_seconds", "", unit("seconds")); }) ==
        "gauge '_seconds': the name does not end in its unit 'seconds'");
  CHECK(error_of([&] { registry.counter("d_total_seconds_total", "", unit("total")); }) ==
        "counter 'd_total_seconds_total': the name does not end in its unit 'total'");
  CHECK(error_of([&] { registry.gauge(runtime_name("d_a\nb"), "", unit("a\nb")); }) ==
        "gauge 'd_a\nb': a metric name must match [a-zA-Z_][a-zA-Z0-9_]*");
}

TEST_CASE("section E: numbers are shown exactly or in their shortest form") {
  Registry registry;
  const Gauge<> gauge = registry.gauge("x", "");
  const auto shows = [&](double value, const char* text) {
    gauge.set(value);
    CHECK(to_text(registry) == "# TYPE x gauge\nx " + std::string(text) + "\n");
  };
  shows(-0.0, "0");
  shows(nan_value, "NaN");
  shows(detail::double_of(0x7FF0000000000002), "NaN");
  shows(infinity, "+Inf");
  shows(-infinity, "-Inf");
  shows(5e-324, "5e-324");
  shows(2.2250738585072014e-308, "2.2250738585072014e-308");
  shows(std::numeric_limits<double>::max(), "1.7976931348623157e+308");
  shows(0.1 + 0.2, "0.30000000000000004");
  shows(1e6, "1e+06");
  shows(1e21, "1e+21");
  shows(1e-5, "1e-05");
}

TEST_CASE("section F: the same declaration again is the same metric") {
  Registry registry;
  registry.counter("a_total", "Help.", {"x"}).with(1).inc();
  registry.counter("a_total", "Help.", {"x"}).with(1).inc();
  const Histogram one = registry.histogram("b", "", buckets({1, 2}), const_labels({{"k", "v"}}));
  const Histogram two = registry.histogram("b", "", const_labels({{"k", "v"}}), buckets({1, 2}));
  one.observe(1);
  CHECK(two.count() == 1);
  // Default bounds, said or not; an infinite bound at the end, said or not.
  const Histogram three = registry.histogram("c", "");
  registry.histogram("c", "", default_buckets()).observe(1);
  CHECK(three.count() == 1);
  registry.histogram("d", "", buckets({1, infinity})).observe(1);
  CHECK(registry.histogram("d", "", buckets({1})).count() == 1);
  CHECK_THAT(to_text(registry), ContainsSubstring("a_total{x=\"1\"} 2\n"));
}

TEST_CASE("section F: something else under a name that is taken is refused, naming both") {
  Registry registry;
  registry.counter("a_total", "Help.", {"x", "y"}, const_labels({{"k", "v"}}));
  registry.histogram("h", "", buckets({1}));
  registry.summary("s", "", quantiles({0.5}), max_age(std::chrono::seconds(5)));
  registry.gauge("g_seconds", "", {"x"}, max_series(5), unit("seconds"));
  const std::string before = to_text(registry);
  const std::string a = " is registered already: ";
  CHECK(error_of([&] {
          registry.gauge("a_total", "Help.", {"x", "y"}, const_labels({{"k", "v"}}));
        }) ==
        "cannot register gauge a_total{x,y,k=\"v\"}: counter a_total{x,y,k=\"v\"}" + a + "another type");
  CHECK(error_of([&] {
          registry.counter<std::uint64_t>("a_total", "Help.", {"x", "y"}, const_labels({{"k", "v"}}));
        }) == "cannot register counter<uint64> a_total{x,y,k=\"v\"}: counter a_total{x,y,k=\"v\"}" + a +
                  "another type");
  CHECK(error_of([&] {
          registry.gauge<std::int64_t>("g_seconds", "", {"x"}, max_series(5), unit("seconds"));
        }) == "cannot register gauge<int64> g_seconds{x}: gauge g_seconds{x}" + a + "another type");
  CHECK(error_of([&] {
          registry.counter("a_total", "Other.", {"x", "y"}, const_labels({{"k", "v"}}));
        }) == "cannot register counter a_total{x,y,k=\"v\"}: counter a_total{x,y,k=\"v\"}" + a +
                  "another help text, 'Help.' instead of 'Other.'");
  CHECK(error_of([&] {
          registry.counter("a_total", "Help.", {"x"}, const_labels({{"k", "v"}}));
        }) ==
        "cannot register counter a_total{x,k=\"v\"}: counter a_total{x,y,k=\"v\"}" + a + "other label names");
  CHECK(error_of([&] {
          registry.counter("a_total", "Help.", {"y", "x"}, const_labels({{"k", "v"}}));
        }) == "cannot register counter a_total{y,x,k=\"v\"}: counter a_total{x,y,k=\"v\"}" + a +
                  "other label names");
  CHECK(error_of([&] {
          registry.counter("a_total", "Help.", {"x", "y"});
        }) == "cannot register counter a_total{x,y}: counter a_total{x,y,k=\"v\"}" + a + "other label names");
  CHECK(error_of([&] {
          registry.counter("a_total", "Help.", {"x", "y"}, const_labels({{"l", "v"}}));
        }) == "cannot register counter a_total{x,y,l=\"v\"}: counter a_total{x,y,k=\"v\"}" + a +
                  "other label names");
  CHECK(error_of([&] {
          registry.counter("a_total", "Help.", const_labels({{"k", "v"}}));
        }) ==
        "cannot register counter a_total{k=\"v\"}: counter a_total{x,y,k=\"v\"}" + a + "other label names");
  CHECK(error_of([&] { registry.gauge("g_seconds", "", {"x"}, max_series(5)); }) ==
        "cannot register gauge g_seconds{x}: gauge g_seconds{x}" + a + "another unit");
  CHECK(error_of([&] { registry.gauge("g_seconds", "", {"x"}, unit("seconds")); }) ==
        "cannot register gauge g_seconds{x}: gauge g_seconds{x}" + a + "another max_series");
  CHECK(error_of([&] { registry.histogram("h", "", buckets({2})); }) ==
        "cannot register histogram h: histogram h" + a + "other bucket bounds");
  CHECK(error_of([&] { registry.histogram("h", ""); }) ==
        "cannot register histogram h: histogram h" + a + "other bucket bounds");
  CHECK(error_of([&] { registry.summary("s", "", quantiles({0.9}), max_age(std::chrono::seconds(5))); }) ==
        "cannot register summary s: summary s" + a + "other quantiles");
  CHECK(error_of([&] { registry.summary("s", "", quantiles({0.5})); }) ==
        "cannot register summary s: summary s" + a + "another max_age");
  CHECK(to_text(registry) == before);
}

TEST_CASE("section F: other constant labels of the same names share one block") {
  Registry registry;
  registry.counter("x_total", "Help.", {"a"}, const_labels({{"k", "2"}})).with("1").inc(2);
  registry.counter("x_total", "Help.", {"a"}, const_labels({{"k", "1"}})).with("1").inc(1);
  registry.counter("x_total", "Help.", {"a"}, const_labels({{"k", "3"}}));
  CHECK(to_text(registry) ==
        "# HELP x_total Help.\n# TYPE x_total counter\nx_total{a=\"1\",k=\"1\"} 1\nx_total{a=\"1\",k=\"2\"} "
        "2\n");
}

TEST_CASE(
    "section F: names that a histogram, a summary, a counter or an info writes are taken, in either order") {
  struct Type {
    const char* name;
    std::string_view text;
    void (*declare)(Registry&);
  };
  const std::vector<Type> types = {
      {"foo", "histogram foo", [](Registry& r) { r.histogram("foo", ""); }},
      {"foo", "summary foo", [](Registry& r) { r.summary("foo", ""); }},
      {"foo_total", "counter foo_total", [](Registry& r) { r.counter("foo_total", ""); }},
      {"foo", "info foo", [](Registry& r) { r.info("foo", "", {}); }},
      {"foo", "gauge foo", [](Registry& r) { r.gauge("foo", ""); }},
  };
  // For each type the suffixes of `foo` that it takes from a gauge and from a counter of that name.
  const std::vector<std::vector<std::string>> taken = {{"", "_bucket", "_count", "_sum", "_created"},
                                                       {"", "_count", "_sum", "_created"},
                                                       {"", "_total", "_created"},
                                                       {"", "_info"},
                                                       {""}};
  const std::vector<std::string> suffixes = {"",         "_bucket", "_count", "_sum",
                                             "_created", "_info",   "_total", "_max"};
  for (std::size_t i = 0; i < types.size(); ++i) {
    for (const std::string& suffix : suffixes) {
      const std::string other = "foo" + suffix;
      bool clashes = false;
      for (const std::string& one : taken[i]) clashes = clashes || one == suffix;
      INFO(types[i].text << " and gauge " << other);
      const bool same_name = types[i].name == other;
      const std::string reason = same_name ? "another type" : "they would share a sample name";
      if (types[i].text == "gauge foo" && same_name) continue;
      {
        Registry registry;
        types[i].declare(registry);
        const std::string before = to_text(registry);
        const std::string error = error_of([&] { registry.gauge(runtime_name(other), ""); });
        CHECK(error == (clashes ? "cannot register gauge " + other + ": " + std::string(types[i].text) +
                                      " is registered already: " + reason
                                : "no error"));
        if (clashes) CHECK(to_text(registry) == before);
      }
      {
        Registry registry;
        registry.gauge(runtime_name(other), "");
        const std::string error = error_of([&] { types[i].declare(registry); });
        CHECK(error == (clashes ? "cannot register " + std::string(types[i].text) + ": gauge " + other +
                                      " is registered already: " + reason
                                : "no error"));
      }
    }
  }
}

TEST_CASE("section F: two families whose suffixed names meet") {
  Registry registry;
  registry.histogram("a", "");
  CHECK(error_of([&] { registry.counter("a_count_total", ""); }) ==
        "cannot register counter a_count_total: histogram a is registered already: they would share a sample "
        "name");
  CHECK(error_of([&] { registry.histogram("a_sum", ""); }) ==
        "cannot register histogram a_sum: histogram a is registered already: they would share a sample name");
  CHECK(error_of([&] { registry.counter("a_total", ""); }) ==
        "cannot register counter a_total: histogram a is registered already: they would share a sample name");
  CHECK(error_of([&] { registry.counter("a_seconds_total", ""); }) == "no error");
}

TEST_CASE("section G: bounds of a histogram are checked at its declaration") {
  Registry registry;
  const auto histogram = [&](std::vector<double> bounds) {
    return error_of([&] { registry.histogram("x", "", Buckets{std::move(bounds)}); });
  };
  CHECK(histogram({2, 1}) == "histogram 'x': bucket bounds must ascend strictly");
  CHECK(histogram({1, 1}) == "histogram 'x': bucket bounds must ascend strictly");
  CHECK(histogram({-0.0, 0.0}) == "histogram 'x': bucket bounds must ascend strictly");
  CHECK(histogram({nan_value}) == "histogram 'x': a bucket bound is NaN");
  CHECK(histogram({infinity}) ==
        "histogram 'x': a bucket bound is infinite (the +Inf bucket is always there)");
  CHECK(histogram({-infinity, 1}) ==
        "histogram 'x': a bucket bound is infinite (the +Inf bucket is always there)");
  CHECK(to_text(registry).empty());
  registry.histogram("x", "", linear_buckets(0.1, 0.1, 3));
  CHECK(to_text(registry) ==
        "# TYPE x histogram\nx_bucket{le=\"0.1\"} 0\nx_bucket{le=\"0.2\"} "
        "0\nx_bucket{le=\"0.30000000000000004\"} "
        "0\nx_bucket{le=\"+Inf\"} 0\nx_sum 0\nx_count 0\n");
}

TEST_CASE("section G: quantiles and windows of a summary are checked at its declaration") {
  Registry registry;
  const auto summary = [&](std::vector<double> values) {
    return error_of([&] { registry.summary("x", "", quantiles(std::move(values))); });
  };
  CHECK(summary({-0.1}) == "summary 'x': a quantile lies outside [0, 1]");
  CHECK(summary({1.1}) == "summary 'x': a quantile lies outside [0, 1]");
  CHECK(summary({nan_value}) == "summary 'x': a quantile lies outside [0, 1]");
  CHECK(summary({infinity}) == "summary 'x': a quantile lies outside [0, 1]");
  CHECK(summary({0.5, 0.9, 0.5}) == "summary 'x': a quantile is there twice");
  CHECK(summary({0.0, -0.0}) == "summary 'x': a quantile is there twice");
  for (const std::int64_t age :
       {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min()}) {
    CHECK(error_of([&] { registry.summary("x", "", max_age(std::chrono::nanoseconds(age))); }) ==
          "summary 'x': max_age must be greater than 0");
  }
  CHECK(error_of([&] { registry.gauge("x", "", {"a"}, max_series(0)); }) ==
        "gauge 'x': max_series must be at least 1");
  CHECK(to_text(registry).empty());
}
