// promlite: tests of the log's lines.
// SPDX-License-Identifier: MIT
#include <promlite/exporter/log.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "support/catch.hpp"

using promlite::Logger;
using promlite::LogLevel;
using promlite::parse_log_level;
using namespace std::string_literals;

/// A pipe whose content can be read at once.
struct Pipe {
  Pipe() { REQUIRE(::pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0); }
  ~Pipe() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  std::string text() const {
    std::string all;
    char buffer[4096];
    for (ssize_t size = 0; (size = ::read(ends[0], buffer, sizeof buffer)) > 0;)
      all.append(buffer, static_cast<std::size_t>(size));
    return all;
  }
  int ends[2];
};

static std::string without_times(const std::string& text) {
  return std::regex_replace(text, std::regex("time=\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z "),
                            "");
}

TEST_CASE("a line has the time, the level, the message and its fields") {
  const Pipe pipe;
  Logger log(LogLevel::debug, pipe.ends[1]);
  log.debug("look");
  log.info("Listening on", {{"address", "127.0.0.1:9150"}, {"tls", false}});
  log.warn(
      "slow",
      {{"seconds", 0.25}, {"tries", 3}, {"left", -1L}, {"most", std::numeric_limits<std::uint64_t>::max()}});
  log.error("cannot read", {{"reason", "no such \"file\""s}, {"on", true}});
  CHECK(without_times(pipe.text()) ==
        "level=DEBUG msg=look\n"
        "level=INFO msg=\"Listening on\" address=127.0.0.1:9150 tls=false\n"
        "level=WARN msg=slow seconds=0.25 tries=3 left=-1 most=18446744073709551615\n"
        "level=ERROR msg=\"cannot read\" reason=\"no such \\\"file\\\"\" on=true\n");
}

TEST_CASE("a value cannot break its line") {
  const Pipe pipe;
  Logger log(LogLevel::info, pipe.ends[1]);
  log.info("", {{"a", ""}, {"b", "x=y"}, {"c", "\n\r\t\x01\x7f\\"}, {"d", "\0z"s}, {"e", "\xC3\xA4"}});
  CHECK(without_times(pipe.text()) ==
        "level=INFO msg=\"\" a=\"\" b=\"x=y\" c=\"\\n\\r\\t\\x01\\x7f\\\\\" d=\"\\x00z\" e=\xC3\xA4\n");
}

TEST_CASE("bytes that are no text are escaped") {
  const Pipe pipe;
  Logger log(LogLevel::info, pipe.ends[1]);
  log.info("\xFF", {{"a", "\xC2\x9B\x32J"}, {"b", "\xC3\xA4 \xC3"}, {"c", "\xC2\xA0"}});
  CHECK(without_times(pipe.text()) ==
        "level=INFO msg=\"\\xff\" a=\"\\xc2\\x9b2J\" b=\"\xC3\xA4 \\xc3\" c=\xC2\xA0\n");
}

TEST_CASE("the time is that of the clock, in UTC") {
  std::string text;
  promlite::detail::append_log_time(
      text, std::chrono::system_clock::from_time_t(1795271400) + std::chrono::milliseconds(7));
  CHECK(text == "2026-11-21T14:30:00.007Z");
}

TEST_CASE("lines below the level are left out") {
  const Pipe pipe;
  Logger log(LogLevel::warn, pipe.ends[1]);
  log.info("one");
  log.warn("two");
  log.level(LogLevel::error);
  log.warn("three");
  log.error("four");
  CHECK(without_times(pipe.text()) == "level=WARN msg=two\nlevel=ERROR msg=four\n");
  CHECK(log.level() == LogLevel::error);
}

TEST_CASE("a level has a name") {
  CHECK(parse_log_level("debug") == LogLevel::debug);
  CHECK(parse_log_level("info") == LogLevel::info);
  CHECK(parse_log_level("warn") == LogLevel::warn);
  CHECK(parse_log_level("error") == LogLevel::error);
  CHECK(parse_log_level("loud") == std::nullopt);
}

TEST_CASE("lines of several threads do not mix") {
  const Pipe pipe;
  Logger log(LogLevel::info, pipe.ends[1]);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&log] {
      for (int n = 0; n < 50; ++n)
        log.info("the same line each time", {{"field", "of a width that is always so"}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::string expected;
  for (int i = 0; i < 200; ++i)
    expected += "level=INFO msg=\"the same line each time\" field=\"of a width that is always so\"\n";
  CHECK(without_times(pipe.text()) == expected);
}

TEST_CASE("where nothing can be written the line is lost and no more") {
  Logger(LogLevel::info, -1).error("into the void");
}
