// promlite: what examples/prober takes as a target, and what it says of servers that are up, down or strange.
// SPDX-License-Identifier: MIT
#include "../../examples/prober/expectation.hpp"
#include "../../examples/prober/probe.hpp"
#include "../../examples/prober/result.hpp"
#include "../../examples/prober/target.hpp"

#include <promlite/exposition/lint.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/fake_server.hpp"

using namespace prober;
using namespace std::chrono_literals;

static std::string failure_text(const Failure& failure) {
  if (!failure) return "success";
  return std::string(phase_names[static_cast<std::size_t>(failure.phase)]) + ": " + failure.reason;
}

static std::string target_text(const ParsedTarget& parsed) {
  if (!parsed.target) return failure_text(parsed.failure);
  const Target& target = *parsed.target;
  return target.host + " " + std::to_string(target.port) + " " + target.host_and_port + " " +
         target.host_header + " " + target.path;
}

TEST_CASE("prober: targets of tcp") {
  CHECK(target_text(parse_tcp_target("Mail.example.org:25")) ==
        "mail.example.org 25 mail.example.org:25 mail.example.org:25 ");
  CHECK(target_text(parse_tcp_target("tcp://[::1]:25")) == "::1 25 [::1]:25 [::1]:25 ");
  for (const char* wrong : {"", "host", "[::1]", ":25", "host:", "host:0", "host:65536", "host:25x", "::1:25",
                            "ho st:25", "udp://host:25", "user@host:25", "host:25/path"}) {
    INFO(wrong);
    CHECK(target_text(parse_tcp_target(wrong)) == "target: not understood");
  }
  CHECK(parse_tcp_target("host").failure.detail == "the port is missing");
}

TEST_CASE("prober: targets of http") {
  CHECK(target_text(parse_http_target("http://Example.org")) ==
        "example.org 80 example.org:80 example.org /");
  CHECK(target_text(parse_http_target("HTTP://[::1]:8080/Path?q=http://x#part")) ==
        "::1 8080 [::1]:8080 [::1]:8080 /Path?q=http://x");
  CHECK(target_text(parse_http_target("10.0.0.1:81/x")) == "10.0.0.1 81 10.0.0.1:81 10.0.0.1:81 /x");
  CHECK(target_text(parse_http_target("host?a=b://c")) == "host 80 host:80 host /?a=b://c");
  CHECK(target_text(parse_http_target("https://host/")) == "target: TLS is not spoken");
  CHECK(target_text(parse_http_target("HTTPS://host/")) == "target: TLS is not spoken");
  for (const char* wrong :
       {"", "http://", "http:///x", "ftp://host", "http://user:secret@host/", "http://ho st/",
        "http://host/a b", "http://host/\r\nX: y", "http://host:0/", "http://h\xc3\xb6st/", "http://::1/"}) {
    INFO(wrong);
    CHECK(target_text(parse_http_target(wrong)) == "target: not understood");
  }
}

TEST_CASE("prober: targets that are allowed") {
  CHECK(fits("", ""));
  CHECK(fits("*", ""));
  CHECK(fits("a*b?c*", "aXXbYbZc"));
  CHECK(fits("*.example.org:80", "www.example.org:80"));
  CHECK_FALSE(fits("*.example.org:80", "example.org:80"));
  CHECK_FALSE(fits("a", "ab"));
  CHECK_FALSE(fits("?", ""));
  CHECK_FALSE(fits(std::string(50, '*') + "b", std::string(5000, 'a')));

  const auto allowed = [](const char* target, const std::vector<std::string>& globs) {
    return is_allowed(*parse_http_target(target).target, globs);
  };
  CHECK(allowed("http://anything/", {}));
  CHECK(allowed("http://WWW.example.org/", {"10.*:*", "*.EXAMPLE.org:80"}));
  // Nothing but host and port can make a target fit.
  CHECK_FALSE(allowed("http://evil/?.example.org:80", {"*.example.org:80"}));
  CHECK_FALSE(allowed("http://www.example.org:81/", {"*.example.org:80"}));
  CHECK_FALSE(allowed("http://[::1]/", {"127.*"}));
  // An address is not fitted by a name that looks like one.
  CHECK(allowed("http://10.1.2.3:25", {"10.1.*:25"}));
  CHECK_FALSE(allowed("http://10.1.example.org:25", {"10.1.*:25"}));
  CHECK_FALSE(allowed("http://10.1.515:25", {"10.1.*:25"}));
  CHECK(allowed("http://10.1.example.org:25", {"10.1.*.org:25", "*:26"}));
  CHECK(allowed("http://[2001:db8::1]:25", {"[2001:db8::*]:*"}));
}

