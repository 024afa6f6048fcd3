// promlite: tests of counters: every type of amount, exact sums, what is refused.
// SPDX-License-Identifier: MIT
#include <promlite/counter.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <future>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "support/c_locale.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace promlite;

static const double infinity = std::numeric_limits<double>::infinity();
static const double nan_value = std::numeric_limits<double>::quiet_NaN();
static constexpr std::uint64_t two_to_53 = std::uint64_t{1} << 53;

/// The text of the value of x_total.
static std::string shown(Registry& registry) {
  const std::string text = to_text(registry);
  const std::string line = "\nx_total ";
  const std::size_t at = text.find(line);
  REQUIRE(at != std::string::npos);
  return text.substr(at + line.size(), text.find('\n', at + 1) - at - line.size());
}

static std::string refused(std::uint64_t count) {
  if (count == 0) return "# TYPE x_total counter\n";
  return "# HELP promlite_refused_updates_total Updates with a value that the metric cannot take.\n"
         "# TYPE promlite_refused_updates_total counter\n"
         "promlite_refused_updates_total{family=\"x_total\"} " +
         std::to_string(count) + "\n# TYPE x_total counter\n";
}

TEST_CASE("a handle is small and trivially copyable") {
  static_assert(std::is_trivially_copyable_v<Counter<>>);
  static_assert(std::is_trivially_copyable_v<Counter<std::uint64_t>>);
  static_assert(sizeof(Counter<>) <= 3 * sizeof(void*));
  static_assert(noexcept(Counter<>().inc()));
  static_assert(noexcept(Counter<>().inc(0.5)));
  SUCCEED();
}

TEST_CASE("a new counter is shown as 0") {
  Registry registry;
  const Counter<> counter = registry.counter("x_total", "Help.");
  CHECK(counter.value() == 0);
  CHECK(to_text(registry) == "# HELP x_total Help.\n# TYPE x_total counter\nx_total 0\n");
  counter.inc(0);
  counter.inc(0.0);
  CHECK(to_text(registry) == "# HELP x_total Help.\n# TYPE x_total counter\nx_total 0\n");
}

template <class T>
static void check_amounts() {
  Registry registry;
  const auto counter = registry.counter<T>("x_total", "");
  counter.inc();
  counter.inc(true);
  counter.inc(false);
  counter.inc(static_cast<char>(1));
  counter.inc(static_cast<signed char>(1));
  counter.inc(static_cast<unsigned char>(200));
  counter.inc(static_cast<short>(1));
  counter.inc(static_cast<unsigned short>(65535));
  counter.inc(1);
  counter.inc(1U);
  counter.inc(1L);
  counter.inc(1UL);
  counter.inc(1LL);
  counter.inc(1ULL);
  counter.inc(2.0F);
  counter.inc(2.0);
  counter.inc(2.0L);
  CHECK(counter.value() == 65752);
  CHECK(to_text(registry) == "# TYPE x_total counter\nx_total 65752\n");
}

TEST_CASE("amounts of every arithmetic type") {
  check_amounts<double>();
  check_amounts<std::uint64_t>();
}

template <class T>
static void check_refusals() {
  Registry registry;
  const auto counter = registry.counter<T>("x_total", "");
  counter.inc(5);
  std::uint64_t count = 0;
  const auto refuses = [&](auto amount) {
    counter.inc(amount);
    CHECK(to_text(registry) == refused(++count) + "x_total 5\n");
  };
  refuses(-1);
  refuses(-1.0);
  refuses(-1.0F);
  refuses(std::numeric_limits<std::int64_t>::min());
  refuses(static_cast<signed char>(-1));
  refuses(-5e-324);
  refuses(-1e300);
  refuses(infinity);
  refuses(-infinity);
  refuses(nan_value);
  refuses(-nan_value);
  refuses(std::numeric_limits<float>::quiet_NaN());
  refuses(std::numeric_limits<long double>::infinity());
  // Negative zero is zero.
  counter.inc(-0.0);
  counter.inc(-0.0F);
  CHECK(to_text(registry) == refused(count) + "x_total 5\n");
  counter.inc();
  CHECK(to_text(registry) == refused(count) + "x_total 6\n");
}

TEST_CASE("what is not an amount is refused, counted, and changes nothing") {
  check_refusals<double>();
  check_refusals<std::uint64_t>();
}

