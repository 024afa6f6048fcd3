// promlite: every byte, and every kind of sequence that is not UTF-8, at each place of a label value and of a
// help text: whole expositions in each format, against what a second implementation writes.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>
#include <promlite/exposition/parser.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/utf8_reference.hpp"

using namespace promlite;
using test::error_of;

static std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || (c == '"' && quotes)) out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out;
}

static std::string varint(std::size_t value) {
  std::string out;
  for (; value >= 0x80; value /= 0x80) out += static_cast<char>(value % 0x80 + 0x80);
  return out + static_cast<char>(value);
}
static std::string field(char key, std::string_view content) {
  return key + varint(content.size()) + std::string(content);
}
static std::string label_pair(std::string_view name, std::string_view value) {
  return field('\x0a', field('\x0a', name) + field('\x12', value));
}
/// A whole family with one series: `kind` is a gauge's key or a counter's.
static std::string family(std::string_view name, std::string_view help, char type, const std::string& label,
                          char kind) {
  const std::string one("\x09\x00\x00\x00\x00\x00\x00\xf0\x3f", 9);
  const std::string message = field('\x0a', name) + (help.empty() ? "" : field('\x12', help)) + '\x18' +
                              type + field('\x22', label + field(kind, one));
  return varint(message.size()) + message;
}

/// `bytes` at the beginning, in the middle and at the end.
static void at_each_place(std::vector<std::string>& out, const std::string& bytes) {
  for (const std::string& text : {bytes, bytes + "xy", "x" + bytes + "y", "xy" + bytes}) out.push_back(text);
}

static std::vector<std::string> texts() {
  std::vector<std::string> out;
  for (int code = 0; code < 256; ++code) at_each_place(out, std::string(1, static_cast<char>(code)));
  for (const std::string& bytes : test::awkward_sequences()) at_each_place(out, bytes);
  for (const char* bytes : {"\r\n", "\"} 1\nevil 1", "# EOF\n"}) at_each_place(out, bytes);
  return out;
}

static const char* const repaired_name = "promlite_repaired_label_values_total";
static const char* const repaired_help = "Look-ups with a label value that was not UTF-8.";

TEST_CASE("a label value of any bytes is repaired or escaped, and what was repaired is counted") {
  for (const std::string& text : texts()) {
    Registry registry;
    registry.gauge("x", "", {"a"}).with(text).set(1);
    const std::string shown = test::repaired_utf8(text);
    const bool counted = shown != text;
    INFO("bytes " << escaped(text, true));
    const std::string series = "x{a=\"" + escaped(shown, true) + "\"} 1";
    const std::string name = repaired_name, base = name.substr(0, name.size() - 6), help = repaired_help;
    const std::string in_text =
        "# HELP " + name + " " + help + "\n# TYPE " + name + " counter\n" + name + "{family=\"x\"} 1\n";
    const std::string in_openmetrics =
        "# TYPE " + base + " counter\n# HELP " + base + " " + help + "\n" + name + "{family=\"x\"} 1.0\n";
    CHECK(to_text(registry) == (counted ? in_text : "") + "# TYPE x gauge\n" + series + "\n");
    CHECK(to_openmetrics(registry) ==
          (counted ? in_openmetrics : "") + "# TYPE x gauge\n" + series + ".0\n# EOF\n");
    CHECK(to_protobuf(registry) ==
          (counted ? family(repaired_name, repaired_help, '\0', label_pair("family", "x"), '\x1a') : "") +
              family("x", "", '\1', label_pair("a", shown), '\x12'));
    const auto read = parse_text(to_text(registry));
    REQUIRE(read);
    CHECK(read->families.back().samples.front().labels == std::vector<ParsedLabel>{{"a", shown}});
    const auto open = parse_openmetrics(to_openmetrics(registry));
    REQUIRE(open);
    CHECK(open->families.back().samples.front().labels == std::vector<ParsedLabel>{{"a", shown}});
  }
}

TEST_CASE("a help text of any bytes is escaped, and refused when it is not UTF-8") {
  for (const std::string& text : texts()) {
    Registry registry;
    INFO("bytes " << escaped(text, true));
    if (!test::is_utf8(text)) {
      CHECK(error_of([&] { registry.gauge("x", text); }) == "gauge 'x': its help text is not valid UTF-8");
      CHECK(to_text(registry).empty());
      continue;
    }
    registry.gauge("x", text, {"a"}).with("").set(1);
    std::string shown = text;  // without carriage returns, which some readers take for line ends
    shown.erase(std::remove(shown.begin(), shown.end(), '\r'), shown.end());
    const std::string line = shown.empty() ? "" : "# HELP x " + escaped(shown, false) + "\n";
    CHECK(to_text(registry) == line + "# TYPE x gauge\nx{a=\"\"} 1\n");
    const std::string open_line = shown.empty() ? "" : "# HELP x " + escaped(shown, true) + "\n";
    CHECK(to_openmetrics(registry) == "# TYPE x gauge\n" + open_line + "x{a=\"\"} 1.0\n# EOF\n");
    CHECK(to_protobuf(registry) == family("x", shown, '\1', label_pair("a", ""), '\x12'));
    const auto open = parse_openmetrics(to_openmetrics(registry));
    REQUIRE(open);
    CHECK(open->families.front().help == shown);
    const auto read = parse_text(to_text(registry));
    REQUIRE(read);
    // Blanks before the text belong to the syntax.
    CHECK(read->families.front().help ==
          shown.substr(std::min(shown.size(), shown.find_first_not_of(" \t"))));
  }
}

TEST_CASE("every three of the bytes at which UTF-8 and the escapes change are shown as they must be") {
  constexpr std::string_view edges(
      "\x00\n\r\"\\a\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC1\xC2\xDF\xE0\xE1\xED\xEE\xF0\xF1\xF4\xF5\xFF", 26);
  Registry registry;
  const auto gauge =
      registry.gauge("x", "", {"a", "i"}, max_series(edges.size() * edges.size() * edges.size()));
  std::vector<std::string> expected;
  std::size_t counted = 0;
  for (const char one : edges) {
    for (const char two : edges) {
      for (const char three : edges) {
        const std::string text{one, two, three}, shown = test::repaired_utf8(text);
        if (shown != text) ++counted;
        const std::string index = std::to_string(expected.size());
        gauge.with(text, index);
        expected.push_back("x{a=\"" + escaped(shown, true) + "\",i=\"" + index + "\"} 0");
      }
    }
  }
  std::vector<std::string> found;
  const std::string text = to_text(registry);
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    if (text.compare(at, 2, "x{") == 0) found.push_back(text.substr(at, end - at));
  }
  std::sort(found.begin(), found.end());
  std::sort(expected.begin(), expected.end());
  CHECK(found == expected);
  CHECK_THAT(text, ContainsSubstring(std::string(repaired_name) + "{family=\"x\"} " +
                                     std::to_string(counted) + "\n"));
}