TEST_CASE("prober: what the log shows of a target") {
  CHECK(without_user("http://me:secret@a:80/b@c") == "http://...@a:80/b@c");
  CHECK(without_user("me:s@ecret@a:80") == "...@a:80");
  CHECK(without_user("http://a/b@c") == "http://a/b@c");
}

TEST_CASE("prober: statuses that are expected") {
  const auto ranges = parse_status_ranges({"2xx", "301", "400-403"});
  for (const int status : {200, 299, 301, 400, 403}) CHECK(is_expected(status, ranges));
  for (const int status : {199, 300, 302, 399, 404, 500}) CHECK_FALSE(is_expected(status, ranges));
  for (const char* wrong : {"", "20", "2000", "6xx", "0xx", "xxx", "600", "099", "299-200", "200-", "-200",
                            "200-2xx", "200 ", "+20", "2-2"}) {
    INFO(wrong);
    CHECK_FALSE(parse_status_range(wrong));
  }
  CHECK_THROWS_AS(parse_status_ranges({"200", "ok"}), promlite::Error);
}

static Result http(const std::string& target, std::chrono::milliseconds time = 20s,
                   HttpSettings settings = {}) {
  return Probe(std::chrono::steady_clock::now() + time).http(parse_http_target(target), settings);
}

static std::string describe(const Result& result) {
  return failure_text(result.failure) + ", " + std::to_string(result.http_status) + ", " +
         (result.body_bytes ? std::to_string(*result.body_bytes) : "none");
}

TEST_CASE("prober: an answer as it should be") {
  test::FakeServer server([](const auto& call) { call.answer("200 OK", "hello world"); });
  const Result result = http("http://" + server.address() + "/health?deep=1");
  CHECK(describe(result) == "success, 200, 11");
  CHECK(result.ip_version == 4);
  for (const Phase phase : {Phase::resolve, Phase::connect, Phase::processing, Phase::transfer})
    CHECK(result.took[static_cast<std::size_t>(phase)]->count() >= 0);
  CHECK(server.requests() ==
        std::vector<std::string>{"GET /health?deep=1 HTTP/1.1\r\nHost: " + server.address() +
                                 "\r\nUser-Agent: promlite-prober/" PROMLITE_VERSION
                                 "\r\nAccept: */*\r\nConnection: close\r\n\r\n"});

  const Result tcp =
      Probe(std::chrono::steady_clock::now() + 20s).tcp(parse_tcp_target("localhost:" + server.port()));
  CHECK(describe(tcp) == "success, 0, none");
  CHECK(tcp.took[static_cast<std::size_t>(Phase::resolve)]);
  CHECK_FALSE(tcp.took[static_cast<std::size_t>(Phase::processing)]);
}

