// promlite: how examples/log_exporter cuts bytes into lines, knows files again, and matches lines.
// SPDX-License-Identifier: MIT
#include "../../examples/log_exporter/fingerprint.hpp"
#include "../../examples/log_exporter/line_splitter.hpp"
#include "../../examples/log_exporter/match.hpp"
#include "../../examples/log_exporter/options.hpp"

#include <clocale>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"

/// "TEXT/BYTES" for each line, "TEXT+/BYTES" when it was cut, added in portions of `portion` bytes.
static std::vector<std::string> split(std::string_view text, std::size_t portion,
                                      log_exporter::LineSplitter& splitter) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    std::string bytes(text.substr(0, portion));
    text.remove_prefix(bytes.size());
    splitter.add(bytes.data(), bytes.size(), [&](const log_exporter::Line& line) {
      REQUIRE(line.text[line.size] == '\0');
      lines.push_back(std::string(line.text, line.size) + (line.cut ? "+/" : "/") +
                      std::to_string(line.bytes));
    });
  }
  return lines;
}

TEST_CASE("log_exporter: lines come out the same whatever the portions") {
  constexpr char bytes[] = "one\n\ntwo\r\n\r\nth\0ree\n\0\0four\r5\n\0\n\xff\xc3\n\r\0\r\nhalf";
  const std::string_view text(bytes, sizeof bytes - 1);
  const std::vector<std::string> expected = {"one/4",     "/1", "two/5",      "/2",   "th ree/7",
                                             "four\r5/9", "/2", "\xff\xc3/3", "\r /4"};
  for (std::size_t portion = 1; portion <= text.size(); ++portion) {
    log_exporter::LineSplitter splitter;
    CHECK(split(text, portion, splitter) == expected);
    CHECK(splitter.pending() == 4);
    CHECK(split("!\n", 1, splitter) == std::vector<std::string>{"half!/6"});
    CHECK(splitter.pending() == 0);
  }
}

TEST_CASE("log_exporter: the half of a line can be forgotten") {
  log_exporter::LineSplitter splitter;
  CHECK(split("half", 4, splitter).empty());
  splitter.clear();
  CHECK(splitter.pending() == 0);
  CHECK(split("whole\n", 6, splitter) == std::vector<std::string>{"whole/6"});
}

TEST_CASE("log_exporter: of a long line the first 64 KiB are kept") {
  constexpr std::size_t longest = log_exporter::LineSplitter::longest_text;
  const std::string full(longest, 'x');
  const std::string text = full + "\n" + full + "y\n" + full + "\r\n" + full + "y\r\n" +
                           std::string(5 * longest, 'x') + "\nshort\n" + std::string(longest, '\0') + full +
                           "\n";
  const std::vector<std::string> expected = {full + "/65537",  full + "+/65538",  full + "/65538",
                                             full + "+/65539", full + "+/327681", "short/6",
                                             full + "/131073"};
  for (const std::size_t portion : {longest / 2 + 1, longest, longest + 1, 3 * longest, text.size()}) {
    log_exporter::LineSplitter splitter;
    CHECK((split(text, portion, splitter) == expected));
  }
}

TEST_CASE("log_exporter: a fingerprint is of the first bytes alone, and grows") {
  const std::string text(2000, 'a');
  const std::string changed = text.substr(0, 1023) + "b" + text.substr(1024);
  log_exporter::Fingerprint whole;
  whole.extend(0, text);
  CHECK(whole.length == 1024);
  log_exporter::Fingerprint grown;
  CHECK(grown.matches(""));
  for (std::size_t at = 0; at < text.size(); at += 7) grown.extend(at, std::string_view(text).substr(at, 7));
  CHECK(grown.length == 1024);
  CHECK(grown.hash == whole.hash);
  CHECK(whole.matches(text));
  CHECK_FALSE(whole.matches(changed));
  CHECK_FALSE(whole.matches(text.substr(0, 1023)));

  log_exporter::Fingerprint short_one;
  short_one.extend(0, "abc");
  short_one.extend(1, "bc");   // known
  short_one.extend(9, "far");  // not next to it
  CHECK(short_one.length == 3);
  short_one.extend(2, "cde");
  CHECK(short_one.length == 5);
  CHECK(short_one.matches("abcdefg"));
  CHECK_FALSE(short_one.matches("abcd"));
  CHECK_FALSE(short_one.matches("abcdf"));
}

