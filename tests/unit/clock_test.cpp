// promlite: tests of clocks.
// SPDX-License-Identifier: MIT
#include <promlite/clock.hpp>

#include <chrono>
#include <cstdint>
#include <ratio>
#include <thread>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

using namespace promlite;
using namespace std::chrono_literals;

static std::chrono::nanoseconds steady(const Clock& clock) { return clock.now().time_since_epoch(); }
static std::chrono::nanoseconds of_day(const Clock& clock) { return clock.system_now().time_since_epoch(); }

TEST_CASE("the real clock is the machine's, and lives as long as the program") {
  static_assert(std::is_trivially_destructible_v<RealClock>);
  const Clock& clock = Clock::real();
  const auto steady_before = std::chrono::steady_clock::now();
  const auto steady_told = clock.now();
  CHECK(steady_told >= steady_before);
  CHECK(std::chrono::steady_clock::now() >= steady_told);
  const auto system_before = std::chrono::system_clock::now();
  const auto system_told = clock.system_now();
  CHECK(system_told >= system_before);
  CHECK(std::chrono::system_clock::now() >= system_told);
}

TEST_CASE("a manual clock stands until it is moved on, and then moves both times") {
  ManualClock clock;
  CHECK(steady(clock) == 0s);
  CHECK(of_day(clock) == 0s);
  clock.advance(2min);
  clock.advance(500us);
  clock.advance(std::chrono::duration<double>(0.25));
  clock.advance(-1h);
  CHECK(steady(clock) == 120s + 250500us);
  CHECK(of_day(clock) == 120s + 250500us);
}

TEST_CASE("the time of day is set without the other") {
  const std::chrono::system_clock::time_point noon(1700000000s);
  ManualClock clock(noon);
  CHECK(steady(clock) == 0s);
  CHECK(of_day(clock) == 1700000000s);
  clock.advance(10s);
  CHECK(of_day(clock) == 1700000010s);
  clock.set_system_time(noon - 1h);
  CHECK(steady(clock) == 10s);
  CHECK(of_day(clock) == 1699996400s);
  clock.advance(1s);
  CHECK(steady(clock) == 11s);
  CHECK(of_day(clock) == 1699996401s);
}

TEST_CASE("threads move a manual clock together") {
  ManualClock clock;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 1000; ++k) {
        clock.advance(1ms);
        (void)clock.now();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(steady(clock) == 4s);
}

TEST_CASE("seconds of a duration of any type are those that its writer means") {
  using detail::seconds_of;
  CHECK(seconds_of(250ms) == 0.25);
  CHECK(seconds_of(-3min) == -180);
  CHECK(seconds_of(7h) == 25200);
  CHECK(seconds_of(0.1s) == 0.1);
  CHECK(seconds_of(std::chrono::duration<float, std::milli>(500)) == 0.5);
  CHECK(seconds_of(std::chrono::duration<long double>(0.75L)) == 0.75);
  CHECK(seconds_of(std::chrono::duration<int, std::ratio<1, 3>>(1)) == 1.0 / 3);
  CHECK(seconds_of(std::chrono::duration<short, std::ratio<7, 2>>(3)) == 10.5);
  CHECK(seconds_of(std::chrono::duration<unsigned char, std::deci>(255)) == 25.5);
  CHECK(seconds_of(1ns) == 1e-9);
  CHECK(seconds_of(123456789ns) == 0.123456789);
  CHECK(seconds_of(9007199254740993ns) == 9007199.254740993);
  CHECK(seconds_of(1700000000250000000ns) == 1700000000.25);
  CHECK(seconds_of(-1700000000250000000ns) == -1700000000.25);
  CHECK(seconds_of(std::chrono::duration<std::uint64_t, std::nano>(18446744073500000000U)) == 18446744073.5);
  CHECK(seconds_of(std::chrono::nanoseconds::min()) == -9223372036.854775808);
}
