// promlite: tests of probes: what they are asked, what they answer, and that they delay nobody.
// SPDX-License-Identifier: MIT
#include <atomic>
#include <promlite/clock.hpp>
#include <promlite/exporter/probe.hpp>
#include <promlite/transport/scrape_handler.hpp>
#include <promlite/transport/server.hpp>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "support/accept_cases.hpp"
#include "support/c_locale.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"

using promlite::Logger;
using promlite::LogLevel;
using promlite::ProbeRequest;
using promlite::Registry;
using promlite::ServerOptions;
using promlite::detail::HttpRequest;
using promlite::detail::ProbePage;
using promlite::detail::Reply;
using promlite::detail::Site;
using namespace std::chrono_literals;

// Of a program in which nothing has begun yet.
static const int threads_alone = test::threads_here();

// Where probes wait until they are let go, or for half a minute.
class Gate {
 public:
  void wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++entered_;
    changed_.notify_all();
    changed_.wait_for(lock, 30s, [this] { return open_; });
  }
  void await_entered(int times) {
    std::unique_lock<std::mutex> lock(mutex_);
    REQUIRE(changed_.wait_for(lock, 10s, [&] { return entered_ >= times; }));
  }
  void open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int entered_ = 0;
};

class ProbeSite : public Site {
 public:
  ProbeSite(promlite::detail::ProbeFunction run, const ServerOptions& options, Logger* log)
      : Site(options), page(std::move(run), options, log) {}
  Reply reply_to(const HttpRequest& request, bool ready,
                 const std::shared_ptr<promlite::detail::Event>& wake) const override {
    return request.path == "/probe" ? page.reply_to(request, wake) : Site::reply_to(request, ready, wake);
  }

  ProbePage page;
};

// A server with the page, and the log of its probes.
class Probes {
 public:
  explicit Probes(promlite::detail::ProbeFunction run, const ServerOptions& options = {}) {
    REQUIRE(::pipe2(log_ends_, O_NONBLOCK | O_CLOEXEC) == 0);
    log_ = std::make_unique<Logger>(LogLevel::debug, log_ends_[1]);
    site_ = std::make_shared<ProbeSite>(std::move(run), options, log_.get());
    registry_.gauge("up", "Up.").set(1);
    const auto source = std::make_shared<promlite::detail::RegistrySource>(registry_.share());
    REQUIRE(server.start("127.0.0.1:0", source, options, site_) == "");
  }
  ~Probes() {
    server.stop();
    await_returned();
    ::close(log_ends_[0]);
    ::close(log_ends_[1]);
  }

  promlite::detail::Server server;

  test::Response get(const std::string& query, const std::string& headers = "") const {
    return test::get(server.address(), "/probe" + query, headers);
  }
  std::size_t running() const { return site_->page.running(); }
  void await_returned() const {
    for (int i = 0; i < 2000 && running() != 0; ++i) std::this_thread::sleep_for(5ms);
    REQUIRE(running() == 0);
  }
  // The lines since the last time, without their times.
  std::string logged() const {
    char buffer[4096];
    const ssize_t size = ::read(log_ends_[0], buffer, sizeof buffer);
    return std::regex_replace(std::string(buffer, size > 0 ? static_cast<std::size_t>(size) : 0),
                              std::regex("time=[^ ]* "), "");
  }

 private:
  Registry registry_;
  int log_ends_[2];
  std::unique_ptr<Logger> log_;
  std::shared_ptr<ProbeSite> site_;
};

