// promlite: tests of what counts scopes: in progress, and left by an exception.
// SPDX-License-Identifier: MIT
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>
#include <promlite/scope_counter.hpp>

#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/catch.hpp"

using namespace promlite;

/// The metric of the tests below, in both value types.
template <class Metric>
static void check_track(const Metric& gauge) {
  {
    auto one = gauge.track();
    CHECK(gauge.value() == 1);
    auto two = gauge.track();
    CHECK(gauge.value() == 2);
    const auto moved = std::move(two);
    CHECK(gauge.value() == 2);
  }
  CHECK(gauge.value() == 0);
  CHECK(gauge.track([&] { return gauge.value(); }) == 1);
  CHECK_THROWS_AS(gauge.track([&] { throw std::runtime_error("no"); }), std::runtime_error);
  CHECK(gauge.value() == 0);
}

TEST_CASE("track counts the scopes that are open, also when it is moved or an exception passes") {
  Registry registry;
  check_track(registry.gauge("x", ""));
  check_track(registry.gauge<std::int64_t>("y", ""));
}

/// Runs `action`, which may throw.
template <class Action>
static void attempt(const Action& action) {
  try {
    action();
  } catch (...) {
  }
}

TEST_CASE("an exception that leaves the scope is counted, and nothing else is") {
  Registry registry;
  const Counter<> errors = registry.counter("x_total", "");
  { const auto guard = errors.count_exceptions(); }
  attempt([&] {
    const auto guard = errors.count_exceptions();
    attempt([] { throw 1; });
  });
  CHECK(to_text(registry) == "# TYPE x_total counter\nx_total 0\n");
  attempt([&] {
    const auto guard = errors.count_exceptions();
    throw 1;
  });
  CHECK(to_text(registry) == "# TYPE x_total counter\nx_total 1\n");
  const auto whole = registry.counter<std::uint64_t>("y_total", "");
  attempt([&] {
    auto guard = whole.count_exceptions();
    const auto moved = std::move(guard);
    throw 1;
  });
  CHECK(whole.value() == 1);
}

/// Does its work in a destructor, as one that an exception has called.
template <class Action>
struct AtEnd {
  const Action& action;
  ~AtEnd() { action(); }
};

TEST_CASE("an exception that was under way before is not counted") {
  Registry registry;
  const Counter<> errors = registry.counter("x_total", "");
  const auto quiet = [&] { const auto guard = errors.count_exceptions(); };
  const auto loud = [&] {
    attempt([&] {
      const auto guard = errors.count_exceptions();
      throw 2;
    });
  };
  attempt([&] {
    const AtEnd<decltype(quiet)> end{quiet};
    throw 1;
  });
  CHECK(errors.value() == 0);
  attempt([&] {
    const AtEnd<decltype(loud)> end{loud};
    throw 1;
  });
  CHECK(errors.value() == 1);
}

TEST_CASE(
    "a call is counted when it throws what was asked for, and its result or exception is the caller's") {
  Registry registry;
  const Counter<> any = registry.counter("any_total", "");
  const Counter<> memory = registry.counter("memory_total", "");
  int place = 1;
  int& same = any.count_exceptions([&]() -> int& { return place; });
  CHECK(&same == &place);
  CHECK(memory.count_exceptions<std::bad_alloc>([] { return std::string("text"); }) == "text");
  any.count_exceptions([] {});
  const auto both = [&](const auto& action) {
    any.count_exceptions([&] { memory.count_exceptions<std::bad_alloc>(action); });
  };
  CHECK_THROWS_AS(both([] { throw std::bad_array_new_length(); }), std::bad_array_new_length);
  CHECK_THROWS_AS(both([] { throw std::runtime_error("no"); }), std::runtime_error);
  CHECK_THROWS_AS(both([] { throw 5; }), int);
  CHECK(to_text(registry) ==
        "# TYPE any_total counter\nany_total 3\n# TYPE memory_total counter\nmemory_total 1\n");
}
