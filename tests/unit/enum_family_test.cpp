// promlite: tests of families whose label values are enumerators.
// SPDX-License-Identifier: MIT
#include <promlite/clock.hpp>
#include <promlite/enum_family.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace promlite;

namespace shop {
enum class Method { get, put, count };
inline const char* to_label(Method method) { return method == Method::get ? "GET" : "PUT"; }
constexpr auto label_values(Method) { return enumerators_below<Method::count>(); }

// Not in a row, not in order, and with the ends of their type.
enum class Code : std::int16_t { none = -32768, ok = 200, missing = 404, error = 500, most = 32767 };
inline std::string_view to_label(Code code) {
  switch (code) {
    case Code::none:
      return "none";
    case Code::ok:
      return "200";
    case Code::missing:
    case Code::error:
    case Code::most:
      return "failed";
  }
  throw 1;  // never asked for what is not in the list
}
constexpr auto label_values(Code) {
  return std::array{Code::ok, Code::none, Code::missing, Code::error, Code::most};
}

enum Plain : std::uint64_t { low = 0xFFFFFFFFFFFFFFFE, high = 0xFFFFFFFFFFFFFFFF };
inline std::string_view to_label(Plain plain) { return plain == low ? "low" : "high"; }
constexpr std::array<Plain, 2> label_values(Plain) { return {low, high}; }
}  // namespace shop

using shop::Code;
using shop::Method;

TEST_CASE("every series is there from the start, and each pair of enumerators has its own") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"method", "code"});
  const auto typed = family.by_enum<Method, Code>();
  typed.with(Method::get, Code::ok).inc(1);
  typed.with(Method::get, Code::none).inc(2);
  typed.with(Method::put, Code::ok).inc(4);
  typed.with(Method::put, Code::missing).inc(8);
  typed.with(Method::put, Code::error).inc(16);  // of the same text
  typed.with(Method::put, Code::most).inc(32);
  family.with("PUT", 200).inc(64);  // and of the same family
  CHECK(to_text(registry) ==
        "# TYPE x_total counter\n"
        "x_total{code=\"200\",method=\"GET\"} 1\nx_total{code=\"200\",method=\"PUT\"} 68\n"
        "x_total{code=\"failed\",method=\"GET\"} 0\nx_total{code=\"failed\",method=\"PUT\"} 56\n"
        "x_total{code=\"none\",method=\"GET\"} 2\nx_total{code=\"none\",method=\"PUT\"} 0\n");
}

TEST_CASE("values that are not in the list go to the overflow series, and are counted") {
  Registry registry;
  const auto typed = registry.counter("x_total", "", {"method", "code"}).by_enum<Method, Code>();
  for (const Method method : {Method::count, static_cast<Method>(-1), static_cast<Method>(3),
                              static_cast<Method>(std::numeric_limits<int>::min())})
    typed.with(method, Code::ok).inc();
  for (int code = -32768; code <= 32767; ++code) {
    const auto value = static_cast<std::int16_t>(code);
    typed.with(Method::get, static_cast<Code>(value)).inc();
  }
  CHECK(to_text(registry) ==
        "# HELP promlite_overflowed_updates_total Look-ups in a full family that got its overflow series.\n"
        "# TYPE promlite_overflowed_updates_total counter\n"
        "promlite_overflowed_updates_total{family=\"x_total\"} 65535\n"
        "# TYPE x_total counter\n"
        "x_total{code=\"200\",method=\"GET\"} 1\nx_total{code=\"200\",method=\"PUT\"} 0\n"
        "x_total{code=\"failed\",method=\"GET\"} 3\nx_total{code=\"failed\",method=\"PUT\"} 0\n"
        "x_total{code=\"none\",method=\"GET\"} 1\nx_total{code=\"none\",method=\"PUT\"} 0\n"
        "x_total{code=\"promlite_overflow\",method=\"promlite_overflow\"} 65535\n");
}

