// promlite: tests of pushing: what is sent, what each answer means, retries, and what is not sent.
// SPDX-License-Identifier: MIT
#include <promlite/promlite.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/fake_server.hpp"
#include "support/http_client.hpp"

using promlite::Pushgateway;
using promlite::PushResult;
using promlite::Registry;
using test::FakeServer;
using Call = FakeServer::Call;
using namespace std::chrono_literals;
using namespace std::string_literals;

static void say_ok(const Call& call) { call.answer("200 OK"); }

TEST_CASE("push, push_add and remove") {
  FakeServer server([](const Call& call) { call.answer(call.number == 3 ? "202 Accepted" : "200 OK"); });
  Registry registry;
  registry.counter("files_total", "Files.", {"kind"}).with("a\"b").inc(2);
  registry.gauge("other", "Other.").set(1);
  promlite::NameFilter only;
  only.add("other");

  Pushgateway gateway{"http://" + server.address() + "/prefix/", "nightly"};
  gateway.group("instance", "db1").group("path", "/var/lib").group("shard", 3).group("dry", false);
  for (const PushResult& result :
       {gateway.push(registry), gateway.push_add(registry, only), gateway.remove()}) {
    CHECK(result);
    CHECK(result.message() == "");
    CHECK(result.attempts() == 1);
  }
  const std::string line =
      " /prefix/metrics/job/nightly/instance/db1/path@base64/L3Zhci9saWI/shard/3/dry/false HTTP/1.1\r\n"
      "Host: " +
      server.address() + "\r\nUser-Agent: promlite/" PROMLITE_VERSION "\r\nConnection: close\r\n";
  const std::string type = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n";
  const std::string other = "# HELP other Other.\n# TYPE other gauge\nother 1\n";
  const std::string both =
      "# HELP files_total Files.\n# TYPE files_total counter\nfiles_total{kind=\"a\\\"b\"} 2\n" + other;
  CHECK(server.requests() ==
        std::vector<std::string>{
            "PUT" + line + type + "Content-Length: " + std::to_string(both.size()) + "\r\n\r\n" + both,
            "POST" + line + type + "Content-Length: " + std::to_string(other.size()) + "\r\n\r\n" + other,
            "DELETE" + line + "Content-Length: 0\r\n\r\n"});
}

TEST_CASE("what each answer means") {
  struct Case {
    const char* status;
    std::string body;
    bool success;
    std::string message;  // behind job and gateway
    std::string reply;
  };
  const std::vector<Case> cases = {
      {"200 OK", "", true, "", ""},
      {"202 Accepted", "", true, "", ""},
      {"201 Created", "", false, "the answer was 201", ""},
      {"204 No Content", "", false, "the answer was 204", ""},
      {"302 Found", "", false, "the answer was 302, go to \"https://b/\" (not followed)", ""},
      {"400 Bad Request", "text format parsing\nerror", false,
       "the answer was 400: text format parsing error", "text format parsing error"},
      {"400 Bad Request", std::string(10 << 20, 'x'), false, "the answer was 400: " + std::string(256, 'x'),
       std::string(256, 'x')},
      {"401 Unauthorized", "who? s3cret!", false, "the answer was 401: (not shown: it repeats a credential)",
       "(not shown: it repeats a credential)"},
      {"403 Forbidden", "dXNlcjpzM2NyZXQ=", false, "the answer was 403: (not shown: it repeats a credential)",
       "(not shown: it repeats a credential)"},
      {"500 Oops", "\x1b[31m", false, "the answer was 500: ?[31m", "?[31m"},
  };
  Registry registry;
  for (const Case& each : cases) {
    INFO(each.status);
    FakeServer server([&](const Call& call) {
      call.answer(each.status, each.body, each.status[0] == '3' ? "Location: https://b/\r\n" : "");
    });
    Pushgateway gateway{"http://user:s3cret@" + server.address(), "a \"job\""};
    const PushResult result = gateway.push(registry);
    CHECK(static_cast<bool>(result) == each.success);
    CHECK(result.status() == std::atoi(each.status));
    CHECK(result.reply() == each.reply);
    CHECK(result.attempts() == 1);
    CHECK(result.message() ==
          (each.success ? "" : "cannot push job \"a \"job\"\" at " + server.address() + ": " + each.message));
  }
}

