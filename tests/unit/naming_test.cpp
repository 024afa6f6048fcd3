// promlite: tests of the rules for names (the tricky inputs of metric names and of label names).
// SPDX-License-Identifier: MIT
#include <promlite/naming.hpp>

#include <string>
#include <string_view>

#include "support/catch.hpp"

using namespace promlite::detail;
using namespace std::string_view_literals;

static std::string metric(std::string_view name, Colons colons = Colons::refused) {
  const char* const problem = metric_name_problem(name, colons);
  return problem == nullptr ? "" : problem;
}
static std::string label(std::string_view name) {
  const char* const problem = label_name_problem(name);
  return problem == nullptr ? "" : problem;
}

static const char* const no_metric = "a metric name must match [a-zA-Z_][a-zA-Z0-9_]*";
static const char* const no_label = "a label name must match [a-zA-Z_][a-zA-Z0-9_]*";

TEST_CASE("every byte, as the first and as a later character of a name") {
  for (int code = 0; code < 256; ++code) {
    const char c = static_cast<char>(code);
    const bool letter = (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || code == '_';
    const bool digit = code >= '0' && code <= '9';
    INFO(code);
    CHECK(metric(std::string(1, c)).empty() == letter);
    CHECK(metric(std::string("x") + c).empty() == (letter || digit));
    CHECK(metric(std::string("x") + c + "y").empty() == (letter || digit));
    CHECK(metric(std::string(1, c), Colons::allowed).empty() == (letter || code == ':'));
    CHECK(metric(std::string("x") + c, Colons::allowed).empty() == (letter || digit || code == ':'));
    CHECK(label(std::string(1, c)).empty() == letter);
    CHECK(label(std::string("x") + c).empty() == (letter || digit));
  }
}

TEST_CASE("metric names that are refused, and why") {
  CHECK(metric("") == "a metric name must not be empty");
  for (const std::string_view name :
       {"1st"sv, "a-b"sv, "a.b"sv, "a b"sv, " a"sv, "a "sv, "a\t"sv, "a\n"sv, "\na"sv, "gr\xC3\xB6n"sv,
        "\xC3\x28"sv, "a\0b"sv, "a\0"sv, "\0"sv, "a{b=\"c\"}"sv, "a#"sv, "a\xEF\xBB\xBF"sv}) {
    CHECK(metric(name) == no_metric);
    CHECK(metric(name, Colons::allowed) == no_metric);
  }
  CHECK(metric("a:b") == "a colon is reserved for recording rules");
  CHECK(metric(":") == "a colon is reserved for recording rules");
  CHECK(metric("a:b", Colons::allowed).empty());
  CHECK(metric("__x") == "names that begin with two underscores are reserved");
  CHECK(metric("__") == "names that begin with two underscores are reserved");
  CHECK(metric("__x", Colons::allowed) == "names that begin with two underscores are reserved");
}

TEST_CASE("metric names that are fine") {
  for (const char* name : {"x", "_", "_x", "_1", "X9", "le", "quantile", "NaN", "Inf", "HELP",
                           "x_total_total", "x_bucket", "x__y", "x_"}) {
    CHECK(metric(name).empty());
  }
  CHECK(metric(std::string(10000, 'a')).empty());
  CHECK_FALSE(metric(std::string(10000, 'a') + "-").empty());
}

TEST_CASE("label names that are refused, and why") {
  CHECK(label("") == "a label name must not be empty");
  for (const std::string_view name :
       {"1a"sv, "a-b"sv, "a b"sv, "a.b"sv, "a:b"sv, ":"sv, "a\0"sv, "\xC3\xA4"sv, "a\n"sv, "a=\"b\""sv}) {
    CHECK(label(name) == no_label);
  }
  for (const char* name : {"__name__", "__x", "__"})
    CHECK(label(name) == "label names that begin with two underscores are reserved");
  for (const char* name : {"_x", "_", "job", "instance", "le", "quantile", "a1"}) CHECK(label(name).empty());
}

TEST_CASE("names are checked when compiling, too") {
  static_assert(metric_name_problem("http_requests_total", Colons::refused) == nullptr);
  static_assert(metric_name_problem("a-b", Colons::refused) != nullptr);
  static_assert(label_name_problem("code") == nullptr);
  static_assert(starts_with("abc", "ab") && !starts_with("a", "ab") && starts_with("a", ""));
  static_assert(ends_with("abc", "bc") && !ends_with("c", "bc") && ends_with("a", ""));
  SUCCEED();
}