TEST_CASE("an integer counter refuses fractions and doubles beyond its range") {
  Registry registry;
  const auto counter = registry.counter<std::uint64_t>("x_total", "");
  counter.inc(0.5);
  counter.inc(1.5);
  counter.inc(5e-324);
  counter.inc(0x1p64);
  counter.inc(1e300);
  CHECK(to_text(registry) == refused(5) + "x_total 0\n");
  counter.inc(0x1p63);
  CHECK(to_text(registry) == refused(5) + "x_total 9223372036854775808\n");
}

TEST_CASE("an integer counter is exact to the last number, and wraps behind it") {
  Registry registry;
  const auto counter = registry.counter<std::uint64_t>("x_total", "");
  counter.inc(two_to_53 + 1);
  CHECK(shown(registry) == "9007199254740993");
  counter.inc(~std::uint64_t{0} - two_to_53 - 1);
  CHECK(shown(registry) == "18446744073709551615");
  CHECK(counter.value() == ~std::uint64_t{0});
  counter.inc();
  CHECK(shown(registry) == "0");
}

TEST_CASE("a counter of double counts on past 2^53, one by one") {
  Registry registry;
  const Counter<> counter = registry.counter("x_total", "");
  counter.inc(two_to_53 - 1);
  counter.inc();
  CHECK(shown(registry) == "9007199254740992");
  counter.inc();
  CHECK(shown(registry) == "9007199254740993");
  CHECK(counter.value() == 0x1p53);
  counter.inc();
  CHECK(shown(registry) == "9007199254740994");
}

TEST_CASE("a counter of double counts whole amounts exactly, whatever their type and size") {
  Registry registry;
  const Counter<> counter = registry.counter("x_total", "");
  counter.inc(two_to_53 + 1);
  CHECK(shown(registry) == "9007199254740993");
  counter.inc(0x1p60);
  counter.inc(1);
  CHECK(shown(registry) == "1161928703861587970");
}

TEST_CASE("fractions are summed beside whole amounts") {
  Registry registry;
  const Counter<> counter = registry.counter("x_total", "");
  counter.inc(3);
  counter.inc(0.25);
  CHECK(shown(registry) == "3.25");
  counter.inc(0.75);
  CHECK(shown(registry) == "4");
  counter.inc(1e6);
  CHECK(shown(registry) == "1.000004e+06");
  CHECK(counter.value() == 1000004);
}

TEST_CASE("a duration of any type is added in seconds") {
  Registry registry;
  const Counter<> counter = registry.counter("x_total", "");
  counter.inc(std::chrono::minutes(2));
  counter.inc(std::chrono::milliseconds(250));
  counter.inc(std::chrono::duration<float>(0.5F));
  CHECK(shown(registry) == "120.75");
  counter.inc(std::chrono::seconds(-1));
  CHECK(to_text(registry) == refused(1) + "x_total 120.75\n");
}

TEST_CASE("huge amounts, and sums past 2^64") {
  Registry registry;
  const Counter<> counter = registry.counter("x_total", "");
  counter.inc(~std::uint64_t{0});
  CHECK(counter.value() == 0x1p64);
  counter.inc(~std::uint64_t{0});
  CHECK(counter.value() == 0x1p65);
  counter.inc(0x1p64);
  CHECK(counter.value() == 0x1.8p65);
  counter.inc(1e300);
  CHECK(shown(registry) == "1e+300");
  counter.inc(std::numeric_limits<double>::max());
  counter.inc(std::numeric_limits<double>::max());
  CHECK(shown(registry) == "+Inf");
}

TEST_CASE("huge amounts of several threads") {
  Registry registry;
  const Counter<> counter = registry.counter("x_total", "");
  const auto inc = [&] { counter.inc(std::uint64_t{1} << 63); };
  inc();
  std::thread(inc).join();
  CHECK(counter.value() == 0x1p64);
  std::thread([&] {
    inc();
    counter.inc(0.5);
  }).join();
  CHECK(counter.value() == 0x1.8p64);
  CHECK(shown(registry) == "2.7670116110564327e+19");
}

