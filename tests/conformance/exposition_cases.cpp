// promlite: registries full of what is hard to expose, and what a reader must find in each.
// SPDX-License-Identifier: MIT
// unsanitized: what looks at it is the readers of others, whose time it is
//
// exposition_cases list           the names of the cases, a line each
// exposition_cases text CASE      the exposition
// exposition_cases openmetrics CASE
// exposition_cases scrape CASE ACCEPT   the content type in a line of its own, and the body
// exposition_cases expected CASE  JSON: what was put in, kept apart from the library: strings as hexadecimal
// bytes
//                                 before any repair, doubles as the hexadecimal digits of their bits
#include <promlite/core.hpp>
#include <promlite/transport/scrape_handler.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/expected_exposition.hpp"
#include "support/utf8_reference.hpp"

using namespace std::string_literals;

namespace cases {

using test::Expected;
using test::Pairs;
using test::with;

static const double infinity = std::numeric_limits<double>::infinity();
static const double not_a_number = std::numeric_limits<double>::quiet_NaN();

struct Case {
  promlite::Registry registry;
  Expected expected;
  std::vector<std::unique_ptr<promlite::Collector>> collectors;
  std::vector<promlite::Membership> memberships;
};

static std::vector<double> special_values() {
  return {0.0,
          -0.0,
          1,
          -1,
          0.1 + 0.2,
          1e6,
          999999,
          1234567,
          1e21,
          1e-5,
          0.0001,
          5e-324,
          -5e-324,
          2.2250738585072014e-308,
          2.225073858507201e-308,
          9007199254740993.0,
          1.7976931348623157e308,
          -1.7976931348623157e308,
          1.5e300,
          4e-320,
          infinity,
          -infinity,
          not_a_number,
          -not_a_number,
          123456.75,
          100000.00000000001};
}

static std::vector<std::string> nasty_strings() {
  std::vector<std::string> all;
  std::string every;
  for (int code = 0; code < 256; ++code) {
    all.emplace_back(1, static_cast<char>(code));
    every.push_back(static_cast<char>(code));
  }
  for (const std::string& text : {every,
                                  ""s,
                                  "\"} 1\nevil 1"s,
                                  "\n# TYPE evil counter\nevil 1\n"s,
                                  "\\"s,
                                  "\\\\"s,
                                  "\\n"s,
                                  "\\\""s,
                                  "x\\"s,
                                  "\"\""s,
                                  "a\\\"\n"s,
                                  "{a=\"b\"}"s,
                                  ",b=\"c"s,
                                  "# HELP"s,
                                  " leading"s,
                                  "trailing "s,
                                  "\xEF\xBB\xBF"s,
                                  "\xC3\xA9"s,
                                  "e\xCC\x81"s,
                                  "\xF0\x9F\x98\x80"s,
                                  "\xE2\x82"s,
                                  "\xC0\x80"s,
                                  "\xED\xA0\x80"s,
                                  "\xF4\x90\x80\x80"s,
                                  "a\xFFz\xFE"s,
                                  "\xE2\x80\xA8"s,
                                  std::string(300, 'l'),
                                  std::string(65536, 'L'),
                                  "\xF0\x9F\x98"s,
                                  std::string("\0", 1),
                                  std::string("a\0b", 3)}) {
    all.push_back(text);
  }
  return all;
}

/// All types, named as the field names them: a linter finds nothing.
static void well_named(Case& made) {
  promlite::Registry& r = made.registry;
  Expected& e = made.expected;
  const auto jobs = r.counter("app_jobs_total", "Jobs finished, by outcome.", {"outcome"});
  e.family("app_jobs_total", "counter", "Jobs finished, by outcome.");
  jobs.with("ok").inc(1027000);
  e.sample("app_jobs_total", {{"outcome", "ok"}}, 1027000);
  jobs.with("a\\b\"c\nd").inc(3);
  e.sample("app_jobs_total", {{"outcome", "a\\b\"c\nd"}}, 3);

  const std::string help = "Items waiting. Backslash \\ and \"quotes\".\nSecond line.";
  r.gauge("app_queue_length", help).set(17);
  e.family("app_queue_length", "gauge", help);
  e.sample("app_queue_length", {}, 17);

  const std::vector<double> waits = {0.001, 0.005, 0.25, 1, 12, 1e9};
  const auto wait = r.histogram("app_wait_seconds", "Time spent waiting.", promlite::unit("seconds"));
  e.family("app_wait_seconds", "histogram", "Time spent waiting.");
  for (const double value : waits) wait.observe(value);
  e.histogram("app_wait_seconds", {}, promlite::default_buckets().bounds, waits);

  r.summary("app_run_seconds", "Run time.", promlite::quantiles({0.5, 0.99}));
  e.family("app_run_seconds", "summary", "Run time.");
  e.summary("app_run_seconds", {}, {500, 990}, {});

  r.info("app_build", "What is running.", {{"version", "1.4.2"}, {"revision", "8f3c1de"}});
  e.family("app_build_info", "gauge", "What is running.", "info");
  e.sample("app_build_info", {{"version", "1.4.2"}, {"revision", "8f3c1de"}}, 1);

  r.stateset("app_mode", "What it does.", {"off", "on"}, {"zone"}).with("a").set("on");
  e.family("app_mode", "gauge", "What it does.", "stateset");
  e.sample("app_mode", {{"zone", "a"}, {"app_mode", "off"}}, 0);
  e.sample("app_mode", {{"zone", "a"}, {"app_mode", "on"}}, 1);

  made.memberships.push_back(r.gauge_callback("app_temperature_celsius", "Now.", [] { return -3.5; }));
  e.family("app_temperature_celsius", "gauge", "Now.");
  e.sample("app_temperature_celsius", {}, -3.5);
}

static void values(Case& made) {
  promlite::Registry& r = made.registry;
  Expected& e = made.expected;
  const auto gauges = r.gauge("value", "Every kind of double.", {"i"});
  e.family("value", "gauge", "Every kind of double.");
  int i = 0;
  for (const double value : special_values()) {
    gauges.with(i).set(value);
    e.sample("value", {{"i", std::to_string(i++)}}, value);
  }
  const auto integers = r.counter<std::uint64_t>("integer_total", "Integers.", {"i"});
  e.family("integer_total", "counter", "Integers.");
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{1} << 53, (std::uint64_t{1} << 53) + 1, ~std::uint64_t{0}}) {
    integers.with(value).inc(value);
    e.sample("integer_total", {{"i", std::to_string(value)}}, static_cast<double>(value));
  }
  const auto real = r.counter("real_total", "Integers and fractions.", {"i"});
  e.family("real_total", "counter", "Integers and fractions.");
  real.with("whole").inc((std::uint64_t{1} << 53) + 1);
  e.sample("real_total", {{"i", "whole"}}, 0x1p53);
  real.with("fraction").inc(0.1);
  real.with("fraction").inc(0.2);
  e.sample("real_total", {{"i", "fraction"}}, 0.1 + 0.2);
  real.with("large").inc(1e300);
  e.sample("real_total", {{"i", "large"}}, 1e300);
  r.gauge<std::int64_t>("lowest", "The lowest integer.").set(std::numeric_limits<std::int64_t>::min());
  e.family("lowest", "gauge", "The lowest integer.");
  e.sample("lowest", {}, -0x1p63);
  const std::vector<double> bounds = {-1e300, -0.5, 0, 1e-300, 0.30000000000000004, 1e6, 1.5e300};
  const auto histogram =
      r.histogram("spread", "Bounds and values all over the range.", promlite::buckets(bounds));
  e.family("spread", "histogram", "Bounds and values all over the range.");
  std::vector<double> observed;
  for (const double value : special_values()) {
    histogram.observe(value);
    if (!std::isnan(value)) observed.push_back(value);
  }
  e.histogram("spread", {}, bounds, observed);
  e.family("promlite_refused_updates_total", "counter", "Updates with a value that the metric cannot take.");
  e.sample("promlite_refused_updates_total", {{"family", "spread"}}, 2);
}

