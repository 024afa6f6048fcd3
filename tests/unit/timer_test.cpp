// promlite: tests of scope timers.
// SPDX-License-Identifier: MIT
#include <promlite/registry.hpp>
#include <promlite/timer.hpp>

#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace promlite;
using namespace std::chrono_literals;

/// Remembers what was observed.
struct Recorder {
  std::vector<double>* values;
  void observe(double value) const noexcept { values->push_back(value); }
};
struct Setter {
  std::vector<double>* values;
  void set(double value) const noexcept { values->push_back(-value); }
};

TEST_CASE("a timer records the seconds of its scope once") {
  std::vector<double> values;
  const auto before = std::chrono::steady_clock::now();
  {
    const Timer<Recorder> timer(Recorder{&values});
    std::this_thread::sleep_for(20ms);
    CHECK(values.empty());
  }
  const std::chrono::duration<double> outside = std::chrono::steady_clock::now() - before;
  REQUIRE(values.size() == 1);
  CHECK(values[0] >= 0.02);
  CHECK(values[0] <= outside.count());
}

TEST_CASE("stop records at once and once, cancel never") {
  std::vector<double> values;
  {
    Timer<Recorder> timer(Recorder{&values});
    const double seconds = timer.stop();
    REQUIRE(values.size() == 1);
    CHECK(values[0] == seconds);
    CHECK(seconds >= 0);
    timer.stop();
  }
  CHECK(values.size() == 1);
  {
    Timer<Recorder> timer(Recorder{&values});
    timer.cancel();
    timer.stop();
  }
  CHECK(values.size() == 1);
}

TEST_CASE("a timer that is moved records where it went") {
  std::vector<double> values;
  {
    Timer<Recorder> timer(Recorder{&values});
    {
      const Timer<Recorder> inner = std::move(timer);
      CHECK(values.empty());
    }
    CHECK(values.size() == 1);
  }
  CHECK(values.size() == 1);
}

TEST_CASE("what cannot observe is set") {
  std::vector<double> values;
  { const Timer<Setter> timer(Setter{&values}); }
  REQUIRE(values.size() == 1);
  CHECK(values[0] <= 0);
}

TEST_CASE("an exception that leaves the scope is timed too") {
  std::vector<double> values;
  try {
    const Timer<Recorder> timer(Recorder{&values});
    throw 1;
  } catch (int) {
  }
  CHECK(values.size() == 1);
}

TEST_CASE("histograms, summaries and gauges make timers") {
  Registry registry;
  const Histogram histogram = registry.histogram("a_seconds", "");
  const Summary summary = registry.summary("b_seconds", "");
  const Gauge<> gauge = registry.gauge("c_seconds", "");
  gauge.set(-1);
  {
    const auto one = histogram.time();
    const auto two = summary.time();
    const auto three = gauge.time();
  }
  CHECK(histogram.count() == 1);
  CHECK(summary.count() == 1);
  CHECK(gauge.value() >= 0);
}
