// promlite: tests of pushing on a schedule: the schedule, the end, and what a fault does to either.
// SPDX-License-Identifier: MIT
#include <promlite/promlite.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/fake_server.hpp"
#include "support/http_client.hpp"

using promlite::BackgroundPusher;
using promlite::BackgroundPushOptions;
using promlite::Pushgateway;
using promlite::PushResult;
using promlite::Registry;
using test::FakeServer;
using Call = FakeServer::Call;
using namespace std::chrono_literals;

static void say_ok(const Call& call) { call.answer("200 OK"); }

// True as soon as `condition` is; false when it is not after five seconds.
template <class Condition>
static bool eventually(Condition condition) {
  for (int i = 0; i < 1000 && !condition(); ++i) std::this_thread::sleep_for(5ms);
  return condition();
}

// Runs `end`, which tells how many milliseconds it took, until that is less than the limit, five times at
// most: a busy machine may be late.
template <class End>
static void check_in_time(double limit, End end) {
  double took = end();
  for (int i = 1; i < 5 && took >= limit; ++i) took = end();
  CHECK(took < limit);
}

static BackgroundPushOptions every(std::chrono::milliseconds interval) {
  BackgroundPushOptions options;
  options.interval = interval;
  return options;
}

TEST_CASE("it pushes again and again, and once more at the end") {
  FakeServer server(say_ok);
  Registry registry;
  const auto gauge = registry.gauge("a", "");
  const int threads = test::threads_here(), files = test::count_of("fd");
  {
    std::atomic<int> told{0};
    BackgroundPushOptions options = every(10ms);
    options.on_push = [&](const PushResult& result) {
      told += result ? 1 : 0;
      throw 1;  // swallowed
    };
    BackgroundPusher pusher(Pushgateway(server.address(), "j"), registry, options);
    CHECK(eventually([&] { return pusher.pushes() >= 3; }));
    gauge.set(7);
    CHECK(pusher.stop());
    CHECK(pusher.stop());
    CHECK(pusher.failures() == 0);
    CHECK(static_cast<std::size_t>(told) == server.requests().size());
    CHECK(pusher.pushes() == server.requests().size());
  }
  for (const std::string& request : server.requests())
    CHECK(request.find("PUT /metrics/job/j HTTP/1.1\r\n") == 0);
  CHECK(server.requests().back().find("\na 7\n") != std::string::npos);
  CHECK(test::settles_at("task", threads));
  CHECK(test::settles_at("fd", files));
}

TEST_CASE("jitter: the pauses differ, within their bounds") {
  promlite::detail::Jitter jitter;
  bool seen[5] = {};
  for (int i = 0; i < 1000; ++i) {
    const auto wait = jitter.between(90, 94);
    REQUIRE(wait >= 90);
    REQUIRE(wait <= 94);
    seen[wait - 90] = true;
  }
  for (const bool each : seen) CHECK(each);
  CHECK(jitter.between(7, 7) == 7);
  promlite::detail::Backoff backoff;
  for (promlite::detail::Instant span = 100; span <= 20000; span *= 2) {
    const auto bound = span < 5000 ? span : 5000;
    const auto wait = backoff.next();
    CHECK(wait >= (span < 5000 ? span / 2 : 2500));
    CHECK(wait <= bound);
  }
}

TEST_CASE("one at a time, however slow the gateway") {
  std::atomic<int> at_once{0}, most{0};
  FakeServer server([&](const Call& call) {
    const int now = ++at_once;
    if (now > most) most = now;
    std::this_thread::sleep_for(30ms);
    --at_once;
    call.answer("200 OK");
  });
  Registry registry;
  BackgroundPusher pusher(Pushgateway(server.address(), "j"), registry, every(10ms));
  CHECK(eventually([&] { return pusher.pushes() >= 5; }));
  CHECK(pusher.stop());
  CHECK(most == 1);
}

TEST_CASE("failures are told and the next push comes") {
  FakeServer server([](const Call& call) { call.answer(call.number < 3 ? "503 Busy" : "200 OK"); });
  Registry registry;
  BackgroundPusher pusher(Pushgateway(server.address(), "j"), registry, every(10ms));
  CHECK(eventually([&] { return pusher.pushes() >= 4; }));
  CHECK(pusher.failures() == 2);
  CHECK(pusher.stop());
}

TEST_CASE("the end: removal, and a move") {
  FakeServer server(say_ok);
  Registry registry;
  BackgroundPushOptions options = every(1h);
  options.remove_at_end = true;
  options.jitter = 1;
  auto started = BackgroundPusher::start(Pushgateway(server.address(), "j"), registry, options);
  REQUIRE(started);
  BackgroundPusher pusher = std::move(*started);
  CHECK_FALSE(started->stop());
  CHECK(pusher.stop());
  CHECK(server.requests().size() == 1);
  CHECK(server.requests()[0].find("DELETE /metrics/job/j HTTP/1.1\r\n") == 0);
}

