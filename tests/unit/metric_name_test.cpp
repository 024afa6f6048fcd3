// promlite: tests of names as they are declared: the rules by type, and what a name can be made of.
// SPDX-License-Identifier: MIT
#include <promlite/metric_name.hpp>
#include <promlite/registry.hpp>

#include <string>
#include <string_view>
#include <type_traits>

#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace promlite;
using namespace promlite::detail;
using test::error_of;

static std::string name_problem(std::string_view name, MetricType type) {
  const char* const problem = family_name_problem(name, type);
  return problem == nullptr ? "" : problem;
}
static std::string label_problem(std::string_view name, MetricType type) {
  const char* const problem = family_label_problem(name, type);
  return problem == nullptr ? "" : problem;
}

TEST_CASE("what a type adds to the rules for names") {
  for (const MetricType type : {MetricType::counter, MetricType::gauge, MetricType::histogram,
                                MetricType::summary, MetricType::info, MetricType::untyped}) {
    CHECK(name_problem("", type) == "a metric name must not be empty");
    CHECK(name_problem("a-b_total", type) == "a metric name must match [a-zA-Z_][a-zA-Z0-9_]*");
    CHECK(name_problem("x_total", type).empty());
    CHECK(name_problem("x", type) == (type == MetricType::counter ? "a counter's name ends in _total" : ""));
    CHECK(name_problem("_total", type) ==
          (type == MetricType::counter ? "nothing is left of the name without its suffix" : ""));
    CHECK(label_problem("1", type) == "a label name must match [a-zA-Z_][a-zA-Z0-9_]*");
    CHECK(label_problem("le", type) ==
          (type == MetricType::histogram ? "label 'le' is reserved on a histogram" : ""));
    CHECK(label_problem("quantile", type) ==
          (type == MetricType::summary ? "label 'quantile' is reserved on a summary" : ""));
  }
  CHECK(without_info("x_info") == "x");
  CHECK(without_info("x_info_info") == "x_info");
  CHECK(without_info("info") == "info");
}

TEST_CASE("a name is a view of a constant, or of what runtime_name() is given") {
  const std::string text = "made at run time";
  const MetricName<MetricType::gauge> made = runtime_name(text);
  CHECK(made.text().data() == text.data());
  const NamePrefix empty = "";
  CHECK(empty.text().empty());
  constexpr std::string_view view = "x_total";
  const MetricName<MetricType::counter> of_view = view;
  CHECK(of_view.text() == "x_total");
  using Name = MetricName<MetricType::gauge>;
  static_assert(std::is_trivially_copyable_v<Name> && sizeof(Name) == sizeof(std::string_view));
  static_assert(!std::is_copy_constructible_v<RuntimeName>);
#if PROMLITE_HAS_CONSTEVAL
  static_assert(!std::is_convertible_v<std::string, Name>);
#else
  static_assert(std::is_convertible_v<std::string, Name> && std::is_convertible_v<std::string_view, Name> &&
                std::is_convertible_v<const char*, Name>);
#endif
}

TEST_CASE("what is not checked when compiling is checked when it is declared") {
  Registry registry;
  CHECK(error_of([&] { registry.counter(runtime_name("x"), ""); }) ==
        "counter 'x': a counter's name ends in _total: call it 'x_total'");
  CHECK(error_of([&] { registry.counter(runtime_name("x-"), ""); }) ==
        "counter 'x-': a metric name must match [a-zA-Z_][a-zA-Z0-9_]*");
  CHECK(error_of([&] {
          registry.histogram("x", "", {"a", runtime_name("le")});
        }) == "histogram 'x': label 'le' is reserved on a histogram");
  CHECK(error_of([&] { registry.gauge("x", "", {runtime_name("a b")}); }) ==
        "gauge 'x': label 'a b': a label name must match [a-zA-Z_][a-zA-Z0-9_]*");
  CHECK(error_of([&] { registry.info(runtime_name("_info"), "", {}); }) ==
        "info '': a metric name must not be empty");
  registry.gauge(runtime_name("fine"), "", {runtime_name("a"), "b"}).with(1, 2);
}
