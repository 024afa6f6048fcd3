// promlite: an exporter's site on a server: who gets in, what every response says, and reloading.
// SPDX-License-Identifier: MIT
// needs: promlite::exporter
// alone: has its own crypt_r
#include <promlite/exporter/exporter_site.hpp>
#include <promlite/transport/base64.hpp>
#include <promlite/transport/server.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/bcrypt_gate.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"

using promlite::ServerOptions;
using promlite::WebConfig;
using promlite::detail::ExporterSite;
using promlite::detail::PasswordQueue;
using promlite::detail::Server;
using test::gate;

// `htpasswd -nbBC 4 USER PASSWORD`.
static const std::string horse = "$2y$04$TLpZ7S1cYrIgRvT0oRoRreoGXzHuoSKyOFxcTI7Nv53MGKZ7TTQUu";
static const std::string colon = "$2y$04$5Ort5WxTZYLs88ziZc/eHukJPSgKLSap.GuOMZ.MVLMhqvnEw3b1i";

using Asked = std::vector<std::string>;

static WebConfig config(std::map<std::string, std::string> users, std::string headers = "") {
  WebConfig made;
  made.users = std::move(users);
  made.headers = std::move(headers);
  return made;
}

// The request's header line.
static std::string credentials(const std::string& user, const std::string& password) {
  std::string line = "Authorization: Basic ";
  promlite::detail::append_base64(line, user + ":" + password, promlite::detail::Base64::padded);
  return line + "\r\n";
}
static const std::string reader = credentials("reader", "correct horse");

// The scrape is "up 1\n".
class Up final : public promlite::detail::ScrapeSource {
 public:
  explicit Up(bool blocks) : blocks_(blocks) {}
  bool may_block() const noexcept override { return blocks_; }
  bool render(const promlite::detail::ScrapeKey&, promlite::detail::Instant,
              promlite::detail::ByteBuffer& out) override {
    out.append("up 1\n");
    return false;
  }

 private:
  bool blocks_;
};

// A server with a site, and a client's view of it.
struct Served {
  std::shared_ptr<ExporterSite> site;
  Server server;

  explicit Served(const WebConfig& first, bool blocks = false, const ServerOptions& options = {},
                  std::shared_ptr<const promlite::detail::ProbePage> probe = nullptr)
      : site(std::make_shared<ExporterSite>(options, first, std::move(probe))) {
    REQUIRE(server.start("127.0.0.1:0", std::make_shared<Up>(blocks), options, site).empty());
    gate().open();
    gate().take();
  }
  test::Response get(const std::string& target, const std::string& headers = "") const {
    return test::get(server.address(), target, headers);
  }
  int status(const std::string& target, const std::string& headers = "") const {
    return get(target, headers).status;
  }
};

// The whole response in one text.
static std::string shown(const test::Response& response) { return response.head + "\r\n" + response.body; }

static std::string response(const std::string& status, const std::string& body,
                            const std::string& headers = "") {
  return "HTTP/1.1 " + status +
         "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nCache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n" + headers + "\r\n" + body;
}
static const std::string challenge = "WWW-Authenticate: Basic realm=\"metrics\"\r\n";