/// Every string as a label value of declared series; the index tells those apart that repair makes equal.
static void label_values(Case& made) {
  Expected& e = made.expected;
  const auto gauges = made.registry.gauge("x", "", {"i", "text"});
  e.family("x", "gauge", "");
  int i = 0;
  int repaired = 0;
  for (const std::string& text : nasty_strings()) {
    gauges.with(i, text).set(i);
    if (!promlite::detail::is_utf8(text)) ++repaired;
    e.sample("x", {{"i", std::to_string(i)}, {"text", text}}, i);
    ++i;
  }
  e.family("promlite_repaired_label_values_total", "counter",
           "Look-ups with a label value that was not UTF-8.");
  e.sample("promlite_repaired_label_values_total", {{"family", "x"}}, repaired);
}

/// The same strings as values of composite types, which add labels of their own behind them.
static void composite_labels(Case& made) {
  Expected& e = made.expected;
  const auto histograms = made.registry.histogram("h", "", {"text", "i"}, promlite::buckets({1}));
  const auto summaries = made.registry.summary("s", "", {"text", "i"}, promlite::quantiles({0.5}));
  e.family("h", "histogram", "");
  e.family("s", "summary", "");
  int i = 0;
  for (const std::string& text : nasty_strings()) {
    if (!promlite::detail::is_utf8(text) || text.size() > 1000) continue;
    const Pairs labels = {{"text", text}, {"i", std::to_string(i)}};
    histograms.with(text, i).observe(0.5);
    e.histogram("h", labels, {1}, {0.5});
    summaries.with(text, i++).observe(2);
    e.summary("s", labels, {500}, {2});
  }
}

