// promlite: examples/pushgateway_sweeper: durations, flags, and which groups are too old.
// SPDX-License-Identifier: MIT
#include "../../examples/pushgateway_sweeper/flags.hpp"
#include "../../examples/pushgateway_sweeper/plan.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace pushgateway_sweeper;
using namespace std::chrono_literals;

TEST_CASE("sweeper: durations") {
  CHECK(parse_duration("90s") == 90s);
  CHECK(parse_duration("36h") == 36h);
  CHECK(parse_duration("1d12h") == 36h);
  CHECK(parse_duration("1w2d3h4m5s") == 788645s);
  CHECK(parse_duration("520w") == 314496000s);
  for (const char* const text : {"", "1", "s", "0s", "-1s", "1.5h", "1s1m", "1s1s", "1 s", "1y", "1ms",
                                 "522w", "99999999999999999999s", "1h "}) {
    INFO(text);
    CHECK(parse_duration(text) == std::nullopt);
  }
  CHECK(print_duration(0.5) == "0s");
  CHECK(print_duration(-7) == "0s");
  CHECK(print_duration(59.9) == "59s");
  CHECK(print_duration(3600) == "1h");
  CHECK(print_duration(86400 * 1.5 + 7) == "1d12h");
  CHECK(print_duration(86400 + 7) == "1d");
  CHECK(print_duration(1e300) == "ages");
}

// "JOB: expired|kept, REASON" for each group.
static std::vector<std::string> planned(const std::string& text, const Policy& policy) {
  const auto exposition = promlite::parse_text(text);
  REQUIRE(exposition);
  std::vector<std::string> lines;
  for (const Group& group : plan(*exposition, policy, 100000)) {
    lines.push_back(group.job() + ": " + (group.expired ? "expired, " : "kept, ") + group.reason);
  }
  return lines;
}

TEST_CASE("sweeper: which groups are too old") {
  const std::string text =
      "push_time_seconds{instance=\"\",job=\"a\"} 90000\n"
      "push_time_seconds{instance=\"\",job=\"b\"} 90000\n"
      "push_time_seconds{instance=\"\",job=\"c\"} 99999\n"
      "push_time_seconds{instance=\"\",job=\"d\"} 10\n"
      "push_time_seconds{instance=\"x\",job=\"e\"} 0\n"
      "push_failure_time_seconds{instance=\"\",job=\"a\"} 0\n"
      "push_failure_time_seconds{instance=\"x\",job=\"e\"} 99990\n"
      "# TYPE batch_job_expires_timestamp_seconds gauge\n"
      "batch_job_expires_timestamp_seconds{instance=\"\",job=\"c\"} 99940\n"
      "batch_job_expires_timestamp_seconds{instance=\"\",job=\"d\"} 103600\n"
      "other_expires_timestamp_seconds{instance=\"\",job=\"d\"} 50\n"
      // Labels of its own: it may be another group's.
      "batch_job_expires_timestamp_seconds{instance=\"\",job=\"b\",x=\"y\"} 50\n"
      "batch_job_expires_timestamp_seconds{instance=\"\",job=\"nobody\"} 50\n"
      "_expires_timestamp_seconds{instance=\"\",job=\"b\"} 50\n";
  CHECK(planned(text, {}) == std::vector<std::string>{"a: kept, no limit", "b: kept, no limit",
                                                      "c: expired, expired 1m ago", "d: kept, expires in 1h",
                                                      "e: kept, no limit"});
  Policy policy;
  policy.ttl = 10000s;
  policy.ttl_of_job["b"] = 10001s;
  policy.ttl_of_job["d"] = 1s;
  CHECK(planned(text, policy) ==
        std::vector<std::string>{"a: expired, older than 2h46m", "b: kept, younger than 2h46m",
                                 "c: expired, expired 1m ago", "d: kept, expires in 1h",
                                 "e: kept, younger than 2h46m"});
  policy.ttl = 1s;
  CHECK(planned(text, policy).back() == "e: expired, older than 1s");
  CHECK(planned("up 1\n", policy).empty());
  CHECK(planned("push_time_seconds{job=\"z\"} NaN\n", policy).size() == 1);
}

static std::string problem(const std::vector<std::string>& arguments) {
  return parse_flags(arguments).message();
}

TEST_CASE("sweeper: flags") {
  const auto flags = parse_flags({"--gateway=http://h:1/x", "--ttl", "1d", "--ttl.job=a=b=2h", "--ttl.job",
                                  "c=3h", "--delete", "--interval=5m", "--web.listen-address", ":1",
                                  "--gateway.metrics-path=/m", "--gateway.timeout=3s"});
  REQUIRE(flags);
  CHECK(flags->gateway == "http://h:1/x");
  CHECK(flags->policy.ttl == 24h);
  CHECK(flags->policy.ttl_of_job == std::map<std::string, std::chrono::seconds>{{"a=b", 2h}, {"c", 3h}});
  CHECK(flags->remove);
  CHECK(flags->interval == 5min);
  CHECK(flags->listen_address == ":1");
  CHECK(flags->metrics_path == "/m");
  CHECK(flags->timeout == 3s);
  CHECK(parse_flags({"--interval=5m", "--once"})->interval == 0s);
  CHECK_FALSE(parse_flags({})->remove);
  CHECK(parse_flags({"--help"})->help);
  CHECK(problem({"--nonsense=1"}) == "unknown flag --nonsense");
  CHECK(problem({"--nonsense"}) == "--nonsense needs a value");
  CHECK(problem({"sweep"}) == "unexpected argument \"sweep\"");
  CHECK(problem({"--ttl"}) == "--ttl needs a value");
  CHECK(problem({"--ttl=1.5h"}) == "--ttl: \"1.5h\" is not a duration such as 36h");
  CHECK(problem({"--ttl.job=1h"}) == "--ttl.job: \"1h\" is not JOB=DURATION");
  CHECK(problem({"--ttl.job=a="}) == "--ttl.job: \"\" is not a duration such as 36h");
  CHECK(problem({"--gateway.user=a"}) == "--gateway.user and --gateway.password-file go together");
}