TEST_CASE("without users everybody gets in, and every response has the headers") {
  const std::string headers = "X-Frame-Options: deny\r\nX-XSS-Protection: 0\r\n";
  for (const bool blocks : {false, true}) {
    const Served served(config({}, headers), blocks);
    CHECK(shown(served.get("/-/healthy")) == response("200 OK", "OK\n", headers));
    CHECK(shown(served.get("/-/healthy", reader)) == response("200 OK", "OK\n", headers));
    CHECK(shown(served.get("/none")) == response("404 Not Found", "Not found\n", headers));
    const test::Response scrape = served.get("/metrics");
    CHECK(scrape.body == "up 1\n");
    CHECK(scrape.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(scrape.header("X-Frame-Options") == "deny");
    CHECK(scrape.header("X-XSS-Protection") == "0");
    CHECK(served.get("/").header("X-Frame-Options") == "deny");
    CHECK(gate().take().empty());
  }
  ServerOptions options;
  options.ready = false;
  const Served served(config({}, headers), false, options);
  CHECK(shown(served.get("/-/ready")) == response("503 Service Unavailable", "Not ready\n", headers));
  test::HttpClient client(served.server.address());
  REQUIRE(client.send("POST /metrics HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(shown(client.read()) ==
        response("405 Method Not Allowed", "Method not allowed\n", "Allow: GET, HEAD\r\n" + headers));
  CHECK(shown(client.read()) == response("200 OK", "", "Allow: GET, HEAD, OPTIONS\r\n" + headers));
}

TEST_CASE("headers take as much room as a configuration may have") {
  const std::string headers = "X-XSS-Protection: " + std::string(2048 - 20, 'a') + "\r\n";
  const Served served(config({{"reader", horse}}, headers));
  CHECK(shown(served.get("/none")) == response("401 Unauthorized", "Unauthorized\n", challenge + headers));
  CHECK(shown(served.get("/none", reader)) == response("404 Not Found", "Not found\n", headers));
  CHECK(served.get("/metrics", reader).body == "up 1\n");
}

TEST_CASE("with users every path asks for one of them") {
  const std::string headers = "X-Frame-Options: sameorigin\r\n";
  for (const bool blocks : {false, true}) {
    const Served served(config({{"reader", horse}, {"other", colon}}, headers), blocks);
    const std::string refused = response("401 Unauthorized", "Unauthorized\n", challenge + headers);
    // What is no user and password at all is not compared.
    for (const char* target : {"/", "/metrics", "/-/healthy", "/-/ready", "/none", "/probe?target=a"}) {
      INFO(target);
      CHECK(shown(served.get(target)) == refused);
    }
    for (const char* header : {"Basic", "Basic !!!!", "Basic cmVhZGVy",
                               "Bearer cmVhZGVyOmNvcnJlY3QgaG9yc2U=", "cmVhZGVyOmNvcnJlY3QgaG9yc2U="}) {
      INFO(header);
      CHECK(shown(served.get("/metrics", std::string("Authorization: ") + header + "\r\n")) == refused);
    }
    CHECK(shown(served.get("/metrics", reader + reader)) == refused);
    CHECK(gate().take().empty());

    for (const std::string& wrong : {credentials("reader", "correct hors"), credentials("reader", ""),
                                     credentials("reader", "pa:ss"), credentials("nobody", "correct horse"),
                                     credentials("", ""), credentials("reader:", "correct horse")}) {
      CHECK(shown(served.get("/metrics", wrong)) == refused);
      CHECK(gate().take().size() == 1);
    }
    CHECK(served.get("/metrics", reader).body == "up 1\n");
    CHECK(gate().take() == Asked{"$2y$04$ correct horse"});
    CHECK(shown(served.get("/none", reader)) == response("404 Not Found", "Not found\n", headers));
    CHECK(shown(served.get("/-/healthy", reader)) == response("200 OK", "OK\n", headers));
    CHECK(gate().take().empty());
    CHECK(served.status("/", credentials("other", "pa:ss")) == 200);
    CHECK(gate().take() == Asked{"$2y$04$ pa:ss"});
    // A password that is known lets no other one in.
    CHECK(shown(served.get("/metrics", credentials("reader", "correct horse "))) == refused);
  }
}

TEST_CASE("one connection, before and after its password is known") {
  const Served served(config({{"reader", horse}}));
  test::HttpClient client(served.server.address());
  REQUIRE(client.send("GET /-/healthy HTTP/1.1\r\nHost: a\r\n" + reader +
                      "\r\nHEAD /metrics HTTP/1.1\r\nHost: a\r\n" + reader +
                      "\r\nGET /metrics HTTP/1.1\r\nHost: a\r\n\r\nGET /metrics HTTP/1.1\r\nHost: a\r\n" +
                      reader + "\r\n"));
  CHECK(client.read().body == "OK\n");
  CHECK(client.read(true).header("Content-Length") == "5");
  CHECK(client.read().status == 401);
  CHECK(client.read().body == "up 1\n");
  CHECK(gate().take() == Asked{"$2y$04$ correct horse"});
}

TEST_CASE("a flood of wrong passwords delays nobody whose password is known") {
  const std::string headers = "X-Frame-Options: deny\r\n";
  const Served served(config({{"reader", horse}, {"other", colon}}, headers));
  REQUIRE(served.status("/metrics", reader) == 200);
  gate().shut();
  // Half of them for a user that there is not.
  std::vector<test::HttpClient> flood;
  for (std::size_t i = 0; i < 60; ++i) {
    flood.emplace_back(served.server.address());
    REQUIRE(flood.back().send("GET /metrics HTTP/1.1\r\nHost: a\r\n" +
                              credentials(i % 2 == 0 ? "reader" : "nobody", std::to_string(i)) + "\r\n"));
    if (i == 0) gate().await(1);  // it is compared; the others wait
  }
  for (int i = 0; i < 50; ++i) {
    REQUIRE(served.get("/metrics", reader).body == "up 1\n");
    REQUIRE(served.status("/-/healthy", reader) == 200);
  }
  // A new user has to come again.
  CHECK(shown(served.get("/metrics", credentials("other", "pa:ss"))) ==
        response("503 Service Unavailable", "Service unavailable\n", headers));
  gate().open();
  std::map<int, int> answers;
  for (test::HttpClient& each : flood) {
    const test::Response answer = each.read();
    CHECK(answer.header("X-Frame-Options") == "deny");
    CHECK(answer.header("WWW-Authenticate") == (answer.status == 401 ? "Basic realm=\"metrics\"" : "(none)"));
    ++answers[answer.status];
  }
  const int compared = static_cast<int>(PasswordQueue::most_waiting) + 1;
  CHECK(answers == std::map<int, int>{{401, compared}, {503, 60 - compared}});
  CHECK(gate().take().size() == static_cast<std::size_t>(compared));
  CHECK(served.status("/metrics", credentials("other", "pa:ss")) == 200);
}

TEST_CASE("who has left, or has waited too long, is not compared") {
  const Served served(config({{"reader", horse}}, "X-Frame-Options: deny\r\n"));
  gate().shut();
  const auto ask = [](test::HttpClient& client, const std::string& password) {
    REQUIRE(client.send("GET /metrics HTTP/1.1\r\nHost: a\r\nX-Prometheus-Scrape-Timeout-Seconds: 0.2\r\n" +
                        credentials("reader", password) + "\r\n"));
  };
  test::HttpClient first(served.server.address());
  ask(first, "first");
  gate().await(1);
  {
    test::HttpClient gone(served.server.address());
    ask(gone, "gone");
    gone.reset();
  }
  test::HttpClient late(served.server.address());
  ask(late, "late");
  for (test::HttpClient* each : {&first, &late}) {
    CHECK(shown(each->read()) ==
          response("503 Service Unavailable", "Service unavailable\n", "X-Frame-Options: deny\r\n"));
  }
  CHECK(served.status("/") == 401);  // so the server is done with those above
  gate().open();
  CHECK(served.status("/metrics", reader) == 200);
  CHECK(gate().take() == Asked{"$2y$04$ first", "$2y$04$ correct horse"});
}

TEST_CASE("another configuration") {
  const Served served(config({}, "X-Frame-Options: deny\r\n"));
  CHECK(served.status("/metrics") == 200);
  served.site->reload(config({{"reader", horse}}, "X-Frame-Options: sameorigin\r\n"));
  CHECK(shown(served.get("/-/healthy")) ==
        response("401 Unauthorized", "Unauthorized\n", challenge + "X-Frame-Options: sameorigin\r\n"));
  CHECK(served.status("/metrics", reader) == 200);
  CHECK(served.status("/metrics", reader) == 200);
  CHECK(gate().take() == Asked{"$2y$04$ correct horse"});
  // The same users again: what was known is not any more.
  served.site->reload(config({{"reader", horse}}));
  CHECK(shown(served.get("/-/healthy", reader)) == response("200 OK", "OK\n"));
  CHECK(gate().take() == Asked{"$2y$04$ correct horse"});
  served.site->reload(config({{"reader", colon}}));
  CHECK(served.status("/metrics", reader) == 401);
  CHECK(served.status("/metrics", credentials("reader", "pa:ss")) == 200);
  served.site->reload(config({}));
  CHECK(shown(served.get("/-/healthy")) == response("200 OK", "OK\n"));

  // A request is answered by the configuration that it found.
  served.site->reload(config({{"reader", horse}}, "X-XSS-Protection: 1\r\n"));
  gate().shut();
  test::HttpClient client(served.server.address());
  REQUIRE(client.send("GET /-/healthy HTTP/1.1\r\nHost: a\r\n" + reader + "\r\n"));
  gate().await(1);
  served.site->reload(config({{"other", colon}}, "X-XSS-Protection: 2\r\n"));
  gate().open();
  CHECK(shown(client.read()) == response("200 OK", "OK\n", "X-XSS-Protection: 1\r\n"));
  CHECK(shown(client.get("/-/healthy", reader)) ==
        response("401 Unauthorized", "Unauthorized\n", challenge + "X-XSS-Protection: 2\r\n"));
}

TEST_CASE("configurations change while requests run, each as a whole") {
  const WebConfig one = config({{"reader", horse}}, "X-XSS-Protection: one\r\n");
  const WebConfig two = config({{"other", colon}}, "X-XSS-Protection: two\r\n");
  const Served served(one, true);
  std::atomic<bool> done{false};
  std::atomic<int> torn{0};
  std::atomic<int> answered{0};
  const auto scrape = [&](const std::string& authorization, const std::string& own) {
    test::HttpClient client(served.server.address());
    while (!done) {
      const test::Response answer = client.get("/metrics", authorization);
      const bool is_own = answer.header("X-XSS-Protection") == own;
      if (answer.status != (is_own ? 200 : 401)) ++torn;
      ++answered;
    }
  };
  std::thread first(scrape, reader, "one");
  std::thread second(scrape, credentials("other", "pa:ss"), "two");
  for (int i = 0; i < 100; ++i) {
    const int before = answered;
    served.site->reload(i % 2 == 0 ? two : one);
    while (answered < before + 2) std::this_thread::yield();
  }
  done = true;
  first.join();
  second.join();
  CHECK(torn == 0);
}

TEST_CASE("the end does not wait for a password") {
  std::weak_ptr<ExporterSite> watched;
  {
    Served served(config({{"reader", horse}}));
    watched = served.site;
    gate().shut();
    test::HttpClient client(served.server.address());
    REQUIRE(client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n" + reader + "\r\n"));
    gate().await(1);
    served.server.stop();
    CHECK(client.at_end());
  }  // returns, although the gate is shut
  CHECK(watched.lock() == nullptr);
  gate().open();
}

TEST_CASE("a probe is for who may see everything") {
  std::atomic<int> probes{0};
  const auto page = std::make_shared<promlite::detail::ProbePage>(
      [&probes](const promlite::ProbeRequest& request, promlite::Registry& registry) {
        ++probes;
        registry.gauge("target_size", "Length of its name.").set(static_cast<double>(request.target.size()));
      },
      ServerOptions(), nullptr);
  const std::string headers = "X-Frame-Options: deny\r\n";
  const Served served(config({{"reader", horse}}, headers), false, {}, page);
  CHECK(shown(served.get("/probe?target=four")) ==
        response("401 Unauthorized", "Unauthorized\n", challenge + headers));
  CHECK(shown(served.get("/probe?target=four", credentials("reader", "wrong"))) ==
        response("401 Unauthorized", "Unauthorized\n", challenge + headers));
  CHECK(probes == 0);
  for (int i = 1; i <= 2; ++i) {  // the password is compared, then known
    const test::Response answer = served.get("/probe?target=four", reader);
    CHECK(answer.status == 200);
    CHECK(answer.header("X-Frame-Options") == "deny");
    CHECK(answer.body.find("\ntarget_size 4\n") != std::string::npos);
    CHECK(probes == i);
  }
  CHECK(gate().take() == Asked{"$2y$04$ wrong", "$2y$04$ correct horse"});
  CHECK(shown(served.get("/probe", reader)) ==
        response("400 Bad Request", "The parameter \"target\" is missing\n", headers));
  served.site->reload(config({}));
  CHECK(served.status("/probe?target=four") == 200);
  // Without probes it is a path like any other.
  CHECK(Served(config({})).status("/probe?target=four") == 404);
}

TEST_CASE("options that make no sense") {
  ServerOptions options;
  options.metrics_path = "metrics";
  CHECK_THROWS_WITH(ExporterSite(options, WebConfig()),
                    "cannot serve metrics: metrics_path does not begin with a slash");
}
