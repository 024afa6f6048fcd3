// promlite: tests of the request parser with every byte in every place, and at every limit.
// SPDX-License-Identifier: MIT
#include <promlite/transport/http_message.hpp>

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

using promlite::detail::HttpLimits;
using promlite::detail::HttpMethod;
using promlite::detail::HttpRequestParser;
using State = HttpRequestParser::State;

/// 0 for a head that is taken, -1 for one that has not come in full, the status of the refusal else.
static int status_of(const std::string& head, const HttpLimits& limits = {}) {
  HttpRequestParser parser(limits);
  switch (parser.parse(head)) {
    case State::complete:
      return 0;
    case State::incomplete:
      return -1;
    default:
      return parser.status();
  }
}

/// The bytes that are taken where `before` ends and `after` begins.
static std::string taken_between(const std::string& before, const std::string& after) {
  std::string taken;
  for (int byte = 0; byte < 256; ++byte) {
    const int status = status_of(before + static_cast<char>(byte) + after);
    if (status == 0) taken.push_back(static_cast<char>(byte));
    if (status != 0 && status != 400) taken += "?";
  }
  return taken;
}

/// The bytes `first` to `last` without those of `but`.
static std::string bytes(int first, int last, std::string_view but = "") {
  std::string all;
  for (int byte = first; byte <= last; ++byte) {
    if (but.find(static_cast<char>(byte)) == std::string_view::npos) all.push_back(static_cast<char>(byte));
  }
  return all;
}

// RFC 9110 section 5.6.2: any visible character but delimiters.
static const std::string token = bytes(0x21, 0x7e, "\"(),/:;<=>?@[\\]{}");

TEST_CASE("the bytes that a method, a target, a name and a value may have") {
  const std::string rest = " / HTTP/1.1\r\nHost: a\r\n\r\n";
  CHECK(taken_between("", rest) == token);
  CHECK(taken_between("A", rest) == token);
  CHECK(taken_between("A", "Z" + rest) == token);
  CHECK(taken_between("GET /", " HTTP/1.1\r\nHost: a\r\n\r\n") == bytes(0x21, 0x7e, "#"));
  CHECK(taken_between("GET /a", "b HTTP/1.1\r\nHost: a\r\n\r\n") == bytes(0x21, 0x7e, "#"));
  CHECK(taken_between("GET / HTTP/1.1\r\nHost: a\r\nA", "b: c\r\n\r\n") ==
        bytes(0x21, 0x7e, "\"(),/;<=>?@[\\]{}"));  // with the colon, which ends a name
  CHECK(taken_between("GET / HTTP/1.1\r\nHost: a\r\n", ": c\r\n\r\n") == token);
  CHECK(taken_between("GET / HTTP/1.1\r\nHost: a\r\nA: b", "c\r\n\r\n") ==
        "\t" + bytes(0x20, 0x7e) + bytes(0x80, 0xff));
  CHECK(taken_between("GET / HTTP/1.1\r\nHost: a", "b\r\n\r\n") == bytes(0x21, 0x7e, "\"#/<>?@\\^`{|}"));
  CHECK(taken_between("GET / HTTP/1.1\r\nHost: ", "\r\n\r\n") ==
        "\t " + bytes(0x21, 0x7e, "\"#/<>?@\\^`{|}"));  // with the blanks around a value
  CHECK(taken_between("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: ", "0\r\n\r\n") == "\t 0");
  CHECK(taken_between("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0", "0\r\n\r\n") == "0");
}

TEST_CASE("the bytes that a version may have") {
  CHECK(taken_between("GET / HTTP/1.", "\r\nHost: a\r\n\r\n") == "0123456789");
  const std::string version = "HTTP/1.";
  for (std::size_t i = 0; i < version.size(); ++i) {
    const std::string before = "GET / " + version.substr(0, i);
    CHECK(taken_between(before, version.substr(i + 1) + "1\r\nHost: a\r\n\r\n") == version.substr(i, 1));
  }
}

TEST_CASE("a name that differs in one byte is another name") {
  // Each of these headers is noticed: it is refused, or it is the host that has to be there.
  const auto other_names = [](const std::string& name, const std::string& value, int noticed, int else_) {
    const std::string start = "GET / HTTP/1.1\r\n" + std::string(noticed == 0 ? "" : "Host: a\r\n");
    CHECK(status_of(start + name + ": " + value + "\r\n\r\n") == noticed);
    for (std::size_t i = 0; i < name.size(); ++i) {
      std::string other = name;
      other[i] = 'q';
      CHECK(status_of(start + other + ": " + value + "\r\n\r\n") == else_);
      other = name;
      other[i] =
          static_cast<char>(std::isupper(name[i]) != 0 ? std::tolower(name[i]) : std::toupper(name[i]));
      CHECK(status_of(start + other + ": " + value + "\r\n\r\n") == noticed);
    }
    CHECK(status_of(start + name + "q: " + value + "\r\n\r\n") == else_);
    CHECK(status_of(start + name.substr(1) + ": " + value + "\r\n\r\n") == else_);
  };
  other_names("Host", "a", 0, 400);
  other_names("Expect", "tea", 417, 0);
  other_names("Content-Length", "1", 400, 0);
  other_names("Transfer-Encoding", "x", 400, 0);
}

