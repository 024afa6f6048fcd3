// promlite: tests of families with labels: look-up, bound, overflow, repair, and what an update costs.
// SPDX-License-Identifier: MIT
#include <promlite/exposition/text.hpp>
#include <promlite/family.hpp>
#include <promlite/registry.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

#include "support/allocations.hpp"
#include "support/catch.hpp"

using namespace promlite;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace shop {
enum class Outcome { paid, refused };
inline std::string_view to_label(Outcome outcome) { return outcome == Outcome::paid ? "paid" : "refused"; }
}  // namespace shop

TEST_CASE("a family without series is not shown; a series is shown from its first look-up on") {
  Registry registry;
  const auto family = registry.counter("x_total", "Help.", {"a"});
  CHECK(to_text(registry).empty());
  family.with("1");
  CHECK(to_text(registry) == "# HELP x_total Help.\n# TYPE x_total counter\nx_total{a=\"1\"} 0\n");
}

TEST_CASE("a handle is small and trivially copyable") {
  static_assert(std::is_trivially_copyable_v<Family<Counter<>, 2>>);
  static_assert(sizeof(Family<Counter<>, 2>) == sizeof(void*));
  SUCCEED();
}

TEST_CASE("label values of every type name one series where their text is the same") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"value"});
  const std::string string = "200";
  const std::string_view view = string;
  const char* const pointer = "200";
  const char array[] = "200";
  family.with("200").inc();
  family.with(string).inc();
  family.with(view).inc();
  family.with(pointer).inc();
  family.with(array).inc();
  family.with(200).inc();
  family.with(200U).inc();
  family.with(std::uint8_t{200}).inc();
  family.with(std::int64_t{200}).inc();
  family.with(true).inc();
  family.with('t').inc();
  family.with(shop::Outcome::paid).inc();
  family.with(shop::Outcome::refused).inc();
  family.with(std::numeric_limits<std::int64_t>::min()).inc();
  family.with("").inc();
  CHECK(to_text(registry) ==
        "# TYPE x_total counter\nx_total{value=\"\"} 1\nx_total{value=\"-9223372036854775808\"} 1\n"
        "x_total{value=\"200\"} 9\nx_total{value=\"paid\"} 1\nx_total{value=\"refused\"} "
        "1\nx_total{value=\"t\"} "
        "1\nx_total{value=\"true\"} 1\n");
}

TEST_CASE("labels are shown by name, series by values, whatever the order of declaration and of creation") {
  Registry registry;
  const auto family =
      registry.gauge("x", "", {"b", "c", "a"}, const_labels({{"bb", "k"}, {"aa", "k"}, {"z", "k"}}));
  family.with("2", "1", "1").set(5);
  family.with("1", "2", "1").set(3);
  family.with("1", "1", "2").set(4);
  family.with("1", "1", "1").set(1);
  family.with("1", "10", "1").set(2);
  CHECK(to_text(registry) ==
        "# TYPE x gauge\n"
        "x{a=\"1\",aa=\"k\",b=\"1\",bb=\"k\",c=\"1\",z=\"k\"} 1\n"
        "x{a=\"1\",aa=\"k\",b=\"1\",bb=\"k\",c=\"10\",z=\"k\"} 2\n"
        "x{a=\"1\",aa=\"k\",b=\"1\",bb=\"k\",c=\"2\",z=\"k\"} 3\n"
        "x{a=\"1\",aa=\"k\",b=\"2\",bb=\"k\",c=\"1\",z=\"k\"} 5\n"
        "x{a=\"2\",aa=\"k\",b=\"1\",bb=\"k\",c=\"1\",z=\"k\"} 4\n");
}

TEST_CASE("values that join to the same text are different series") {
  Registry registry;
  const auto family = registry.gauge("x", "", {"a", "b"});
  family.with("a", "bc").set(1);
  family.with("ab", "c").set(2);
  family.with("abc", "").set(3);
  family.with("", "abc").set(4);
  CHECK(to_text(registry) ==
        "# TYPE x gauge\nx{a=\"\",b=\"abc\"} 4\nx{a=\"a\",b=\"bc\"} 1\nx{a=\"ab\",b=\"c\"} "
        "2\nx{a=\"abc\",b=\"\"} 3\n");
}