static std::string match_problem(const std::string& text) {
  return log_exporter::Match::parse(text).message();
}

TEST_CASE("log_exporter: expressions find their lines") {
  const auto match = log_exporter::Match::parse("slow.query-2=took (1[0-9]|[2-9][0-9])+ ?s=$");
  REQUIRE(match);
  CHECK(match->name() == "slow.query-2");
  CHECK(match->in("it took 17 s="));
  CHECK_FALSE(match->in("it took 7 s="));
  // In the program's locale, which is C: an expression is of bytes.
  const std::string locale = std::setlocale(LC_CTYPE, nullptr);
  std::setlocale(LC_CTYPE, "C");
  CHECK(log_exporter::Match::parse("bytes=\xff.\xfe")->in("a \xff\xc3\xfe z"));
  std::setlocale(LC_CTYPE, locale.c_str());
}

TEST_CASE("log_exporter: an expression that would take too much") {
  for (const char* back : {"(a*)\\1", "(a)(b)[]1]\\2", "a{,x\\1"})
    CHECK(match_problem(std::string("x=") + back) ==
          "\"x\": \"" + std::string(back) + "\": it refers back, which may take forever");
  for (const char* large : {"a{2001}", "((a{1,100}){1,100}){1,10}x", "([ab]c){1001}", "(a{0,50}|b{,50}){30}"})
    CHECK(match_problem(std::string("x=") + large) ==
          "\"x\": \"" + std::string(large) + "\": it is too large when its repetitions are written out");
  for (const char* good : {"a{2000}", "[\\1]", "[[:digit:]{3000}]", "[]{3000}]", "\\\\1", "(a{1,10}){1,100}",
                           "\\{3000}", "a{1,255}b{1,255}"})
    CHECK(match_problem(std::string("x=") + good) == "");
}

TEST_CASE("log_exporter: a bad expression is told with its place") {
  CHECK(match_problem("no expression") == "\"no expression\" is not NAME=REGEX");
  CHECK(match_problem("=x") == "\"\" is not a name of letters, digits, '_', '-' and '.'");
  CHECK(match_problem("a b=x") == "\"a b\" is not a name of letters, digits, '_', '-' and '.'");
  CHECK(match_problem("a=") == "\"a\" has no expression");
  CHECK(match_problem("a=" + std::string(4097, 'x')) == "\"a\": an expression has at most 4096 bytes");
  const auto begins_with = [](const std::string& expression, const std::string& head) {
    const std::string problem = match_problem("x=" + expression);
    CHECK(problem.substr(0, head.size()) == head);
    CHECK(problem.size() > head.size());
  };
  begins_with("(a)(b", "\"x\": \"(a)(b\", character 4: ");
  begins_with("(a(b)", "\"x\": \"(a(b)\", character 1: ");
  begins_with("ok[[:nope:]]?", "\"x\": \"ok[[:nope:]]?\", character 11: ");
  begins_with("a|*b", "\"x\": \"a|*b\", character 3: ");
}

TEST_CASE("log_exporter: the expressions of the command line") {
  CHECK(log_exporter::parse_matches({}).empty());
  const auto matches = log_exporter::parse_matches({"a=x", "b=y"});
  REQUIRE(matches.size() == 2);
  CHECK(matches[1].name() == "b");
  CHECK(matches[1].in("y"));
  CHECK(test::error_of([] {
          log_exporter::parse_matches({"a=x", "a=y"});
        }) == "--match: \"a\" is there twice");
  CHECK(test::error_of([] { log_exporter::parse_matches({"a"}); }) == "--match: \"a\" is not NAME=REGEX");
}
