// promlite: tests of a server whose site makes replies on other threads and adds header lines.
// SPDX-License-Identifier: MIT
#include <promlite/transport/server.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/http_client.hpp"

using promlite::ServerOptions;
using promlite::detail::Event;
using promlite::detail::HttpRequest;
using promlite::detail::Instant;
using promlite::detail::LateReply;
using promlite::detail::Reply;
using promlite::detail::Server;
using promlite::detail::Site;
using namespace std::chrono_literals;

static const std::string loopback = "127.0.0.1:0";

// Shows how much time it was given, in milliseconds.
class Clocked : public promlite::detail::ScrapeSource {
 public:
  std::atomic<bool> blocks{false};

  bool may_block() const noexcept override { return blocks; }
  bool render(const promlite::detail::ScrapeKey&, Instant deadline,
              promlite::detail::ByteBuffer& out) override {
    out.append(std::to_string(deadline - promlite::detail::now()));
    return false;
  }
};

// A reply that a test makes when it wants to.
struct Promise {
  std::atomic<bool> kept{false};
  std::string what;
  std::shared_ptr<Event> wake;
  std::atomic<int> asked{0};

  void keep(const std::string& with) {
    what = with;
    kept.store(true, std::memory_order_release);  // the server sees `what`
    wake->signal();
  }
};

// "/page" is late for ever, unless its promise is kept. Every response has the header lines of `headers`.
class LateSite : public Site {
 public:
  explicit LateSite(const ServerOptions& options, std::size_t room = 64,
                    std::string headers = "X-Site: yes\r\n")
      : Site(options), room_(room), headers_(std::move(headers)) {}

  Reply reply_to(const HttpRequest& request, bool ready, const std::shared_ptr<Event>& wake) const override {
    Reply reply = request.path == "/page" ? promise(wake) : Site::reply_to(request, ready, wake);
    reply.headers = headers_;
    return reply;
  }
  std::size_t header_room() const noexcept override { return room_; }

  // The promise of the `index`-th request for "/page".
  std::shared_ptr<Promise> await(std::size_t index) const {
    std::unique_lock<std::mutex> lock(mutex_);
    // Thrown: Catch2 takes assertions of one thread only.
    if (!changed_.wait_for(lock, 10s, [&] { return promises_.size() > index; }))
      throw std::runtime_error("no request");
    return promises_[index];
  }
  int alive() const { return alive_; }

 private:
  class Later : public LateReply {
   public:
    Later(const LateSite& site, std::shared_ptr<Promise> promise)
        : site_(site), promise_(std::move(promise)) {
      ++site_.alive_;
    }
    ~Later() override { --site_.alive_; }
    bool ready() const noexcept override {
      ++promise_->asked;
      return promise_->kept.load(std::memory_order_acquire);  // pairs with keep()
    }
    Reply reply(const HttpRequest& request, bool ready) override {
      Reply reply;
      text_ = promise_->what + " for " + std::string(request.path) + (ready ? ", ready\n" : ", not ready\n");
      reply.body = text_;
      if (promise_->what == "throw") throw std::runtime_error("secret");
      if (promise_->what == "scrape") reply.scrape = true;
      if (promise_->what == "later") reply = site_.promise(promise_->wake);
      extra_ = "X-Late: " + promise_->what + "\r\n";
      reply.extra = extra_;
      reply.headers = "X-Site: not of a late reply\r\n";
      return reply;
    }

   private:
    const LateSite& site_;
    std::shared_ptr<Promise> promise_;
    std::string text_;
    std::string extra_;
  };

  Reply promise(const std::shared_ptr<Event>& wake) const {
    auto made = std::make_shared<Promise>();
    made->wake = wake;
    Reply reply;
    reply.late = std::make_shared<Later>(*this, made);
    const std::lock_guard<std::mutex> lock(mutex_);
    promises_.push_back(made);
    changed_.notify_all();
    return reply;
  }

  std::size_t room_;
  std::string headers_;
  mutable std::atomic<int> alive_{0};
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable std::vector<std::shared_ptr<Promise>> promises_;
};