TEST_CASE("series that come between scrapes take their places") {
  Registry registry;
  const auto family = registry.gauge("x", "", {"a"}, max_series(5000));
  std::vector<int> expected;
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < round; ++i) family.with(10000 + (round * 7919 + i * 104729) % 5000).set(1);
    const std::string shown = to_text(registry);
    // In order, each once, and as many as there are.
    std::string before;
    std::size_t lines = 0;
    for (std::size_t at = shown.find('\n') + 1; at < shown.size(); ++lines) {
      const std::size_t end = shown.find('\n', at);
      const std::string line = shown.substr(at, end - at);
      REQUIRE(before < line);
      before = line;
      at = end + 1;
    }
    expected.push_back(static_cast<int>(lines));
  }
  CHECK(expected.front() == 0);
  CHECK(expected.back() >= 39);
}

TEST_CASE("past the bound everything goes to the overflow series, and is counted") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"user", "code"}, max_series(2));
  family.with("a", 1).inc();
  family.with("b", 1).inc();
  CHECK(to_text(registry) ==
        "# TYPE x_total counter\nx_total{code=\"1\",user=\"a\"} 1\nx_total{code=\"1\",user=\"b\"} 1\n");
  family.with("c", 1).inc();
  family.with("d", 1).inc(2);
  family.with("a", 1).inc();
  CHECK(to_text(registry) ==
        "# HELP promlite_overflowed_updates_total Look-ups in a full family that got its overflow series.\n"
        "# TYPE promlite_overflowed_updates_total counter\n"
        "promlite_overflowed_updates_total{family=\"x_total\"} 2\n"
        "# TYPE x_total counter\nx_total{code=\"1\",user=\"a\"} 2\nx_total{code=\"1\",user=\"b\"} 1\n"
        "x_total{code=\"promlite_overflow\",user=\"promlite_overflow\"} 3\n");
}

TEST_CASE("a flood of values: the sum of all series is exact, and memory stays") {
  Registry registry;
  const auto family = registry.counter<std::uint64_t>("x_total", "", {"user"}, max_series(100));
  for (int i = 0; i < 200; ++i) family.with(i).inc();
  const std::size_t before = test::allocations.count;
  for (int i = 0; i < 100000; ++i) family.with(i).inc();
  CHECK(test::allocations.count == before);
  const std::string text = to_text(registry);
  CHECK_THAT(text, ContainsSubstring("x_total{user=\"promlite_overflow\"} 100000\n"));
  CHECK_THAT(text, ContainsSubstring("x_total{user=\"99\"} 2\n"));
  CHECK_THAT(text, !ContainsSubstring("x_total{user=\"100\"}"));
  CHECK_THAT(text, ContainsSubstring("promlite_overflowed_updates_total{family=\"x_total\"} 100000\n"));
}

TEST_CASE("who asks for the overflow series by its name gets it, and it counts as nothing lost") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"user"}, max_series(1));
  family.with("promlite_overflow").inc();
  family.with("a").inc();
  CHECK(to_text(registry) ==
        "# TYPE x_total counter\nx_total{user=\"a\"} 1\nx_total{user=\"promlite_overflow\"} 1\n");
  family.with("b").inc();
  CHECK_THAT(to_text(registry), ContainsSubstring("x_total{user=\"promlite_overflow\"} 2\n"));
  CHECK_THAT(to_text(registry),
             ContainsSubstring("promlite_overflowed_updates_total{family=\"x_total\"} 1\n"));
}

TEST_CASE("values that are not UTF-8 are repaired, counted, and one series with what they are repaired to") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"a", "b"});
  family.with("\xFF"sv, "ok").inc();
  family.with("\xC0"sv, "ok").inc();
  family.with("\xEF\xBF\xBD", "ok").inc();
  family.with("\xE2\x82"sv, "\xED\xA0\x80"sv).inc();
  CHECK(to_text(registry) ==
        "# HELP promlite_repaired_label_values_total Look-ups with a label value that was not UTF-8.\n"
        "# TYPE promlite_repaired_label_values_total counter\n"
        "promlite_repaired_label_values_total{family=\"x_total\"} 3\n"
        "# TYPE x_total counter\n"
        "x_total{a=\"\xEF\xBF\xBD\",b=\"ok\"} 3\n"
        "x_total{a=\"\xEF\xBF\xBD\",b=\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"} 1\n");
}

