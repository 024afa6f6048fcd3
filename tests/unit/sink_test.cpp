// promlite: tests of what collectors write, through whole expositions.
// SPDX-License-Identifier: MIT
#include <promlite/collector.hpp>
#include <promlite/exposition/openmetrics.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>
#include <promlite/sink.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace promlite;
using namespace std::string_view_literals;

static const double infinity = std::numeric_limits<double>::infinity();
static const double nan_value = std::numeric_limits<double>::quiet_NaN();

/// A collector that does what a function does.
template <class Function>
class Collects final : public Collector {
 public:
  explicit Collects(Function function) : function_(std::move(function)) {}
  void collect(Sink& sink) override { function_(sink); }

 private:
  Function function_;
};

/// A registry that has nothing but collectors with these functions, shown by `show`.
template <class Show, class... Functions>
static std::string shown(Show show, Functions... functions) {
  Registry registry;
  std::tuple<Collects<Functions>...> collectors(Collects<Functions>{functions}...);
  std::vector<Membership> memberships;
  std::apply([&](auto&... each) { (memberships.push_back(registry.add(each)), ...); }, collectors);
  return show(registry);
}
template <class... Functions>
static std::string collected(Functions... functions) {
  return shown([](Registry& registry) { return to_text(registry); }, functions...);
}
template <class... Functions>
static std::string openmetrics(Functions... functions) {
  return shown([](Registry& registry) { return to_openmetrics(registry, CreatedSamples::shown); },
               functions...);
}

/// What a scrape shows that has counted errors of collectors before it.
static std::string errors(std::uint64_t count) {
  return "# HELP promlite_collector_errors_total Collectors and callbacks that failed, and families and "
         "samples of "
         "theirs that were invalid.\n# TYPE promlite_collector_errors_total "
         "counter\npromlite_collector_errors_total " +
         std::to_string(count) + "\n";
}

TEST_CASE("families of every type, in the order of their names") {
  CHECK(
      collected([](Sink& sink) {
        sink.untyped("d", "").sample(1);
        sink.info("c", "Facts.").sample({{"b", "2"}, {"a", "1"}});
        sink.gauge("b", "A gauge.").sample(-0.5);
        sink.counter("a_total", "A counter.").sample({{"x", "y"}}, 3);
      }) ==
      "# HELP a_total A counter.\n# TYPE a_total counter\na_total{x=\"y\"} 3\n# HELP b A gauge.\n# TYPE b "
      "gauge\nb "
      "-0.5\n# HELP c_info Facts.\n# TYPE c_info gauge\nc_info{a=\"1\",b=\"2\"} 1\n# TYPE d untyped\nd 1\n");
}

TEST_CASE("values of every arithmetic type; integers with all digits") {
  CHECK(collected([](Sink& sink) {
          auto family = sink.gauge("x", "");
          family.sample({{"t", "a"}}, ~std::uint64_t{0});
          family.sample({{"t", "b"}}, std::numeric_limits<std::int64_t>::min());
          family.sample({{"t", "c"}}, 1e6);
          family.sample({{"t", "d"}}, 1000000);
          family.sample({{"t", "e"}}, true);
          family.sample({{"t", "f"}}, 0.5F);
          family.sample({{"t", "g"}}, nan_value);
          family.sample({{"t", "h"}}, -infinity);
          family.sample({{"t", "i"}}, 9007199254740993);
        }) ==
        "# TYPE x gauge\nx{t=\"a\"} 18446744073709551615\nx{t=\"b\"} -9223372036854775808\nx{t=\"c\"} "
        "1e+06\nx{t=\"d\"} "
        "1000000\nx{t=\"e\"} 1\nx{t=\"f\"} 0.5\nx{t=\"g\"} NaN\nx{t=\"h\"} -Inf\nx{t=\"i\"} "
        "9007199254740993\n");
}

