// promlite: tests of compression with zlib.
// SPDX-License-Identifier: MIT
// needs: promlite::gzip
#include <promlite/gzip.hpp>
#include <promlite/transport/metrics_server.hpp>

#include <string>
#include <string_view>

#include <zlib.h>

#include "support/catch.hpp"
#include "support/http_client.hpp"

using namespace promlite;

/// What a client makes of it; "(broken)" when it is not one whole gzip member.
static std::string uncompressed(const std::string& body) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return "(no memory)";
  std::string text(body.size() * 2000 + 100, '\0');
  std::string in = body;
  stream.next_in = reinterpret_cast<Bytef*>(&in[0]);
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(&text[0]);
  stream.avail_out = static_cast<uInt>(text.size());
  const bool whole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0;
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return whole ? text : "(broken)";
}

TEST_CASE("what is compressed is what was there, at every level and size") {
  for (const int level : {-5, 1, 6, 9, 100}) {
    const Compression compression = gzip(level);
    CHECK((compression.level >= 1 && compression.level <= 9));
    std::string text;
    for (int i = 0; i < 3000; ++i) {
      if (i < 3 || i % 500 == 0) {
        detail::ByteBuffer out;
        out.append("before ");
        REQUIRE(compression.gzip(text, compression.level, out));
        CHECK(out.view().substr(0, 7) == "before ");
        CHECK(uncompressed(std::string(out.view().substr(7))) == text);
      }
      text += "x{i=\"" + std::to_string(i * i) + "\"} 1\n";
    }
  }
}

TEST_CASE("the server compresses every format") {
  Registry registry;
  const auto family = registry.gauge("x", "Help.", {"i"});
  for (int i = 0; i < 500; ++i) family.with(i).set(i);
  ServerOptions options;
  options.compression = gzip();
  MetricsServer server{"127.0.0.1:0", registry, options};
  for (const char* accept : {"text/plain", "application/openmetrics-text;version=1.0.0",
                             "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
                             "encoding=delimited"}) {
    const std::string header = std::string("Accept: ") + accept + "\r\n";
    const test::Response plain = test::get(server.address(), "/metrics", header);
    const test::Response packed =
        test::get(server.address(), "/metrics", header + "Accept-Encoding: gzip\r\n");
    CHECK(plain.header("Content-Encoding") == "(none)");
    CHECK(packed.header("Content-Encoding") == "gzip");
    CHECK(packed.header("Content-Type") == plain.header("Content-Type"));
    CHECK(packed.body.size() < plain.body.size() / 2);
    CHECK(uncompressed(packed.body) == plain.body);
  }
  test::HttpClient client(server.address());
  client.send("HEAD /metrics HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
  const test::Response head = client.read(true);
  CHECK(head.header("Content-Encoding") == "gzip");
  CHECK(head.header("Vary") == "Accept, Accept-Encoding");
}
