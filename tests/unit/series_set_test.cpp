// promlite: tests of how series leave: removal, expiry, the bounds that get their room back.
// SPDX-License-Identifier: MIT
#include <promlite/clock.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>
#include <promlite/series_set.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/pages.hpp"
#include "support/sanitized.hpp"

using namespace promlite;
using namespace std::chrono_literals;
using test::error_of;

TEST_CASE("a removed series leaves the next scrape, and comes again from zero") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"a", "b"});
  family.with(1, "x").inc(1);
  family.with(2, "x").inc(2);
  family.with(3, "y").inc(3);
  CHECK(family.size() == 3);
  CHECK(family.remove(2, "x"));
  CHECK_FALSE(family.remove(2, "x"));
  CHECK_FALSE(family.remove(4, "x"));
  CHECK(family.size() == 2);
  const std::string rest = "# TYPE x_total counter\nx_total{a=\"1\",b=\"x\"} 1\n";
  CHECK(to_text(registry) == rest + "x_total{a=\"3\",b=\"y\"} 3\n");
  family.with(2, "x").inc(20);
  CHECK(to_text(registry) == rest + "x_total{a=\"2\",b=\"x\"} 20\nx_total{a=\"3\",b=\"y\"} 3\n");
  CHECK(family.remove(3, "y"));
  CHECK(family.remove(2, "x"));
  CHECK(family.remove(1, "x"));
  CHECK(to_text(registry).empty());
}

TEST_CASE("a handle of a removed series is safe, and its updates vanish, whatever becomes of its memory") {
  Registry registry;
  const auto counters = registry.counter("c_total", "", {"a"});
  const auto gauges = registry.gauge("g", "", {"a"});
  const auto histograms = registry.histogram("h", "", {"a"}, buckets({1, 2}));
  const auto summaries = registry.summary("s", "", {"a"}, quantiles({0.5}));
  std::vector<Counter<>> c;
  std::vector<Gauge<>> g;
  std::vector<Histogram> h;
  std::vector<Summary> s;
  // Many times as many as there are at once: their memory is given back, page by page, while the handles of
  // all of them go on.
  const int living = 100;
  for (int i = 0; i < 5000; ++i) {
    c.push_back(counters.with(i));
    g.push_back(gauges.with(i));
    h.push_back(histograms.with(i));
    s.push_back(summaries.with(i));
    if (i >= living) {
      REQUIRE(counters.remove(i - living));
      REQUIRE(gauges.remove(i - living));
      REQUIRE(histograms.remove(i - living));
      REQUIRE(summaries.remove(i - living));
    }
    if (i % 1000 != 999) continue;
    for (int round = 0; round < 2; ++round) {
      for (std::size_t k = 0; k + living < c.size(); ++k) {
        c[k].inc(1.5);
        g[k].inc();
        h[k].observe(1.5);
        s[k].observe(static_cast<double>(k));
      }
      const std::string text = to_text(registry);
      REQUIRE(text.find(" 1") == std::string::npos);
      REQUIRE(text.find("le=\"+Inf\"} 0\n") != std::string::npos);
    }
  }
  CHECK(counters.clear() + gauges.clear() + histograms.clear() + summaries.clear() == 4 * living);
  CHECK(to_text(registry).empty());
  counters.with("new").inc();
  gauges.with("new").inc();
  histograms.with("new").observe(1);
  summaries.with("new").observe(4);
  REQUIRE(
      to_text(registry) ==
      "# TYPE c_total counter\nc_total{a=\"new\"} 1\n# TYPE g gauge\ng{a=\"new\"} 1\n# TYPE h histogram\n"
      "h_bucket{a=\"new\",le=\"1\"} 1\nh_bucket{a=\"new\",le=\"2\"} 1\nh_bucket{a=\"new\",le=\"+Inf\"} 1\n"
      "h_sum{a=\"new\"} 1\nh_count{a=\"new\"} 1\n# TYPE s summary\n"
      "s{a=\"new\",quantile=\"0.5\"} 3.9783393623363903\ns_sum{a=\"new\"} 4\ns_count{a=\"new\"} 1\n");
}

