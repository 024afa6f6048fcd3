// promlite: tests of exemplars: what is kept, what is refused, and what expositions show of it.
// SPDX-License-Identifier: MIT
#include <promlite/exemplar.hpp>
#include <promlite/exposition/openmetrics.hpp>
#include <promlite/exposition/protobuf.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/c_locale.hpp"
#include "support/catch.hpp"

using namespace promlite;
using namespace std::chrono_literals;

using Time = std::chrono::system_clock::time_point;
static const Time at_second_17 = Time(17s);
static const double nan_value = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("a counter shows its last exemplar in OpenMetrics, and none in text 0.0.4") {
  Registry registry;
  const auto family = registry.counter("jobs_total", "", {"q"});
  family.with("a").inc(1, {{"trace_id", "first"}}, at_second_17);
  family.with("b").inc(2);
  family.with("c").inc(0.5, {}, Time(1700000000250ms));
  CHECK(to_openmetrics(registry) ==
        "# TYPE jobs counter\njobs_total{q=\"a\"} 1.0 # {trace_id=\"first\"} 1.0 17.0\n"
        "jobs_total{q=\"b\"} 2.0\njobs_total{q=\"c\"} 0.5 # {} 0.5 1700000000.25\n# EOF\n");
  family.with("a").inc(3ms, {{"trace_id", "second"}, {"span_id", "s"}}, at_second_17 + 1s);
  family.with("a").inc();
  CHECK(to_openmetrics(registry) ==
        "# TYPE jobs counter\njobs_total{q=\"a\"} 2.003 # {trace_id=\"second\",span_id=\"s\"} 0.003 18.0\n"
        "jobs_total{q=\"b\"} 2.0\njobs_total{q=\"c\"} 0.5 # {} 0.5 1700000000.25\n# EOF\n");
  CHECK(to_text(registry) ==
        "# TYPE jobs_total counter\njobs_total{q=\"a\"} 2.003\njobs_total{q=\"b\"} 2\njobs_total{q=\"c\"} "
        "0.5\n");
}

TEST_CASE("a histogram shows the last exemplar of each bucket") {
  Registry registry;
  const Histogram histogram = registry.histogram("x_seconds", "", buckets({0.5, 1}));
  histogram.observe(0.25, {{"trace_id", "a"}}, at_second_17);
  histogram.observe(0.5, {{"trace_id", "b"}}, at_second_17);
  histogram.observe(0.75);
  histogram.observe(7s, {{"trace_id", "c"}}, at_second_17);
  CHECK(to_openmetrics(registry) ==
        "# TYPE x_seconds histogram\nx_seconds_bucket{le=\"0.5\"} 2 # {trace_id=\"b\"} 0.5 17.0\n"
        "x_seconds_bucket{le=\"1.0\"} 3\nx_seconds_bucket{le=\"+Inf\"} 4 # {trace_id=\"c\"} 7.0 17.0\n"
        "x_seconds_count 4\nx_seconds_sum 8.5\n# EOF\n");
  CHECK(to_text(registry) ==
        "# TYPE x_seconds histogram\nx_seconds_bucket{le=\"0.5\"} 2\nx_seconds_bucket{le=\"1\"} 3\n"
        "x_seconds_bucket{le=\"+Inf\"} 4\nx_seconds_sum 8.5\nx_seconds_count 4\n");
}

TEST_CASE("the time is that of the update unless it is given") {
  Registry registry;
  const Counter<> counter = registry.counter("x_total", "");
  const auto seconds = [](Time time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
  };
  const double before = seconds(std::chrono::system_clock::now());
  counter.inc(1, {});
  const double after = seconds(std::chrono::system_clock::now());
  const std::string text = to_openmetrics(registry);
  const double told = test::parsed(text.substr(text.find("# {} 1.0 ") + 9));
  CHECK(told >= before - 0.001);  // in whole milliseconds
  CHECK(told <= after);
}

/// What a counter shows of an exemplar with these labels: between the braces, or "none"; with the count of
/// the refused.
static std::string shown(const Labels& labels) {
  Registry registry;
  const Counter<> counter = registry.counter("x_total", "");
  counter.inc(2, labels, at_second_17);
  CHECK(counter.value() == 2);
  const std::string text = to_openmetrics(registry);
  const bool refused =
      text.find("promlite_refused_exemplars_total{family=\"x_total\"} 1.0\n") != std::string::npos;
  const std::size_t at = text.find(" # {");
  CHECK(refused == (at == std::string::npos));
  return at == std::string::npos ? "none" : text.substr(at + 4, text.find("} 2.0 17.0\n") - at - 4);
}