TEST_CASE("the whole amounts of several threads may be more than 2^64 together") {
  Registry registry;
  const Counter<> counter = registry.counter("x_total", "");
  counter.inc();
  // All of them live until the last one has counted, so that each has cells of its own.
  std::vector<std::thread> threads;
  std::promise<void> all_have_counted;
  const std::shared_future<void> end = all_have_counted.get_future().share();
  for (int i = 0; i < 4; ++i) {
    std::promise<void> counted;
    threads.emplace_back([&, i, end] {
      constexpr std::uint64_t largest = (std::uint64_t{1} << 62) - 1;
      for (int twice = 0; twice < (i < 3 ? 2 : 1); ++twice) counter.inc(i < 3 ? largest : 5);
      counted.set_value();
      end.wait();
    });
    counted.get_future().wait();
  }
  CHECK(counter.value() == 3 * 0x1p63);
  CHECK(shown(registry) == "2.7670116110564327e+19");
  all_have_counted.set_value();
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("whole amounts are exact to 2^62 in each thread, and doubles from there on") {
  const auto after = [](const std::vector<std::uint64_t>& amounts) {
    Registry registry;
    const Counter<> counter = registry.counter("x_total", "");
    for (const std::uint64_t amount : amounts) counter.inc(amount);
    return shown(registry);
  };
  constexpr std::uint64_t limit = std::uint64_t{1} << 62;
  CHECK(after({limit - 1}) == "4611686018427387903");
  CHECK(after({limit - 1, limit - 1}) == "9223372036854775806");
  CHECK(after({limit - 1, 1}) == "4611686018427387904");
  CHECK(after({limit}) == "4.611686018427388e+18");
  CHECK(after({limit - 1, 1, 1}) == "4.611686018427388e+18");
  CHECK(after({~std::uint64_t{0}}) == "1.8446744073709552e+19");
}

TEST_CASE("whole amounts of several threads are exact beside a fraction, while a double can be") {
  Registry registry;
  const Counter<> counter = registry.counter("x_total", "");
  counter.inc(1);
  std::thread([&] { counter.inc(two_to_53 + 1); }).join();
  counter.inc(1e-300);
  CHECK(counter.value() == 0x1p53 + 2);
}

TEST_CASE("integer cells are left before they wrap, and no scrape ever falls") {
  Registry registry;
  const Counter<> counter = registry.counter("x_total", "");
  std::mt19937_64 random(9);
  double before = 0;
  long double exact = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::uint64_t amount = random() >> (1 + random() % 40);
    exact += static_cast<long double>(amount);
    switch (random() % 3) {
      case 0:
        counter.inc(amount);
        break;
      case 1:
        counter.inc(static_cast<double>(amount));
        break;
      default:
        // Another thread, one at a time: it takes over the same slot or has one of its own.
        std::thread([&] { counter.inc(amount); }).join();
    }
    const double now = counter.value();
    REQUIRE(now >= before);
    REQUIRE(now == test::parsed(shown(registry)));
    before = now;
  }
  CHECK(before > 0x1p64);
  CHECK(std::abs(static_cast<long double>(before) - exact) <= exact * 1e-12L);
}

TEST_CASE("threads that come and go lose nothing") {
  Registry registry;
  const Counter<> real = registry.counter("x_total", "");
  const auto whole = registry.counter<std::uint64_t>("y_total", "");
  for (int round = 0; round < 20; ++round) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 100; ++k) {
          real.inc();
          real.inc(0.5);
          whole.inc(2);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  CHECK(to_text(registry) ==
        "# TYPE x_total counter\nx_total 24000\n# TYPE y_total counter\ny_total 32000\n");
}

TEST_CASE("a default-constructed counter swallows updates") {
  const Counter<> counter;
  counter.inc();
  counter.inc(0.5);
  counter.inc(-1);
  const Counter<std::uint64_t> whole;
  whole.inc();
  whole.inc(0.5);
}

TEST_CASE("copies of a handle and repeated declarations are the same counter") {
  Registry registry;
  const Counter<> one = registry.counter("x_total", "");
  Counter<> two = one;
  const Counter<> three = registry.counter("x_total", "");
  two.inc();
  three.inc();
  two = three;
  two.inc();
  CHECK(one.value() == 3);
}

TEST_CASE("a counter of the other type is another metric") {
  Registry registry;
  registry.counter("x_total", "");
  registry.counter<std::uint64_t>("y_total", "");
  CHECK(test::error_of([&] { registry.counter<std::uint64_t>("x_total", ""); }) ==
        "cannot register counter<uint64> x_total: counter x_total is registered already: another type");
  CHECK(test::error_of([&] { registry.counter("y_total", ""); }) ==
        "cannot register counter y_total: counter<uint64> y_total is registered already: another type");
}
