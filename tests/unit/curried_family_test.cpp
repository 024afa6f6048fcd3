// promlite: tests of families of which some label values are bound.
// SPDX-License-Identifier: MIT
#include <promlite/curried_family.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace promlite;

enum class Outcome { paid, refused };
static std::string_view to_label(Outcome outcome) { return outcome == Outcome::paid ? "paid" : "refused"; }

TEST_CASE("the first labels, or any by their names, are bound once, and with() takes the others") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"b", "a", "c"});
  family.curry("b1").with("a1", "c1").inc(1);
  family.curry("b1", "a2").with("c1").inc(2);
  family.curry({{"a", "a3"}}).with("b1", "c1").inc(3);
  family.curry({{"c", "c4"}, {"b", "b4"}}).with("a4").inc(4);
  family.curry("b1").curry("a1").with("c1").inc(10);
  family.curry("b1").curry({{"c", "c1"}}).with("a2").inc(20);
  family.curry({{"a", "a3"}}).curry("b1").with("c1").inc(30);
  family.curry({{"c", "c4"}}).curry({{"a", "a4"}}).with("b4").inc(40);
  CHECK(to_text(registry) ==
        "# TYPE x_total counter\n"
        "x_total{a=\"a1\",b=\"b1\",c=\"c1\"} 11\nx_total{a=\"a2\",b=\"b1\",c=\"c1\"} 22\n"
        "x_total{a=\"a3\",b=\"b1\",c=\"c1\"} 33\nx_total{a=\"a4\",b=\"b4\",c=\"c4\"} 44\n");
}

TEST_CASE("values of every type are bound, and binding makes no series") {
  Registry registry;
  const auto family = registry.gauge("x", "", {"a", "b", "c"});
  const auto first = family.curry(std::string_view("view"), Outcome::paid);
  const auto named = family.curry({{"a", true}, {"b", 404}});
  CHECK(to_text(registry).empty());
  first.with('c').set(1);
  named.with(Outcome::refused).set(2);
  CHECK(to_text(registry) ==
        "# TYPE x gauge\nx{a=\"true\",b=\"404\",c=\"refused\"} 2\nx{a=\"view\",b=\"paid\",c=\"c\"} 1\n");
}

TEST_CASE("bound values are owned: by copies too, whatever became of the original and of the argument") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"a", "b", "c"});
  const std::string long_value(100, 'v');
  std::optional<std::string> argument(long_value);
  auto original = std::make_optional(family.curry(*argument));
  auto named = std::make_optional(family.curry({{"b", *argument}}));
  argument->assign(100, 'w');
  argument.reset();
  auto copy = *original;
  auto moved = std::move(*original);
  const auto further = copy.curry("b");
  const auto from_named = named->curry("a");
  original.reset();
  named.reset();
  copy.with("b", "c").inc();
  moved.with("b", "c").inc();
  copy = moved;
  copy.with("b", "c").inc();
  further.with("c").inc();
  from_named.with("c").inc();
  CHECK(to_text(registry) == "# TYPE x_total counter\nx_total{a=\"a\",b=\"" + long_value +
                                 "\",c=\"c\"} 1\nx_total{a=\"" + long_value + "\",b=\"b\",c=\"c\"} 4\n");
}

TEST_CASE("a name that is not free is an error that says why, and binds nothing") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"a", "b", "c"});
  CHECK(test::error_of([&] {
          (void)family.curry({{"d", 1}});
        }) == "cannot bind label 'd' of counter x_total{a,b,c}: there is no such label");
  CHECK(test::error_of([&] {
          (void)family.curry({{"a", 1}, {"a", 1}});
        }) == "cannot bind label 'a' of counter x_total{a,b,c}: it is bound already");
  const auto bound = family.curry("1");
  CHECK(test::error_of([&] {
          (void)bound.curry({{"a", 1}});
        }) == "cannot bind label 'a' of counter x_total{a,b,c}: it is bound already");
  bound.with(2, 3).inc();
  CHECK(to_text(registry) == "# TYPE x_total counter\nx_total{a=\"1\",b=\"2\",c=\"3\"} 1\n");
}

TEST_CASE("every combination of the other labels is created") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"a", "b", "c"}, max_series(5));
  const auto bound = family.curry({{"b", "b"}});
  CHECK(bound.create_all({1, 2}, {"c", "d"}) == 4);
  CHECK(bound.curry(1).create_all({"c", "e"}) == 2);
  CHECK(to_text(registry) ==
        "# TYPE x_total counter\n"
        "x_total{a=\"1\",b=\"b\",c=\"c\"} 0\nx_total{a=\"1\",b=\"b\",c=\"d\"} 0\n"
        "x_total{a=\"1\",b=\"b\",c=\"e\"} 0\nx_total{a=\"2\",b=\"b\",c=\"c\"} 0\n"
        "x_total{a=\"2\",b=\"b\",c=\"d\"} 0\n");
  CHECK(test::error_of([&] {
          bound.create_all({1, 2, 3}, {4, 5});
        }) == "cannot create all series of counter x_total{a,b,c}: 3 * 1 * 2 are more than max_series, 5");
}

TEST_CASE("series of the bound values are removed, and no others") {
  Registry registry;
  const auto family = registry.counter("x_total", "", {"a", "b", "c"});
  const auto bound = family.curry({{"b", 2}});
  const auto fill = [&] {
    family.create_all({1}, {1}, {1, 2});
    bound.create_all({1, 2}, {1, 2});
  };
  fill();
  CHECK(bound.remove(1, 2));
  CHECK_FALSE(bound.remove(1, 2));
  CHECK_FALSE(bound.remove(3, 3));
  CHECK(bound.remove_matching({{"a", "2"}, {"c", "1"}}) == 1);
  CHECK(bound.remove_matching({{"b", "1"}}) == 0);
  CHECK(test::error_of([&] {
          (void)bound.remove_matching({{"d", "1"}});
        }) == "cannot remove from counter x_total{a,b,c}: it has no label 'd'");
  CHECK(to_text(registry) ==
        "# TYPE x_total counter\nx_total{a=\"1\",b=\"1\",c=\"1\"} 0\nx_total{a=\"1\",b=\"1\",c=\"2\"} 0\n"
        "x_total{a=\"1\",b=\"2\",c=\"1\"} 0\nx_total{a=\"2\",b=\"2\",c=\"2\"} 0\n");
  fill();
  CHECK(bound.curry(1).clear() == 2);
  CHECK(bound.clear() == 2);
  CHECK(to_text(registry) ==
        "# TYPE x_total counter\nx_total{a=\"1\",b=\"1\",c=\"1\"} 0\nx_total{a=\"1\",b=\"1\",c=\"2\"} 0\n");
}

TEST_CASE("a look-up allocates nothing, and the bound is that of the family") {
  static_assert(noexcept(std::declval<const CurriedFamily<Counter<>, 2, 1>&>().with("a")));
  Registry registry;
  const auto family = registry.histogram("x", "", {"a", "b"}, buckets({1}), max_series(1));
  const auto bound = family.curry(std::string(100, 'v'));
  bound.with("b").observe(1);
  const std::size_t before = test::allocations.count;
  for (int i = 0; i < 100; ++i) bound.with("b").observe(1);
  CHECK(test::allocations.count == before);
  bound.with("c").observe(1);
  CHECK_THAT(to_text(registry),
             ContainsSubstring("x_count{a=\"promlite_overflow\",b=\"promlite_overflow\"} 1\n"));
}