TEST_CASE("families may be filled by turns and taken up again") {
  const auto fill = [](Sink& sink) {
    auto a = sink.gauge("a", "A.");
    auto b = sink.gauge("b", "B.");
    for (const char* device : {"z", "y"}) {
      a.sample({{"d", device}}, 1);
      b.sample({{"d", device}}, 2);
      sink.gauge("c", "C.").sample({{"d", device}}, 3);
    }
    auto copy = a;
    copy.sample({{"d", "x"}}, 4);
  };
  CHECK(collected(fill) ==
        "# HELP a A.\n# TYPE a gauge\na{d=\"x\"} 4\na{d=\"y\"} 1\na{d=\"z\"} 1\n# HELP b B.\n# TYPE b "
        "gauge\nb{d=\"y\"} "
        "2\nb{d=\"z\"} 2\n# HELP c C.\n# TYPE c gauge\nc{d=\"y\"} 3\nc{d=\"z\"} 3\n");
}

TEST_CASE("families without samples are not shown") {
  CHECK(collected([](Sink& sink) {
          sink.gauge("a", "A.");
          sink.info("b", "B.");
        }).empty());
}

TEST_CASE("an info is named with or without its suffix") {
  CHECK(collected([](Sink& sink) {
          sink.info("a_info", "").sample({{"x", "1"}});
          sink.info("a", "").sample({{"x", "2"}});
        }) == "# TYPE a_info gauge\na_info{x=\"1\"} 1\na_info{x=\"2\"} 1\n");
}

TEST_CASE("two collectors may fill one family") {
  CHECK(collected(
            [](Sink& sink) {
              sink.gauge("x", "X.").sample({{"a", "2"}}, 2);
            },
            [](Sink& sink) {
              sink.gauge("x", "X.").sample({{"a", "1"}}, 1);
            }) == "# HELP x X.\n# TYPE x gauge\nx{a=\"1\"} 1\nx{a=\"2\"} 2\n");
}

TEST_CASE("collected counters keep their names, and may have colons") {
  CHECK(collected([](Sink& sink) {
          sink.counter("requests", "").sample(1);
          sink.gauge("job:latency:mean", "").sample(2);
        }) == "# TYPE job:latency:mean gauge\njob:latency:mean 2\n# TYPE requests counter\nrequests 1\n");
}

TEST_CASE("label values are escaped and repaired; empty ones are left out") {
  CHECK(
      collected([](Sink& sink) {
        auto family = sink.gauge("x", "");
        family.sample({{"a", "\"} 1\nevil 1"}, {"b", ""}}, 1);
        family.sample({{"a", "\xFF\xE2\x82"sv}}, 2);
        family.sample({{"a", "\0"sv}, {"c", "\\"}}, 3);
      }) ==
      "# TYPE x gauge\nx{a=\"\0\",c=\"\\\\\"} 3\nx{a=\"\\\"} 1\\nevil 1\"} 1\nx{a=\"\xEF\xBF\xBD\xEF\xBF\xBD\"} 2\n"sv);
}

TEST_CASE("help is repaired and rid of carriage returns") {
  CHECK(collected([](Sink& sink) { sink.gauge("x", "a\r\n\xFF").sample(1); }) ==
        "# HELP x a\\n\xEF\xBF\xBD\n# TYPE x gauge\nx 1\n");
}

/// What two scrapes of one collector show: the second tells what the first left out.
template <class Function>
static std::string twice(Function function) {
  Registry registry;
  Collects<Function> collector(function);
  const Membership membership = registry.add(collector);
  to_text(registry);
  return to_text(registry);
}

TEST_CASE("names that are invalid take their families with them") {
  for (const std::string_view name :
       {""sv, "1a"sv, "a-b"sv, "a b"sv, "a\n"sv, "a\0b"sv, "__x"sv, "\xC3\xB6"sv}) {
    INFO(name);
    CHECK(twice([&](Sink& sink) {
            auto family = sink.gauge(name, "");
            family.sample(1);
            family.sample({{"a", "b"}}, 2);
            sink.gauge("x", "").sample(1);
          }) == errors(1) + "# TYPE x gauge\nx 1\n");
  }
  CHECK(twice([](Sink& sink) { sink.info("_info", "").sample({}); }) == errors(1));
}

