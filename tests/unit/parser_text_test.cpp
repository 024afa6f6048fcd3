// promlite: tests of the reader of the text format 0.0.4.
// SPDX-License-Identifier: MIT
#include <promlite/exposition/parser_text.hpp>

#include <chrono>
#include <string>

#include "support/catch.hpp"
#include "support/show_exposition.hpp"

using namespace std::string_literals;
using promlite::parse_text;

/// What was read, or the error.
static std::string read(const std::string& text) {
  const auto parsed = parse_text(text);
  return parsed ? test::show(*parsed) : parsed.message();
}

TEST_CASE("the format's whole example") {
  const auto parsed = parse_text(R"(# HELP app_jobs_total Jobs finished, by outcome.
# TYPE app_jobs_total counter
app_jobs_total{outcome="ok"} 1.027e+06
app_jobs_total{outcome="a\\b\"c\nd"} 3
# HELP app_queue_length Items waiting. Backslash \\ and "quotes".\nSecond line.
# TYPE app_queue_length gauge
app_queue_length 17
# TYPE app_wait_seconds histogram
app_wait_seconds_bucket{le="0.005"} 0
app_wait_seconds_bucket{le="+Inf"} 3
app_wait_seconds_sum 12.75
app_wait_seconds_count 3
# TYPE app_run_seconds summary
app_run_seconds{quantile="0.5"} NaN
app_run_seconds_sum 0
app_run_seconds_count 0
)");
  REQUIRE(parsed);
  CHECK(parsed->families[0].samples[1].labels ==
        std::vector<promlite::ParsedLabel>{{"outcome", "a\\b\"c\nd"}});
  CHECK(test::show(*parsed) == R"(counter app_jobs_total Jobs finished, by outcome.
 app_jobs_total{outcome="ok"} 1.027e+06
 app_jobs_total{outcome="a\\b\"c\nd"} 3
gauge app_queue_length Items waiting. Backslash \ and "quotes".
Second line.
 app_queue_length{} 17
histogram app_wait_seconds
 app_wait_seconds_bucket{le="0.005"} 0
 app_wait_seconds_bucket{le="+Inf"} 3
 app_wait_seconds_sum{} 12.75
 app_wait_seconds_count{} 3
summary app_run_seconds
 app_run_seconds{quantile="0.5"} NaN
 app_run_seconds_sum{} 0
 app_run_seconds_count{} 0
)");
}

TEST_CASE("what others write") {
  CHECK(read("") == "");
  CHECK(read("\n \t\n") == "");
  CHECK(read("# just a comment \xFF\n#\n#HELPER\n# EOF\n# UNIT a b\n") == "");
  CHECK(read("a 1\n") == "untyped a\n a{} 1\n");
  CHECK(read(" \ta\t\t1 \t\n") == "untyped a\n a{} 1\n");
  CHECK(read("a{} 1\n") == "untyped a\n a{} 1\n");
  CHECK(read("a { b\t= \"c\" , } 1\n") == "untyped a\n a{b=\"c\"} 1\n");
  CHECK(read("a{b=\"c\",d=\"\"}1\n") == "untyped a\n a{b=\"c\",d=\"\"} 1\n");
  CHECK(read("a 1 1700000000123\nb 1 -5 \nc 1 +5\n") ==
        "untyped a\n a{} 1 @1.700000000123e+09\nuntyped b\n b{} 1 @-0.005\nuntyped c\n c{} 1 @0.005\n");
  CHECK(read("a +Inf\na -Inf\na Nan\na inf\na -0\na 0x\n") ==
        "line 6, column 3: the value is no number: \"0x\"");
  CHECK(read("le 1\nNaN 2\nHELP 3\nc:d 4\n") ==
        "untyped le\n le{} 1\nuntyped NaN\n NaN{} 2\nuntyped HELP\n HELP{} 3\nuntyped c:d\n c:d{} 4\n");
  CHECK(read("# \t HELP\ta \t text\t\n#TYPE a gauge \n") == "gauge a text\t\n");
  CHECK(read("# HELP a\n# HELP b \n# TYPE b untyped\n") == "untyped a\nuntyped b\n");
  CHECK(read("a{b=\"x{},=#\t\r\0y\"} 1\n"s) == "untyped a\n a{b=\"x{},=#\t\r\0y\"} 1\n"s);
  CHECK(read("a{b=\"\xE2\x82\xAC\"} 1\n# HELP a \xC3\xA9\n") ==
        "untyped a \xC3\xA9\n a{b=\"\xE2\x82\xAC\"} 1\n");
}

