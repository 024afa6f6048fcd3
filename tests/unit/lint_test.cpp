// promlite: tests of the linter. That promtool finds the same is for tests/conformance/lint_test.py.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>
#include <promlite/exposition/lint.hpp>

#include <chrono>
#include <string>
#include <string_view>

#include "support/catch.hpp"

template <class What>
static std::string problems(What&& what) {
  std::string out;
  for (const auto& problem : promlite::lint(what)) out += problem.metric + ": " + problem.text + "\n";
  return out;
}

static std::string of_gauge(const std::string& name) {
  return problems("# HELP " + name + " x\n# TYPE " + name + " gauge\n" + name + " 1\n");
}

TEST_CASE("what a registry exposes is linted") {
  promlite::Registry registry;
  registry.counter("jobs_total", "Jobs.").inc();
  registry.histogram("wait_seconds", "Wait.", {"queue"}).with("a").observe(1);
  registry.summary("size_bytes", "Size.", promlite::quantiles({0.5})).observe(1);
  registry.info("build", "Build.", {{"version", "1"}});
  CHECK(problems(registry) == "");
  registry.gauge("requests_ms", "Wrong unit.").set(1);
  registry.gauge("no_help", "");
  registry.gauge("nothing_to_see_ms", "A family without series.", {"a"});
  CHECK(problems(registry) == "no_help: no help text\nrequests_ms: the name should not abbreviate a unit\n");
}

TEST_CASE("units") {
  for (const char* name : {"x", "x_seconds", "x_bytes_per_seconds", "x_ratio", "x_metres", "x_second",
                           "x_kilo", "x_kiloparsecs", "xseconds", "x_joules", "x_S2"}) {
    CHECK(of_gauge(name) == "");
  }
  const auto instead = [](const std::string& name, const std::string& base, const std::string& unit) {
    CHECK(of_gauge(name) == name + ": use the base unit " + base + " instead of " + unit + "\n");
  };
  instead("x_milliseconds", "seconds", "milliseconds");
  instead("x_kibibytes_y", "bytes", "kibibytes");
  instead("hours", "seconds", "hours");
  instead("x_megabits", "bytes", "megabits");
  instead("x_fahrenheit", "celsius", "fahrenheit");
  instead("x_seconds_minutes", "seconds", "minutes");
  instead("x_minutes_seconds", "seconds", "minutes");
  for (const char* name : {"x_ms", "x_kb_y", "x_s", "x_MB", "x_d_h"}) {
    CHECK(of_gauge(name) == std::string(name) + ": the name should not abbreviate a unit\n");
  }
}

TEST_CASE("suffixes, labels and types by the type of the family") {
  CHECK(problems("# HELP a x\n# TYPE a counter\na 1\n") == "a: the name of a counter should end in _total\n");
  CHECK(problems("# HELP a_total x\n# TYPE a_total counter\na_total{le=\"1\",quantile=\"1\"} "
                 "1\na_total{le=\"2\"} 1\n") ==
        "a_total: the label le belongs to histograms\na_total: the label quantile belongs to summaries\n");
  CHECK(of_gauge("a_total") == "a_total: only the name of a counter should end in _total\n");
  CHECK(of_gauge("a_bucket") == "a_bucket: no name but a histogram's should end in _bucket\n");
  CHECK(of_gauge("a_count") == "a_count: no name but a histogram's or summary's should end in _count\n");
  CHECK(of_gauge("a_sum") == "a_sum: no name but a histogram's or summary's should end in _sum\n");
  CHECK(of_gauge("a_Counter") == "a_Counter: the name should not say the type, counter\n");
  CHECK(of_gauge("a_gauge_histogram") ==
        "a_gauge_histogram: the name should not say the type, gauge\n"
        "a_gauge_histogram: the name should not say the type, histogram\n"
        "a_gauge_histogram: the name should not say the type, gauge_histogram\n");
  CHECK(problems("# HELP h_count x\n# TYPE h_count histogram\nh_count_bucket{le=\"1\",quantile=\"1\"} 1\n") ==
        "h_count: the label quantile belongs to summaries\n");
  CHECK(problems("# HELP s_bucket x\n# TYPE s_bucket summary\ns_bucket{quantile=\"1\",le=\"1\"} 1\n") ==
        "s_bucket: no name but a histogram's should end in _bucket\ns_bucket: the label le belongs to "
        "histograms\n");
  // Of untyped ones nobody knows what they are.
  CHECK(problems("# HELP a_gauge_total x\na_gauge_total{le=\"1\"} 1\n") ==
        "a_gauge_total: the name should not say the type, gauge\n");
}

TEST_CASE("spelling, help, and series that stand twice") {
  CHECK(problems("a 1\n") == "a: no help text\n");
  CHECK(of_gauge("a:b") == "a:b: a colon belongs in the names of recording rules only\n");
  CHECK(of_gauge("aB") == "aB: the name should be in snake_case, not camelCase\n");
  CHECK(problems("# HELP a x\na{bC=\"1\"} 1\na{bC=\"2\"} 1\n") ==
        "a: the label bC should be in snake_case, not camelCase\n");
  CHECK(problems("# HELP a x\na{b=\"1\",c=\"2\"} 1\na{c=\"2\",b=\"1\"} 1\n") ==
        "a: a series stands more than once\n");
  CHECK(problems("# HELP a x\na{b=\"1\"} 1\na{c=\"1\"} 1\na 1\na{b=\"\"} 1\na 1 5\na 1 6\n") == "");
}

TEST_CASE("OpenMetrics has the suffix of a counter in the sample") {
  promlite::Exposition exposition;
  promlite::ParsedFamily family;
  family.name = "jobs";
  family.help = "Jobs.";
  family.type = promlite::MetricType::counter;
  family.samples.resize(1);
  family.samples[0].name = "jobs_total";
  exposition.families.push_back(family);
  CHECK(problems(exposition) == "");
}

TEST_CASE("a hostile text has an answer soon") {
  std::string labels;
  for (int i = 0; i < 300000; ++i) labels += "aB" + std::to_string(i) + "=\"\",";
  const auto started = std::chrono::steady_clock::now();
  CHECK(promlite::lint(std::string_view("a{" + labels + "} 1\n")).size() == 100);
  CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds(60));
}

TEST_CASE("what cannot be read is a problem without a metric") {
  CHECK(problems(std::string_view("a 1\nb\n")) ==
        ": line 2, column 2: expected a value, found the end of the line\n");
}