TEST_CASE("samples that are invalid are left out one by one") {
  CHECK(twice([](Sink& sink) {
          auto family = sink.gauge("x", "");
          family.sample({{"a", "1"}}, 1);
          family.sample({{"", "1"}}, 2);
          family.sample({{"1a", "1"}}, 2);
          family.sample({{"a:b", "1"}}, 2);
          family.sample({{"__name__", "y"}}, 2);
          family.sample({{"a", "2"}, {"a", "3"}}, 2);
          family.sample({{"b", "2"}, {"a", "3"}, {"b", "2"}}, 2);
          auto counter = sink.counter("y_total", "");
          counter.sample({{"a", "1"}}, -1);
          counter.sample({{"a", "2"}}, -0.5);
          counter.sample({{"a", "3"}}, nan_value);
          counter.sample({{"a", "4"}}, -infinity);
          counter.sample({{"a", "5"}}, -0.0);
          counter.sample({{"a", "6"}}, infinity);
        }) == errors(10) +
                  "# TYPE x gauge\nx{a=\"1\"} 1\n# TYPE y_total counter\ny_total{a=\"5\"} "
                  "0\ny_total{a=\"6\"} +Inf\n");
}

TEST_CASE("of equal series the first is kept, whoever wrote it and in whatever order its labels came") {
  CHECK(twice([](Sink& sink) {
          auto family = sink.gauge("x", "");
          family.sample({{"a", "1"}, {"b", "2"}}, 1);
          family.sample({{"b", "2"}, {"a", "1"}}, 2);
          family.sample({{"a", "1"}, {"b", "2"}, {"c", ""}}, 3);
          family.sample({{"a", "1"}}, 4);
          sink.gauge("x", "").sample({{"b", "2"}, {"a", "1"}}, 5);
          family.sample(6);
          family.sample({{"z", ""}}, 7);
        }) == errors(4) + "# TYPE x gauge\nx 6\nx{a=\"1\"} 4\nx{a=\"1\",b=\"2\"} 1\n");
}

TEST_CASE("another type or help under a name that is there is left out") {
  CHECK(twice([](Sink& sink) {
          sink.gauge("x", "X.").sample({{"a", "1"}}, 1);
          sink.counter("x", "X.").sample({{"a", "2"}}, 2);
          sink.gauge("x", "Y.").sample({{"a", "3"}}, 3);
          sink.untyped("x", "X.").sample({{"a", "4"}}, 4);
          sink.gauge("x", "X.").sample({{"a", "5"}}, 5);
        }) == errors(3) + "# HELP x X.\n# TYPE x gauge\nx{a=\"1\"} 1\nx{a=\"5\"} 5\n");
}

TEST_CASE("where sample names meet, the first family by name stays") {
  CHECK(twice([](Sink& sink) {
          sink.gauge("foo", "").sample(1);
          sink.gauge("foo_total", "").sample(2);
          sink.counter("foo_created", "").sample(3);
          sink.counter("bar_total", "").sample(4);
          sink.gauge("bar", "").sample(5);
          sink.info("facts", "").sample({});
          sink.gauge("facts_info", "").sample(6);
        }) ==
        "# TYPE bar gauge\nbar 5\n# TYPE facts_info gauge\nfacts_info 1\n# TYPE foo gauge\nfoo 1\n# TYPE "
        "foo_created counter\nfoo_created 3\n# TYPE foo_total gauge\nfoo_total 2\n" +
            errors(2));
}

TEST_CASE("what is declared comes before what is collected") {
  Registry registry;
  registry.counter("a_total", "A.").inc();
  registry.histogram("h", "", buckets({1}));
  registry.gauge("labelled", "", {"l"});
  auto fill = [](Sink& sink) {
    sink.counter("a_total", "A.").sample(5);
    sink.gauge("a", "").sample(5);
    sink.gauge("h_count", "").sample(5);
    sink.gauge("labelled", "").sample(5);
    sink.gauge("b", "").sample(1);
  };
  Collects<decltype(fill)> collector(fill);
  const Membership membership = registry.add(collector);
  const std::string shown =
      "# HELP a_total A.\n# TYPE a_total counter\na_total 1\n# TYPE b gauge\nb 1\n# TYPE h "
      "histogram\nh_bucket{le=\"1\"} "
      "0\nh_bucket{le=\"+Inf\"} 0\nh_sum 0\nh_count 0\n";
  CHECK(to_text(registry) == shown);
  CHECK(to_text(registry) == shown + errors(4));
}