TEST_CASE("names and values have at most 128 characters together, however many bytes") {
  const auto times = [](int count, const std::string& text) {
    std::string made;
    for (int i = 0; i < count; ++i) made += text;
    return made;
  };
  CHECK(shown({{"t", times(127, "a")}}) == "t=\"" + times(127, "a") + "\"");
  CHECK(shown({{"t", times(128, "a")}}) == "none");
  CHECK(shown({{"t", times(127, "\xF0\x9F\x98\x80")}}) == "t=\"" + times(127, "\xF0\x9F\x98\x80") + "\"");
  CHECK(shown({{"t", times(43, "\xE2\x82\xAC")}, {"u", times(83, "\n")}}) ==
        "t=\"" + times(43, "\xE2\x82\xAC") + "\",u=\"" + times(83, "\\n") + "\"");
  CHECK(shown({{"t", times(43, "\xE2\x82\xAC")}, {"u", times(84, "\n")}}) == "none");
  const std::string name = times(126, "n");
  CHECK(shown({{name, "vv"}}) == name + "=\"vv\"");
  CHECK(shown({{name, "vvv"}}) == "none");
  // The longest text there can be: of as many labels as possible.
  std::vector<std::string> names;
  std::vector<Label> labels;
  for (char c = 'a'; c <= 'z'; ++c) names.emplace_back(1, c);
  for (char c = 'A'; c <= 'Z'; ++c) names.emplace_back(1, c);
  std::string expected;
  for (std::size_t i = 0; i < names.size(); ++i) {
    labels.push_back({names[i], "\xF0\x9F\x98\x80"});
    expected += (i == 0 ? "" : ",") + names[i] + "=\"\xF0\x9F\x98\x80\"";
  }
  CHECK(shown(labels) == expected);
}

TEST_CASE("labels that cannot be shown are refused and counted, and the update counts") {
  CHECK(shown({{"", "v"}}) == "none");
  CHECK(shown({{"1a", "v"}}) == "none");
  CHECK(shown({{"a-b", "v"}}) == "none");
  CHECK(shown({{"a:b", "v"}}) == "none");
  CHECK(shown({{"__name__", "v"}}) == "none");
  CHECK(shown({{"a", "v"}, {"b", "v"}, {"a", "w"}}) == "none");
  CHECK(shown({{"a", "\xFF"}}) == "none");
  CHECK(shown({{"a", "\xC3("}}) == "none");
  CHECK(shown({{"a", "\xE2\x82"}}) == "none");
  CHECK(shown({{"a", "back\\slash \"quote\" line\nfeed"}}) ==
        "a=\"back\\\\slash \\\"quote\\\" line\\nfeed\"");
  CHECK(shown({{"a", ""}, {"b", "v"}, {"c", ""}}) == "b=\"v\"");
  CHECK(shown({}).empty());
}

TEST_CASE("an update that is refused has no exemplar, and one that is counted keeps the last good one") {
  Registry registry;
  const Counter<> real = registry.counter("real_total", "");
  const auto whole = registry.counter<std::uint64_t>("whole_total", "");
  const Histogram histogram = registry.histogram("h", "", buckets({1}));
  const NativeHistogram native = registry.native_histogram("n", "");
  for (const double amount : {nan_value, -1.0, std::numeric_limits<double>::infinity()})
    real.inc(amount, {{"a", "b"}});
  for (const double amount : {nan_value, -1.0, 0.5, 0x1p64}) whole.inc(amount, {{"a", "b"}});
  whole.inc(-1, {{"a", "b"}});
  histogram.observe(nan_value, {{"a", "b"}});
  native.observe(nan_value, {{"a", "b"}});
  CHECK(to_openmetrics(registry).find(" # {") == std::string::npos);
  real.inc(1, {{"a", "good"}}, at_second_17);
  real.inc(1, {{"a-", "bad"}}, at_second_17);
  CHECK(to_openmetrics(registry).find("real_total 2.0 # {a=\"good\"} 1.0 17.0\n") != std::string::npos);
  real.inc(0, {{"a", "nothing"}}, at_second_17);
  whole.inc(2.0, {{"a", "double"}}, at_second_17);
  const std::string text = to_openmetrics(registry);
  CHECK(text.find("real_total 2.0 # {a=\"nothing\"} 0.0 17.0\n") != std::string::npos);
  CHECK(text.find("whole_total 2.0 # {a=\"double\"} 2.0 17.0\n") != std::string::npos);
}