TEST_CASE("a success is known when its head has come") {
  FakeServer server([](const Call& call) {
    call.say("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    call.wait();
  });
  Registry registry;
  CHECK(Pushgateway(server.address(), "j").push(registry));
}

TEST_CASE("retries: of what may pass, and within the timeout") {
  Registry registry;
  const auto push = [&](std::function<void(const Call&)> script, int retries,
                        std::chrono::milliseconds timeout) {
    FakeServer server(std::move(script));
    return Pushgateway(server.address(), "j").retries(retries).timeout(timeout).push(registry);
  };
  const auto busy_twice = [](const Call& call) { call.answer(call.number < 3 ? "503 Busy" : "200 OK"); };
  PushResult result = push(busy_twice, 2, 5s);
  CHECK(result);
  CHECK(result.attempts() == 3);
  result = push(busy_twice, 1, 5s);
  CHECK(result.status() == 503);
  CHECK(result.attempts() == 2);
  CHECK(push([](const Call& call) { call.number == 1 ? call.reset() : say_ok(call); }, 1, 5s).attempts() ==
        2);
  for (const std::string status : {"400 Bad", "401 No", "404 No", "302 Found"}) {
    CHECK(push([&](const Call& call) { call.answer(status); }, 5, 5s).attempts() == 1);
  }
  // Pauses of 50 to 100 ms, 100 to 200, 200 to 400: 3 to 5 attempts in half a second, which is not exceeded.
  // But by a busy machine: one of five times must do.
  std::chrono::nanoseconds took = 1h;
  for (int i = 0; i < 5 && took >= 550ms; ++i) {
    const auto start = std::chrono::steady_clock::now();
    result = push([](const Call& call) { call.answer("500 Oops"); }, 1000, 500ms);
    took = std::chrono::steady_clock::now() - start;
  }
  CHECK(took < 550ms);
  CHECK(result.status() == 500);
  CHECK(result.attempts() >= 3);
  CHECK(result.attempts() <= 5);
}

TEST_CASE("nothing is sent when a setting or the body is wrong") {
  FakeServer server(say_ok);
  Registry registry;
  auto family = registry.counter("a_total", "", {"x", "shard"});
  family.with("a=\"job\",", "b\\").inc();
  const auto message = [&](Pushgateway& gateway) {
    const PushResult result = gateway.push(registry);
    CHECK_FALSE(result);
    CHECK(result.status() == 0);
    CHECK(result.attempts() == 0);
    CHECK(gateway.push_add(registry).message() == result.message());
    return result.message();
  };
  const std::string at = "\" at " + server.address() + ": ";
  const auto with = [&](auto&& set, const std::string& job = "j") {
    Pushgateway gateway(server.address(), job);
    set(gateway);
    return message(gateway);
  };
  const auto nothing = [](Pushgateway&) {};
  CHECK(with(nothing, "") == "cannot push job \"" + at + "the job is empty");
  CHECK(with(nothing, "a\r\nb") == "cannot push job \"" + at + "the job has a CR, LF or NUL in it");
  CHECK(with([](Pushgateway& g) { g.group("job", "a"); }) ==
        "cannot push job \"j" + at + "grouping label \"job\": the job is given already");
  CHECK(with([](Pushgateway& g) { g.group("a", "b\nc").group("", ""); }) ==
        "cannot push job \"j" + at + "the value of grouping label \"a\" has a CR, LF or NUL in it");
  CHECK(with([](Pushgateway& g) { g.retries(-1); }) ==
        "cannot push job \"j" + at + "a negative number of retries");
  CHECK(with([](Pushgateway& g) { g.request_path("x"); }) ==
        "cannot push job \"j" + at + "the path does not begin with a slash");
  CHECK(with([](Pushgateway& g) { g.push_method("put"); }) ==
        "cannot push job \"j" + at + "the method is not made of capital letters");
  CHECK(with([](Pushgateway& g) { g.request_path("/x").group("a", "b"); }) ==
        "cannot push job \"j" + at + "request_path() takes the place of grouping labels");
  // The gateway would overwrite it.
  CHECK(with([](Pushgateway& g) { g.group("shard", 1); }) ==
        "cannot push job \"j" + at + "\"a_total\" has a label \"shard\", which the grouping key sets");
  Registry with_job;
  with_job.histogram("h", "", promlite::const_labels({{"job", "x"}})).observe(1);
  CHECK(Pushgateway(server.address(), "j").push(with_job).message() ==
        "cannot push job \"j" + at + "\"h\" has a label \"job\", which the grouping key sets");
  Pushgateway no_tls("https://u:s3cret@h", "j");
  CHECK(no_tls.problem().find("\"h\": https is not supported") == 0);
  CHECK(no_tls.push(registry).message() == "cannot push job \"j\": " + no_tls.problem());
  CHECK(no_tls.remove().message() == "cannot remove job \"j\": " + no_tls.problem());
  CHECK(server.requests().empty());
  // Labels whose values only look like it.
  CHECK(Pushgateway(server.address(), "j").group("y", 1).push(registry));
}

TEST_CASE("who pushes says who he is, in the way that was said last, and nobody else hears of it") {
  FakeServer server([](const Call& call) { call.answer("403 Forbidden", "s3cret is wrong"); });
  Registry registry;
  const std::string hidden = "the answer was 403: (not shown: it repeats a credential)";
  Pushgateway basic{server.address(), "j"};
  basic.basic_auth("alice", "s3cret");
  CHECK(basic.push(registry).message().find(hidden) != std::string::npos);
  Pushgateway header{server.address(), "j"};
  header.basic_auth("alice", "other").header("AUTHORIZATION", "Custom s3cret");
  CHECK(header.push(registry).message().find(hidden) != std::string::npos);
  const auto requests = server.requests();
  CHECK(requests.at(0).find("\r\nAuthorization: Basic YWxpY2U6czNjcmV0\r\n") != std::string::npos);
  CHECK(requests.at(1).find("\r\nAuthorization: Custom s3cret\r\n") != std::string::npos);
  CHECK(requests.at(1).find("Basic") == std::string::npos);
  for (const auto& bad : {Pushgateway{server.address(), "j"}.basic_auth("a:b", "c"),
                          Pushgateway{server.address(), "j"}.basic_auth("a", "b\n")}) {
    CHECK_FALSE(bad.problem().empty());
  }
}

TEST_CASE("every kind of metric is looked through for labels of the grouping key") {
  FakeServer server(say_ok);
  const auto pushed = [&](auto&& declare) {
    Registry registry;
    declare(registry);
    const PushResult refused = Pushgateway{server.address(), "j"}.group("k", "v").push(registry);
    CHECK(Pushgateway{server.address(), "j"}.group("l", "v").push(registry));
    return refused.message();
  };
  const auto clash = ContainsSubstring("\"x\" has a label \"k\"");
  CHECK_THAT(pushed([](Registry& r) { r.summary("x", "", {"k"}).with("a").observe(1); }), clash);
  CHECK_THAT(pushed([](Registry& r) { r.histogram("x", "", {"k"}).with("a").observe(1); }), clash);
  CHECK_THAT(pushed([](Registry& r) { r.gauge("x", "", {"k"}).with("a").set(1); }), clash);
}

TEST_CASE("other servers: their path, their method, their success") {
  FakeServer server([](const Call& call) { call.answer("204 No Content"); });
  Registry registry;
  registry.gauge("a", "", promlite::const_labels({{"job", "mine"}})).set(1);
  Pushgateway gateway{server.address(), "nightly"};
  gateway.request_path("/api/v1/import/prometheus?extra_label=job=nightly").push_method("POST");
  CHECK(gateway.push(registry));
  CHECK(server.requests().at(0).find("POST /api/v1/import/prometheus?extra_label=job=nightly HTTP/1.1\r\n") ==
        0);
}

TEST_CASE("many threads, one gateway, collectors that throw") {
  FakeServer server(say_ok);
  class Throws : public promlite::Collector {
   public:
    void collect(promlite::Sink& sink) override {
      sink.gauge("half", "").sample(1);
      throw 42;
    }
  } throws;
  Registry registry;
  registry.gauge("whole", "").set(1);
  const auto member = registry.add(throws);
  Pushgateway gateway{server.address(), "j"};
  std::atomic<int> fine{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10; ++j) fine += gateway.push(registry) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(fine == 80);
  for (const std::string& request : server.requests()) {
    CHECK(request.find("\nwhole 1\n") != std::string::npos);
    CHECK(request.find("half") == std::string::npos);
    CHECK(request.find("\npromlite_collector_errors_total") != std::string::npos);
  }
}