TEST_CASE("series are removed by some of their labels, constant ones included") {
  Registry registry;
  const auto family = registry.gauge("g", "", {"method", "code"}, const_labels({{"zone", "a"}}));
  const auto fill = [&] {
    for (const char* method : {"GET", "POST"}) {
      for (const int code : {200, 404, 500}) family.with(method, code).set(1);
    }
  };
  fill();
  CHECK(family.remove_matching({{"method", "GET"}}) == 3);
  CHECK(to_text(registry) ==
        "# TYPE g gauge\ng{code=\"200\",method=\"POST\",zone=\"a\"} 1\n"
        "g{code=\"404\",method=\"POST\",zone=\"a\"} 1\ng{code=\"500\",method=\"POST\",zone=\"a\"} 1\n");
  fill();
  CHECK(family.remove_matching({{"code", "404"}, {"method", "POST"}}) == 1);
  CHECK(family.remove_matching({{"code", "404"}, {"code", "200"}}) == 0);
  CHECK(family.remove_matching({{"zone", "b"}}) == 0);
  CHECK(family.remove_matching({{"zone", "b"}, {"zone", "a"}}) == 0);
  CHECK(family.remove_matching({{"zone", "a"}, {"code", "404"}}) == 1);
  CHECK(family.size() == 4);
  CHECK(family.remove_matching({}) == 4);
  CHECK(family.clear() == 0);
  CHECK(error_of([&] {
          family.remove_matching({{"verb", "GET"}});
        }) == "cannot remove from gauge g{method,code,zone=\"a\"}: it has no label 'verb'");
}

TEST_CASE("a removal finds what a look-up makes of bytes that are not UTF-8") {
  Registry registry;
  const auto family = registry.gauge("g", "", {"a"});
  family.with("\xFFx").set(1);
  CHECK(family.remove("\xFFx"));
  family.with("\xFFx").set(1);
  CHECK(family.remove_matching({{"a", "\xFEx"}}) == 1);
  CHECK(family.size() == 0);
}

TEST_CASE("a removal gives room in the bound back, and the overflow series stays") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"a"}, max_series(2));
  family.with(1).inc();
  family.with(2).inc();
  family.with(3).inc(5);
  family.with(3).inc(5);
  CHECK_FALSE(family.remove(overflow_label_value));
  CHECK(family.remove(1));
  family.with(3).inc(7);
  family.with(4).inc(11);
  const std::string text = to_text(registry);
  CHECK(text.substr(text.find("# TYPE x_total")) ==
        "# TYPE x_total counter\nx_total{a=\"2\"} 1\nx_total{a=\"3\"} 7\n"
        "x_total{a=\"promlite_overflow\"} 21\n");
  CHECK(family.clear() == 2);
  family.with(5).inc();
  const std::string after = to_text(registry);
  CHECK(after.substr(after.find("# TYPE x_total")) ==
        "# TYPE x_total counter\nx_total{a=\"5\"} 1\nx_total{a=\"promlite_overflow\"} 21\n");
}

TEST_CASE("a registry's bound holds over all families, says who overflowed, and gets its room back") {
  Registry registry;
  registry.max_series(5);
  const auto a = registry.counter("a_total", "", {"k"});
  const auto b = registry.gauge("b", "", {"k"}, max_series(3));
  registry.counter("c_total", "").inc();  // not counted: the program's text bounds it
  for (int i = 0; i < 4; ++i) a.with(i).inc();
  for (int i = 0; i < 4; ++i) b.with(i).inc();
  CHECK(to_text(registry) ==
        "# TYPE a_total counter\na_total{k=\"0\"} 1\na_total{k=\"1\"} 1\na_total{k=\"2\"} 1\n"
        "a_total{k=\"3\"} 1\n# TYPE b gauge\nb{k=\"0\"} 1\nb{k=\"promlite_overflow\"} 3\n"
        "# TYPE c_total counter\nc_total 1\n"
        "# HELP promlite_overflowed_updates_total Look-ups in a full family that got its overflow series.\n"
        "# TYPE promlite_overflowed_updates_total counter\n"
        "promlite_overflowed_updates_total{family=\"b\"} 3\n");
  CHECK(a.remove(0));
  CHECK(a.remove(1));
  CHECK(a.remove(2));
  for (int i = 0; i < 5; ++i) b.with(i).inc();
  CHECK(b.size() == 3);
  a.with(7).inc();
  CHECK(a.size() == 2);
  registry.max_series(6);
  a.with(8).inc();
  CHECK(a.size() == 3);
}

