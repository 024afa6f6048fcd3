// promlite: tests of the embedded server: what it answers, how it starts and how it ends.
// SPDX-License-Identifier: MIT
#include <promlite/clock.hpp>
#include <promlite/transport/metrics_server.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/accept_cases.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"

using promlite::MetricsServer;
using promlite::Registry;
using promlite::ServerOptions;
using namespace std::chrono_literals;

static const std::string loopback = "127.0.0.1:0";
static const std::string jobs = "# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\njobs_total 7\n";

// Of a program in which nothing has begun yet.
static const int threads_alone = test::threads_here();

// A registry with something in it.
struct Jobs {
  Registry registry;
  Jobs() {
    static const promlite::ManualClock clock{std::chrono::system_clock::time_point(17s)};
    registry.use_clock(clock);
    registry.counter("jobs_total", "Jobs done.").inc(7);
  }
};

// A collector that waits inside collect() until it is let go, or for half a minute.
class Hanging : public promlite::Collector {
 public:
  void collect(promlite::Sink& sink) override {
    std::unique_lock<std::mutex> lock(mutex_);
    ++entered_;
    changed_.notify_all();
    changed_.wait_for(lock, 30s, [this] { return open_; });
    ++left_;
    changed_.notify_all();
    sink.gauge("held", "Held.").sample(entered_);
  }
  void await_entered(int times) {
    std::unique_lock<std::mutex> lock(mutex_);
    REQUIRE(changed_.wait_for(lock, 10s, [&] { return entered_ >= times; }));
  }
  void let_go() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  int entered() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return entered_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int entered_ = 0;
  int left_ = 0;
};

TEST_CASE("a scrape over a connection") {
  Jobs served;
  const MetricsServer server{loopback, served.registry};
  CHECK(server.address() == "127.0.0.1:" + std::to_string(server.port()));
  const test::Response response = test::get(server.address());
  CHECK(response.head ==
        "HTTP/1.1 200 OK\r\n"
        "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
        "Content-Length: " +
            std::to_string(jobs.size()) +
            "\r\n"
            "Cache-Control: no-cache\r\n"
            "X-Content-Type-Options: nosniff\r\n");
  CHECK(response.body == jobs);
}

TEST_CASE("a scrape shows what was counted before it") {
  Registry registry;
  auto counter = registry.counter("jobs_total", "Jobs done.");
  const MetricsServer server{loopback, registry};
  test::HttpClient client(server.address());
  for (int i = 1; i <= 200; ++i) {
    counter.inc();
    const std::string body = client.get("/metrics").body;
    REQUIRE(body == "# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\njobs_total " +
                        std::to_string(i) + "\n");
  }
}

TEST_CASE("every Accept gets its format, over one connection and over many at once") {
  Jobs of_jobs;
  MetricsServer server{loopback, of_jobs.registry};
  test::HttpClient client(server.address());
  std::vector<test::HttpClient> others;
  for (const test::AcceptCase& each : test::accept_cases()) {
    INFO(each.accept);
    const test::Response response = client.get("/metrics", "Accept: " + each.accept + "\r\n");
    CHECK(response.status == 200);
    CHECK(response.header("Content-Type") == each.content_type());
    CHECK(response.body == each.body());
    others.emplace_back(server.address());
  }
  // All in one round: none gets the body of another format.
  for (std::size_t i = 0; i < others.size(); ++i) {
    const std::string accept = test::accept_cases()[i].accept;
    REQUIRE(others[i].send("GET /metrics HTTP/1.1\r\nHost: a\r\nAccept: " + accept + "\r\n\r\n"));
  }
  for (std::size_t i = 0; i < others.size(); ++i) {
    const test::AcceptCase& each = test::accept_cases()[i];
    INFO(each.accept);
    const test::Response response = others[i].read();
    CHECK(response.header("Content-Type") == each.content_type());
    CHECK(response.body == each.body());
  }
}

