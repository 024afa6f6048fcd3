// promlite: tests of which path answers what.
// SPDX-License-Identifier: MIT
#include <promlite/transport/site.hpp>

#include <memory>
#include <string>
#include <string_view>

#include "support/catch.hpp"

using promlite::BasicAuth;
using promlite::ServerOptions;
using promlite::detail::HttpLimits;
using promlite::detail::HttpRequestParser;
using promlite::detail::Reply;
using promlite::detail::Site;

static std::string ask(const Site& site, const std::string& line, const std::string& headers = "",
                       bool ready = true) {
  HttpRequestParser parser{HttpLimits()};
  const std::string request = line + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
  REQUIRE(parser.parse(request) == HttpRequestParser::State::complete);
  const Reply reply = site.reply_to(parser.request(), ready, nullptr);
  if (reply.scrape) return "scrape";
  return std::to_string(reply.status) + " " + std::string(reply.extra) + std::string(reply.body);
}

TEST_CASE("paths and methods") {
  const Site site{ServerOptions()};
  CHECK(ask(site, "GET /metrics") == "scrape");
  CHECK(ask(site, "HEAD /metrics?x=%") == "scrape");
  CHECK(ask(site, "GET /-/healthy") == "200 OK\n");
  CHECK(ask(site, "GET /-/ready") == "200 OK\n");
  CHECK(ask(site, "GET /-/ready", "", false) == "503 Not ready\n");
  CHECK(ask(site, "GET /-/healthy", "", false) == "200 OK\n");
  CHECK(ask(site, "GET /metrics", "", false) == "scrape");
  CHECK(ask(site, "OPTIONS /metrics") == "200 Allow: GET, HEAD, OPTIONS\r\n");
  CHECK(ask(site, "OPTIONS *") == "200 Allow: GET, HEAD, OPTIONS\r\n");
  for (const char* method : {"POST", "PUT", "DELETE", "TRACE", "PATCH", "get", "BREW"}) {
    INFO(method);
    CHECK(ask(site, std::string(method) + " /metrics") == "405 Allow: GET, HEAD\r\nMethod not allowed\n");
    CHECK(ask(site, std::string(method) + " /other") == "404 Not found\n");
  }
  for (const char* path : {"/metrics/", "//metrics", "/Metrics", "/metric", "/metrics/x", "//", "/index.html",
                           "/-/", "/-/ready/", "/../metrics", "/%6detrics"}) {
    INFO(path);
    CHECK(ask(site, std::string("GET ") + path) == "404 Not found\n");
  }
  CHECK(ask(site, "OPTIONS /other") == "404 Not found\n");
}

TEST_CASE("the landing page escapes what it shows") {
  ServerOptions options;
  options.name = "<b>\"A\" & 'B'</b>";
  options.metrics_path = "/\"><i>&";
  CHECK(ask(Site(options), "GET /") ==
        "200 <!DOCTYPE html>\n<html lang=\"en\">\n<head><title>&lt;b&gt;&quot;A&quot; &amp; "
        "&#39;B&#39;&lt;/b&gt;</title></head>\n<body>\n"
        "<h1>&lt;b&gt;&quot;A&quot; &amp; &#39;B&#39;&lt;/b&gt;</h1>\n"
        "<p><a href=\"/&quot;&gt;&lt;i&gt;&amp;\">Metrics</a></p>\n</body>\n</html>\n");
}

TEST_CASE("a landing page of one's own is shown as it is") {
  ServerOptions options;
  options.name = "not shown";
  options.landing_page = "<!DOCTYPE html>\n<title>&</title>\n";
  CHECK(ask(Site(options), "GET /") == "200 <!DOCTYPE html>\n<title>&</title>\n");
  CHECK(ask(Site(options), "GET /metrics") == "scrape");
}