TEST_CASE("what nobody updates expires, what is updated stays, the same value or not") {
  Registry registry;
  ManualClock clock;
  registry.use_clock(clock);
  const auto counters = registry.counter("c_total", "", {"a"}, expire_after(10min));
  const auto gauges = registry.gauge("g", "", {"a"}, expire_after(10min));
  const auto whole = registry.gauge<std::int64_t>("i", "", {"a"}, expire_after(10min));
  const auto moved = registry.gauge("m", "", {"a"}, expire_after(10min));
  const auto histograms = registry.histogram("h", "", {"a"}, buckets({1}), expire_after(10min));
  const auto summaries = registry.summary("s", "", {"a"}, expire_after(10min), quantiles({0.5}));
  const auto counted = registry.counter<std::uint64_t>("u_total", "", {"a"}, expire_after(10min));
  const auto update = [&](const char* value) {
    counters.with(value).inc(0.5);
    gauges.with(value).set(5);
    whole.with(value).dec(0);
    moved.with(value).inc(0);
    histograms.with(value).observe(0);
    summaries.with(value).observe(0);
    counted.with(value).inc();
  };
  const auto sizes = [&] {
    std::set<std::size_t> all{counters.size(),   gauges.size(),    whole.size(),  moved.size(),
                              histograms.size(), summaries.size(), counted.size()};
    REQUIRE(all.size() == 1);
    return *all.begin();
  };
  update("idle");
  update("busy");
  to_text(registry);
  for (int minute = 0; minute < 9; ++minute) {
    clock.advance(1min);
    update("busy");
    to_text(registry);
  }
  CHECK(sizes() == 2);
  clock.advance(59s);
  to_text(registry);
  CHECK(sizes() == 2);
  clock.advance(1s);
  const std::string text = to_text(registry);
  CHECK(sizes() == 1);
  CHECK(text.find("idle") == std::string::npos);
  CHECK(text.find("c_total{a=\"busy\"} 5\n") != std::string::npos);
  // 9 minutes later the busy ones were last seen busy 10 minutes ago.
  clock.advance(8min + 59s);
  to_text(registry);
  CHECK(sizes() == 1);
  clock.advance(1s);
  CHECK(to_text(registry).empty());
  CHECK(sizes() == 0);
  // From zero, with ten minutes of its own, although the place of another one was taken.
  update("busy");
  clock.advance(20min);
  CHECK(to_text(registry).find("c_total{a=\"busy\"} 0.5\n") != std::string::npos);
  clock.advance(9min);
  to_text(registry);
  CHECK(sizes() == 1);
  clock.advance(1min);
  CHECK(to_text(registry).empty());
}

TEST_CASE("a series that was never updated expires, too, that long after the first scrape that shows it") {
  Registry registry;
  ManualClock clock;
  registry.use_clock(clock);
  const auto family = registry.counter("c_total", "", {"a"}, expire_after(10min));
  clock.advance(24h);
  family.with("quiet");
  for (const auto later : {0s, 599s}) {
    clock.advance(later);
    CHECK(to_text(registry).find("c_total{a=\"quiet\"} 0\n") != std::string::npos);
  }
  clock.advance(1s);
  CHECK(to_text(registry).empty());
}

TEST_CASE("expiry is an option of families with labels, and positive") {
  Registry registry;
  registry.gauge("g", "", {"a"}, expire_after(1s));
  CHECK(error_of([&] { registry.gauge("h", "", {"a"}, expire_after(0s)); }) ==
        "gauge 'h': expire_after must be greater than 0");
  CHECK(error_of([&] { registry.gauge("g", "", {"a"}); }) ==
        "cannot register gauge g{a}: gauge g{a} is registered already: another expire_after");
}

TEST_CASE("the window of a summary begins anew with the series") {
  Registry registry;
  ManualClock clock;
  registry.use_clock(clock);
  const auto family = registry.summary("s", "", {"a"}, quantiles({0.5}));
  for (int i = 0; i < 10; ++i) family.with(1).observe(4);
  to_text(registry);
  family.remove(1);
  to_text(registry);
  // What the other one had counted lies before this window, but is none of this series' past.
  clock.advance(61s);
  family.with(2).observe(4);
  CHECK(to_text(registry) ==
        "# TYPE s summary\ns{a=\"2\",quantile=\"0.5\"} 3.9783393623363903\ns_sum{a=\"2\"} 4\n"
        "s_count{a=\"2\"} 1\n");
}