TEST_CASE("a collector that throws is left out whole, after none, one or many samples") {
  struct Strange {};
  for (const int samples : {0, 1, 5}) {
    for (const int kind : {0, 1, 2}) {
      const auto failing = [&](Sink& sink) {
        auto x = sink.gauge("x", "");
        for (int i = 0; i < samples; ++i) {
          x.sample({{"i", std::to_string(i)}}, i);
          sink.gauge("shared", "").sample({{"i", std::to_string(i)}}, i);
          sink.gauge("y" + std::to_string(i), "").sample(1);
        }
        if (kind == 0) throw std::runtime_error("a secret");
        if (kind == 1) throw 42;
        throw Strange();
      };
      const auto fine = [](Sink& sink) {
        sink.gauge("shared", "").sample({{"i", "fine"}}, 1);
        sink.gauge("z", "").sample(1);
      };
      const std::string expected =
          errors(1) + "# TYPE shared gauge\nshared{i=\"fine\"} 1\n# TYPE z gauge\nz 1\n";
      CHECK(collected(failing, fine) == expected);
      CHECK(collected(fine, failing) == expected);
    }
  }
}

TEST_CASE("a collector that fails at times is served at the others") {
  Registry registry;
  bool fails = false;
  auto fill = [&](Sink& sink) {
    sink.gauge("x", "").sample(1);
    if (fails) throw 1;
  };
  Collects<decltype(fill)> collector(fill);
  const Membership membership = registry.add(collector);
  CHECK(to_text(registry) == "# TYPE x gauge\nx 1\n");
  fails = true;
  CHECK(to_text(registry) == errors(1));
  CHECK(to_text(registry) == errors(2));
  fails = false;
  CHECK(to_text(registry) == errors(2) + "# TYPE x gauge\nx 1\n");
}

TEST_CASE("label values that vanish at the source vanish from the next scrape") {
  Registry registry;
  std::vector<std::string> devices = {"sda", "sdb"};
  auto fill = [&](Sink& sink) {
    auto family = sink.gauge("x", "");
    for (const std::string& device : devices) family.sample({{"device", device}}, 1);
  };
  Collects<decltype(fill)> collector(fill);
  const Membership membership = registry.add(collector);
  CHECK(to_text(registry) == "# TYPE x gauge\nx{device=\"sda\"} 1\nx{device=\"sdb\"} 1\n");
  devices.erase(devices.begin());
  CHECK(to_text(registry) == "# TYPE x gauge\nx{device=\"sdb\"} 1\n");
  devices.clear();
  CHECK(to_text(registry).empty());
}

TEST_CASE("labels of a collected sample may come from a vector, a hundred of them") {
  std::vector<std::string> names;
  std::vector<Label> labels;
  for (int i = 99; i >= 0; --i) names.push_back("l" + std::to_string(100 + i));
  for (const std::string& name : names) labels.push_back({name, name});
  std::string expected = "# TYPE x gauge\nx{";
  for (int i = 0; i < 100; ++i) {
    const std::string name = "l" + std::to_string(100 + i);
    expected += (i == 0 ? "" : ",") + name + "=\"" + name + "\"";
  }
  CHECK(collected([&](Sink& sink) { sink.gauge("x", "").sample(labels, 1); }) == expected + "} 1\n");
}

TEST_CASE("many families and many samples take time that grows with their number, not with its square") {
  const auto start = std::chrono::steady_clock::now();
  const std::string text = collected([](Sink& sink) {
    for (int i = 0; i < 20000; ++i) sink.gauge("x" + std::to_string(i), "").sample(1);
    for (int i = 0; i < 20000; ++i) sink.gauge("y", "").sample({{"i", std::to_string(i)}}, 1);
  });
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
  CHECK(text.size() > 40000 * 8);
}

