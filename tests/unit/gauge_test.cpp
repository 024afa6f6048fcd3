// promlite: tests of gauges.
// SPDX-License-Identifier: MIT
#include <promlite/clock.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/gauge.hpp>
#include <promlite/registry.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace promlite;

static const double infinity = std::numeric_limits<double>::infinity();
static const double nan_value = std::numeric_limits<double>::quiet_NaN();

static std::string x(const char* value) { return std::string("# TYPE x gauge\nx ") + value + "\n"; }

TEST_CASE("a gauge starts at 0 and goes up and down") {
  Registry registry;
  const Gauge<> gauge = registry.gauge("x", "Help.");
  CHECK(to_text(registry) == "# HELP x Help.\n# TYPE x gauge\nx 0\n");
  gauge.set(5.5);
  gauge.inc();
  gauge.inc(2);
  gauge.dec();
  gauge.dec(10);
  CHECK(gauge.value() == -2.5);
  CHECK(to_text(registry) == "# HELP x Help.\n# TYPE x gauge\nx -2.5\n");
}

TEST_CASE("every double is taken and shown") {
  Registry registry;
  const Gauge<> gauge = registry.gauge("x", "");
  const auto shows = [&](double value, const char* text) {
    gauge.set(value);
    CHECK(to_text(registry) == x(text));
  };
  shows(-0.0, "0");
  shows(nan_value, "NaN");
  shows(-nan_value, "NaN");
  shows(std::numeric_limits<double>::signaling_NaN(), "NaN");
  shows(infinity, "+Inf");
  shows(-infinity, "-Inf");
  shows(5e-324, "5e-324");
  shows(2.2250738585072014e-308, "2.2250738585072014e-308");
  shows(std::numeric_limits<double>::max(), "1.7976931348623157e+308");
  shows(0.1 + 0.2, "0.30000000000000004");
  shows(9007199254740993.0, "9.007199254740992e+15");
}

TEST_CASE("a duration of any type is set in seconds") {
  Registry registry;
  const Gauge<> gauge = registry.gauge("x", "");
  gauge.set(std::chrono::minutes(2));
  CHECK(to_text(registry) == x("120"));
  gauge.set(std::chrono::nanoseconds(1700000000250000000));
  CHECK(to_text(registry) == x("1.70000000025e+09"));
  gauge.set(std::chrono::duration<float, std::milli>(-500));
  CHECK(to_text(registry) == x("-0.5"));
}

TEST_CASE("infinity minus infinity is NaN, which stays until the next set") {
  Registry registry;
  const Gauge<> gauge = registry.gauge("x", "");
  gauge.inc(infinity);
  CHECK(to_text(registry) == x("+Inf"));
  gauge.dec(infinity);
  CHECK(to_text(registry) == x("NaN"));
  gauge.inc(1);
  CHECK(to_text(registry) == x("NaN"));
  gauge.set(1);
  CHECK(to_text(registry) == x("1"));
}

TEST_CASE("a gauge of integers is exact at both ends") {
  Registry registry;
  const auto gauge = registry.gauge<std::int64_t>("x", "");
  gauge.set(std::numeric_limits<std::int64_t>::max());
  CHECK(to_text(registry) == x("9223372036854775807"));
  gauge.dec();
  CHECK(gauge.value() == std::numeric_limits<std::int64_t>::max() - 1);
  gauge.set(std::numeric_limits<std::int64_t>::min());
  CHECK(to_text(registry) == x("-9223372036854775808"));
  gauge.set(0);
  gauge.dec(5);
  gauge.inc(2);
  CHECK(to_text(registry) == x("-3"));
}

TEST_CASE("the current time is that of the system clock") {
  Registry registry;
  const Gauge<> gauge = registry.gauge("x", "");
  const auto whole = registry.gauge<std::int64_t>("y", "");
  // Rounded as the gauge does it: otherwise the last bit of what is read first may be above that of the next.
  const auto seconds = [] {
    return promlite::detail::seconds_of(std::chrono::system_clock::now().time_since_epoch());
  };
  const double before = seconds();
  gauge.set_to_current_time();
  whole.set_to_current_time();
  CHECK(gauge.value() >= before);
  CHECK(gauge.value() <= seconds());
  CHECK(static_cast<double>(whole.value()) >= before - 1);
  CHECK(static_cast<double>(whole.value()) <= seconds());
  const ManualClock clock(std::chrono::system_clock::time_point(std::chrono::milliseconds(1700000000250)));
  gauge.set_to_current_time(clock);
  whole.set_to_current_time(clock);
  CHECK(to_text(registry) == "# TYPE x gauge\nx 1.70000000025e+09\n# TYPE y gauge\ny 1700000000\n");
}

TEST_CASE("increments of many threads all arrive") {
  Registry registry;
  const Gauge<> gauge = registry.gauge("x", "");
  const auto whole = registry.gauge<std::int64_t>("y", "");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 10000; ++k) {
        gauge.inc(0.5);
        whole.dec(3);
        whole.inc();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(gauge.value() == 20000);
  CHECK(whole.value() == -80000);
}

TEST_CASE("a handle is trivially copyable, a default-constructed one swallows updates") {
  static_assert(std::is_trivially_copyable_v<Gauge<>>);
  static_assert(noexcept(Gauge<>().set(1)));
  const Gauge<> gauge;
  gauge.set(1);
  gauge.inc();
  const Gauge<std::int64_t> whole;
  whole.dec();
}

TEST_CASE("a gauge of the other type is another metric") {
  Registry registry;
  registry.gauge("x", "");
  registry.gauge<std::int64_t>("y", "");
  CHECK(test::error_of([&] { registry.gauge<std::int64_t>("x", ""); }) ==
        "cannot register gauge<int64> x: gauge x is registered already: another type");
  CHECK(test::error_of([&] { registry.gauge("y", ""); }) ==
        "cannot register gauge y: gauge<int64> y is registered already: another type");
}