TEST_CASE("HEAD has the head of GET and nothing else") {
  Jobs served;
  const MetricsServer server{loopback, served.registry};
  for (const char* path : {"/metrics", "/", "/-/healthy", "/other"}) {
    INFO(path);
    test::HttpClient client(server.address());
    const test::Response got = client.get(path);
    REQUIRE(client.send(std::string("HEAD ") + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    CHECK(client.read_all() == got.head + "Connection: close\r\n\r\n");
  }
}

TEST_CASE("the other paths") {
  Jobs served;
  ServerOptions options;
  options.name = "<jobs>";
  const MetricsServer server{loopback, served.registry, options};
  const auto status = [&](const std::string& target) { return test::get(server.address(), target).status; };
  CHECK(test::get(server.address(), "/").header("Content-Type") == "text/html; charset=UTF-8");
  CHECK_THAT(test::get(server.address(), "/").body, ContainsSubstring("<h1>&lt;jobs&gt;</h1>"));
  CHECK(test::get(server.address(), "/-/healthy").body == "OK\n");
  CHECK(status("/metrics?x=%") == 200);
  CHECK(status("/metrics/") == 404);
  CHECK(status("//metrics") == 404);
  CHECK(status("/<script>") == 404);
  CHECK(test::get(server.address(), "/<script>").body == "Not found\n");
}

TEST_CASE("methods") {
  Jobs served;
  const MetricsServer server{loopback, served.registry};
  test::HttpClient client(server.address());
  REQUIRE(
      client.send("POST /metrics HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS /metrics HTTP/1.1\r\nHost: a\r\n\r\n"));
  const test::Response refused = client.read();
  CHECK(refused.status == 405);
  CHECK(refused.header("Allow") == "GET, HEAD");
  const test::Response options = client.read();
  CHECK(options.status == 200);
  CHECK(options.header("Allow") == "GET, HEAD, OPTIONS");
  CHECK(options.header("Content-Length") == "0");
}

TEST_CASE("the filter") {
  Jobs served;
  served.registry.gauge("queue", "Waiting.").set(2);
  const MetricsServer server{loopback, served.registry};
  test::HttpClient client(server.address());
  CHECK(client.get("/metrics?name[]=jobs_total").body == jobs);
  CHECK(client.get("/metrics?name%5B%5D=jobs").body == jobs);
  CHECK(client.get("/metrics?name[]=unknown").body.empty());
  CHECK(client.get("/metrics?name[]=").body.empty());
  CHECK(client.get("/metrics?name[]=unknown").status == 200);
  std::string many = "/metrics?";
  for (int i = 0; i < 65; ++i) many += "name[]=a&";
  CHECK(client.get(many).status == 400);
  CHECK(client.get("/metrics").body.size() > jobs.size());
}

TEST_CASE("connections stay open, and close when they are asked to") {
  Jobs served;
  const MetricsServer server{loopback, served.registry};
  const auto after = [&](const std::string& request) {
    test::HttpClient client(server.address());
    REQUIRE(client.send(request));
    const test::Response response = client.read();
    const std::string connection = response.header("Connection");
    if (connection == "close") return connection + (client.at_end() ? "" : " but open");
    return connection + " " + std::to_string(client.get("/metrics").status);
  };
  CHECK(after("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n") == "(none) 200");
  CHECK(after("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") == "close");
  CHECK(after("GET /metrics HTTP/1.0\r\n\r\n") == "close");
  CHECK(after("GET /metrics HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") == "keep-alive 200");
  CHECK(after("GET /other HTTP/1.1\r\nHost: a\r\n\r\n") == "(none) 200");
  CHECK(after("GET /metrics HTTP/1.1\r\n\r\n") == "close");
  CHECK(after("GET /metrics HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n") == "(none) 200");
  CHECK(after("POST /metrics HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n") ==
        "close");
}

TEST_CASE("secrets") {
  Jobs served;
  std::atomic<int> collections{0};
  const auto callback = served.registry.gauge_callback("asked", "Asked.", [&] { return ++collections; });
  ServerOptions options;
  options.basic_auth = promlite::BasicAuth{"alice", "pass:word"};
  options.bearer_token = "token";
  const MetricsServer server{loopback, served.registry, options};
  test::HttpClient client(server.address());
  for (const char* path : {"/metrics", "/", "/-/healthy", "/other"}) {
    for (const char* header : {"", "Authorization: Basic YWxpY2U6\r\n", "Authorization: Bearer Token\r\n",
                               "Authorization: Bearer token\r\nAuthorization: Bearer token\r\n"}) {
      INFO(path << ' ' << header);
      const test::Response response = client.get(path, header);
      CHECK(response.status == 401);
      CHECK(response.header("WWW-Authenticate") == "Basic realm=\"metrics\" | Bearer realm=\"metrics\"");
      CHECK(response.body == "Unauthorized\n");
    }
  }
  CHECK(collections == 0);
  CHECK(client.get("/metrics", "Authorization: Basic YWxpY2U6cGFzczp3b3Jk\r\n").status == 200);
  CHECK(client.get("/metrics", "Authorization: Bearer token\r\n").status == 200);
  CHECK(collections == 2);
}

TEST_CASE("readiness is what the program says") {
  Jobs served;
  ServerOptions options;
  options.ready = false;
  MetricsServer server{loopback, served.registry, options};
  CHECK(test::get(server.address(), "/-/ready").status == 503);
  CHECK(test::get(server.address(), "/-/healthy").status == 200);
  CHECK(test::get(server.address()).status == 200);
  server.set_ready(true);
  CHECK(test::get(server.address(), "/-/ready").status == 200);
  server.set_ready(false);
  CHECK(test::get(server.address(), "/-/ready").status == 503);
}

TEST_CASE("every kind of address") {
  Jobs served;
  const std::string path = "/tmp/promlite_server_" + std::to_string(getpid());
  for (const std::string& address : {loopback, std::string("[::1]:0"), std::string(":0"),
                                     std::string("localhost:0"), std::string("[::]:0"), "unix:" + path}) {
    INFO(address);
    const MetricsServer server{address, served.registry};
    CHECK(test::get(server.address()).body == jobs);
    if (address == "[::]:0") CHECK(test::get("127.0.0.1:" + std::to_string(server.port())).body == jobs);
  }
  CHECK(access(path.c_str(), F_OK) != 0);
}

TEST_CASE("a socket that the process was given") {
  Jobs served;
  promlite::detail::Listener given;
  REQUIRE(given.open(loopback) == "");
  {
    const MetricsServer server{"fd:" + std::to_string(dup(given.descriptor())), served.registry};
    CHECK(server.address() == given.address());
    CHECK(server.port() == given.port());
    CHECK(test::get(given.address()).body == jobs);
  }
  CHECK(MetricsServer::start("fd:9999", served.registry).message() ==
        "cannot serve metrics on fd:9999: " + promlite::detail::errno_text(EBADF));
}

TEST_CASE("a server that cannot start says where and why") {
  Jobs served;
  const MetricsServer server{loopback, served.registry};
  const std::string reason =
      "cannot serve metrics on " + server.address() + ": " + promlite::detail::errno_text(EADDRINUSE);
  CHECK_THROWS_AS(MetricsServer(server.address(), served.registry), promlite::Error);
  CHECK_THROWS_WITH(MetricsServer(server.address(), served.registry), reason);
  CHECK_THROWS_WITH(MetricsServer(server.address()), reason);
  CHECK(MetricsServer::start(server.address(), served.registry).message() == reason);
  CHECK(MetricsServer::start(server.address()).message() == reason);
  CHECK(MetricsServer::start("127.0.0.1:99999").message() ==
        "cannot serve metrics on 127.0.0.1:99999: the port is not a number from 0 to 65535");
  ServerOptions options;
  options.metrics_path = "metrics";
  CHECK(MetricsServer::start(loopback, options).message() ==
        "cannot serve metrics on 127.0.0.1:0: metrics_path does not begin with a slash");
  CHECK(test::get(server.address()).body == jobs);
}

TEST_CASE("the default registry") {
  promlite::default_registry().counter("default_jobs_total", "Jobs.").inc(3);
  auto server = MetricsServer::start(loopback);
  REQUIRE(server);
  CHECK_THAT(test::get(server->address()).body, ContainsSubstring("\ndefault_jobs_total 3\n"));
  const MetricsServer another{loopback};
  CHECK_THAT(test::get(another.address()).body, ContainsSubstring("\ndefault_jobs_total 3\n"));
}

TEST_CASE("a server can be moved") {
  Jobs served;
  MetricsServer first{loopback, served.registry};
  const std::string address = first.address();
  MetricsServer second(std::move(first));
  CHECK(second.address() == address);
  CHECK(test::get(address).body == jobs);
  MetricsServer third{loopback, served.registry};
  const std::string gone = third.address();
  third = std::move(second);
  CHECK(third.address() == address);
  CHECK(test::get(address).body == jobs);
  CHECK_THROWS(test::get(gone));
}

TEST_CASE("the registry may go first") {
  auto served = std::make_unique<Jobs>();
  const MetricsServer server{loopback, served->registry};
  served.reset();
  CHECK(test::get(server.address()).body == jobs);
}

TEST_CASE("stop closes the port and every connection, and does so once") {
  Jobs served;
  const int descriptors = test::count_of("fd");
  {
    MetricsServer server{loopback, served.registry};
    std::vector<test::HttpClient> clients;
    for (int i = 0; i < 50; ++i) clients.emplace_back(server.address());
    for (int i = 0; i < 10; ++i) clients[static_cast<std::size_t>(i)].send("GET /metr");
    CHECK(clients[40].get("/metrics").status == 200);
    CHECK(test::seconds_of([&] { server.stop(); }) < 0.2);
    server.stop();
    CHECK(clients[40].at_end());
    clients.clear();
    CHECK_THROWS(test::HttpClient(server.address()));
    const MetricsServer again{server.address(), served.registry};
    CHECK(test::get(again.address()).body == jobs);
  }
  CHECK(test::count_of("fd") == descriptors);
}

TEST_CASE("servers start and stop a thousand times") {
  Jobs served;
  const int descriptors = test::count_of("fd");
  for (int i = 0; i < 1000; ++i) {
    MetricsServer server{loopback, served.registry};
    if (i % 10 == 0) REQUIRE(test::get(server.address()).body == jobs);
  }
  CHECK(test::count_of("fd") == descriptors);
}

TEST_CASE("a collector that throws gives nothing away") {
  struct Secretive : promlite::Collector {
    void collect(promlite::Sink& sink) override {
      sink.gauge("half", "Half.").sample(1);
      throw std::runtime_error("secret");
    }
  };
  Jobs served;
  Secretive secretive;
  const auto membership = served.registry.add(secretive);
  const MetricsServer server{loopback, served.registry};
  for (int i = 0; i < 3; ++i) {
    const test::Response response = test::get(server.address());
    CHECK(response.status == 200);
    CHECK(response.body.rfind(jobs, 0) == 0);
    CHECK((response.head + response.body).find("secret") == std::string::npos);
    CHECK(response.body.find("half") == std::string::npos);
  }
}

TEST_CASE("a collector that hangs delays scrapes alone, until their deadline") {
  Jobs served;
  Hanging hanging;
  const auto membership = served.registry.add(hanging);
  ServerOptions options;
  options.scrape_timeout = 300ms;
  const MetricsServer server{loopback, served.registry, options};
  test::HttpClient first(server.address());
  first.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  hanging.await_entered(1);
  for (const char* path : {"/", "/-/healthy", "/other"}) {
    CHECK(test::seconds_of([&] { CHECK(test::get(server.address(), path).status != 0); }) < 5);
  }
  test::Response response;
  CHECK(test::seconds_of([&] { response = first.read(); }) < 5);
  CHECK(response.status == 503);
  CHECK(response.body == "Service unavailable\n");
  const double seconds = test::seconds_of([&] { response = first.get("/metrics"); });
  CHECK(response.status == 503);
  CHECK(seconds > 0.25);
  CHECK(seconds < 5);
  CHECK(hanging.entered() == 1);
  hanging.let_go();
  response = first.get("/metrics");
  CHECK(response.status == 200);
  CHECK_THAT(response.body, ContainsSubstring("\nheld "));
}

TEST_CASE("a scraper can ask for a shorter deadline, not for a longer one") {
  Jobs served;
  Hanging hanging;
  const auto membership = served.registry.add(hanging);
  const auto seconds = [&](std::chrono::milliseconds limit, const std::string& timeout) {
    INFO(timeout);
    ServerOptions options;
    options.scrape_timeout = limit;
    const MetricsServer server{loopback, served.registry, options};
    test::HttpClient client(server.address());
    return test::seconds_of([&] {
      const std::string header = "X-Prometheus-Scrape-Timeout-Seconds: " + timeout + "\r\n";
      CHECK(client.get("/metrics", header).status == 503);
    });
  };
  CHECK(seconds(9s, "0.1") < 5);
  for (const char* timeout : {"9", "60", "1e9", "0", "-1", "abc", "nan", "99999999999"}) {
    const double taken = seconds(300ms, timeout);
    CHECK(taken > 0.25);
    CHECK(taken < 5);
  }
  hanging.let_go();
  CHECK(test::settles_at("task", threads_alone));  // each server has left a thread behind
}

TEST_CASE("scrapes that wait together share a body only when they ask for the same format") {
  Jobs of_jobs;
  Hanging hanging;
  const auto membership = of_jobs.registry.add(hanging);
  MetricsServer server{loopback, of_jobs.registry};
  const std::string accepts[] = {"text/plain", "application/openmetrics-text;version=1.0.0",
                                 "application/openmetrics-text;version=0.0.1",
                                 "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8"};
  const std::string types[] = {"text/plain; version=0.0.4; charset=utf-8",
                               "application/openmetrics-text; version=1.0.0; charset=utf-8",
                               "application/openmetrics-text; version=0.0.1; charset=utf-8",
                               "application/openmetrics-text; version=1.0.0; charset=utf-8; "
                               "escaping=allow-utf-8"};
  std::vector<test::HttpClient> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back(server.address());
    clients.back().send("GET /metrics HTTP/1.1\r\nHost: a\r\nAccept: " + accepts[i % 4] + "\r\n\r\n");
    if (i == 0) hanging.await_entered(1);
  }
  hanging.let_go();
  for (int i = 0; i < 8; ++i) {
    const test::Response response = clients[static_cast<std::size_t>(i)].read();
    INFO(accepts[i % 4] << "\n" << response.body);
    CHECK(response.header("Content-Type") == types[i % 4]);
    CHECK((response.body.find("# EOF") != std::string::npos) == (i % 4 != 0));
  }
  CHECK(hanging.entered() <= 5);
}

TEST_CASE("scrapes that wait together share one collection") {
  Jobs served;
  Hanging hanging;
  const auto membership = served.registry.add(hanging);
  const MetricsServer server{loopback, served.registry};
  std::vector<test::HttpClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back(server.address());
    clients.back().send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  test::HttpClient filtered(server.address());
  filtered.send("GET /metrics?name[]=jobs_total HTTP/1.1\r\nHost: a\r\n\r\n");
  // Once this is answered, everything that was sent before it has been read.
  hanging.await_entered(1);
  CHECK(test::get(server.address(), "/-/healthy").status == 200);
  CHECK(test::get(server.address(), "/-/healthy").status == 200);
  hanging.let_go();
  for (test::HttpClient& client : clients) CHECK_THAT(client.read().body, ContainsSubstring("\nheld 1\n"));
  CHECK(filtered.read().body == jobs);
  CHECK(hanging.entered() == 2);
}

TEST_CASE("stop leaves a collector that hangs behind") {
  auto served = std::make_unique<Jobs>();
  Hanging hanging;
  auto membership = served->registry.add(hanging);
  {
    MetricsServer server{loopback, served->registry};
    test::HttpClient client(server.address());
    client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    hanging.await_entered(1);
    CHECK(test::seconds_of([&] { server.stop(); }) < 0.2);
    CHECK(client.at_end());
    CHECK_THROWS(test::HttpClient(server.address()));
  }
  CHECK(test::settles_at("task", threads_alone + 1));
  hanging.let_go();
  { const auto done = std::move(membership); }
  served.reset();
  CHECK(test::settles_at("task", threads_alone));
}