TEST_CASE("histograms, gauge histograms, summaries and statesets that were added up elsewhere") {
  const auto write = [](Sink& sink) {
    const CreatedAt created{std::chrono::milliseconds(1500)};
    auto waits = sink.histogram("wait_seconds", "Waiting.", unit("seconds"));
    waits.sample({{"q", "b"}}, cumulative_counts({0.1, 1}, {3, 5, 7}, 12.5), created);
    waits.sample({{"q", "a"}}, bucket_counts({0.1, infinity}, {3, 2}, 0.5));
    sink.gauge_histogram("ages", "Ages.").sample(bucket_counts({}, {4}, 2), created);
    auto runs = sink.summary("run_seconds", "Runs.", unit("seconds"));
    runs.sample({{0.5, 0.25}, {0.99, nan_value}}, 1000, 153.25);
    runs.sample({{"a", "b"}}, {}, 1, 2, created);
    auto modes = sink.stateset("mode", "Modes.");
    modes.sample({{"z", "2"}}, {{"on", true}, {"off", false}});
    modes.sample({{"z", "1"}}, {{"on", true}, {"off", false}});
    modes.sample({{"a \"b\"", true}});
    auto jobs = sink.counter("jobs_total", "Jobs.");
    jobs.sample({{"a", "b"}}, 2, created);
    jobs.sample(3);
    sink.gauge("used_bytes", "Used.", unit("bytes")).sample(4);
  };
  CHECK(openmetrics(write) ==
        "# TYPE ages gaugehistogram\n# HELP ages Ages.\nages_bucket{le=\"+Inf\"} 4\nages_gcount 4\n"
        "ages_gsum 2.0\n"
        "# TYPE jobs counter\n# HELP jobs Jobs.\njobs_total 3.0\njobs_total{a=\"b\"} 2.0\n"
        "jobs_created{a=\"b\"} 1.5\n"
        "# TYPE mode stateset\n# HELP mode Modes.\nmode{mode=\"a \\\"b\\\"\"} 1\n"
        "mode{z=\"1\",mode=\"off\"} 0\nmode{z=\"1\",mode=\"on\"} 1\n"
        "mode{z=\"2\",mode=\"off\"} 0\nmode{z=\"2\",mode=\"on\"} 1\n"
        "# TYPE run_seconds summary\n# UNIT run_seconds seconds\n# HELP run_seconds Runs.\n"
        "run_seconds{quantile=\"0.5\"} 0.25\nrun_seconds{quantile=\"0.99\"} NaN\nrun_seconds_count 1000\n"
        "run_seconds_sum 153.25\n"
        "run_seconds_count{a=\"b\"} 1\nrun_seconds_sum{a=\"b\"} 2.0\nrun_seconds_created{a=\"b\"} 1.5\n"
        "# TYPE used_bytes gauge\n# UNIT used_bytes bytes\n# HELP used_bytes Used.\nused_bytes 4.0\n"
        "# TYPE wait_seconds histogram\n# UNIT wait_seconds seconds\n# HELP wait_seconds Waiting.\n"
        "wait_seconds_bucket{q=\"a\",le=\"0.1\"} 3\nwait_seconds_bucket{q=\"a\",le=\"+Inf\"} 5\n"
        "wait_seconds_count{q=\"a\"} 5\nwait_seconds_sum{q=\"a\"} 0.5\n"
        "wait_seconds_bucket{q=\"b\",le=\"0.1\"} 3\nwait_seconds_bucket{q=\"b\",le=\"1.0\"} 5\n"
        "wait_seconds_bucket{q=\"b\",le=\"+Inf\"} 7\nwait_seconds_count{q=\"b\"} 7\n"
        "wait_seconds_sum{q=\"b\"} 12.5\nwait_seconds_created{q=\"b\"} 1.5\n# EOF\n");
  CHECK(collected([&](Sink& sink) {
          sink.gauge_histogram("ages", "Ages.").sample(cumulative_counts({1}, {4, 4}, -2));
          sink.stateset("mode", "Modes.").sample({{"on", true}, {"off", false}});
        }) ==
        "# HELP ages Ages.\n# TYPE ages histogram\nages_bucket{le=\"1\"} 4\nages_bucket{le=\"+Inf\"} 4\n"
        "ages_sum -2\nages_count 4\n"
        "# HELP mode Modes.\n# TYPE mode gauge\nmode{mode=\"off\"} 0\nmode{mode=\"on\"} 1\n");
}

