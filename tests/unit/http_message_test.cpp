// promlite: tests of the request parser and the response writer.
// SPDX-License-Identifier: MIT
#include <promlite/transport/http_message.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

using promlite::detail::HttpLimits;
using promlite::detail::HttpMethod;
using promlite::detail::HttpRequest;
using promlite::detail::HttpRequestParser;
using promlite::detail::HttpResponseHead;
using State = HttpRequestParser::State;
using namespace std::string_literals;

// What a server would make of `stream` when it comes in pieces that end at the given places: one line per
// request.
static std::string read_in_pieces(const std::string& stream, const std::vector<std::size_t>& ends,
                                  const HttpLimits& limits = {}) {
  std::string outcome;
  HttpRequestParser parser(limits);
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    for (;;) {
      const State state = parser.parse({stream.data() + begin, end - begin});
      if (state == State::incomplete) break;
      if (state == State::failed) return outcome + "failed " + std::to_string(parser.status());
      const HttpRequest& request = parser.request();
      outcome += std::to_string(static_cast<int>(request.method)) + ' ' + std::string(request.path) + " ? " +
                 std::string(request.query) + " accept " + request.accept + " timeout " +
                 std::string(request.scrape_timeout) + " authorization " +
                 std::string(request.authorization) + " 1." + std::to_string(request.minor_version) +
                 (request.keep_alive ? " keep\n" : " close\n");
      begin += parser.size();
      parser.reset();
    }
  }
  return begin == stream.size() ? outcome : outcome + "incomplete";
}

static std::string read_at_once(const std::string& stream, const HttpLimits& limits = {}) {
  return read_in_pieces(stream, {stream.size()}, limits);
}

TEST_CASE("a request of Prometheus is read") {
  CHECK(read_at_once("GET /metrics?name[]=up HTTP/1.1\r\n"
                     "Host: 127.0.0.1:9100\r\n"
                     "User-Agent: Prometheus/2.42.0\r\n"
                     "Accept: application/openmetrics-text;version=1.0.0,*/*;q=0.1\r\n"
                     "Accept-Encoding: gzip\r\n"
                     "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n") ==
        "0 /metrics ? name[]=up accept application/openmetrics-text;version=1.0.0,*/*;q=0.1 timeout 10"
        " authorization  1.1 keep\n");
}