TEST_CASE("a longer exemplar takes the place of a shorter one, and the other way round") {
  Registry registry;
  const Counter<> counter = registry.counter("x_total", "");
  const std::string longer(100, 'l');
  for (const std::string& text : {std::string("s"), longer, std::string("t"), longer}) {
    counter.inc(1, {{"id", text}}, at_second_17);
    CHECK(to_openmetrics(registry).find(" # {id=\"" + text + "\"} 1.0 17.0\n") != std::string::npos);
  }
}

TEST_CASE("exemplars of native histograms") {
  Registry registry;
  const NativeHistogram native = registry.native_histogram("n", "", native_schema(0));
  const NativeHistogram both = registry.histogram("m", "", promlite::native(), buckets({1, 10}));
  for (const NativeHistogram& histogram : {native, both}) {
    histogram.observe(0.2, {{"id", "a"}}, at_second_17);
    histogram.observe(300, {{"id", "b"}}, at_second_17 + 2s);
    histogram.observe(3, {{"id", "c"}}, at_second_17 + 1s);
    histogram.observe(0, {{"id", "d"}}, at_second_17 - 1s);
    histogram.observe(-5, {{"id", "e"}}, at_second_17 - 1s);
  }
  CHECK(
      to_openmetrics(registry) ==
      "# TYPE m histogram\nm_bucket{le=\"1.0\"} 3 # {id=\"e\"} -5.0 16.0\n"
      "m_bucket{le=\"10.0\"} 4 # {id=\"c\"} 3.0 18.0\n"
      "m_bucket{le=\"+Inf\"} 5 # {id=\"b\"} 300.0 19.0\nm_count 5\nm_sum 298.2\n"
      "# TYPE n histogram\nn_bucket{le=\"+Inf\"} 5 # {id=\"b\"} 300.0 19.0\nn_count 5\nn_sum 298.2\n# EOF\n");
  const std::string protobuf = to_protobuf(registry);
  for (const char* id : {"a", "b", "c", "d", "e"}) {
    // Field 16: an exemplar with one label.
    const std::string wanted = std::string("\x0a\x07\x0a\x02id\x12\x01") + id;
    INFO(id);
    CHECK(protobuf.find(wanted, protobuf.find("\x0a\x01n")) != std::string::npos);
  }
}

TEST_CASE("series without exemplars beside one that has some show none; removed ones take theirs along") {
  Registry registry;
  const auto family = registry.histogram("x", "", {"a"}, buckets({1}));
  const Histogram first = family.with(1);
  for (int i = 0; i < 500; ++i) family.with(i).observe(0.5);
  first.observe(0.5, {{"id", "a"}}, at_second_17);
  family.with(499).observe(0.5, {{"id", "b"}}, at_second_17);
  std::string text = to_openmetrics(registry);
  CHECK(text.find("x_bucket{a=\"1\",le=\"1.0\"} 2 # {id=\"a\"} 0.5 17.0\n") != std::string::npos);
  CHECK(text.find("x_bucket{a=\"499\",le=\"1.0\"} 2 # {id=\"b\"} 0.5 17.0\n") != std::string::npos);
  CHECK(text.find("x_bucket{a=\"2\",le=\"1.0\"} 1\n") != std::string::npos);
  family.clear();
  to_openmetrics(registry);
  for (int i = 0; i < 3; ++i) first.observe(0.5, {{"id", std::string(100, 'v')}});
  family.with(1).observe(0.5);
  to_openmetrics(registry);
  text = to_openmetrics(registry);
  CHECK(text ==
        "# TYPE x histogram\nx_bucket{a=\"1\",le=\"1.0\"} 1\nx_bucket{a=\"1\",le=\"+Inf\"} "
        "1\nx_count{a=\"1\"} 1\n"
        "x_sum{a=\"1\"} 0.5\n# EOF\n");
}

TEST_CASE("handles that count nowhere take exemplars, too") {
  Counter<>().inc(1, {{"a", "b"}});
  Counter<std::uint64_t>().inc(1, {{"a-", "b"}});
  Histogram().observe(1, {{"a", "b"}});
  NativeHistogram().observe(1, {{"a", "b"}});
  static_assert(noexcept(Histogram().observe(1, {})));
  static_assert(noexcept(Counter<>().inc(1, {})));
}