TEST_CASE("prober: an answer that is not as it should be") {
  test::FakeServer server([](const auto& call) {
    if (call.request.find("/moved") != std::string::npos) call.answer("302 Found", "", "Location: /\r\n");
    if (call.request.find("/broken") != std::string::npos) call.answer("500 Internal Server Error", "ouch");
    if (call.request.find("/text") != std::string::npos) call.answer("200 OK", "all is well");
    if (call.request.find("/garbage") != std::string::npos) call.say("SSH-2.0-OpenSSH_9.2\r\n");
    if (call.request.find("/cut") != std::string::npos)
      call.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    if (call.request.find("/reset") != std::string::npos) call.reset();
    if (call.request.find("/head") != std::string::npos) {
      call.say("HTTP/1.1 200 OK\r\n");
      while (call.say("X: " + std::string(4096, 'x'))) {
      }
    }
    if (call.request.find("/giant") != std::string::npos) {
      call.say("HTTP/1.1 200 OK\r\n\r\n");
      while (call.say(std::string(65536, 'x'))) {
      }
    }
    if (call.request.find("/slow") != std::string::npos) {
      call.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
      call.wait();
    }
    if (call.request.find("/hang") != std::string::npos) call.wait();
  });
  const std::string base = "http://" + server.address();
  CHECK(describe(http(base + "/moved")) == "answer: status, 302, 0");
  CHECK(describe(http(base + "/broken")) == "answer: status, 500, 4");
  HttpSettings settings;
  settings.expect_status = {{500, 500}};
  CHECK(describe(http(base + "/broken", 20s, settings)) == "success, 500, 4");
  CHECK(describe(http(base + "/moved", 20s, settings)) == "answer: status, 302, 0");
  settings.expect_status = {{200, 200}};
  settings.expect_text = "is well";
  CHECK(describe(http(base + "/text", 20s, settings)) == "success, 200, 11");
  settings.expect_text = "is ill";
  CHECK(describe(http(base + "/text", 20s, settings)) == "answer: text, 200, 11");
  settings.expect_text = "";
  settings.max_body_bytes = 11;
  CHECK(describe(http(base + "/text", 20s, settings)) == "success, 200, 11");
  settings.max_body_bytes = 10;
  CHECK(describe(http(base + "/text", 20s, settings)) == "transfer: too long, 200, 11");
  CHECK(describe(http(base + "/garbage")) == "transfer: not HTTP, 0, none");
  CHECK(describe(http(base + "/cut")) == "transfer: connection lost, 200, 3");
  CHECK(describe(http(base + "/reset")) == "processing: connection lost, 0, none");
  CHECK(describe(http(base + "/head")) == "transfer: too long, 0, none");
  const Result giant = http(base + "/giant");
  CHECK(failure_text(giant.failure) == "transfer: too long");
  CHECK(*giant.body_bytes > 1U << 20);
  CHECK(*giant.body_bytes < (1U << 20) + 65536);
  CHECK(describe(http(base + "/slow", 100ms)) == "transfer: timeout, 200, 3");
  CHECK(describe(http(base + "/hang", 100ms)) == "processing: timeout, 0, none");
}

TEST_CASE("prober: no connection") {
  std::string address;
  {
    const test::FakeServer server([](const auto&) {});
    address = server.address();
  }
  const Result closed = http("http://" + address + "/");
  CHECK(describe(closed) == "connect: refused, 0, none");
  CHECK(closed.failure.detail == "Connection refused");
  CHECK(closed.ip_version == 0);
  CHECK(closed.took[static_cast<std::size_t>(Phase::connect)]);
  CHECK(describe(http("http://" + std::string(64, 'a') + "/")) == "resolve: not resolved, 0, none");
  const Result none = http("https://" + address + "/");
  CHECK(describe(none) == "target: TLS is not spoken, 0, none");
  for (const auto& took : none.took) CHECK_FALSE(took);
  CHECK(failure_text(http("http://" + address + "/", 0s).failure) == "connect: timeout");
}

TEST_CASE("prober: a result's metrics") {
  Result result;
  result.took[static_cast<std::size_t>(Phase::resolve)] = 250ms;
  result.took[static_cast<std::size_t>(Phase::connect)] = 500ms;
  result.failure = {Phase::connect, "refused", "Connection refused"};
  promlite::Registry down;
  show(result, down);
  CHECK(promlite::to_text(down) ==
        "# HELP probe_duration_seconds Time that all phases took together.\n"
        "# TYPE probe_duration_seconds gauge\n"
        "probe_duration_seconds 0.75\n"
        "# HELP probe_failure_info Why the target did not answer as it should, and in which phase.\n"
        "# TYPE probe_failure_info gauge\n"
        "probe_failure_info{phase=\"connect\",reason=\"refused\"} 1\n"
        "# HELP probe_phase_duration_seconds Time that each phase took; a phase that was not reached is not "
        "there.\n"
        "# TYPE probe_phase_duration_seconds gauge\n"
        "probe_phase_duration_seconds{phase=\"connect\"} 0.5\n"
        "probe_phase_duration_seconds{phase=\"resolve\"} 0.25\n"
        "# HELP probe_success 1 if the target answered as it should.\n"
        "# TYPE probe_success gauge\n"
        "probe_success 0\n");
  CHECK(promlite::lint(promlite::to_text(down)).empty());

  result.failure = {};
  result.ip_version = 6;
  result.http_status = 204;
  result.body_bytes = 0;
  promlite::Registry up;
  show(result, up);
  const std::string text = promlite::to_text(up);
  for (const char* line : {"\nprobe_success 1\n", "\nprobe_ip_protocol 6\n", "\nprobe_http_status_code 204\n",
                           "\nprobe_http_body_bytes 0\n"}) {
    CHECK(text.find(line) != std::string::npos);
  }
  CHECK(text.find("failure") == std::string::npos);
  CHECK(promlite::lint(text).empty());
}
