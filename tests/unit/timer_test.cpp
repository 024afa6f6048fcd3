// promlite: tests of stopwatches and scope timers.
// SPDX-License-Identifier: MIT
#include <promlite/clock.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>
#include <promlite/timer.hpp>

#include <chrono>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace promlite;
using namespace std::chrono_literals;

/// Remembers what was observed.
struct Recorder : Timed<Recorder> {
  explicit Recorder(std::vector<double>& to) : values(&to) {}
  void observe(double value) const noexcept { values->push_back(value); }
  std::vector<double>* values;
};
struct Setter {
  std::vector<double>* values;
  void set(double value) noexcept { values->push_back(-value); }
};

using Values = std::vector<double>;

TEST_CASE("a timer records the seconds of its scope once, by the steady clock unless told otherwise") {
  Values values;
  const auto before = std::chrono::steady_clock::now();
  {
    const Timer timer{Recorder(values)};
    std::this_thread::sleep_for(20ms);
    CHECK(values.empty());
  }
  const std::chrono::duration<double> outside = std::chrono::steady_clock::now() - before;
  REQUIRE(values.size() == 1);
  CHECK(values[0] >= 0.02);
  CHECK(values[0] <= outside.count());
  static_assert(sizeof(Timer<Recorder>) == 3 * sizeof(void*));  // nothing is stored for that clock
}

TEST_CASE("by a clock that a test moves, what is recorded is exact") {
  ManualClock clock;
  Values values;
  {
    const Timer observed(Recorder(values), clock);
    const Timer set(Setter{&values}, clock);
    const Timer called([&](double seconds) { values.push_back(seconds * 1000); }, clock);
    clock.advance(250ms);
    CHECK(observed.elapsed() == 0.25);
    clock.advance(1s);
    CHECK(values.empty());
  }
  CHECK(values == Values{1250, -1.25, 1.25});
}

TEST_CASE("stop records at once and once, cancel never") {
  ManualClock clock;
  Values values;
  {
    Timer timer(Recorder(values), clock);
    clock.advance(1s);
    CHECK(timer.stop() == 1);
    clock.advance(1s);
    CHECK(timer.stop() == 2);
  }
  CHECK(values == Values{1});
  {
    Timer timer(Recorder(values), clock);
    timer.cancel();
    timer.stop();
  }
  CHECK(values == Values{1});
}

TEST_CASE("a timer that is moved records where it went") {
  ManualClock clock;
  Values values;
  {
    Timer timer(Recorder(values), clock);
    clock.advance(1s);
    {
      const auto inner = std::move(timer);
      CHECK(values.empty());
    }
    CHECK(values == Values{1});
    clock.advance(1s);
  }
  CHECK(values == Values{1});
}

TEST_CASE("the metric may be chosen when the time is over") {
  ManualClock clock;
  Registry registry;
  const auto family = registry.histogram("x", "", {"code"}, buckets({1}));
  {
    // Where nobody says otherwise, as when an exception passes, it is the one that was named first.
    auto failing = family.with("none").time(clock);
    auto answered = family.with("none").time(clock);
    clock.advance(500ms);
    CHECK(answered.observe_in(family.with(200)) == 0.5);
    clock.advance(1s);
  }
  const Stopwatch watch(clock);
  clock.advance(2s);
  CHECK(watch.observe_in(family.with(404)) == 2);
  CHECK(to_text(registry) ==
        "# TYPE x histogram\n"
        "x_bucket{code=\"200\",le=\"1\"} 1\nx_bucket{code=\"200\",le=\"+Inf\"} 1\n"
        "x_sum{code=\"200\"} 0.5\nx_count{code=\"200\"} 1\n"
        "x_bucket{code=\"404\",le=\"1\"} 0\nx_bucket{code=\"404\",le=\"+Inf\"} 1\n"
        "x_sum{code=\"404\"} 2\nx_count{code=\"404\"} 1\n"
        "x_bucket{code=\"none\",le=\"1\"} 0\nx_bucket{code=\"none\",le=\"+Inf\"} 1\n"
        "x_sum{code=\"none\"} 1.5\nx_count{code=\"none\"} 1\n");
}

TEST_CASE("a stopwatch is read as often as asked, and tells the time of each stage") {
  ManualClock clock;
  Stopwatch watch(clock);
  CHECK(watch.elapsed() == 0);
  clock.advance(3s);
  CHECK(watch.elapsed() == 3);
  CHECK(watch.restart() == 3);
  clock.advance(1500ms);
  CHECK(watch.elapsed() == 1.5);
  const Stopwatch real;
  static_assert(std::is_same_v<decltype(real), const Stopwatch<>>);
  static_assert(sizeof(real) == sizeof(std::chrono::steady_clock::time_point));
  CHECK(real.elapsed() >= 0);
}

TEST_CASE("histograms, summaries, gauges and what derives from Timed make timers") {
  ManualClock clock;
  Registry registry;
  Values values;
  const Histogram histogram = registry.histogram("a_seconds", "", buckets({1}));
  const Summary summary = registry.summary("b_seconds", "");
  const Gauge<> gauge = registry.gauge("c_seconds", "");
  {
    const auto one = histogram.time(clock);
    const auto two = summary.time(clock);
    const auto three = gauge.time(clock);
    const auto four = Recorder(values).time(clock);
    clock.advance(2s);
  }
  CHECK(values == Values{2});
  {
    const auto one = histogram.time();
    const auto two = summary.time();
    const auto three = registry.gauge("d_seconds", "").time();
  }
  CHECK(histogram.count() == 2);
  CHECK(summary.count() == 2);
  CHECK_THAT(to_text(registry), ContainsSubstring("\nc_seconds 2\n"));
}

TEST_CASE("a call is timed, also one that throws, and its result is the caller's") {
  ManualClock clock;
  Values values;
  const Recorder recorder(values);
  int place = 1;
  const auto takes = [&](auto span, auto& result) -> decltype(result) {
    clock.advance(span);
    return result;
  };
  int& same = recorder.time(clock, [&]() -> int& { return takes(2s, place); });
  CHECK(&same == &place);
  CHECK(recorder.time(clock, [&] { return std::vector<int>(3, takes(3s, place)); }).size() == 3);
  recorder.time(clock, [&] { clock.advance(4s); });
  CHECK_THROWS_AS(recorder.time(clock,
                                [&] {
                                  clock.advance(5s);
                                  throw std::runtime_error("no");
                                }),
                  std::runtime_error);
  CHECK(values == Values{2, 3, 4, 5});
  CHECK(recorder.time([] { return 7; }) == 7);
  CHECK(values.size() == 5);
}
