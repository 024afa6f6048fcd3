// promlite: tests of what users test with.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>
#include <promlite/testing.hpp>

#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "support/catch.hpp"

using promlite::testing::compare;
using promlite::testing::value_of;

/// What the examples below expose.
static void fill(promlite::Registry& registry) {
  auto jobs = registry.counter("jobs_total", "Jobs \"done\".", {"queue", "state"});
  jobs.with("mail", "ok").inc(3);
  jobs.with("print", "a\\b\"c\n").inc(1.5);
  registry.gauge("load", "Load.").set(std::numeric_limits<double>::quiet_NaN());
  registry.histogram("wait_seconds", "Wait.", promlite::buckets({1, 2})).observe(1.5);
}

TEST_CASE("the value of one sample") {
  promlite::Registry registry;
  fill(registry);
  CHECK(value_of(registry, "jobs_total", {{"queue", "mail"}, {"state", "ok"}}) == 3);
  CHECK(value_of(registry, "jobs_total", {{"state", "a\\b\"c\n"}, {"queue", "print"}}) == 1.5);
  CHECK(value_of(registry, "wait_seconds_bucket", {{"le", "2"}}) == 1);
  CHECK(value_of(registry, "wait_seconds_count") == 1);
  CHECK(std::isnan(value_of(registry, "load").value_or(0)));
  CHECK(value_of(registry, "wait_seconds") == std::nullopt);
  CHECK(value_of(registry, "jobs_total", {{"queue", "mail"}}) == std::nullopt);
  CHECK(value_of(registry, "jobs_total", {{"queue", "mail"}, {"state", "ok"}, {"more", ""}}) == std::nullopt);
  CHECK(value_of(registry, "jobs_total", {{"queue", "mail"}, {"queue", "mail"}}) == std::nullopt);
  CHECK(value_of(registry, "none") == std::nullopt);
}

TEST_CASE("equal expositions have no difference") {
  promlite::Registry registry;
  CHECK(compare(registry, "") == "");
  fill(registry);
  CHECK(compare(registry, promlite::to_text(registry)) == "");
  // Other order, other spelling.
  CHECK(compare(registry, R"(# TYPE wait_seconds histogram
# HELP wait_seconds Wait.
wait_seconds_count 1.0
wait_seconds_sum 15e-1
wait_seconds_bucket{le="2"} 1
wait_seconds_bucket{le="+Inf"} 1
wait_seconds_bucket{le="1"} 0

# any comment
# HELP load Load.
# TYPE load gauge
load nan
# HELP jobs_total Jobs "done".
# TYPE jobs_total counter
jobs_total{state="a\\b\"c\n", queue="print"} 1.5
jobs_total{state="ok",queue="mail",} 3
)") == "");
}

TEST_CASE("a difference says what is missing, unexpected and other") {
  promlite::Registry registry;
  fill(registry);
  CHECK(compare(registry, R"(# HELP absent_total Absent.
# TYPE absent_total counter
absent_total 1
# TYPE bare gauge
# HELP jobs_total Jobs done.
# TYPE jobs_total counter
jobs_total{queue="mail",state="failed"} 2
jobs_total{queue="mail",state="ok"} 4
# HELP load Load.
load 1 1500
)") == R"(missing:    absent_total 1
missing:    the family bare, without samples
differs:    the help of jobs_total is "Jobs \"done\".", expected "Jobs done."
missing:    jobs_total{queue="mail",state="failed"} 2
differs:    jobs_total{queue="mail",state="ok"} is 3, expected 4
unexpected: jobs_total{queue="print",state="a\\b\"c\n"} 1.5
differs:    the type of load is gauge, expected untyped
differs:    load is NaN, expected 1 at 1.5
unexpected: wait_seconds_bucket{le="+Inf"} 1
unexpected: wait_seconds_bucket{le="1"} 0
unexpected: wait_seconds_bucket{le="2"} 1
unexpected: wait_seconds_count 1
unexpected: wait_seconds_sum 1.5
)");
  CHECK(compare(registry, "", {"load"}) == "unexpected: load NaN\n");
}

TEST_CASE("some families alone") {
  promlite::Registry registry;
  fill(registry);
  CHECK(compare(registry, "# HELP load Load.\n# TYPE load gauge\nload NaN\nother 1\n", {"load"}) == "");
  CHECK(compare(registry, "", {"none"}) == "");
  CHECK(compare(registry, "other 1\n", {"load", "other"}) == "unexpected: load NaN\nmissing:    other 1\n");
}

TEST_CASE("a series that stands twice is not one that stands once") {
  promlite::Registry registry;
  registry.gauge("a", "A.").set(1);
  CHECK(compare(registry, "# HELP a A.\n# TYPE a gauge\na 1\na 1\n") == "missing:    a 1\n");
}

TEST_CASE("an expectation that cannot be read") {
  promlite::Registry registry;
  CHECK(compare(registry, "a 1") ==
        "the expected text cannot be read: line 1, column 4: the last line does not end with a line feed\n");
}
