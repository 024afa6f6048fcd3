// promlite: tests of batch jobs: what a run is judged to be, what is pushed, and when.
// SPDX-License-Identifier: MIT
#include <promlite/promlite.hpp>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/fake_server.hpp"

using promlite::BatchJob;
using promlite::Expected;
using promlite::ManualClock;
using promlite::Pushgateway;
using promlite::PushResult;
using promlite::Registry;
using test::FakeServer;
using Call = FakeServer::Call;
using namespace std::chrono_literals;

static const std::chrono::system_clock::time_point start{1700000000s};

// The samples of the only push, one a line.
static std::string pushed(const FakeServer& server) {
  const std::vector<std::string> requests = server.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].find("POST /metrics/job/nightly HTTP/1.1\r\n") == 0);
  std::string samples;
  for (std::size_t at = requests[0].find("\r\n\r\n") + 4; at < requests[0].size();) {
    const std::size_t end = requests[0].find('\n', at) + 1;
    if (requests[0][at] != '#') samples += requests[0].substr(at, end - at);
    at = end;
  }
  return samples;
}

static void say_ok(const Call& call) { call.answer("200 OK"); }

TEST_CASE("a nightly job that succeeds") {
  FakeServer server(say_ok);
  ManualClock clock(start);
  {
    BatchJob job(Pushgateway(server.address(), "nightly"), clock);
    job.expires_after(48h).expected_every(24h);
    auto files = job.registry().counter("files_processed_total", "Files.", {"kind"});
    CHECK(promlite::to_text(job.registry()).empty());  // nothing is claimed before the end
    files.with("csv").inc(3);
    clock.advance(90500ms);
    job.succeed();
    CHECK(server.requests().empty());
  }
  CHECK(pushed(server) ==
        "batch_job_duration_seconds 90.5\n"
        "batch_job_expected_interval_seconds 86400\n"
        "batch_job_expires_timestamp_seconds 1.7001728905e+09\n"
        "batch_job_last_completion_timestamp_seconds 1.7000000905e+09\n"
        "batch_job_last_success_timestamp_seconds 1.7000000905e+09\n"
        "batch_job_success 1\n"
        "files_processed_total{kind=\"csv\"} 3\n");
}

TEST_CASE("a job that fails says so, and nothing about its last success") {
  const std::string failure =
      "batch_job_duration_seconds 1\n"
      "batch_job_last_completion_timestamp_seconds 1.700000001e+09\n"
      "batch_job_success 0\n";
  const auto outcome = [](auto&& body) {
    FakeServer server(say_ok);
    ManualClock clock(start);
    {
      BatchJob job(Pushgateway(server.address(), "nightly"), clock);
      clock.advance(1s);
      body(job);
    }
    return pushed(server);
  };
  CHECK(outcome([](BatchJob&) {}) == failure);  // it returned in the middle
  CHECK(outcome([](BatchJob& job) {
          job.fail();
          job.succeed();
        }) == failure);
  // By exception, with and without run(), whatever was said before.
  FakeServer server(say_ok);
  ManualClock clock(start);
  try {
    BatchJob job(Pushgateway(server.address(), "nightly"), clock);
    clock.advance(1s);
    job.succeed();
    throw 1;
  } catch (int) {
  }
  CHECK(pushed(server) == failure);
  // A job inside of the handling of an exception is judged by its own.
  std::string inner;
  try {
    throw 1;
  } catch (int) {
    inner = outcome([](BatchJob& job) { job.succeed(); });
  }
  CHECK(inner.find("batch_job_success 1\n") != std::string::npos);
}

TEST_CASE("run: what the work returns is the judgement, and is returned") {
  const auto judged = [](auto&& work) {
    FakeServer server(say_ok);
    BatchJob job(Pushgateway(server.address(), "nightly"));
    try {
      if constexpr (std::is_void_v<decltype(job.run(work))>) {
        job.run(work);
      } else {
        auto result = job.run(work);
        CHECK(static_cast<bool>(result) == static_cast<bool>(work()));
      }
    } catch (const std::exception& error) {
      CHECK(std::string(error.what()) == "broken");
    }
    return pushed(server).find("batch_job_success 1\n") != std::string::npos;  // before the job dies
  };
  CHECK(judged([] {}));
  CHECK(judged([] { return 0; }));
  CHECK_FALSE(judged([] { return 3; }));
  CHECK(judged([] { return true; }));
  CHECK_FALSE(judged([] { return false; }));
  CHECK(judged([] { return Expected<void>(); }));
  CHECK_FALSE(judged([] { return Expected<int>::failure("no"); }));
  CHECK_FALSE(judged([]() -> int { throw std::runtime_error("broken"); }));
}