TEST_CASE("the end comes in time when the gateway never answers") {
  std::string message;
  std::size_t requests = 0;
  std::uint64_t pushes = 0;
  check_in_time(150 + 25, [&] {
    FakeServer server([](const Call& call) { call.wait(); });
    Registry registry;
    BackgroundPushOptions options = every(10ms);
    options.final_timeout = 150ms;
    BackgroundPusher pusher(Pushgateway(server.address(), "j").timeout(1h), registry, options);
    CHECK(eventually([&] { return server.requests().size() == 1; }));
    const double took = 1000 * test::seconds_of([&] { message = pusher.stop().message(); });
    CHECK(took > 149);
    const std::size_t at = message.find(server.address());
    if (at != std::string::npos) message.erase(at, server.address().size());
    requests = server.requests().size();
    pushes = pusher.pushes();
    return took;
  });
  CHECK(message == "cannot push job \"j\" at : the deadline passed while waiting for the answer");
  CHECK(requests == 2);  // the one that was cut short, and the last one
  CHECK(pushes == 1);
}

TEST_CASE("the end comes in time when a collector hangs, and all that it uses stays") {
  FakeServer server(say_ok);
  const int threads = test::threads_here();
  check_in_time(100 + 50, [&] {
    std::atomic<bool> hangs{true}, entered{false};
    Registry registry;
    const auto member = registry.gauge_callback("a", "", [&] {
      entered = true;
      while (hangs) std::this_thread::sleep_for(1ms);
      return 1;
    });
    BackgroundPushOptions options = every(10ms);
    options.jitter = 0;
    options.final_timeout = 100ms;
    BackgroundPusher pusher(Pushgateway(server.address(), "j"), registry, options);
    CHECK(eventually([&] { return entered.load(); }));
    const double took =
        1000 * test::seconds_of([&] {
          CHECK(pusher.stop().message() == "the last push did not end in time, as when a collector hangs");
        });
    hangs = false;  // before the membership ends, which waits for the callback
    return took;
  });
  CHECK(test::settles_at("task", threads));
}

TEST_CASE("the thread has a name and runs no handler; a registry may go first; a fork pushes nothing") {
  FakeServer server(say_ok);
  auto registry = std::make_unique<Registry>();
  registry->gauge("a", "").set(3);
  BackgroundPusher pusher(Pushgateway(server.address(), "j"), *registry, every(10ms));
  registry.reset();
  CHECK(eventually([&] { return pusher.pushes() >= 1; }));
  // The mask of the thread of this name: every signal but those of its own faults.
  char mask[64] = "";
  FILE* const found = ::popen(
      "for t in /proc/$PPID/task/*; do grep -qx promlite-push $t/comm && grep SigBlk $t/status; done", "r");
  REQUIRE(std::fgets(mask, sizeof mask, found) != nullptr);
  ::pclose(found);
  const unsigned long long blocked = std::strtoull(mask + sizeof "SigBlk:", nullptr, 16);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD, SIGPIPE}) {
    CHECK((blocked >> (number - 1) & 1) == 1);
  }
  CHECK((blocked >> (SIGSEGV - 1) & 1) == 0);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(pusher.stop() ? 1 : 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(pusher.stop());
  CHECK(server.requests().back().find("\na 3\n") != std::string::npos);
}

TEST_CASE("what cannot be started is told") {
  Registry registry;
  const auto problem = [&](const Pushgateway& gateway, const BackgroundPushOptions& options) {
    const auto started = BackgroundPusher::start(gateway, registry, options);
    CHECK_FALSE(started);
    CHECK(test::error_of([&] { BackgroundPusher(gateway, registry, options); }) == started.message());
    return started.message();
  };
  const Pushgateway fine("127.0.0.1:1", "j");
  const std::string start = "cannot push job \"j\": ";
  CHECK(problem(Pushgateway("https://h", "j"), {}).find(start + "\"https://h\": https is not supported") ==
        0);
  CHECK(problem(fine, every(1ms)) == start + "the interval is not between 10 milliseconds and a day");
  BackgroundPushOptions options;
  options.jitter = 1.5;
  CHECK(problem(fine, options) == start + "the jitter is not between 0 and 1");
  options.jitter = 0;
  options.final_timeout = 0ms;
  CHECK(problem(fine, options) == start + "the final timeout is not between a millisecond and a day");
}