TEST_CASE("what does not fit is left out and counted, sample by sample") {
  std::uint64_t wrong = 0;
  const auto write = [&](Sink& sink) {
    wrong = 0;
    auto histogram = sink.histogram("h", "");
    for (const BucketCounts& buckets :
         {cumulative_counts({1, 2}, {3, 2, 4}, 0), cumulative_counts({1, 2}, {1, 2}, 0),
          cumulative_counts({1}, {1, 2, 3}, 0), cumulative_counts({}, {}, 0),
          bucket_counts({2, 1}, {0, 0, 0}, 0), bucket_counts({1, 1}, {0, 0, 0}, 0),
          bucket_counts({nan_value}, {0, 0}, 0), bucket_counts({infinity, 1}, {0, 0, 0}, 0),
          bucket_counts({-infinity}, {0, 0}, 0)}) {
      histogram.sample(buckets);
      ++wrong;
    }
    histogram.sample({{"le", "1"}}, bucket_counts({}, {1}, 0));
    histogram.sample({{"1", "1"}}, bucket_counts({}, {1}, 0));
    histogram.sample({{"fits", "yes"}}, cumulative_counts({1, 2}, {3, 3, 3}, nan_value));
    wrong += 2;
    auto summary = sink.summary("s", "");
    summary.sample({{0.5, 1}, {0.5, 1}}, 1, 1);
    summary.sample({{0.5, 1}, {0.4, 1}}, 1, 1);
    summary.sample({{1.5, 1}}, 1, 1);
    summary.sample({{-0.5, 1}}, 1, 1);
    summary.sample({{nan_value, 1}}, 1, 1);
    summary.sample({{"quantile", "1"}}, {}, 1, 1);
    wrong += 6;
    auto stateset = sink.stateset("m", "");
    stateset.sample(std::vector<StateValue>());
    stateset.sample({{"a", true}, {"a", false}});
    stateset.sample({{"", true}});
    stateset.sample({{"\xff", true}});
    stateset.sample({{"m", "x"}}, {{"a", true}});
    wrong += 5;
    sink.gauge("g_seconds", "", unit("bytes")).sample(1);
    sink.gauge("_seconds", "", unit("seconds")).sample(1);
    wrong += 2;
    sink.histogram("j", "one").sample(bucket_counts({1}, {1, 2}, 3));
    sink.histogram("j", "one").sample({{"a", "b"}}, bucket_counts({2, 3}, {4, 5, 6}, 7));
    sink.histogram("j", "two").sample({{"c", "d"}}, bucket_counts({}, {1}, 0));
    sink.histogram("j", "one", unit("j")).sample({{"c", "d"}}, bucket_counts({}, {1}, 0));
    wrong += 2;
  };
  const std::string text = collected(write);
  CHECK(
      text ==
      "# TYPE _seconds gauge\n_seconds 1\n# TYPE g_seconds gauge\ng_seconds 1\n"
      "# TYPE h histogram\nh_bucket{fits=\"yes\",le=\"1\"} 3\nh_bucket{fits=\"yes\",le=\"2\"} 3\n"
      "h_bucket{fits=\"yes\",le=\"+Inf\"} 3\nh_sum{fits=\"yes\"} NaN\nh_count{fits=\"yes\"} 3\n"
      "# HELP j one\n# TYPE j histogram\nj_bucket{le=\"1\"} 1\nj_bucket{le=\"+Inf\"} 3\nj_sum 3\nj_count 3\n"
      "j_bucket{a=\"b\",le=\"2\"} 4\nj_bucket{a=\"b\",le=\"3\"} 9\nj_bucket{a=\"b\",le=\"+Inf\"} 15\n"
      "j_sum{a=\"b\"} 7\nj_count{a=\"b\"} 15\n"
      "j_bucket{c=\"d\",le=\"+Inf\"} 1\nj_sum{c=\"d\"} 0\nj_count{c=\"d\"} 1\n");
  Registry registry;
  Collects<decltype(write)> collector(write);
  const auto membership = registry.add(collector);
  to_text(registry);
  CHECK_THAT(to_text(registry), ContainsSubstring(errors(wrong)));
}