// A server with such a site.
struct Late {
  std::shared_ptr<Clocked> source = std::make_shared<Clocked>();
  std::shared_ptr<LateSite> site;
  Server server;

  explicit Late(const ServerOptions& options = {}) : Late(options, std::make_shared<LateSite>(options)) {}
  Late(const ServerOptions& options, std::shared_ptr<LateSite> asked) : site(std::move(asked)) {
    REQUIRE(server.start(loopback, source, options, site) == "");
  }
  test::HttpClient ask(const std::string& path = "/page", const std::string& headers = "") const {
    test::HttpClient client(server.address());
    REQUIRE(client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n"));
    return client;
  }
  // True when all late replies are gone within five seconds.
  bool is_rid_of_them() const {
    for (int i = 0; i < 1000 && site->alive() != 0; ++i) std::this_thread::sleep_for(5ms);
    return site->alive() == 0;
  }
};

static std::string seen(const test::Response& response) {
  return std::to_string(response.status) + " " + response.body + "site " + response.header("X-Site") +
         ", late " + response.header("X-Late");
}

TEST_CASE("a reply that another thread makes") {
  Late late;
  test::HttpClient client = late.ask();
  const auto promise = late.site->await(0);
  std::thread([&] { promise->keep("text"); }).join();
  CHECK(seen(client.read()) == "200 text for /page, ready\nsite yes, late text");
  CHECK(late.is_rid_of_them());

  late.server.set_ready(false);
  client.send("GET /page HTTP/1.1\r\nHost: a\r\n\r\nGET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n");
  late.site->await(1)->keep("text");
  CHECK(seen(client.read()) == "200 text for /page, not ready\nsite yes, late text");
  CHECK(seen(client.read()) == "200 OK\nsite yes, late (none)");
  CHECK(late.is_rid_of_them());
}

TEST_CASE("a late reply may be a scrape, or later still, or fail") {
  Late late;
  test::HttpClient client = late.ask();
  late.site->await(0)->keep("later");
  late.site->await(1)->keep("later");
  late.site->await(2)->keep("scrape");
  const test::Response scraped = client.read();
  CHECK(scraped.status == 200);
  CHECK(scraped.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(scraped.header("X-Site") == "yes");
  CHECK(late.is_rid_of_them());

  test::HttpClient failing = late.ask();
  late.site->await(3)->keep("throw");
  CHECK(seen(failing.read()) == "503 Service unavailable\nsite yes, late (none)");
  CHECK(late.is_rid_of_them());
}

TEST_CASE("replies come in the order in which they are made") {
  Late late;
  std::vector<test::HttpClient> clients;
  for (std::size_t i = 0; i < 20; ++i) {
    clients.push_back(late.ask());
    late.site->await(i);
  }
  for (std::size_t i = 20; i-- > 0;) {
    late.site->await(i)->keep(std::to_string(i));
    CHECK(clients[i].read().body == std::to_string(i) + " for /page, ready\n");
  }
  CHECK(late.is_rid_of_them());
}

TEST_CASE("a reply that is never there is 503 at the deadline and delays nobody") {
  ServerOptions options;
  options.scrape_timeout = 400ms;
  Late late(options);
  std::vector<test::HttpClient> hanging;
  for (std::size_t i = 0; i < 10; ++i) {
    hanging.push_back(late.ask());
    late.site->await(i);
  }
  test::HttpClient impatient = late.ask("/page", "X-Prometheus-Scrape-Timeout-Seconds: 0.1\r\n");
  CHECK(test::seconds_of([&] {
          for (int i = 0; i < 20; ++i) CHECK(test::get(late.server.address()).status == 200);
        }) < 0.35);
  CHECK(late.site->await(0)->asked == 0);  // nothing has woken the server
  CHECK(seen(impatient.read()) == "503 Service unavailable\nsite yes, late (none)");
  for (test::HttpClient& client : hanging) {
    CHECK(seen(client.read()) == "503 Service unavailable\nsite yes, late (none)");
    CHECK(client.get("/-/healthy").status == 200);
  }
  CHECK(late.is_rid_of_them());
  late.site->await(0)->keep("too late");
  CHECK(hanging[0].get("/-/healthy").body == "OK\n");
}

TEST_CASE("a client that leaves takes its late reply with it") {
  Late late;
  test::HttpClient leaving = late.ask();
  const auto promise = late.site->await(0);
  leaving.reset();
  CHECK(late.is_rid_of_them());
  promise->keep("for nobody");
  CHECK(test::get(late.server.address(), "/-/healthy").status == 200);
}

TEST_CASE("the server ends while replies are being made") {
  const int descriptors = test::count_of("fd");
  {
    Late late;
    std::vector<test::HttpClient> clients;
    for (int i = 0; i < 5; ++i) clients.push_back(late.ask());
    const auto promise = late.site->await(4);
    CHECK(test::seconds_of([&] { late.server.stop(); }) < 0.2);
    CHECK(clients[0].at_end());
    CHECK(late.site->alive() == 0);
    promise->keep("for nobody");
  }
  CHECK(test::count_of("fd") == descriptors);
}

TEST_CASE("threads that keep promises while clients come, go, and the server ends") {
  ServerOptions options;
  options.scrape_timeout = 20ms;
  Late late(options);
  std::thread keeper([&] {
    for (std::size_t i = 0; i < 200; ++i) {
      const auto promise = late.site->await(i);
      if (i % 4 != 0) promise->keep(i % 2 == 0 ? "text" : "scrape");
    }
  });
  for (std::size_t i = 0; i < 200; ++i) {
    test::HttpClient client = late.ask();
    late.site->await(i);
    if (i % 5 == 0) {
      client.reset();
    } else if (i % 7 != 0) {
      const int status = client.read().status;
      CHECK((status == 200 || status == 503));
    }
  }
  late.server.stop();
  keeper.join();
  CHECK(late.site->alive() == 0);
}

TEST_CASE("header lines of a site are on every response") {
  Late late;
  test::HttpClient client(late.server.address());
  for (const char* path : {"/", "/metrics", "/-/ready", "/other", "/metrics?name[]=a"}) {
    INFO(path);
    CHECK(client.get(path).header("X-Site") == "yes");
  }
  late.source->blocks = true;
  CHECK(client.get("/metrics").header("X-Site") == "yes");
  CHECK(client.get("/other").status == 404);
}

TEST_CASE("header lines do not outlive their response") {
  Late late;
  test::HttpClient client = late.ask();
  late.site->await(0)->keep("text");
  CHECK(client.read().header("X-Late") == "text");
  REQUIRE(client.send("nonsense\r\n\r\n"));
  CHECK(seen(client.read()) == "400 Bad request\nsite (none), late (none)");
}

TEST_CASE("header lines that do not fit become an error") {
  const std::string line = "X-Long: " + std::string(1000, 'x') + "\r\n";
  Late fitting({}, std::make_shared<LateSite>(ServerOptions(), line.size(), line));
  for (const char* path : {"/", "/metrics", "/other"}) {
    CHECK(test::get(fitting.server.address(), path).header("X-Long") == std::string(1000, 'x'));
  }
  Late exceeding({}, std::make_shared<LateSite>(ServerOptions(), line.size() - 257, line));
  test::HttpClient client(exceeding.server.address());
  for (const char* path : {"/", "/metrics", "/other"}) {
    const test::Response response = client.get(path);
    CHECK(response.status == 500);
    CHECK(response.header("X-Long") == "(none)");
    CHECK(response.body.empty());
  }
}

TEST_CASE("the source knows how much time there is") {
  ServerOptions options;
  options.scrape_timeout = 20s;
  Late late(options);
  for (const bool blocks : {false, true}) {
    INFO(blocks);
    late.source->blocks = blocks;
    const auto left = [&](const std::string& headers) {
      return std::stol(test::get(late.server.address(), "/metrics", headers).body);
    };
    const long whole = left("");
    CHECK(whole > 15000);
    CHECK(whole <= 20000);
    const long asked = left("X-Prometheus-Scrape-Timeout-Seconds: 10\r\n");
    CHECK(asked > 5000);
    CHECK(asked <= 9500);
  }
}