TEST_CASE("no allocation when the series exists") {
  Registry registry;
  const auto counters = registry.counter("c_total", "", {"a", "b"});
  const auto gauges = registry.gauge("g", "", {"a"});
  const auto histograms = registry.histogram("h", "", {"a"});
  const auto summaries = registry.summary("s", "", {"a"}, quantiles({0.5}));
  const auto everything = [&] {
    counters.with("GET", 200).inc();
    counters.with("GET"sv, 200).inc(0.5);
    gauges.with(true).set(1);
    gauges.with(std::string_view("a value that is longer than any small string optimisation allows")).inc();
    histograms.with('h').observe(1);
    summaries.with(shop::Outcome::paid).observe(1);
  };
  everything();
  const std::size_t before = test::allocations.count;
  for (int i = 0; i < 100; ++i) everything();
  CHECK(test::allocations.count == before);
  to_text(registry);
  const std::size_t after_scrape = test::allocations.count;
  everything();
  CHECK(test::allocations.count == after_scrape);
}

TEST_CASE("a declared family without series costs less than 4 KiB") {
  Registry registry;
  constexpr std::size_t families = 50;
  const std::size_t before = test::allocations.bytes;
  for (std::size_t i = 0; i < families; ++i) {
    const std::string name = "family_" + std::to_string(i);
    (void)registry.counter(runtime_name(name + "_total"), "Never used.", {"a", "b"});
    (void)registry.histogram(runtime_name(name + "_seconds"), "Never used.", {"a", "b"});
    (void)registry.summary(runtime_name(name + "_bytes"), "Never used.", {"a", "b"}, quantiles({0.5}));
  }
  // What is allocated on the way counts as well, the names of this test included.
  CHECK(test::allocations.bytes - before < 3 * families * 4096);
}

TEST_CASE("a hundred labels") {
  Registry registry;
  const LabelName<MetricType::gauge> names[100] = {
      "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "b0", "b1", "b2", "b3", "b4", "b5", "b6",
      "b7", "b8", "b9", "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "d0", "d1", "d2", "d3",
      "d4", "d5", "d6", "d7", "d8", "d9", "e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9", "f0",
      "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "g0", "g1", "g2", "g3", "g4", "g5", "g6", "g7",
      "g8", "g9", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "i0", "i1", "i2", "i3", "i4",
      "i5", "i6", "i7", "i8", "i9", "j0", "j1", "j2", "j3", "j4", "j5", "j6", "j7", "j8", "j9"};
  const auto family = registry.gauge("x", "", names);
  family
      .with(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
            27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50,
            51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74,
            75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98,
            99)
      .set(7);
  std::string expected = "# TYPE x gauge\nx{";
  for (int i = 0; i < 100; ++i)
    expected += (i == 0 ? "" : ",") + std::string(names[i].text()) + "=\"" + std::to_string(i) + "\"";
  CHECK(to_text(registry) == expected + "} 7\n");
}

TEST_CASE("a value of a megabyte, and one of every length around the limits of its stored form") {
  Registry registry;
  const auto family = registry.gauge("x", "", {"a"});
  const std::string large(1 << 20, 'y');
  family.with(large).set(1);
  family.with(large).inc();
  CHECK(to_text(registry) == "# TYPE x gauge\nx{a=\"" + large + "\"} 2\n");
  Registry other;
  const auto lengths = other.gauge("x", "", {"a", "b"}, max_series(2000));
  std::string expected = "# TYPE x gauge\n";
  for (std::size_t size = 0; size < 600; ++size) {
    lengths.with(std::string(size, 'y'), "z").set(static_cast<double>(size));
    lengths.with(std::string(size, 'y'), "z").inc();
    expected += "x{a=\"" + std::string(size, 'y') + "\",b=\"z\"} " + std::to_string(size + 1) + "\n";
  }
  CHECK(to_text(other) == expected);
}

TEST_CASE("threads that create the same series at once share it") {
  for (int round = 0; round < 20; ++round) {
    Registry registry;
    const auto family = registry.counter("x_total", "", {"a"}, max_series(50));
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) family.with(i % 40).inc();
      });
    }
    for (std::thread& thread : threads) thread.join();
    const std::string text = to_text(registry);
    std::size_t series = 0;
    for (std::size_t at = text.find("} 20\n"); at != std::string::npos; at = text.find("} 20\n", at + 1))
      ++series;
    REQUIRE(series == 40);
  }
}