/// Fit to compare as help: the library drops carriage returns, and Prometheus takes a NUL at the very
/// beginning for the end of the text.
static bool is_plain_help(const std::string& text) {
  return promlite::detail::is_utf8(text) && text.find('\r') == std::string::npos &&
         (text.empty() || text[0] != '\0');
}

/// Strings as help.
static void help_texts(Case& made) {
  int i = 0;
  for (const std::string& text : nasty_strings()) {
    if (!is_plain_help(text)) continue;
    const std::string name = "h" + std::to_string(i);
    made.registry.gauge(promlite::runtime_name(name), text).set(i);
    made.expected.family(name, "gauge", text);
    made.expected.sample(name, {}, i++);
  }
}

class NastyCollector final : public promlite::Collector {
 public:
  explicit NastyCollector(Expected* expected) : expected_(expected) {}

  void collect(promlite::Sink& sink) override {
    auto untyped = sink.untyped("u", "Untyped.");
    auto gauge = sink.gauge("rule:g:sum", "A colon.");
    auto counter = sink.counter("c", "No suffix.");
    auto info = sink.info("facts", "Facts.");
    int i = 0;
    for (const std::string& text : nasty_strings()) {
      const std::string index = std::to_string(i);
      untyped.sample({{"text", text}, {"i", index}}, i);
      gauge.sample({{"i", index}, {"text", text}}, -0.5 * i);
      info.sample({{"z", text}, {"a", index}});
      expect("u", {{"i", index}}, "text", text, i);
      expect("rule:g:sum", {{"i", index}}, "text", text, -0.5 * i);
      expect("facts_info", {{"a", index}}, "z", text, 1);
      ++i;
    }
    for (const double value : special_values()) {
      if (std::isnan(value) || value < 0) continue;
      counter.sample({{"i", std::to_string(i)}}, value);
      if (expected_ != nullptr) expected_->sample("c", {{"i", std::to_string(i)}}, value);
      ++i;
    }
    counter.sample(std::numeric_limits<std::uint64_t>::max());
    if (expected_ != nullptr) {
      expected_->sample("c", {}, 0x1p64);
      expected_->family("u", "untyped", "Untyped.", "unknown");
      expected_->family("rule:g:sum", "gauge", "A colon.");
      expected_->family("c", "counter", "No suffix.", "unknown");
      expected_->family("facts_info", "gauge", "Facts.", "info");
    }
    expected_ = nullptr;
  }

 private:
  void expect(const char* name, Pairs labels, const char* label, const std::string& text, double value) {
    // An empty value is left out.
    if (!text.empty()) labels.emplace_back(label, text);
    if (expected_ != nullptr) expected_->sample(name, labels, value);
  }
  Expected* expected_;
};

static void collected(Case& made) {
  made.collectors.push_back(std::make_unique<NastyCollector>(&made.expected));
  made.memberships.push_back(made.registry.add(*made.collectors.back()));
}

