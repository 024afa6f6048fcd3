// promlite: how examples/log_exporter finds the level of a line.
// SPDX-License-Identifier: MIT
#include "../../examples/log_exporter/level.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include "support/catch.hpp"

struct LeveledLine {
  std::string_view line;
  log_exporter::Level level;
};

static std::string level_of(std::string_view line) {
  return std::string(log_exporter::level_names[static_cast<std::size_t>(log_exporter::find_level(line))]);
}

TEST_CASE("log_exporter: the level that a line says it has") {
  using log_exporter::Level;
  const LeveledLine lines[] = {
      // By a key.
      {R"(ts=2026-11-21T14:00:00Z level=warn msg="an ERROR: no")", Level::warn},
      {R"(level="error" msg=x)", Level::error},
      {"a=1 lvl=dbug lvl=dbg", Level::debug},
      {"severity=CRITICAL", Level::fatal},
      {"msg=x level=", Level::unknown},
      {"ERROR log_level=info", Level::error},
      {"ran it with --level=debug", Level::unknown},
      {"compression level=9 level=info", Level::info},
      {R"({"msg":"ERROR: x","level":"info"})", Level::info},
      {R"({"level" : "Warning"})", Level::warn},
      {R"({"log.level":"error","message":"x"})", Level::error},
      {R"({"severity":"NOTICE"})", Level::info},
      {R"({"level":30,"msg":"x"})", Level::info},
      {R"({"level":60})", Level::fatal},
      {R"({"level":31,"lvl":10})", Level::debug},
      {R"({"msg":"{\"level\":\"error\"}","level":"debug"})", Level::debug},
      {R"({"msg":"{\"level\":\"error\"}"})", Level::unknown},
      {R"({"level")", Level::unknown},
      {R"({"level":)", Level::unknown},
      {R"({"level":")", Level::unknown},
      // At the head.
      {"<11>Nov 21 14:00:00 host app: x", Level::error},
      {"<191>x", Level::debug},
      {"<0>x", Level::fatal},
      {"<192>x", Level::unknown},
      {"<>x", Level::unknown},
      {"<11", Level::unknown},
      {"E1121 14:00:00.000001       1 main.go:1] INFO", Level::error},
      {"W1121 14:00:00.000001       1 main.go:1] x", Level::warn},
      {"F1121", Level::unknown},
      {"<14>level=error", Level::error},
      // By a word in capitals.
      {"2026-11-21 14:00:00,123 - app - WARNING - x", Level::warn},
      {"2026-11-21 14:00:00.123  INFO 1 --- [main] ERROR", Level::info},
      {"2026-11-21 14:00:00 UTC [7] FATAL:  the database is gone", Level::fatal},
      {"WARNING:root:x", Level::warn},
      {"2026 [main] TRACE x", Level::debug},
      {"GET /search?q=ERROR HTTP/1.1", Level::unknown},
      {"MY_ERROR x ERRORS", Level::unknown},
      {"x=1|ERR|y", Level::error},
      {"\x1b[31mERROR\x1b[0m x", Level::error},
      {"12:00 \x1b[1;33m[warn\x1b[0m] x", Level::warn},
      // By a word that is marked.
      {"2026/11/21 14:00:00 [error] 7#0: *1 open() failed", Level::error},
      {"[Sat Nov 21 14:00:00 2026] [core:notice] [pid 7] x", Level::info},
      {"Nov 21 14:00:00 host app[7]: error: x", Level::error},
      {"2026-11-21T14:00:00Z [ warn ] x", Level::warn},
      {"14:00 | debug | x", Level::debug},
      {"14:00 main (critical) x", Level::fatal},
      {"main: there was an error", Level::unknown},
      {"main: an error (5) : x", Level::unknown},
      // As the first word.
      {"Error opening a file", Level::error},
      {"2026-11-21T14:00:00.123Z\tinfo\tx", Level::info},
      {"no info x", Level::unknown},
      {"", Level::unknown},
      {"\x1b[", Level::unknown},
      {std::string_view("\0ERROR\0", 7), Level::unknown},
      {"\xff\xfe ERROR \x80", Level::error},
  };
  std::string found;
  std::string expected;
  for (const LeveledLine& each : lines) {
    found.append(level_of(each.line)).append(" ").append(each.line).append("\n");
    expected.append(log_exporter::level_names[static_cast<std::size_t>(each.level)]).append(" ");
    expected.append(each.line).append("\n");
  }
  CHECK(found == expected);
}

TEST_CASE("log_exporter: a word counts near the beginning of a line, a key everywhere") {
  const std::string far(512, 'x');
  CHECK(level_of(far + " ERROR") == "unknown");
  CHECK(level_of(far.substr(2) + " ERROR") == "error");
  CHECK(level_of(far + " level=error") == "error");
}

TEST_CASE("log_exporter: every spelling, in any case") {
  for (const std::string_view word : {"error", "Error", "ERROR", "eRROR", "err", "severe"}) {
    CHECK(level_of("level=" + std::string(word)) == "error");
  }
  for (const std::string_view word :
       {"emerg", "emergency", "alert", "crit", "critical", "fatal", "panic", "ftl"}) {
    CHECK(level_of("level=" + std::string(word)) == "fatal");
  }
  for (const std::string_view word : {"warn", "warning", "wrn"}) {
    CHECK(level_of("level=" + std::string(word)) == "warn");
  }
  for (const std::string_view word : {"info", "inf", "notice", "note", "information", "informational"}) {
    CHECK(level_of("level=" + std::string(word)) == "info");
  }
  for (const std::string_view word : {"debug", "dbg", "trace", "trc", "verbose"}) {
    CHECK(level_of("level=" + std::string(word)) == "debug");
  }
  CHECK(level_of("level=loud") == "unknown");
}
