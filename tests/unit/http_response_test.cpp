// promlite: tests of reading HTTP responses, cut into pieces in every way.
// SPDX-License-Identifier: MIT
#include <promlite/transport/http_response.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using promlite::detail::HttpResponseParser;
using State = HttpResponseParser::State;
using namespace std::string_literals;

// "STATUS STATE LOCATION|BODY", where the state is told before and after the connection's end.
static std::string outcome(HttpResponseParser& parser) {
  const char* const states[] = {"head", "body", "complete", "failed"};
  std::string text = std::to_string(parser.status()) + " " + states[static_cast<int>(parser.state())];
  if (parser.state() == State::failed) return text + " " + parser.line();
  text += parser.end() ? " ended" : " cut";
  return text + " " + parser.location() + "|" + parser.body();
}

static std::string read(const std::string& bytes) {
  HttpResponseParser whole;
  whole.feed(bytes);
  const std::string expected = outcome(whole);
  // What cannot be a status line is known by its first bytes, so its text depends on how much had come.
  const bool no_status_line = whole.state() == State::failed && whole.status() == 0;
  const auto check = [&](HttpResponseParser& parser) {
    if (no_status_line) {
      CHECK(parser.state() == State::failed);
    } else {
      CHECK(outcome(parser) == expected);
    }
  };
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    HttpResponseParser parser;
    parser.feed(std::string_view(bytes).substr(0, cut));
    parser.feed(std::string_view(bytes).substr(cut));
    check(parser);
  }
  HttpResponseParser bytewise;
  for (const char c : bytes) bytewise.feed({&c, 1});
  check(bytewise);
  return expected;
}

TEST_CASE("responses of every framing") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabrest", "200 complete ended |ab"},
      {"HTTP/1.1 200\r\ncontent-LENGTH:2 \r\n\r\nab", "200 complete ended |ab"},
      {"HTTP/1.0 200 OK\n\nto the end", "200 body ended |to the end"},
      {"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", "202 complete ended |"},
      {"HTTP/1.1 204 No Content\r\n\r\nx", "204 complete ended |"},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304 complete ended |"},
      {"HTTP/1.1 302 Found\r\nLocation: https://b/c\r\nContent-Length: 0\r\n\r\n",
       "302 complete ended https://b/c|"},
      {"HTTP/1.1 400 Bad\r\nTransfer-Encoding: gzip, "
       "chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: "
       "u\r\n\r\nrest",
       "400 complete ended |abc0123456789"},
      // RFC 9112 section 6.3: chunked goes before a length.
      {"HTTP/1.1 400 Bad\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
       "400 complete ended |a"},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLocation: /no\r\n\r\nHTTP/1.1 200 OK\r\nContent-"
       "Length: 1\r\n\r\na",
       "200 complete ended |a"},
      // Cut short.
      {"", "0 head cut |"},
      {"HTTP/1.1 200 OK\r\nConte", "0 head cut |"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nab", "200 body cut |ab"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nab", "200 body cut |ab"},
      {"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nab", "500 body cut |ab"},
      // A length that is none: the body ends with the connection.
      {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab", "200 body ended |ab"},
      {"HTTP/1.1 200 OK\r\nContent-Length: \r\nno colon\r\n\r\nab", "200 body ended |ab"},
  };
  for (const auto& [bytes, expected] : cases) {
    INFO(bytes);
    CHECK(read(bytes) == expected);
  }
}

TEST_CASE("what is no response") {
  for (const std::string& bytes :
       {"SSH-2.0-OpenSSH"s, "\x15\x03\x01"s, "HTTP/2.0 200 OK\r\n"s, "\r\n"s, "HTTP/1.1 20 OK\r\n"s,
        "HTTP/1.1 2000 OK\r\n"s, "HTTP/1.1 2x0 OK\r\n"s, "HTTP/1.1  200 OK\r\n"s, "HTTP/1.x 200 OK\r\n"s,
        "HTTP/1.1 099 OK\r\n"s, "HTTP/1.1\r\n"s, "http/1.1 200 OK\r\n"s}) {
    INFO(bytes);
    CHECK(read(bytes).substr(0, 8) == "0 failed");
  }
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK(read(chunked + "x\r\n") == "200 failed x");
  CHECK(read(chunked + "\r\n") == "200 failed ");
  CHECK(read(chunked + "10000000000000000\r\n") == "200 failed 10000000000000000");
  CHECK(read(chunked + "1\r\nabc\r\n") == "200 failed bc");
}

// The body of a fuzzer, too: no input crashes it, and what it keeps is no more than what it was given.
TEST_CASE("bytes at random") {
  std::uint64_t state = 1;
  const auto random = [&state] {
    return static_cast<std::size_t>((state = state * 6364136223846793005U + 1442695040888963407U) >> 33);
  };
  const std::string pieces[] = {"HTTP/1.1 ",
                                "200",
                                " OK",
                                "\r\n",
                                "\n",
                                "Content-Length: ",
                                "Transfer-Encoding: chunked",
                                "\r\n\r\n",
                                "5",
                                "a",
                                ":",
                                "\0"s,
                                "\xff",
                                "Location: ",
                                "100"};
  for (int run = 0; run < 20000; ++run) {
    HttpResponseParser parser;
    std::size_t given = 0;
    if (random() % 2 == 0) parser.feed("HTTP/1.1 200 OK\r\n");
    for (std::size_t i = random() % 20; i > 0; --i) {
      const std::string& piece = pieces[random() % (sizeof pieces / sizeof *pieces)];
      given += piece.size();
      parser.feed(piece);
    }
    REQUIRE(parser.body().size() <= given);
    REQUIRE((parser.status() == 0 || parser.status() >= 200 || parser.state() == State::failed));
  }
}