/// What was added up elsewhere.
class CompositeCollector final : public promlite::Collector {
 public:
  void collect(promlite::Sink& sink) override {
    const promlite::CreatedAt created{std::chrono::milliseconds(1500)};
    auto wait = sink.histogram("wait_seconds", "Waiting.", promlite::unit("seconds"));
    wait.sample({{"text", "a\\b\"c\nd"}}, promlite::cumulative_counts({0.5, 1}, {1, 3, 4}, 12.5), created);
    wait.sample({{"text", "x"}}, promlite::bucket_counts({}, {0}, 0));
    wait.sample({{"text", "y"}}, promlite::bucket_counts({1}, {0, 2}, not_a_number));
    auto age = sink.gauge_histogram("age_seconds", "Ages.", promlite::unit("seconds"));
    age.sample({{"q", "a"}}, promlite::bucket_counts({1}, {2, 1}, 5));
    age.sample({{"q", "b"}}, promlite::bucket_counts({-1, 1}, {2, 1, 0}, -5));
    age.sample({{"q", "c"}}, promlite::bucket_counts({1}, {2, 1}, -5));
    auto run = sink.summary("run_bytes", "Runs.", promlite::unit("bytes"));
    run.sample({{"a", "b"}}, {{0, -1}, {0.5, not_a_number}, {1, 3}}, 10, 2.5, created);
    run.sample({{"a", "c"}}, {}, 0, -1);
    auto mode = sink.stateset("mode", "Modes.");
    for (const char* z : {"1", "2", "10"}) {
      mode.sample({{"a", "x"}, {"z", z}}, {{"on", true}, {"off", false}, {"a \"b\"", false}});
    }
    mode.sample({{"on", true}});
    sink.counter("read_bytes_total", "Read.", promlite::unit("bytes")).sample({{"a", "b"}}, 3, created);
  }
};

static void composites(Case& made) {
  made.collectors.push_back(std::make_unique<CompositeCollector>());
  made.memberships.push_back(made.registry.add(*made.collectors.back()));
  Expected& e = made.expected;
  e.family("wait_seconds", "histogram", "Waiting.");
  e.histogram("wait_seconds", {{"text", "a\\b\"c\nd"}}, {0.5, 1}, {0.25, 1, 1, 10.25});
  e.histogram("wait_seconds", {{"text", "x"}}, {}, {});
  e.histogram("wait_seconds", {{"text", "y"}}, {1}, {infinity, infinity}, not_a_number);
  e.family("age_seconds", "histogram", "Ages.", "gaugehistogram");
  e.histogram("age_seconds", {{"q", "a"}}, {1}, {0, 1, 2}, 5);
  e.histogram("age_seconds", {{"q", "b"}}, {-1, 1}, {-1, -1, 0}, -5);
  e.histogram("age_seconds", {{"q", "c"}}, {1}, {0, 1, 2}, -5);
  e.family("run_bytes", "summary", "Runs.");
  e.sample("run_bytes", {{"a", "b"}, {"quantile", "0"}}, -1);
  e.sample("run_bytes", {{"a", "b"}, {"quantile", "0.5"}}, not_a_number);
  e.sample("run_bytes", {{"a", "b"}, {"quantile", "1"}}, 3);
  e.sample("run_bytes_sum", {{"a", "b"}}, 2.5);
  e.sample("run_bytes_count", {{"a", "b"}}, 10);
  e.sample("run_bytes_sum", {{"a", "c"}}, -1);
  e.sample("run_bytes_count", {{"a", "c"}}, 0);
  e.family("mode", "gauge", "Modes.", "stateset");
  for (const char* z : {"1", "2", "10"}) {
    e.sample("mode", {{"a", "x"}, {"z", z}, {"mode", "on"}}, 1);
    e.sample("mode", {{"a", "x"}, {"z", z}, {"mode", "off"}}, 0);
    e.sample("mode", {{"a", "x"}, {"z", z}, {"mode", "a \"b\""}}, 0);
  }
  e.sample("mode", {{"mode", "on"}}, 1);
  e.family("read_bytes_total", "counter", "Read.");
  e.sample("read_bytes_total", {{"a", "b"}}, 3);
}

static void overflow(Case& made) {
  Expected& e = made.expected;
  const auto family = made.registry.counter("visits_total", "Visits.", {"user"}, promlite::max_series(10));
  e.family("visits_total", "counter", "Visits.");
  for (int i = 0; i < 1000; ++i) family.with(i).inc();
  for (int i = 0; i < 10; ++i) e.sample("visits_total", {{"user", std::to_string(i)}}, 1);
  e.sample("visits_total", {{"user", "promlite_overflow"}}, 990);
  e.family("promlite_overflowed_updates_total", "counter",
           "Look-ups in a full family that got its overflow series.");
  e.sample("promlite_overflowed_updates_total", {{"family", "visits_total"}}, 990);
}