TEST_CASE("what a request asks for, header by header") {
  const auto request = [](const std::string& headers) {
    HttpRequestParser parser{HttpLimits()};
    const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
    REQUIRE(parser.parse(head) == State::complete);
    const auto& read = parser.request();
    return read.accept + '|' + read.accept_encoding + '|' + std::string(read.authorization) + '|' +
           std::string(read.scrape_timeout) + '|' + (read.keep_alive ? "keep" : "close");
  };
  CHECK(request("") == "||||keep");
  CHECK(request("ACCEPT: a\r\nAccept-encoding: gzip\r\nAUTHORIZATION: x y\r\n"
                "x-prometheus-scrape-timeout-SECONDS: 9\r\nCONNECTION: Close\r\n") == "a|gzip|x y|9|close");
  CHECK(request("Accept: a\r\nAccept: \r\nAccept: b\r\n") == "a,,b||||keep");
  CHECK(request("Accept-Encoding: a\r\nAccept-Encoding: b\r\n") == "|a,b|||keep");
  CHECK(request("Authorization: \r\nAuthorization: b\r\n") == "||b||keep");
  CHECK(request("Authorization: a\r\nAuthorization: b\r\nAuthorization: \r\n") == "||||keep");
  CHECK(request("Authorization: a\r\nAuthorization: \r\nAuthorization: b\r\n") == "||||keep");
  CHECK(request("X-Prometheus-Scrape-Timeout-Seconds: 1\r\nX-Prometheus-Scrape-Timeout-Seconds: 2\r\n") ==
        "|||2|keep");
  // Names of the same length as one of these, and none of them.
  CHECK(request("Acceqt: a\r\nAccept-encodinq: b\r\nAuthorizatioq: c\r\nConnectioq: close\r\n"
                "X-Prometheus-Scrape-Timeout-Secondq: 1\r\n") == "||||keep");
  for (const char* list : {"close", "close,", ",close", ", ,close", "a,close", "a , close\t,b", "close,close",
                           "keep-alive,close", "\tCLOSE"}) {
    CHECK(request("Connection: " + std::string(list) + "\r\n") == "||||close");
  }
  CHECK(request("Connection: close\r\nConnection: keep-alive\r\n") == "||||close");
  for (const char* list : {"", ",", "closes", "clos", "aclose", "close x", "a;close", "\"close\""}) {
    CHECK(request("Connection: " + std::string(list) + "\r\n") == "||||keep");
  }
}