TEST_CASE("a probe of the target that the scrape names") {
  const Probes probes([](const ProbeRequest& request, Registry& registry) {
    const auto shown = [&](std::string_view name) { return "(" + request.parameter(name) + ")"; };
    registry.info("probe", "What was asked for.",
                  {{"target", request.target}, {"module", shown("module")}, {"none", shown("none")}});
  });
  const auto probed = [](const std::string& target, const std::string& module) {
    return "# HELP probe_info What was asked for.\n# TYPE probe_info gauge\nprobe_info{module=\"(" + module +
           ")\",none=\"()\",target=\"" + target + "\"} 1\n";
  };
  const test::Response response = probes.get("?target=a:1");
  CHECK(response.status == 200);
  CHECK(response.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(response.body == probed("a:1", ""));
  CHECK(probes.get("?module=http&module=tcp&target=a").body == probed("a", "http"));
  CHECK(probes.get("?x&target=http%3A%2F%2fb%2Fc%3fd%3De&mod%75le=%26+1").body ==
        probed("http://b/c?d=e", "& 1"));
  CHECK(probes.logged() == "");
}

TEST_CASE("a probe is answered in the format that is asked for") {
  const promlite::ManualClock clock{std::chrono::system_clock::time_point(17s)};
  const Probes probes([&](const ProbeRequest&, Registry& registry) {
    registry.use_clock(clock);
    registry.counter("jobs_total", "Jobs done.").inc(7);
  });
  test::HttpClient client(probes.server.address());
  for (const test::AcceptCase& each : test::accept_cases()) {
    INFO(each.accept);
    const test::Response response = client.get("/probe?target=a", "Accept: " + each.accept + "\r\n");
    CHECK(response.status == 200);
    CHECK(response.header("Content-Type") == each.content_type());
    CHECK(response.body == each.body());
  }
}

TEST_CASE("every request has a registry of its own") {
  const Probes probes([](const ProbeRequest& request, Registry& registry) {
    registry.gauge(promlite::runtime_name("of_" + request.target), "Seen.").set(1);
  });
  test::HttpClient client(probes.server.address());
  for (const std::string target : {"a", "b", "a"}) {
    CHECK(client.get("/probe?target=" + target).body ==
          "# HELP of_" + target + " Seen.\n# TYPE of_" + target + " gauge\nof_" + target + " 1\n");
  }
}

TEST_CASE("without a target, and with other methods, nothing is probed") {
  std::atomic<int> probed{0};
  const Probes probes([&](const ProbeRequest&, Registry&) { ++probed; });
  test::HttpClient client(probes.server.address());
  for (const char* query : {"", "?", "?target", "?target=", "?target=&target=a", "?Target=a", "?module=a"}) {
    INFO(query);
    const test::Response response = client.get(std::string("/probe") + query);
    CHECK(response.status == 400);
    CHECK(response.body == "The parameter \"target\" is missing\n");
  }
  REQUIRE(client.send("POST /probe?target=a HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(client.read().status == 405);
  REQUIRE(client.send("OPTIONS /probe?target=a HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(client.read().header("Allow") == "GET, HEAD, OPTIONS");
  CHECK(probed == 0);
  REQUIRE(client.send("HEAD /probe?target=a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  CHECK(client.read(true).status == 200);
  CHECK(client.at_end());
}

TEST_CASE("what a probe throws is for the log alone") {
  const Probes probes([](const ProbeRequest& request, Registry& registry) {
    registry.gauge("half", "Seen.").set(1);
    if (request.target == "int") {
      throw 5;
    } else {
      throw std::runtime_error("password \"secret\" refused");
    }
  });
  const auto refused = [&](const std::string& target) {
    const test::Response response = probes.get("?target=" + target);
    return std::to_string(response.status) + " " + response.header("Content-Type") + " " + response.body;
  };
  CHECK(refused("%41%0a") == "500 text/plain; charset=utf-8 The probe failed\n");
  CHECK(probes.logged() ==
        "level=ERROR msg=\"Probe failed\" target=\"A\\n\" reason=\"password \\\"secret\\\" refused\"\n");
  CHECK(refused("int") == "500 text/plain; charset=utf-8 The probe failed\n");
  CHECK(probes.logged() ==
        "level=ERROR msg=\"Probe failed\" target=int reason=\"an exception of an unknown type\"\n");
}

TEST_CASE("a probe that is not whole is shown and logged") {
  const Probes probes([](const ProbeRequest&, Registry& registry) {
    registry.gauge("half", "Seen.").set(1);
    promlite::collection_problem("no disks");
  });
  const test::Response response = probes.get("?target=a");
  CHECK(response.status == 200);
  CHECK(response.body == "# HELP half Seen.\n# TYPE half gauge\nhalf 1\n");
  CHECK(probes.logged() == "level=WARN msg=\"Probe is not whole\" target=a reason=\"no disks\"\n");
}

TEST_CASE("a probe knows how much time it has") {
  ServerOptions options;
  options.scrape_timeout = 20s;
  const Probes probes(
      [](const ProbeRequest& request, Registry& registry) {
        const std::chrono::duration<double> left = request.deadline - std::chrono::steady_clock::now();
        registry.gauge("left", "Seconds.").set(left.count());
        registry.gauge("same", "Of the collection.").set(request.deadline == promlite::scrape_deadline());
      },
      options);
  const auto left = [&](const std::string& headers) {
    const std::string body = probes.get("?target=a", headers).body;
    CHECK_THAT(body, ContainsSubstring("\nsame 1\n"));
    return test::parsed(body.substr(body.find("\nleft ") + 6));
  };
  const auto asked = [&](const std::string& timeout) {
    return left("X-Prometheus-Scrape-Timeout-Seconds: " + timeout + "\r\n");
  };
  // At most; and not much less on a busy machine.
  const auto is_about = [](double seconds, double expected) {
    INFO(seconds);
    return seconds <= expected && seconds > expected - 1 && seconds > expected / 4;
  };
  CHECK(is_about(left(""), 19.75));
  CHECK(is_about(asked("10"), 9.25));
  CHECK(is_about(asked("5"), 4.5));
  CHECK(is_about(asked("0.4"), 0.19));
  CHECK(is_about(asked("60"), 19.75));
  CHECK(is_about(asked("abc"), 19.75));
}

TEST_CASE("probes that hang delay nobody, and there is a bound to them") {
  const int descriptors = test::count_of("fd");
  Gate gate;
  {
    ServerOptions options;
    options.scrape_timeout = 1500ms;
    Probes probes(
        [&](const ProbeRequest& request, Registry& registry) {
          if (request.target == "hanging") gate.wait();
          registry.gauge("seen", "Seen.").set(1);
        },
        options);
    const std::string address = probes.server.address();
    std::vector<test::HttpClient> clients;
    const auto ask = [&](std::size_t count) {
      for (std::size_t i = 0; i < count; ++i) {
        clients.emplace_back(address);
        REQUIRE(clients.back().send("GET /probe?target=hanging HTTP/1.1\r\nHost: a\r\n\r\n"));
      }
    };
    ask(ProbePage::most_running - 1);
    gate.await_entered(static_cast<int>(ProbePage::most_running - 1));
    CHECK(test::seconds_of([&] {
            for (int i = 0; i < 10; ++i) {
              CHECK(test::get(address).body == "# HELP up Up.\n# TYPE up gauge\nup 1\n");
              CHECK(probes.get("?target=b").body == "# HELP seen Seen.\n# TYPE seen gauge\nseen 1\n");
            }
          }) < 1.4);
    ask(1);
    gate.await_entered(static_cast<int>(ProbePage::most_running));
    const test::Response refused = probes.get("?target=b");
    CHECK(refused.status == 503);
    CHECK(refused.body == "Service unavailable\n");
    CHECK(probes.running() == ProbePage::most_running);
    for (test::HttpClient& client : clients) CHECK(client.read().status == 503);
    CHECK(probes.get("?target=b").status == 503);  // those threads are still there
    gate.open();
    probes.await_returned();
    CHECK(clients[0].get("/probe?target=b").status == 200);
    CHECK(clients[0].get("/probe?target=hanging").status == 200);
  }
  CHECK(test::settles_at("task", threads_alone));
  CHECK(test::count_of("fd") <= descriptors);  // the last thread of an earlier test may have ended since
}

TEST_CASE("the server's end and clients that leave wait for no probe") {
  Gate gate;
  {
    Probes probes([&](const ProbeRequest&, Registry& registry) {
      gate.wait();
      registry.gauge("seen", "Seen.").set(1);
    });
    std::vector<test::HttpClient> clients;
    for (int i = 0; i < 10; ++i) {
      clients.emplace_back(probes.server.address());
      REQUIRE(clients.back().send("GET /probe?target=a HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
    gate.await_entered(10);
    clients[0].reset();
    clients[1].close();
    CHECK(test::seconds_of([&] { probes.server.stop(); }) < 0.2);
    CHECK(clients[2].at_end());
    CHECK(probes.running() == 10);
    gate.open();
  }
  CHECK(test::settles_at("task", threads_alone));
}