/// Names for which the scrapers of today get others.
static void utf8_names(Case& made) {
  promlite::Registry& r = made.registry;
  Expected& e = made.expected;
  r.gauge(promlite::runtime_name("disk.free"), "Free.",
          {promlite::runtime_name("mount.point"), promlite::runtime_name("fs")}, promlite::utf8_names())
      .with("/", "a\"\\\n.b")
      .set(12);
  e.family("disk_free", "gauge", "Free.");
  e.sample("disk_free", {{"mount_point", "/"}, {"fs", "a\"\\\n.b"}}, 12);
  r.counter(promlite::runtime_name("größe \"x\\_total"), "Sizes.", promlite::utf8_names()).inc(3);
  e.family("gr__e__x__total", "counter", "Sizes.");
  e.sample("gr__e__x__total", {}, 3);
  const auto histogram = r.histogram(promlite::runtime_name("1st.seconds"), "First.", promlite::buckets({1}),
                                     promlite::utf8_names());
  histogram.observe(0.5);
  e.family("_st_seconds", "histogram", "First.");
  e.histogram("_st_seconds", {}, {1}, {0.5});
}

static void empty(Case& made) { made.registry.gauge("none", "A family without series.", {"a"}); }

/// Text whose i-th letter is the given bytes, three times: at its beginning, in its middle, at its end.
static std::vector<std::string> with_bytes(const std::string& bytes) {
  return {bytes + "xy", "x" + bytes + "y", "xy" + bytes};
}

/// Every byte and every sequence at each place of a label value and, where it is UTF-8, of a help text.
static void every_byte(Case& made) {
  Expected& e = made.expected;
  const auto family = made.registry.counter<std::uint64_t>("bytes_total", "", {"i", "text"});
  e.family("bytes_total", "counter", "");
  std::vector<std::string> all = test::awkward_sequences();
  for (int code = 0; code < 256; ++code) all.emplace_back(1, static_cast<char>(code));
  std::uint64_t number = 0, repaired = 0;
  for (const std::string& bytes : all) {
    for (const std::string& text : with_bytes(bytes)) {
      family.with(++number, text).inc(7);
      e.sample("bytes_total", {{"i", std::to_string(number)}, {"text", text}}, 7);
      if (!promlite::detail::is_utf8(text)) ++repaired;
      if (!is_plain_help(text)) continue;
      const std::string name = "help" + std::to_string(number);
      made.registry.gauge(promlite::runtime_name(name), text).set(1);
      e.family(name, "gauge", text);
      e.sample(name, {}, 1);
    }
  }
  e.family("promlite_repaired_label_values_total", "counter",
           "Look-ups with a label value that was not UTF-8.");
  e.sample("promlite_repaired_label_values_total", {{"family", "bytes_total"}},
           static_cast<double>(repaired));
}

static const std::pair<const char*, void (*)(Case&)> fixed[] = {{"well_named", well_named},
                                                                {"values", values},
                                                                {"label_values", label_values},
                                                                {"composite_labels", composite_labels},
                                                                {"help_texts", help_texts},
                                                                {"collected", collected},
                                                                {"composites", composites},
                                                                {"overflow", overflow},
                                                                {"empty", empty},
                                                                {"utf8_names", utf8_names},
                                                                {"every_byte", every_byte}};

static bool make(const std::string& name, Case& made) {
  for (const auto& [known, fill] : fixed) {
    if (name == known) return fill(made), true;
  }
  return false;
}

}  // namespace cases

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "list" && argc == 2) {
    for (const auto& known : cases::fixed) std::puts(known.first);
    return 0;
  }
  cases::Case made;
  const bool scrape = command == "scrape" && argc == 4;
  const bool text = command == "text" && argc == 3;
  const bool openmetrics = command == "openmetrics" && argc == 3;
  const bool expected = command == "expected" && argc == 3;
  if (!(text || openmetrics || scrape || expected) || !cases::make(argv[2], made)) {
    std::fputs(
        "usage: exposition_cases list | text CASE | openmetrics CASE | scrape CASE ACCEPT | expected CASE\n",
        stderr);
    return 2;
  }
  std::string out;
  if (scrape) {
    promlite::ScrapeRequest request;
    request.accept = argv[3];
    const promlite::ScrapeResponse response = promlite::scrape(made.registry, request);
    out = response.content_type + "\n" + response.body;
  } else {
    // What is expected may hang on a scrape that has been.
    out = openmetrics ? promlite::to_openmetrics(made.registry) : promlite::to_text(made.registry);
    if (expected) out = made.expected.json();
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
  return 0;
}
