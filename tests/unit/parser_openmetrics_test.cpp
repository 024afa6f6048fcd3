// promlite: tests of the reader of OpenMetrics. What the strict parser of the Python client says of the same
// texts is for tests/conformance/parsers_test.py. SPDX-License-Identifier: MIT
#include <promlite/exposition/parser.hpp>

#include <chrono>
#include <string>

#include "support/catch.hpp"
#include "support/show_exposition.hpp"

using namespace std::string_literals;
using promlite::parse_openmetrics;

/// What was read, or the error.
static std::string read(const std::string& text) {
  const auto parsed = parse_openmetrics(text);
  return parsed ? test::show(*parsed) : parsed.message();
}
static std::string ended(const std::string& text) { return read(text + "# EOF\n"); }

static std::string numbered(std::size_t times, const std::string& before, const std::string& after) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += before + std::to_string(i) + after;
  return out;
}

TEST_CASE("the format's whole example") {
  CHECK(read(R"(# TYPE target info
# HELP target Target metadata.
target_info{zone="b"} 1
# TYPE app_jobs counter
# HELP app_jobs Jobs \"run\" so\\\nfar.
app_jobs_total{q="a"} 3.0 # {trace_id="ab12"} 1.0 1700000000.5
app_jobs_created{q="a"} 1699999000.25
# TYPE app_wait_seconds histogram
# UNIT app_wait_seconds seconds
# HELP app_wait_seconds Time spent waiting.
app_wait_seconds_bucket{le="0.5"} 1 # {} 0.25
app_wait_seconds_bucket{le="1.0"} 2
app_wait_seconds_bucket{le="+Inf"} 3
app_wait_seconds_count 3
app_wait_seconds_sum 12.75
# TYPE app_mode stateset
app_mode{app_mode="off"} 0
app_mode{app_mode="on"} 1
# TYPE app_depth gaugehistogram
app_depth_bucket{le="-1.0"} 2
app_depth_bucket{le="+Inf"} 3
app_depth_gcount 3
app_depth_gsum -5.0
# TYPE app_run_seconds summary
app_run_seconds{quantile="0.5"} 0.25
app_run_seconds_count 1
app_run_seconds_sum 0.25
# TYPE app_misc unknown
app_misc 4.5
# EOF
)") == R"(info target Target metadata.
 target_info{zone="b"} 1
counter app_jobs Jobs "run" so\
far.
 app_jobs_total{q="a"} 3 # {trace_id="ab12"} 1 @1.7000000005e+09
 app_jobs_created{q="a"} 1.69999900025e+09
histogram app_wait_seconds [seconds] Time spent waiting.
 app_wait_seconds_bucket{le="0.5"} 1 # {} 0.25
 app_wait_seconds_bucket{le="1.0"} 2
 app_wait_seconds_bucket{le="+Inf"} 3
 app_wait_seconds_count{} 3
 app_wait_seconds_sum{} 12.75
stateset app_mode
 app_mode{app_mode="off"} 0
 app_mode{app_mode="on"} 1
gauge_histogram app_depth
 app_depth_bucket{le="-1.0"} 2
 app_depth_bucket{le="+Inf"} 3
 app_depth_gcount{} 3
 app_depth_gsum{} -5
summary app_run_seconds
 app_run_seconds{quantile="0.5"} 0.25
 app_run_seconds_count{} 1
 app_run_seconds_sum{} 0.25
untyped app_misc
 app_misc{} 4.5
)");
}

TEST_CASE("what others write") {
  CHECK(read("# EOF\n") == "");
  CHECK(read("# EOF") == "");
  CHECK(ended("a 1\nb 2\n") == "untyped a\n a{} 1\nuntyped b\n b{} 2\n");
  CHECK(ended("# HELP a \n# TYPE a gauge\n# UNIT a \na{} -Inf\n") == "gauge a\n a{} -Inf\n");
  CHECK(ended("# HELP a b\\q\\\n").substr(0, 6) == "line 1");
  CHECK(ended("# HELP a b\\q\"\na{b=\"\\t\\\"\"} NaN\n") == "untyped a b\\q\"\n a{b=\"\\\\t\\\"\"} NaN\n");
  CHECK(ended("a 1 1.5\na 2 1.6\n") == "untyped a\n a{} 1 @1.5\n a{} 2 @1.6\n");
  CHECK(ended("# TYPE a counter\na_total 1 5 # {} 1\n") == "counter a\n a_total{} 1 @5 # {} 1\n");
  // Names that Prometheus 3 reads: the suffix is inside the quotes.
  CHECK(ended("# TYPE \"a.b\" counter\n{\"a.b_total\",\"c.d\"=\"e\"} 1\n") ==
        "counter a.b\n a.b_total{\"c.d\"=\"e\"} 1\n");
  // 128 characters, in more bytes.
  std::string value;
  for (int i = 0; i < 127; ++i) value += "\xE2\x82\xAC";
  CHECK(ended("# TYPE a counter\na_total 1 # {t=\"" + value + "\"} 1\n") ==
        "counter a\n a_total{} 1 # {t=\"" + value + "\"} 1\n");
  CHECK(ended("# TYPE a counter\na_total 1 # {t=\"" + value + "x\"} 1\n") ==
        "line 2, column 13: the labels of an exemplar have more than 128 characters");
}

TEST_CASE("what is refused, and where: lines") {
  const struct {
    std::string text;
    const char* error;
  } cases[] = {
      {"", "line 1, column 1: the text does not end with \"# EOF\""},
      {"a 1\n", "line 1, column 4: the text does not end with \"# EOF\""},
      {"a 1", "line 1, column 4: the last line does not end with a line feed"},
      {"# EOF\n\n", "line 2, column 1: nothing may follow \"# EOF\""},
      {"# EOF \n", "line 1, column 3: a comment; OpenMetrics has none"},
      {"\n# EOF\n", "line 1, column 1: a blank line"},
      {"# a comment\n", "line 1, column 3: a comment; OpenMetrics has none"},
      {"#\n", "line 1, column 1: a comment; OpenMetrics has none"},
      {" a 1\n", "line 1, column 1: expected a metric name, found \" \""},
      {"a  1\n", "line 1, column 3: expected the value"},
      {"a\t1\n", "line 1, column 2: expected a blank before the value, found \"\\x09\""},
      {"a 1 \n", "line 1, column 5: expected the timestamp"},
      {"a 1 1 \n", "line 1, column 7: expected an exemplar, as in # {a=\"b\"} 1, found the end of the line"},
      {"a 1 NaN\n", "line 1, column 5: the timestamp is no point in time"},
      {"a 1\r\n", "line 1, column 3: a carriage return ends this line; only a line feed may"},
      {"a{b=\"c\",} 1\n", "line 1, column 9: expected a label name, found \"}\""},
      {"a{b=\"c\", d=\"e\"} 1\n", "line 1, column 9: expected a label name, found \" \""},
      {"a {b=\"c\"} 1\n", "line 1, column 3: the value is no number: \"{b=\"c\"}\""},
      {"a{b=\"c\"}1\n", "line 1, column 9: expected a blank before the value, found \"1\""},
      {"a 0x10\n", "line 1, column 3: the value is no number: \"0x10\""},
      {"# HELP a\n", "line 1, column 9: expected a blank before the help text, found the end of the line"},
      {"# TYPE a\n", "line 1, column 9: expected a blank before the rest, found the end of the line"},
      {"# TYPE a untyped\n", "line 1, column 10: no such type in OpenMetrics: \"untyped\""},
      {"# TYPE a gauge \n", "line 1, column 15: expected the end of the line after the type, found \" \""},
      {"# TYPE  a gauge\n", "line 1, column 8: expected a metric name, found \" \""},
      {"# UNIT a_seconds bytes\n", "line 1, column 18: the unit \"bytes\" is not the end of the name"},
      {"# UNIT aseconds seconds\n", "line 1, column 17: the unit \"seconds\" is not the end of the name"},
      {"# TYPE a_b info\n# UNIT a_b b\n", "line 2, column 3: infos and statesets have no unit"},
      {"# UNIT a_b b\n# TYPE a_b stateset\n", "line 2, column 3: infos and statesets have no unit"},
      {"# TYPE a gauge\n# TYPE a gauge\n", "line 2, column 8: a second TYPE for \"a\""},
      {"a 1\n# TYPE a gauge\n", "line 2, column 8: metadata of \"a\" behind its samples"},
      {"a 1 # {} 1\n", "line 1, column 1: only buckets and the totals of counters have exemplars"},
      {"# TYPE a counter\na_total 1 # {\n",
       "line 2, column 14: expected a label name, found the end of the line"},
      {"# TYPE a counter\na_total 1 # a\n",
       "line 2, column 13: expected an exemplar, as in # {a=\"b\"} 1, found \"a\""},
      {"# TYPE a counter\na_total 1 # {}\n",
       "line 2, column 15: expected a blank before the exemplar's value, found the end of the line"},
      {"# TYPE a counter\na_total 1 # {} 1 \n", "line 2, column 18: expected the timestamp"},
      {"# TYPE a counter\na_total 1 # {} 1 1 1\n",
       "line 2, column 19: expected the end of the line after the exemplar, found \" \""},
  };
  for (const auto& one : cases) {
    INFO(one.text);
    CHECK(read(one.text) == one.error);
  }
}

TEST_CASE("what is refused, and where: families") {
  const auto line_of = [](const std::string& lines, const std::string& error) {
    INFO(lines);
    CHECK(ended(lines) == error);
  };
  line_of("a 1\nb 1\na{c=\"d\"} 1\n",
          "line 3, column 1: the name \"a\" belongs to the family \"a\" further up");
  line_of("# TYPE a counter\na 1\n",
          "line 2, column 1: the name \"a\" belongs to the family \"a\" further up");
  line_of("# TYPE a counter\na_total 1\n# TYPE a_created gauge\n",
          "line 3, column 8: the name \"a_created\" belongs to the family \"a\" further up");
  line_of("a_sum 1\n# TYPE a summary\n",
          "line 2, column 10: the name \"a_sum\" belongs to the family \"a_sum\" further up");
  line_of("a{b=\"1\"} 1\na{b=\"2\"} 1\na{b=\"1\"} 2\n",
          "line 3, column 1: the samples with the same labels do not stand together");
  line_of("a{b=\"1\",c=\"2\"} 1\na{c=\"2\",b=\"1\"} 1\n", "line 2, column 1: the series stands twice");
  line_of("a 1 5\na 1\n",
          "line 2, column 1: of the samples with the same labels some have a timestamp and some have none");
  line_of("a 1 5\na 1 4\n", "line 2, column 1: timestamps go backwards");
  line_of("a 1 5\na 1 5.0\n", "line 2, column 1: the series stands twice");
}

TEST_CASE("what is refused, and where: samples by the type of their family") {
  const auto second = [](const std::string& type, const std::string& lines, const std::string& error) {
    INFO(type + " " + lines);
    CHECK(ended("# TYPE a " + type + "\n" + lines + "\n") == "line " + error);
  };
  second("counter", "a_total -1", "2, column 1: totals and sums are not negative");
  second("counter", "a_total NaN", "2, column 1: totals and sums are numbers");
  second("info", "a_info 2", "2, column 1: the value of an info is 1");
  second("info", "a_info{b=\"c\"} 1\na_info{b=\"c\"} 1", "3, column 1: the series stands twice");
  second("stateset", "a{a=\"b\"} 2", "2, column 1: the values of a stateset are 0 and 1");
  second("stateset", "a{b=\"c\"} 1", "2, column 1: a state has a label that is called as the family");
  second("summary", "a 1", "2, column 1: a quantile has a label quantile that is a number");
  second("summary", "a{quantile=\"1.5\"} 1", "2, column 1: a quantile lies between 0 and 1");
  second("summary", "a{quantile=\"NaN\"} 1", "2, column 1: a quantile has a label quantile that is a number");
  second("summary", "a{quantile=\"0.5\"} -1", "2, column 1: the values of quantiles are not negative");
  second("summary", "a{quantile=\"0.5\"} 1\na{quantile=\"0.5\"} 1", "3, column 1: the series stands twice");
  second("summary", "a_count 1.5", "2, column 1: counts are whole numbers");
  second("summary", "a_sum -0.5", "2, column 1: totals and sums are not negative");
  const std::string whole = "a_bucket{le=\"1.0\"} 1\na_bucket{le=\"+Inf\"} 2\n";
  second("histogram", "a_bucket 1", "2, column 1: a bucket has a label le that is a number");
  second("histogram", "a_bucket{le=\"inf\"} 1", "2, column 1: the last bucket is le=\"+Inf\"");
  second("histogram", "a_bucket{le=\"1\"} 0.5", "2, column 1: counts are whole numbers");
  second("histogram", "a_bucket{le=\"1\"} -1", "2, column 1: counts are not negative");
  second("histogram", "a_bucket{le=\"1\"} 1\na_bucket{le=\"1.0\"} 1",
         "3, column 1: the bounds of the buckets do not ascend");
  second("histogram", "a_bucket{le=\"1\"} 2\na_bucket{le=\"2\"} 1",
         "3, column 1: a bucket holds less than the one before it");
  second("histogram", "a_bucket{le=\"1\"} 1\nb 1",
         "3, column 4: a histogram before it has no bucket le=\"+Inf\" (family \"a\")");
  second("histogram", "a_sum 1",
         "3, column 1: a histogram before it has no bucket le=\"+Inf\" (family \"a\")");
  second("histogram", whole + "a_count 3\na_sum 1\na_bucket{le=\"1.0\",b=\"c\"} 1",
         "6, column 1: the count of a histogram before it is not that of its bucket le=\"+Inf\"");
  second("histogram", whole + "a_count 2",
         "5, column 1: a histogram before it has only one of count and sum (family \"a\")");
  second("histogram", whole + "a_sum 2",
         "5, column 1: a histogram before it has only one of count and sum (family \"a\")");
  second("histogram", "a_bucket{le=\"-1\"} 1\na_bucket{le=\"+Inf\"} 1\na_count 1\na_sum 1",
         "6, column 1: a histogram before it has a sum and a negative bound (family \"a\")");
  second("gaugehistogram", whole + "a_gcount 2\na_gsum -1",
         "6, column 1: a histogram before it has a negative sum and no negative bound (family \"a\")");
  CHECK(ended("# TYPE a gaugehistogram\n" + whole + "a_count 2\n") ==
        "gauge_histogram a\n a_bucket{le=\"1.0\"} 1\n a_bucket{le=\"+Inf\"} 2\nuntyped a_count\n a_count{} "
        "2\n");
  second("histogram", whole + "a_count 2\na_sum 1\na_count 2", "6, column 1: the series stands twice");
}

TEST_CASE("hostile texts take linear time, and an error is short") {
  constexpr std::size_t many = 100000;
  const auto started = std::chrono::steady_clock::now();
  CHECK(parse_openmetrics("a{" + numbered(many, "l", "=\"\",") + "z=\"\"} 1\n# EOF"));
  CHECK(parse_openmetrics(numbered(many, "a", " 1\n") + "# EOF"));
  CHECK(parse_openmetrics(numbered(many, "a{b=\"", "\"} 1\n") + "# EOF"));
  CHECK(parse_openmetrics("# TYPE a summary\n" + numbered(many, "a{quantile=\"0.", "1\"} 1\n") + "# EOF"));
  CHECK(parse_openmetrics("# TYPE a info\n" + numbered(many, "a_info{b=\"", "\"} 1\n") + "# EOF"));
  CHECK(parse_openmetrics(numbered(many, "a 1 ", "\n") + "# EOF"));
  const std::string name(1 << 20, 'a');
  const auto taken = parse_openmetrics(name + " 1\nb 1\n" + name + " 1\n");
  CHECK(taken.message().size() < 400);
  CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds(60));
}