TEST_CASE("well-formed requests") {
  const auto row = [](const std::string& request, const std::string& expected) {
    INFO(request);
    CHECK(read_at_once(request) == expected);
  };
  const std::string plain = " accept  timeout  authorization  1.1 keep\n";
  row("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "0 / ? " + plain);
  row("HEAD / HTTP/1.1\r\nHost:\r\n\r\n", "1 / ? " + plain);
  row("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "2 * ? " + plain);
  row("get / HTTP/1.1\r\nHost: a\r\n\r\n", "3 / ? " + plain);
  row("M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n", "3 / ? " + plain);
  row("GET / HTTP/1.7\r\nHost: a\r\n\r\n", "0 / ? " + plain);
  row("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "0 / ? " + plain);
  row("GET /a?b?c HTTP/1.1\r\nhOST: \t [::1]:80 \t\r\n\r\n", "0 /a ? b?c" + plain);
  row("GET http://a:1/x?y HTTP/1.1\r\nHost: a\r\n\r\n", "0 /x ? y" + plain);
  row("GET HTTP://a?y HTTP/1.1\r\nHost: a\r\n\r\n", "0 / ? y" + plain);
  row("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n", "0 / ? " + plain);
  row("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "0 / ? " + plain);
  row("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 00\r\nContent-Length: 0\r\n\r\n", "0 / ? " + plain);
  row("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n", "0 / ? " + plain);
  row("GET / HTTP/1.1\r\nHost: a\r\nX: \xff\x80\t!\r\nEmpty:\r\n\r\n", "0 / ? " + plain);
  row("GET / HTTP/1.1\r\nHost: a\r\nAccept: a/b\r\naccept: c/d\r\n\r\n",
      "0 / ? " + " accept a/b,c/d timeout  authorization  1.1 keep\n"s);
  row("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n",
      "0 / ? " + " accept  timeout  authorization Bearer x 1.1 keep\n"s);
  row("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nAuthorization: Bearer x\r\n\r\n",
      "0 / ? " + plain);
}

TEST_CASE("when the connection stays open") {
  const auto row = [](const std::string& request, const std::string& expected) {
    INFO(request);
    CHECK(read_at_once(request) == "0 / ?  accept  timeout  authorization  " + expected + "\n");
  };
  row("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", "1.1 keep");
  row("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "1.1 close");
  row("GET / HTTP/1.1\r\nHost: a\r\nConnection: x ,\tCLOSE, y\r\n\r\n", "1.1 close");
  row("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", "1.1 close");
  row("GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", "1.1 keep");
  row("GET / HTTP/1.0\r\n\r\n", "1.0 close");
  row("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "1.0 keep");
  row("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\nConnection: x\r\n\r\n", "1.0 keep");
  row("GET / HTTP/1.0\r\nConnection: Keep-Alive, close\r\n\r\n", "1.0 close");
}

TEST_CASE("malformed heads are refused") {
  const std::vector<std::string> heads = {
      "GET / HTTP/1.1\nHost: a\r\n\r\n",                   // bare line feeds
      "GET / HTTP/1.1\r\nHost: a\n\r\n",                   //
      "GET / HTTP/1.1\r\nHost: a\r\n\n",                   //
      "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",               //
      "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",         // more than one empty line before the request
      "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",      // obs-fold
      "GET / HTTP/1.1\r\nHost: a\r\n\tfolded\r\n\r\n",     //
      "GET / HTTP/1.1\r\n Host: a\r\n\r\n",                //
      "GET / HTTP/1.1\r\nHost : a\r\n\r\n",                // space before the colon
      "GET / HTTP/1.1\r\nHost: a\r\nX\t: a\r\n\r\n",       //
      "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"s,     // NUL, CR and their kin in a value
      "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",      //
      "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\r\n\r\n",       //
      "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n",      //
      "GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n",      //
      "GET / HTTP/1.1\r\nHost: a\r\nX\0: a\r\n\r\n"s,      // a name that is no token
      "GET / HTTP/1.1\r\nHost: a\r\n\xc3\xa4: a\r\n\r\n",  //
      "GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n",          //
      "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",            //
      "GET / HTTP/1.1\r\nHost: a\r\nX(y): a\r\n\r\n",      //
      "GET / HTTP/1.1\r\n\r\n",                            // Host missing, double, or none
      "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",      //
      "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",      //
      "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",               //
      "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",               //
      "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",               //
      "GET / HTTP/1.1\r\nHost: \xe4\r\n\r\n",              //
      "GET /\r\n",                                         // HTTP/0.9: refused without waiting for more
      "GET / HTTP/0.9\r\nHost: a\r\n\r\n",                 // versions
      "GET / HTTP/9.9\r\nHost: a\r\n\r\n",                 //
      "GET / HTTP/2.0\r\nHost: a\r\n\r\n",                 //
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",                  //
      "GET / http/1.1\r\nHost: a\r\n\r\n",                 //
      "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",                //
      "GET / HTTP/1.10\r\nHost: a\r\n\r\n",                //
      "GET / HTTP/1.x\r\nHost: a\r\n\r\n",                 //
      "GET / HTTP/11\r\nHost: a\r\n\r\n",                  //
      "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",                // white space in the request line
      "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",                //
      "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",              //
      "GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n",               //
      " GET / HTTP/1.1\r\nHost: a\r\n\r\n",                //
      "GET HTTP/1.1\r\nHost: a\r\n\r\n",                   //
      "GET\r\n",                                           //
      "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",                 // a method that is no token
      "\x16\x03\x01\x02\n",                                // a TLS hello
      "GET a HTTP/1.1\r\nHost: a\r\n\r\n",                 // targets
      "GET * HTTP/1.1\r\nHost: a\r\n\r\n",                 //
      "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n",               //
      "GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n",             //
      "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n",             //
      "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s,              //
      "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n",         //
      "GET http://?a HTTP/1.1\r\nHost: a\r\n\r\n",         //
      "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",          //
      "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",          //
  };
  for (const std::string& head : heads) {
    INFO(head);
    CHECK(read_at_once(head) == "failed 400");
  }
}

TEST_CASE("what could smuggle a request is refused") {
  const std::vector<std::string> fields = {
      "Content-Length: 5",
      "Content-Length: 5\r\nContent-Length: 10",
      "Content-Length: 0\r\nContent-Length: 5",
      "Content-Length: 5\r\nContent-Length: 0",
      "Content-Length: 0, 5",
      "Content-Length: 0, 0",
      "Content-Length: +4",
      "Content-Length: +0",
      "Content-Length: -2",
      "Content-Length: -0",
      "Content-Length: 0x4",
      "Content-Length: 0x0",
      "Content-Length: 18446744073709551616",
      "Content-Length: 4 4",
      "Content-Length:",
      "Content-Length : 0",
      "content-length: 1",
      "Transfer-Encoding: chunked",
      "Transfer-Encoding: identity",
      "Transfer-Encoding:",
      "tRANSFER-eNCODING: xchunked",
      "Transfer-Encoding : chunked",
      " Transfer-Encoding: chunked",
      "Transfer-Encoding:\x0b"
      "chunked",
      "Transfer-Encoding\0: chunked"s,
      "X: y\nTransfer-Encoding: chunked",
      "Content-Length: 0\r\nTransfer-Encoding: chunked",
      "Transfer-Encoding: chunked\r\nContent-Length: 6",
  };
  for (const std::string& field : fields) {
    INFO(field);
    CHECK(read_at_once("POST / HTTP/1.1\r\nHost: a\r\n" + field +
                       "\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n") == "failed 400");
  }
}

TEST_CASE("an expectation that cannot be met") {
  CHECK(read_at_once("GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n") == "failed 417");
}

TEST_CASE("limits") {
  const std::string host = "Host: a\r\n\r\n";
  const std::string end = " accept  timeout  authorization  1.1 keep\n";
  const auto get = [](std::size_t size) { return "GET /" + std::string(size - 1, 'a') + " HTTP/1.1\r\n"; };
  CHECK(read_at_once(get(2048) + host) == "0 /" + std::string(2047, 'a') + " ? " + end);
  CHECK(read_at_once(get(2049) + host) == "failed 414");
  CHECK(read_at_once(get(65536) + host) == "failed 414");
  CHECK(read_at_once(std::string(2111, 'A')) == "incomplete");
  CHECK(read_at_once(std::string(2112, 'A')) == "failed 414");

  std::string lines;
  for (int i = 0; i < 63; ++i) lines += "X: y\r\n";
  CHECK(read_at_once("GET / HTTP/1.1\r\n" + lines + host) == "0 / ? " + end);
  CHECK(read_at_once("GET / HTTP/1.1\r\n" + lines + "X: y\r\n" + host) == "failed 431");

  const auto padded = [&](std::size_t size) {
    const std::string request = "GET / HTTP/1.1\r\nX: " + host;
    return "GET / HTTP/1.1\r\nX: " + std::string(size - request.size() - 2, 'y') + "\r\n" + host;
  };
  REQUIRE(padded(8192).size() == 8192);
  CHECK(read_at_once(padded(8192)) == "0 / ? " + end);
  CHECK(read_at_once(padded(8193)) == "failed 431");
  CHECK(read_at_once("GET / HTTP/1.1\r\nX: " + std::string(1 << 20, 'y')) == "failed 431");

  HttpLimits small;
  small.head_bytes = 300;
  small.target_bytes = 10;
  small.header_lines = 1;
  CHECK(read_at_once("GET /123456789 HTTP/1.1\r\n" + host, small) == "0 /123456789 ? " + end);
  CHECK(read_at_once("GET /1234567890 HTTP/1.1\r\n" + host, small) == "failed 414");
  CHECK(read_at_once("GET / HTTP/1.1\r\nX: y\r\n" + host, small) == "failed 431");
}

TEST_CASE("how the bytes are cut changes nothing") {
  const std::string streams[] = {
      "GET /metrics?name[]=a HTTP/1.1\r\nHost: a\r\nAccept: b\r\nContent-Length: 0\r\n\r\n"
      "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
      "\r\nPOST http://x/-/ready HTTP/1.0\r\nX-Prometheus-Scrape-Timeout-Seconds: 0.5\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YTpi\r\nExpect: 100-continue\r\n\r\n"
      "GET / HTTP/1.1\r\nHost: a\r\nX: \r\x01\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b\r\nHost: a\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: a\nHost: a\r\n\r\n",
      "GET /" + std::string(2050, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(8192, 'a') + "\r\n\r\n",
  };
  for (const std::string& stream : streams) {
    const std::string whole = read_at_once(stream);
    std::vector<std::size_t> bytes;
    for (std::size_t i = 1; i <= stream.size(); ++i) bytes.push_back(i);
    CHECK(read_in_pieces(stream, bytes) == whole);
    bool same = true;
    for (std::size_t i = 0; i <= stream.size(); ++i) {
      same = same && read_in_pieces(stream, {i, stream.size()}) == whole;
    }
    CHECK(same);
  }
}

TEST_CASE("a parser is used again") {
  HttpRequestParser parser{HttpLimits()};
  CHECK(parser.parse("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") == State::failed);
  CHECK(parser.status() == 400);
  parser.reset();
  const std::string request =
      "GET /a HTTP/1.0\r\nAccept: a\r\nAuthorization: b\r\nX-Prometheus-Scrape-Timeout-Seconds: 1\r\n\r\n";
  CHECK(parser.parse(request) == State::complete);
  CHECK(parser.size() == request.size());
  parser.reset();
  CHECK(parser.parse("GET /b HTTP/1.1\r\nHost: a\r\n\r\n") == State::complete);
  CHECK(parser.request().path == "/b");
  CHECK(parser.request().accept.empty());
  CHECK(parser.request().authorization.empty());
  CHECK(parser.request().scrape_timeout.empty());
  CHECK(parser.request().keep_alive);
}

static std::string written(const HttpResponseHead& head) {
  char buffer[1024];
  return std::string(buffer, promlite::detail::write_response_head(buffer, head));
}

TEST_CASE("response heads") {
  HttpResponseHead head;
  head.content_type = "text/html";
  head.content_length = 12345;
  CHECK(written(head) ==
        "HTTP/1.1 200 OK\r\n"
        "Content-Type: text/html\r\n"
        "Content-Length: 12345\r\n"
        "Cache-Control: no-cache\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "\r\n");
  head.status = 405;
  head.extra = "Allow: GET, HEAD\r\n";
  head.keep_alive = false;
  head.content_length = 0;
  CHECK(written(head) ==
        "HTTP/1.1 405 Method Not Allowed\r\n"
        "Content-Type: text/html\r\n"
        "Content-Length: 0\r\n"
        "Cache-Control: no-cache\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Allow: GET, HEAD\r\n"
        "Connection: close\r\n"
        "\r\n");
  head.keep_alive = true;
  head.minor_version = 0;
  CHECK_THAT(written(head), ContainsSubstring("\r\nConnection: keep-alive\r\n\r\n"));
}

TEST_CASE("every status has its phrase") {
  std::string phrases;
  for (const int status : {200, 400, 401, 404, 405, 408, 414, 417, 431, 500, 503}) {
    HttpResponseHead head;
    head.status = status;
    phrases += written(head).substr(9, written(head).find('\r') - 9) + "\n";
  }
  CHECK(phrases ==
        "200 OK\n400 Bad Request\n401 Unauthorized\n404 Not Found\n405 Method Not Allowed\n408 Request "
        "Timeout\n"
        "414 URI Too Long\n417 Expectation Failed\n431 Request Header Fields Too Large\n500 Internal Server "
        "Error\n"
        "503 Service Unavailable\n");
}

TEST_CASE("the longest head fits its room") {
  HttpResponseHead head;
  head.status = 431;
  head.content_type = "";
  head.content_length = static_cast<std::size_t>(-1);
  head.minor_version = 0;
  CHECK(written(head).size() <= promlite::detail::max_response_head);
}

TEST_CASE("scrape timeouts") {
  using promlite::detail::parse_scrape_timeout;
  CHECK(parse_scrape_timeout("10") == 10000);
  CHECK(parse_scrape_timeout("0.5") == 500);
  CHECK(parse_scrape_timeout("1.23456789") == 1234);
  CHECK(parse_scrape_timeout("0.001") == 1);
  CHECK(parse_scrape_timeout("60.") == 60000);
  CHECK(parse_scrape_timeout(".25") == 250);
  CHECK(parse_scrape_timeout("1000000000") == 1000000000000);
  for (const char* text : {"", "0", "0.0", "-1", "+1", "1e9", "1e1", "abc", "nan", "NaN", "inf", "1 ", " 1",
                           "1,5", "0x10", "1.2.3", ".", "1000000001", "99999999999999999999999999"}) {
    INFO(text);
    CHECK(parse_scrape_timeout(text) == 0);
  }
}