// Lets in whoever asks for a path with an "x" at its end, and adds a page.
class Extended : public Site {
 public:
  using Site::Site;
  Reply reply_to(const promlite::detail::HttpRequest& request, bool ready,
                 const std::shared_ptr<promlite::detail::Event>&) const override {
    std::string_view path = request.path;
    if (path.empty() || path.back() != 'x') return promlite::detail::error_reply(401);
    path.remove_suffix(1);
    Reply reply = page(path, ready);
    if (path == "/probe") {
      reply = Reply();
      reply.body = "probed\n";
    }
    return promlite::detail::reply_by_method(request.method, reply);
  }
};

TEST_CASE("a site that adds pages and authorizes by itself") {
  const Extended site{ServerOptions()};
  CHECK(ask(site, "GET /metrics") == "401 Unauthorized\n");
  CHECK(ask(site, "GET /metricsx") == "scrape");
  CHECK(ask(site, "GET /-/readyx", "", false) == "503 Not ready\n");
  CHECK(ask(site, "HEAD /probex") == "200 probed\n");
  CHECK(ask(site, "OPTIONS /probex") == "200 Allow: GET, HEAD, OPTIONS\r\n");
  CHECK(ask(site, "POST /probex") == "405 Allow: GET, HEAD\r\nMethod not allowed\n");
}

TEST_CASE("another metrics path") {
  ServerOptions options;
  options.metrics_path = "/a/b";
  CHECK(ask(Site(options), "GET /a/b") == "scrape");
  CHECK(ask(Site(options), "GET /metrics") == "404 Not found\n");
  options.metrics_path = "/";
  CHECK(ask(Site(options), "GET /") == "scrape");
  CHECK(ask(Site(options), "GET /metrics") == "404 Not found\n");
}

TEST_CASE("options that make no sense") {
  ServerOptions options;
  for (const char* path : {"", "metrics", "*", " /metrics"}) {
    options.metrics_path = path;
    CHECK(std::string(Site::problem_of(options)) == "metrics_path does not begin with a slash");
  }
  for (const char* path : {"/a b", "/a?b", "/a#", "/\r\n", "/\xc3\xa4", "/\x7f"}) {
    options.metrics_path = path;
    CHECK(std::string(Site::problem_of(options)) == "metrics_path holds a character that a path cannot hold");
  }
  options.metrics_path = "/m";
  CHECK(Site::problem_of(options) == nullptr);
  options.basic_auth = BasicAuth{"a:b", "c"};
  CHECK(std::string(Site::problem_of(options)) == "the user of basic_auth holds a colon");
  CHECK_THROWS_WITH(Site(options), ContainsSubstring("the user of basic_auth holds a colon"));
}

TEST_CASE("with a secret every path asks for it") {
  ServerOptions options;
  options.bearer_token = "token";
  const Site bearer(options);
  options.basic_auth = BasicAuth{"alice", "pass:word"};
  const Site both(options);
  const std::string basic = "WWW-Authenticate: Basic realm=\"metrics\"\r\n";
  const std::string token = "WWW-Authenticate: Bearer realm=\"metrics\"\r\n";
  for (const char* line : {"GET /metrics", "HEAD /", "GET /-/healthy", "GET /-/ready", "GET /other",
                           "POST /metrics", "OPTIONS *"}) {
    INFO(line);
    CHECK(ask(bearer, line) == "401 " + token + "Unauthorized\n");
    CHECK(ask(both, line) == "401 " + basic + token + "Unauthorized\n");
    CHECK(ask(both, line, "Authorization: Basic YWxpY2U6\r\n") == "401 " + basic + token + "Unauthorized\n");
  }
  CHECK(ask(both, "GET /metrics", "Authorization: Basic YWxpY2U6cGFzczp3b3Jk\r\n") == "scrape");
  CHECK(ask(both, "GET /metrics", "Authorization: Bearer token\r\n") == "scrape");
  CHECK(ask(bearer, "GET /other", "Authorization: Bearer token\r\n") == "404 Not found\n");
  CHECK(ask(bearer, "GET /metrics", "Authorization: Basic YWxpY2U6cGFzczp3b3Jk\r\n") ==
        "401 " + token + "Unauthorized\n");
}