TEST_CASE("names in quotes, as Prometheus 3 has them") {
  CHECK(read("# HELP \"disk.free\" Free.\n# TYPE \"disk.free\" gauge\n"
             "{\"disk.free\",\"mount.point\"=\"/\",fs=\"ext4\"} 12\n{\"a \\\"b\\\\\\n\"} 1\n") ==
        "gauge disk.free Free.\n disk.free{\"mount.point\"=\"/\",fs=\"ext4\"} 12\n"
        "untyped a \"b\\\n\n a \"b\\\n{} 1\n");
  CHECK(read("{a=\"b\"} 1\n") == "line 1, column 1: no metric name before or inside the braces");
  CHECK(read("{} 1\n") == "line 1, column 1: no metric name before or inside the braces");
  CHECK(read("{\"\"} 1\n") == "line 1, column 2: an empty name");
  CHECK(read("a{\"b\"} 1\n") == "line 1, column 6: expected '=' after a label name, found \"}\"");
  CHECK(read("{\"a\",\"b\"} 1\n") == "line 1, column 9: expected '=' after a label name, found \"}\"");
  CHECK(read("\"a\" 1\n") == "line 1, column 1: a quoted metric name stands inside the braces");
}

TEST_CASE("which family a sample belongs to") {
  // Families in pieces; parts of a histogram that come before its type, and those of other types, stand
  // alone.
  CHECK(read("a 1\nb 2\na 3\n") == "untyped a\n a{} 1\n a{} 3\nuntyped b\n b{} 2\n");
  CHECK(
      read("# TYPE h histogram\nh_sum 1\nh_total 2\nh_sum_sum 3\nh 4\n# TYPE c counter\nc_sum 5\n_sum 6\n") ==
      "histogram h\n h_sum{} 1\n h{} 4\nuntyped h_total\n h_total{} 2\nuntyped h_sum_sum\n h_sum_sum{} 3\n"
      "counter c\nuntyped c_sum\n c_sum{} 5\nuntyped _sum\n _sum{} 6\n");
  CHECK(read("s_sum 1\n# TYPE s summary\ns_sum 2\ns_count 3\ns_bucket 4\n") ==
        "untyped s_sum\n s_sum{} 1\n s_sum{} 2\nsummary s\n s_count{} 3\nuntyped s_bucket\n s_bucket{} 4\n");
  CHECK(read("# TYPE h histogram\n# HELP h x\n# HELP h_count y\n") ==
        "line 3, column 8: a second HELP for \"h\", which \"h_count\" belongs to");
}

