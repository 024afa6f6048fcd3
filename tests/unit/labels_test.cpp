// promlite: tests of labels and of their text.
// SPDX-License-Identifier: MIT
#include <promlite/labels.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

using promlite::Label;
using promlite::Labels;
using promlite::detail::append_escaped_label_value;
using promlite::detail::append_label;
using promlite::detail::LabelValue;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace color {
enum class Color { red, green };
inline std::string_view to_label(Color color) { return color == Color::red ? "red" : "green"; }
enum Old { first };
inline const char* to_label(Old) { return "first"; }
}  // namespace color

struct Text {
  operator std::string_view() const { return "converted"; }  // NOLINT(google-explicit-constructor)
};

template <class T>
static std::string text_of(const T& value) {
  return std::string(LabelValue(value).text());
}

TEST_CASE("labels are a view of a list or of a vector") {
  const auto names = [](const Labels& labels) {
    std::string all;
    for (const Label& label : labels) all.append(label.name).append("=").append(label.value).append(";");
    CHECK(static_cast<std::size_t>(labels.end() - labels.begin()) == labels.size());
    return all;
  };
  CHECK(names({}).empty());
  CHECK(names(Labels()).empty());
  CHECK(names({{"a", "b"}, {"c", "d"}}) == "a=b;c=d;");
  const std::vector<Label> vector = {{"x", "1"}};
  CHECK(names(vector) == "x=1;");
  CHECK(names(std::vector<Label>()).empty());
}

TEST_CASE("what may be a label value") {
  CHECK(text_of("literal") == "literal");
  CHECK(text_of(static_cast<const char*>("pointer")) == "pointer");
  char array[] = "array";
  CHECK(text_of(array) == "array");
  CHECK(text_of("string"s) == "string");
  CHECK(text_of("with\0NUL"s) == "with\0NUL"s);
  CHECK(text_of("view"sv) == "view");
  CHECK(text_of(std::string_view()).empty());
  CHECK(text_of(Text()) == "converted");
  CHECK(text_of(true) == "true");
  CHECK(text_of(false) == "false");
  CHECK(text_of('x') == "x");
  CHECK(text_of(200) == "200");
  CHECK(text_of(-1) == "-1");
  CHECK(text_of(std::uint8_t{200}) == "200");
  CHECK(text_of(std::int8_t{-100}) == "-100");
  CHECK(text_of(static_cast<unsigned short>(65535)) == "65535");
  CHECK(text_of(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(text_of(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(text_of(color::Color::red) == "red");
  CHECK(text_of(color::Color::green) == "green");
  CHECK(text_of(color::first) == "first");
}

TEST_CASE("backslash, quote and line feed are escaped, and nothing else") {
  std::string all;
  std::string expected;
  for (int code = 0; code < 256; ++code) {
    const char c = static_cast<char>(code);
    all.push_back(c);
    if (c == '\\') {
      expected += "\\\\";
    } else if (c == '"') {
      expected += "\\\"";
    } else if (c == '\n') {
      expected += "\\n";
    } else {
      expected.push_back(c);
    }
  }
  std::string out = "kept:";
  append_escaped_label_value(out, all);
  CHECK(out == "kept:" + expected);
  const auto escaped = [](std::string_view text) {
    std::string result;
    append_escaped_label_value(result, text);
    return result;
  };
  CHECK(escaped("a\\\"\n") == "a\\\\\\\"\\n");
  CHECK(escaped("\\n") == "\\\\n");
  CHECK(escaped("x\\") == "x\\\\");
  CHECK(escaped("\"} 1\nevil 1") == "\\\"} 1\\nevil 1");
}

TEST_CASE("pairs are joined by commas") {
  std::string out;
  append_label(out, "a", "");
  append_label(out, "b", "x\"y");
  CHECK(out == "a=\"\",b=\"x\\\"y\"");
}