TEST_CASE("a head fails as soon as its limit is passed, and not before") {
  HttpLimits limits;
  limits.head_bytes = 400;
  limits.target_bytes = 20;
  limits.header_lines = 2;
  // 64 bytes beside the target, in a request line that has not ended.
  CHECK(status_of(std::string(83, 'A'), limits) == -1);
  CHECK(status_of(std::string(84, 'A'), limits) == 414);
  CHECK(status_of("GET /" + std::string(69, 'a') + " HTTP/1.1", limits) == -1);
  CHECK(status_of("GET /" + std::string(70, 'a') + " HTTP/1.1", limits) == 414);
  CHECK(status_of(std::string(50, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n", limits) == 0);
  CHECK(status_of("GET /" + std::string(19, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", limits) == 0);
  CHECK(status_of("GET /" + std::string(20, 'a') + " HTTP/1.1\r\n", limits) == 414);
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  CHECK(status_of(start + std::string(399 - start.size(), 'a'), limits) == -1);
  CHECK(status_of(start + std::string(400 - start.size(), 'a'), limits) == 431);
  CHECK(status_of(start + std::string(400 - 4 - start.size(), 'a') + "\r\n\r\n", limits) == 0);
  CHECK(status_of(start + std::string(401 - 4 - start.size(), 'a') + "\r\n\r\n", limits) == 431);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n", limits) == -1);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\nY: c\r\n", limits) == 431);
  limits.head_bytes = 50;  // less than a request line may have
  CHECK(status_of(std::string(49, 'A'), limits) == -1);
  CHECK(status_of(std::string(50, 'A'), limits) == 414);
}

TEST_CASE("nothing is read beyond what has come, and what can be judged is judged at once") {
  const auto exactly = [](const std::string& head) {
    const std::vector<char> copy(head.begin(), head.end());  // nothing behind it, not even a NUL
    HttpRequestParser parser{HttpLimits()};
    const State state = parser.parse({copy.data(), copy.size()});
    return state == State::failed ? parser.status() : state == State::complete ? 0 : -1;
  };
  const std::string whole = "GET http://a/b?c HTTP/1.1\r\nHost: a\r\nConnection: close, \r\nX: \t \r\n\r\n";
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK(exactly(whole.substr(0, size)) == -1);
  CHECK(exactly(whole) == 0);
  CHECK(exactly("\n") == 400);
  CHECK(exactly("\r\n") == -1);
  CHECK(exactly("GET / HTTP/1.1\n") == 400);
  using promlite::detail::trim_blanks;
  for (const std::string text : {"", " ", "\t", " \t  "}) {
    const std::vector<char> copy(text.begin(), text.end());
    CHECK(trim_blanks({copy.data(), copy.size()}).empty());
  }
}

TEST_CASE("a request line without a part of it") {
  for (const char* line :
       {" / HTTP/1.1", "GET  HTTP/1.1", "GET HTTP/1.1", "GET /", "HTTP/1.1", "", " ", "  ", "GET / ",
        "GET http:// HTTP/1.1", "GET http:///a HTTP/1.1", "GET http://?a HTTP/1.1", "OPTIONS a HTTP/1.1",
        "OPTIONS ** HTTP/1.1", "OPTIONS http:// HTTP/1.1"}) {
    INFO(line);
    CHECK(status_of(std::string(line) + "\r\nHost: a\r\n\r\n") == 400);
  }
}

TEST_CASE("scrape timeouts are of digits and one point") {
  using promlite::detail::parse_scrape_timeout;
  std::string taken;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = "1" + std::string(1, static_cast<char>(byte)) + "1";
    if (parse_scrape_timeout(text) != 0) taken.push_back(static_cast<char>(byte));
  }
  CHECK(taken == ".0123456789");
}

TEST_CASE("what a response is unless said otherwise, and its parts in their order") {
  promlite::detail::HttpResponseHead head;
  CHECK(head.status == 200);
  CHECK(head.content_length == 0);
  CHECK(head.minor_version == 1);
  CHECK(head.keep_alive);
  const auto written = [&] {
    char buffer[1024];
    return std::string(buffer, promlite::detail::write_response_head(buffer, head));
  };
  const std::string rest =
      "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 0\r\nCache-Control: no-cache\r\n"
      "X-Content-Type-Options: nosniff\r\n";
  CHECK(written() == "HTTP/1.1 200 OK\r\n" + rest + "\r\n");
  head.extra = "A: b\r\n";
  head.headers = "C: d\r\n";
  head.keep_alive = false;
  CHECK(written() == "HTTP/1.1 200 OK\r\n" + rest + "A: b\r\nC: d\r\nConnection: close\r\n\r\n");
  for (const int status : {199, 201}) {
    head.status = status;
    CHECK(written().substr(0, 13) == "HTTP/1.1 " + std::to_string(status) + " ");
  }
  CHECK(promlite::detail::reason_phrase(200) == std::string("OK"));
}

TEST_CASE("the limits and what a request is before it is read") {
  const HttpLimits limits;
  CHECK(limits.head_bytes == 8192);
  CHECK(limits.target_bytes == 2048);
  CHECK(limits.header_lines == 64);
  const HttpRequestParser parser(limits);
  CHECK(parser.state() == State::incomplete);
  CHECK(parser.status() == 0);
  CHECK(parser.size() == 0);
  CHECK(parser.request().method == HttpMethod::other);
  CHECK(parser.request().minor_version == 1);
  CHECK(parser.request().keep_alive);
}

TEST_CASE("whatever came before, a parser that was reset reads as a new one does") {
  const std::string heads[] = {
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nX: y",
      "GET / HTTP/1.1\r\nHost",
      "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /",
      "GET / HTTP/1.0\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nAccept: a\r\nAccept-Encoding: b\r\nAuthorization: c\r\n"
      "X-Prometheus-Scrape-Timeout-Seconds: 1\r\n\r\n",
  };
  HttpLimits limits;
  limits.header_lines = 4;
  for (const std::string& before : heads) {
    for (const std::string& head : heads) {
      HttpRequestParser used(limits), fresh(limits);
      used.parse(before);
      used.reset();
      CHECK(used.state() == State::incomplete);
      CHECK(used.status() == 0);
      CHECK(used.size() == 0);
      REQUIRE(used.parse(head) == fresh.parse(head));
      CHECK(used.status() == fresh.status());
      CHECK(used.size() == fresh.size());
      if (used.state() != State::complete) continue;
      CHECK(used.request().keep_alive == fresh.request().keep_alive);
      CHECK(used.request().authorization == fresh.request().authorization);
      CHECK(used.request().scrape_timeout == fresh.request().scrape_timeout);
      CHECK(used.request().accept == fresh.request().accept);
      CHECK(used.request().accept_encoding == fresh.request().accept_encoding);
    }
  }
}
