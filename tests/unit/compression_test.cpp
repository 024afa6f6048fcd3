// promlite: tests of who gets a compressed body, with a compressor that only says that it was there.
// SPDX-License-Identifier: MIT
#include <promlite/transport/compression.hpp>
#include <promlite/transport/metrics_server.hpp>
#include <promlite/transport/scrape_handler.hpp>

#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/http_client.hpp"

using namespace promlite;

static bool pretend(std::string_view body, int level, detail::ByteBuffer& out) {
  out.append("compressed ");
  out.append(std::to_string(level) + " " + std::to_string(body.size()));
  return true;
}
static bool decline(std::string_view, int, detail::ByteBuffer& out) {
  out.append("half");
  return false;
}
[[maybe_unused]] static bool fail(std::string_view, int, detail::ByteBuffer&) { throw std::bad_alloc(); }

struct Wanted {
  const char* accept_encoding;
  bool gzip;
};
static const Wanted cases[] = {
    {"", false},
    {"gzip", true},
    {"GZIP", true},
    {"x-gzip", true},
    {"*", true},
    {"gzip;q=0", false},
    {"identity", false},
    {"deflate", false},
    {"br, gzip", true},
    {"br,gzip;q=0.1", true},
    {"gzip;q=0.000", false},
    {"*;q=0", false},
    {"gzip;q=0,*", false},
    {"*,gzip;q=0", false},
    {"*;q=0,gzip", true},
    {"identity;q=1, gzip;q=0.5", true},
    {"gzip;q=abc", false},
    {"gzipped", false},
    {" gzip ; q=1 ", true},
    {",,;,", false},
};

struct Served {
  Registry registry;
  Served() { registry.gauge("x", std::string(2000, 'h')).set(1); }
  std::string text() { return to_text(registry); }
};

TEST_CASE("Accept-Encoding, through a scrape and through the server") {
  Served served;
  ServerOptions options;
  options.compression = {pretend, 7};
  MetricsServer server{"127.0.0.1:0", served.registry, options};
  const std::string text = served.text();
  const std::string compressed = "compressed 7 " + std::to_string(text.size());
  for (const Wanted& each : cases) {
    INFO(each.accept_encoding);
    ScrapeRequest request;
    request.accept_encoding = each.accept_encoding;
    CHECK(scrape(served.registry, request).body == text);  // nothing is there that compresses
    request.compression = options.compression;
    const ScrapeResponse response = scrape(served.registry, request);
    CHECK(response.body == (each.gzip ? compressed : text));
    CHECK(response.content_encoding == (each.gzip ? "gzip" : ""));

    const test::Response answer = test::get(server.address(), "/metrics",
                                            std::string("Accept-Encoding: ") + each.accept_encoding + "\r\n");
    CHECK(answer.body == (each.gzip ? compressed : text));
    CHECK(answer.header("Content-Encoding") == (each.gzip ? "gzip" : "(none)"));
    CHECK(answer.header("Vary") == (each.gzip ? "Accept, Accept-Encoding" : "(none)"));
    CHECK(answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  }
  CHECK(test::get(server.address(), "/metrics", "Accept-Encoding: br\r\naccept-encoding: gzip\r\n").body ==
        compressed);
  CHECK(test::get(server.address()).header("Content-Encoding") == "(none)");
}

TEST_CASE("a small body, and one that cannot be compressed, is sent as it is") {
  Registry small;
  small.gauge("x", "").set(1);
  ScrapeRequest request;
  request.accept_encoding = "gzip";
  request.compression = {pretend, 1};
  CHECK(scrape(small, request).body == "# TYPE x gauge\nx 1\n");
  CHECK(scrape(small, request).content_encoding.empty());

  Served served;
  for (const auto compressor : {decline, fail}) {
    if (compressor == fail && !PROMLITE_HAS_EXCEPTIONS) continue;
    request.compression = {compressor, 1};
    const ScrapeResponse response = scrape(served.registry, request);
    CHECK(response.status == 200);
    CHECK(response.body == served.text());
    CHECK(response.content_encoding.empty());
    ServerOptions options;
    options.compression = request.compression;
    MetricsServer server{"127.0.0.1:0", served.registry, options};
    const test::Response answer = test::get(server.address(), "/metrics", "Accept-Encoding: gzip\r\n");
    CHECK(answer.body == served.text());
    CHECK(answer.header("Content-Encoding") == "(none)");
  }
}

TEST_CASE("scrapes at once: each gets the body of its encoding") {
  Served served;
  ServerOptions options;
  options.compression = {pretend, 1};
  MetricsServer server{"127.0.0.1:0", served.registry, options};
  const std::string text = served.text();
  std::vector<test::HttpClient> clients;
  for (int i = 0; i < 20; ++i) clients.emplace_back(server.address());
  for (int i = 0; i < 20; ++i) {
    clients[static_cast<std::size_t>(i)].send(std::string("GET /metrics HTTP/1.1\r\nHost: a\r\n") +
                                              (i % 2 == 0 ? "Accept-Encoding: gzip\r\n\r\n" : "\r\n"));
  }
  for (int i = 0; i < 20; ++i) {
    const test::Response answer = clients[static_cast<std::size_t>(i)].read();
    CHECK(answer.header("Content-Encoding") == (i % 2 == 0 ? "gzip" : "(none)"));
    CHECK(answer.body == (i % 2 == 0 ? "compressed 1 " + std::to_string(text.size()) : text));
  }
}