TEST_CASE("bool, enumerators at the end of 64 bits, and every type of metric") {
  Registry registry;
  registry.gauge("a", "", {"x", "y"}).by_enum<bool, shop::Plain>().with(true, shop::high).set(1.5);
  registry.histogram("b", "", {"x"}, buckets({1})).by_enum<bool>().with(false).observe(0.5);
  registry.summary("c", "", {"x"}).by_enum<shop::Plain>().with(shop::low).observe(2);
  registry.gauge<std::int64_t>("d", "", {"x"}).by_enum<shop::Plain>().with(shop::high).set(-3);
  CHECK(to_text(registry) ==
        "# TYPE a gauge\na{x=\"false\",y=\"high\"} 0\na{x=\"false\",y=\"low\"} 0\n"
        "a{x=\"true\",y=\"high\"} 1.5\na{x=\"true\",y=\"low\"} 0\n"
        "# TYPE b histogram\n"
        "b_bucket{x=\"false\",le=\"1\"} 1\nb_bucket{x=\"false\",le=\"+Inf\"} 1\nb_sum{x=\"false\"} 0.5\n"
        "b_count{x=\"false\"} 1\nb_bucket{x=\"true\",le=\"1\"} 0\nb_bucket{x=\"true\",le=\"+Inf\"} 0\n"
        "b_sum{x=\"true\"} 0\nb_count{x=\"true\"} 0\n"
        "# TYPE c summary\nc_sum{x=\"high\"} 0\nc_count{x=\"high\"} 0\nc_sum{x=\"low\"} "
        "2\nc_count{x=\"low\"} 1\n"
        "# TYPE d gauge\nd{x=\"high\"} -3\nd{x=\"low\"} 0\n");
}

TEST_CASE("more combinations than there is room for are an error that says so") {
  Registry registry;
  const auto small = registry.counter("x_total", "", {"method", "code"}, max_series(5));
  CHECK(test::error_of([&] { (void)small.by_enum<Method, Code>(); }) ==
        "cannot create all series of counter x_total{method,code}: 2 * 3 are more than max_series, 5");
  CHECK(to_text(registry).empty());
  const auto filled = registry.counter("y_total", "", {"method", "code"}, max_series(6));
  filled.with("other", "other");
  CHECK(test::error_of([&] { (void)filled.by_enum<Method, Code>(); }) ==
        "cannot create all series of counter y_total{method,code}: there is no room for 3 of 10 beside the "
        "others");
}

TEST_CASE("no removal and no expiry takes the series away") {
  ManualClock clock;
  Registry registry;
  registry.use_clock(clock);
  const auto family = registry.counter("x_total", "", {"method"}, expire_after(std::chrono::seconds(1)));
  const auto typed = family.by_enum<Method>();
  family.with("POST").inc(7);
  typed.with(Method::get).inc();
  CHECK_FALSE(family.remove("GET"));
  CHECK(family.remove_matching({{"method", "PUT"}}) == 0);
  CHECK_THAT(to_text(registry), ContainsSubstring("x_total{method=\"POST\"} 7\n"));
  clock.advance(std::chrono::hours(1));
  CHECK(to_text(registry) ==
        "# TYPE x_total counter\nx_total{method=\"GET\"} 1\nx_total{method=\"PUT\"} 0\n");
  CHECK(family.clear() == 0);
  typed.with(Method::put).inc(2);
  CHECK(to_text(registry) ==
        "# TYPE x_total counter\nx_total{method=\"GET\"} 1\nx_total{method=\"PUT\"} 2\n");
}

TEST_CASE("a handle is small; asking again gives the same table; a look-up allocates nothing") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"method"});
  using Typed = EnumFamily<Counter<>, Method>;
  static_assert(std::is_trivially_copyable_v<Typed>);
  static_assert(sizeof(Typed) == 2 * sizeof(void*));
  static_assert(noexcept(std::declval<const Typed&>().with(Method::get)));
  const Typed typed = family.by_enum<Method>();
  std::size_t before = test::allocations.bytes;
  (void)family.by_enum<Method>();
  const std::size_t again = test::allocations.bytes - before;
  before = test::allocations.bytes;
  (void)family.by_enum<Method>();
  CHECK(test::allocations.bytes - before == again);  // for the asking, not for another table
  typed.with(Method::get).inc();
  const std::size_t count = test::allocations.count;
  for (int i = 0; i < 100; ++i) typed.with(Method::put).inc();
  CHECK(test::allocations.count == count);
  CHECK(to_text(registry) ==
        "# TYPE x_total counter\nx_total{method=\"GET\"} 1\nx_total{method=\"PUT\"} 100\n");
}

TEST_CASE("threads that ask at once count in the same series") {
  for (int round = 0; round < 20; ++round) {
    Registry registry;
    const auto family = registry.counter("x_total", "", {"method", "ok"});
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] { family.by_enum<Method, bool>().with(Method::put, true).inc(); });
    }
    for (std::thread& thread : threads) thread.join();
    REQUIRE(to_text(registry) ==
            "# TYPE x_total counter\nx_total{method=\"GET\",ok=\"false\"} "
            "0\nx_total{method=\"GET\",ok=\"true\"} 0\n"
            "x_total{method=\"PUT\",ok=\"false\"} 0\nx_total{method=\"PUT\",ok=\"true\"} 4\n");
  }
}
