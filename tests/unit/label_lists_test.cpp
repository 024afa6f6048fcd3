// promlite: tests of series that are created before they are used.
// SPDX-License-Identifier: MIT
#include <promlite/exposition/text.hpp>
#include <promlite/label_lists.hpp>
#include <promlite/registry.hpp>

#include <array>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace promlite;
using namespace std::string_view_literals;

enum class Outcome { paid, refused };
static std::string_view to_label(Outcome outcome) { return outcome == Outcome::paid ? "paid" : "refused"; }

TEST_CASE("every combination is exported as 0 from the start") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"method", "code"});
  CHECK(family.create_all({"GET", "POST"}, {200, 404}) == 4);
  family.with("POST", 404).inc(5);
  // Again, and with more: what is there stays.
  CHECK(family.create_all({"GET", "POST"}, {404, 500, 404}) == 4);
  CHECK(to_text(registry) ==
        "# TYPE x_total counter\n"
        "x_total{code=\"200\",method=\"GET\"} 0\nx_total{code=\"200\",method=\"POST\"} 0\n"
        "x_total{code=\"404\",method=\"GET\"} 0\nx_total{code=\"404\",method=\"POST\"} 5\n"
        "x_total{code=\"500\",method=\"GET\"} 0\nx_total{code=\"500\",method=\"POST\"} 0\n");
}

TEST_CASE("lists of every type of value, in every container") {
  Registry registry;
  const char* const plain[] = {"p"};
  const std::vector<std::string> strings{"s"};
  const std::array<std::string_view, 1> views{"v"sv};
  const std::set<int> numbers{-1, 2};
  const std::initializer_list<Outcome> outcomes{Outcome::refused};
  const auto containers = registry.gauge("x", "", {"a", "b", "c", "d", "e"});
  CHECK(containers.create_all(plain, strings, views, numbers, outcomes) == 2);
  const auto braces = registry.gauge("y", "", {"a", "b", "c", "d"});
  CHECK(braces.create_all({'c', 'd'}, {true}, {Outcome::paid}, {std::string("s"), std::string()}) == 4);
  const auto one = registry.gauge("z", "", {"a"});
  CHECK(one.create_all({"1", "2"}) == 2);
  CHECK(one.create_all(strings) == 1);
  CHECK(to_text(registry) ==
        "# TYPE x gauge\n"
        "x{a=\"p\",b=\"s\",c=\"v\",d=\"-1\",e=\"refused\"} 0\n"
        "x{a=\"p\",b=\"s\",c=\"v\",d=\"2\",e=\"refused\"} 0\n"
        "# TYPE y gauge\n"
        "y{a=\"c\",b=\"true\",c=\"paid\",d=\"\"} 0\ny{a=\"c\",b=\"true\",c=\"paid\",d=\"s\"} 0\n"
        "y{a=\"d\",b=\"true\",c=\"paid\",d=\"\"} 0\ny{a=\"d\",b=\"true\",c=\"paid\",d=\"s\"} 0\n"
        "# TYPE z gauge\nz{a=\"1\"} 0\nz{a=\"2\"} 0\nz{a=\"s\"} 0\n");
}

TEST_CASE("values that are not UTF-8 are repaired, and those that become the same are one") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"a"}, max_series(1));
  CHECK(family.create_all({"\xFF", "\xC0", "\xEF\xBF\xBD"}) == 1);
  CHECK(to_text(registry) == "# TYPE x_total counter\nx_total{a=\"\xEF\xBF\xBD\"} 0\n");
}

TEST_CASE("more combinations than the bound are an error that says so, and none is created") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"a", "b"}, max_series(5));
  CHECK(test::error_of([&] {
          family.create_all({1, 2}, {3, 4, 5});
        }) == "cannot create all series of counter x_total{a,b}: 2 * 3 are more than max_series, 5");
  const std::vector<int> thousand(1000, 1);
  std::vector<int> many;
  for (int i = 0; i < 3000; ++i) many.push_back(i);
  const LabelName<MetricType::counter> labels[] = {"a", "b", "c", "d", "e", "f", "g"};
  const auto wide = registry.counter("y_total", "", labels);
  CHECK(test::error_of([&] { wide.create_all(many, many, many, many, many, many, many); }) ==
        "cannot create all series of counter y_total{a,b,c,d,e,f,g}: "
        "3000 * 3000 * 3000 * 3000 * 3000 * 3000 * 3000 are more than max_series, 1000");
  CHECK(to_text(registry).empty());
  // Nothing to create fits, and repeated values count once.
  CHECK(wide.create_all(many, many, many, many, many, many, std::vector<int>()) == 0);
  CHECK(to_text(registry).empty());
  CHECK(family.create_all(thousand, thousand) == 1);
  CHECK(family.create_all({1, 2}, {3, 4}) == 4);
}

TEST_CASE("in a family that others have filled, what does not fit is told and counted") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"a"}, max_series(3));
  family.with("other").inc();
  CHECK(family.create_all({"1", "2", "3"}) == 2);
  CHECK(to_text(registry) ==
        "# HELP promlite_overflowed_updates_total Look-ups in a full family that got its overflow series.\n"
        "# TYPE promlite_overflowed_updates_total counter\n"
        "promlite_overflowed_updates_total{family=\"x_total\"} 1\n"
        "# TYPE x_total counter\nx_total{a=\"1\"} 0\nx_total{a=\"2\"} 0\nx_total{a=\"other\"} 1\n"
        "x_total{a=\"promlite_overflow\"} 0\n");
}