TEST_CASE("what is refused, and where") {
  const struct {
    std::string text;
    const char* error;
  } cases[] = {
      {"a 1", "line 1, column 4: the last line does not end with a line feed"},
      {"a 1\n ", "line 2, column 2: the last line does not end with a line feed"},
      {"a 1\n#", "line 2, column 2: the last line does not end with a line feed"},
      {"a 1\r\n", "line 1, column 3: a carriage return ends this line; only a line feed may"},
      {"\xEF\xBB\xBF"
       "a 1\n",
       "line 1, column 1: a byte order mark; an exposition has none"},
      {"1a 1\n", "line 1, column 1: expected a metric name, found \"1\""},
      {"gr\xC3\xB6\xC3\x9F"
       "e 1\n",
       "line 1, column 3: expected a blank or '{' after the metric name, found \"\\xc3\""},
      {"a-b 1\n", "line 1, column 2: expected a blank or '{' after the metric name, found \"-\""},
      {"a\n", "line 1, column 2: expected a value, found the end of the line"},
      {"a \n", "line 1, column 3: expected the value"},
      {"a{b=\"c\"}\n", "line 1, column 9: expected the value"},
      {"\n\na 1 x\n", "line 3, column 5: the timestamp is no whole number of milliseconds: \"x\""},
      {"a 1 1.5\n", "line 1, column 5: the timestamp is no whole number of milliseconds: \"1.5\""},
      {"a 1 +-5\n", "line 1, column 5: the timestamp is no whole number of milliseconds: \"+-5\""},
      {"a 1 9223372036854775808\n",
       "line 1, column 5: the timestamp is no whole number of milliseconds: \"9223372036854775808\""},
      {"a 1 5 6\n", "line 1, column 7: expected the end of the line after the timestamp, found \"6\""},
      {"a 1 # {} 1\n", "line 1, column 5: the timestamp is no whole number of milliseconds: \"#\""},
      {"a 1e999\n", "line 1, column 3: the value is beyond the largest number: \"1e999\""},
      {"a 1_0\n", "line 1, column 3: the value is no number: \"1_0\""},
      {"a{b=\"c\n\"} 1\n", "line 1, column 5: a label value has no closing quote in this line"},
      {"a{b=\"c\\", "line 1, column 8: a backslash at the end of the line"},
      {"a{b=\"\\t\"} 1\n", "line 1, column 6: no such escape: \"\\t\""},
      {"a{b=\"\xFF\"} 1\n", "line 1, column 6: a label value is not UTF-8"},
      {"a{b=c} 1\n", "line 1, column 5: expected a quoted label value, found \"c\""},
      {"a{b} 1\n", "line 1, column 4: expected '=' after a label name, found \"}\""},
      {"a{b=\"c\" d=\"e\"} 1\n", "line 1, column 9: expected ',' or '}' after a label, found \"d\""},
      {"a{,} 1\n", "line 1, column 3: expected a label name, found \",\""},
      {"a{b:c=\"d\"} 1\n", "line 1, column 4: expected '=' after a label name, found \":\""},
      {"a{b=\"c\",,} 1\n", "line 1, column 9: expected a label name, found \",\""},
      {"a{b=\"c\",b=\"d\"} 1\n", "line 1, column 2: the label \"b\" stands twice"},
      {"a{__name__=\"c\"} 1\n", "line 1, column 3: the label __name__ is the metric's name and not written"},
      {"a{", "line 1, column 3: expected a label name, found the end of the line"},
      {"# HELP\n", "line 1, column 7: expected a metric name, found the end of the line"},
      {"# HELP 1a b\n", "line 1, column 8: expected a metric name, found \"1\""},
      {"# HELP a-b c\n", "line 1, column 9: expected a blank after the metric name, found \"-\""},
      {"# HELP a \\\"\n", "line 1, column 10: no such escape: \"\\\"\""},
      {"# HELP a b\\\n", "line 1, column 12: a backslash at the end of the line"},
      {"# HELP a \xFF\n", "line 1, column 10: the help text is not UTF-8"},
      {"# HELP a x\n# HELP a x\n", "line 2, column 8: a second HELP for \"a\""},
      {"# TYPE a gauge\na 1\n# TYPE a gauge\n", "line 3, column 8: a second TYPE for \"a\""},
      {"a 1\n# TYPE a gauge\n", "line 2, column 8: the type of \"a\" stands behind its first sample"},
      {"# TYPE a\n", "line 1, column 9: no such type in the text format: \"\""},
      {"# TYPE a info\n", "line 1, column 10: no such type in the text format: \"info\""},
      {"# TYPE a gauge x\n", "line 1, column 16: expected the end of the line after the type, found \"x\""},
      {"# TYPE a histogram\na_bucket{le=\"x\"} 1\n", "line 2, column 1: the label le is no number: \"x\""},
      {"# TYPE a summary\na{quantile=\"\"} 1\n", "line 2, column 1: the label quantile is no number: \"\""},
  };
  for (const auto& one : cases) {
    INFO(one.text);
    CHECK(read(one.text) == one.error);
  }
}

TEST_CASE("an error shows no more than a part of what it is about") {
  const std::string bytes = "a " + std::string(1 << 20, '\xFF') + "\n";
  const std::string message = parse_text(bytes).message();
  CHECK_THAT(message, ContainsSubstring("line 1, column 3: the value is no number: \"\\xff\\xff"));
  CHECK(message.size() < 400);
}

TEST_CASE("hostile texts take linear time") {
  const auto repeated = [](std::size_t times, const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
  };
  const auto numbered = [](std::size_t times, const std::string& before, const std::string& after) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += before + std::to_string(i) + after;
    return out;
  };
  constexpr std::size_t many = 100000;
  const auto started = std::chrono::steady_clock::now();
  // So many that comparing each with each takes minutes.
  const std::string names = numbered(4 * many, "l", "=\"\",");
  const auto labels = parse_text("a{" + names + "} 1\n");
  REQUIRE(labels);
  CHECK(labels->families[0].samples[0].labels.size() == 4 * many);
  CHECK(read("a{" + names + "l7=\"\"} 1\n") == "line 1, column 2: the label \"l7\" stands twice");
  const auto families = parse_text(numbered(many, "a", " 1\n"));
  REQUIRE(families);
  CHECK(families->families.size() == many);
  CHECK_FALSE(parse_text(repeated(many, "a{")));
  CHECK_FALSE(parse_text(repeated(many, "{")));
  CHECK_FALSE(parse_text("a{b=\"" + repeated(many, "\\\"")));
  CHECK(parse_text(repeated(many, "#") + "\n" + repeated(many, "\n")));
  CHECK_FALSE(parse_text("a " + repeated(many, "9") + "\n"));
  CHECK(parse_text("a 0." + repeated(many, "0") + "\n"));
  CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds(60));
}