TEST_CASE("series that come and go leave no memory behind, with scrapes and without") {
  for (const bool scraped : {false, true}) {
    Registry registry;
    const auto counters = registry.counter("c_total", "", {"a"}, max_series(100));
    const auto histograms = registry.histogram("h", "", {"a"}, max_series(100));
    const auto summaries = registry.summary("s", "", {"a"}, max_series(100), quantiles({0.5}));
    // More buckets than a chunk of many series has cells.
    const auto large = registry.histogram("l", "", {"a"}, linear_buckets(0, 1, 1100));
    const auto churn = [&](int from, int to) {
      for (int i = from; i < to; ++i) {
        counters.with(i).inc();
        histograms.with(i).observe(i);
        summaries.with(i).observe(i);
        counters.remove(i - 50);
        histograms.remove(i - 50);
        summaries.remove(i - 50);
        if (i % 20 == 0) {
          large.with(i).observe(i);
          const Histogram old = large.with(i - 200);
          large.remove(i - 200);
          old.observe(1e9);
        }
        if (scraped && i % 1000 == 0) to_text(registry);
      }
    };
    churn(0, 10000);
    const long before = test::pages_of_process().resident;
    churn(10000, 60000);
    // A leak of 20 bytes a series would be 3 MB.
    if (!test::sanitized) CHECK(test::pages_of_process().resident < before + 500);
    CHECK(counters.size() == 50);
  }
}

namespace shop {
enum class Kind { small, large };
inline std::string_view to_label(Kind kind) { return kind == Kind::small ? "small" : "large"; }
constexpr auto label_values(Kind) { return std::array<Kind, 2>{Kind::small, Kind::large}; }
}  // namespace shop

TEST_CASE("series that a table of handles keeps are neither removed nor expire") {
  Registry registry;
  ManualClock clock;
  registry.use_clock(clock);
  const auto family = registry.counter("x_total", "", {"kind"}, expire_after(1min));
  const auto typed = family.by_enum<shop::Kind>();
  family.with("other").inc();
  to_text(registry);
  clock.advance(2min);
  CHECK_FALSE(family.remove(shop::Kind::small));
  CHECK(family.remove_matching({{"kind", "large"}}) == 0);
  typed.with(shop::Kind::small).inc();
  CHECK(to_text(registry) ==
        "# TYPE x_total counter\nx_total{kind=\"large\"} 0\nx_total{kind=\"small\"} 1\n");
  CHECK(family.clear() == 0);
}

TEST_CASE("what was unregistered takes no room in the registry's bound, whatever its handles do") {
  Registry registry;
  registry.max_series(3);
  const auto typed = registry.counter("x_total", "", {"kind"}).by_enum<shop::Kind>();
  const auto old = registry.counter("y_total", "", {"a"});
  old.with(1).inc();
  CHECK(registry.unregister("x_total"));
  CHECK(registry.unregister("y_total"));
  typed.with(shop::Kind::small).inc();
  old.with(2).inc();
  old.with(3).inc();
  CHECK(old.size() == 2);
  CHECK(old.remove(2));
  const auto family = registry.gauge("g", "", {"a"});
  for (int i = 0; i < 4; ++i) family.with(i).set(i);
  CHECK(old.clear() == 1);
  family.with(4).set(4);
  CHECK(family.size() == 3);
}

/// Adds up what is shown, and does something when the first series is.
class Meddler final : public Encoder {
 public:
  explicit Meddler(std::function<void()> meddle) : meddle_(std::move(meddle)) {}
  void begin_family(const FamilyHead&) override {}
  void value(PaddedText, Number number) override {
    if (meddle_) std::exchange(meddle_, nullptr)();
    sum += number.as_double();
  }
  void histogram(PaddedText, const HistogramSample&) override {}
  void summary(PaddedText, const SummarySample&) override {}
  void finish() override {}
  std::size_t size() const noexcept override { return 0; }
  double sum = 0;

 private:
  std::function<void()> meddle_;
};

TEST_CASE("what is unregistered during a scrape goes back when that ends") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"a"}, max_series(5000));
  std::vector<Counter<>> all;
  for (int i = 0; i < 5000; ++i) {
    all.push_back(family.with(i));
    all.back().inc();
  }
  Meddler encoder([&] { registry.unregister("x_total"); });
  registry.collect(encoder);
  CHECK(encoder.sum == 5000);
#if defined(__linux__)
  CHECK(all[2500].value() == 0);
#endif
  CHECK(to_text(registry).empty());
}