TEST_CASE("an exception that nobody catches is pushed, too, when it passes through run") {
  FakeServer server(say_ok);
  ManualClock clock(start);
  const pid_t child = ::fork();
  if (child == 0) {
    std::set_terminate([] { ::_exit(77); });
    [&]() noexcept {
      BatchJob job(Pushgateway(server.address(), "nightly"), clock);
      job.run([&] {
        const auto stage = job.stage("load");
        throw 1;
      });
    }();
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 77);
  CHECK(pushed(server) ==
        "batch_job_duration_seconds 0\n"
        "batch_job_last_completion_timestamp_seconds 1.7e+09\n"
        "batch_job_stage_duration_seconds{stage=\"load\"} 0\n"
        "batch_job_stage_success{stage=\"load\"} 0\n"
        "batch_job_success 0\n");
}

TEST_CASE("a pipeline's stages") {
  FakeServer server(say_ok);
  ManualClock clock(start);
  Registry registry;
  {
    BatchJob job(Pushgateway(server.address(), "nightly"), registry, clock);
    job.prefix("pipeline");
    CHECK(job.run_stage("build", [&] {
      clock.advance(30s);
      return 0;
    }) == 0);
    {
      auto stage = job.stage("test \"all\"");
      clock.advance(1s);
    }
    try {
      job.run_stage("lint", [&] { throw 1; });
    } catch (int) {
    }
    {
      auto again = job.stage("lint");
      again.succeed();
    }
    // Shown while the job runs, too.
    CHECK(promlite::to_text(registry).find("pipeline_stage_success{stage=\"build\"} 1\n") !=
          std::string::npos);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] { job.run_stage("part " + std::to_string(i), [] {}); });
    }
    for (std::thread& thread : threads) thread.join();
  }
  CHECK(pushed(server) ==
        "pipeline_duration_seconds 31\n"
        "pipeline_last_completion_timestamp_seconds 1.700000031e+09\n"
        "pipeline_stage_duration_seconds{stage=\"build\"} 30\n"
        "pipeline_stage_duration_seconds{stage=\"lint\"} 0\n"
        "pipeline_stage_duration_seconds{stage=\"part 0\"} 0\n"
        "pipeline_stage_duration_seconds{stage=\"part 1\"} 0\n"
        "pipeline_stage_duration_seconds{stage=\"part 2\"} 0\n"
        "pipeline_stage_duration_seconds{stage=\"part 3\"} 0\n"
        "pipeline_stage_duration_seconds{stage=\"test \\\"all\\\"\"} 1\n"
        "pipeline_stage_success{stage=\"build\"} 1\n"
        "pipeline_stage_success{stage=\"lint\"} 1\n"
        "pipeline_stage_success{stage=\"part 0\"} 1\n"
        "pipeline_stage_success{stage=\"part 1\"} 1\n"
        "pipeline_stage_success{stage=\"part 2\"} 1\n"
        "pipeline_stage_success{stage=\"part 3\"} 1\n"
        "pipeline_stage_success{stage=\"test \\\"all\\\"\"} 0\n"
        "pipeline_success 0\n");
  CHECK(promlite::to_text(registry).empty());  // what died with the job is shown no more
}

TEST_CASE("a push that fails changes nothing about the job, and is told once") {
  std::vector<std::string> told;
  std::string message;
  {
    BatchJob job(Pushgateway("https://gateway", "nightly"));
    message = "cannot push job \"nightly\": \"https://gateway\": https is not supported";
    job.on_push([&](const PushResult& result) {
      told.push_back(result.message());
      throw 1;  // swallowed
    });
    CHECK(job.run([] { return 7; }) == 7);
    CHECK_FALSE(job.finish());
    CHECK(job.finish().message().find(message) == 0);
  }
  CHECK(told.size() == 1);
  CHECK(told.at(0).find(message) == 0);
}

TEST_CASE("a prefix that no name can have") {
  BatchJob job(Pushgateway("https://gateway", "nightly"));
  CHECK(test::error_of([&] { job.prefix("a-b"); }) ==
        "batch job with the prefix \"a-b\": a metric name must match [a-zA-Z_][a-zA-Z0-9_]*");
}
