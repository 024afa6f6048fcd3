// promlite: tests of UTF-8 validation and repair (Unicode 15, section 3.9, tables 3-7 to 3-11).
// SPDX-License-Identifier: MIT
#include <promlite/detail/utf8.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "support/catch.hpp"

using promlite::detail::append_repaired_utf8;
using promlite::detail::drop_carriage_returns;
using promlite::detail::is_utf8;
using namespace std::string_literals;
using namespace std::string_view_literals;

static const std::string R = "\xEF\xBF\xBD";

static std::string repaired(std::string_view text) {
  std::string out = "[";
  append_repaired_utf8(out, text);
  return out + "]";
}

static std::string encoded(std::uint32_t code) {
  std::string out;
  const auto push = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    push(code);
  } else if (code < 0x800) {
    push(0xC0 | code >> 6);
    push(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    push(0xE0 | code >> 12);
    push(0x80 | (code >> 6 & 0x3F));
    push(0x80 | (code & 0x3F));
  } else {
    push(0xF0 | code >> 18);
    push(0x80 | (code >> 12 & 0x3F));
    push(0x80 | (code >> 6 & 0x3F));
    push(0x80 | (code & 0x3F));
  }
  return out;
}

TEST_CASE("every code point but the surrogates is well-formed, and nothing above U+10FFFF") {
  std::size_t wrong = 0;
  for (std::uint32_t code = 0; code < 0x120000; ++code) {
    const bool valid = code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
    if (is_utf8(encoded(code)) != valid) ++wrong;
    if (valid && repaired(encoded(code)) != "[" + encoded(code) + "]") ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("every sequence of one and of two bytes") {
  std::size_t wrong = 0;
  for (unsigned first = 0; first < 256; ++first) {
    const std::string one(1, static_cast<char>(first));
    if (is_utf8(one) != (first < 0x80)) ++wrong;
    for (unsigned second = 0; second < 256; ++second) {
      const std::string two = one + static_cast<char>(second);
      const bool ascii = first < 0x80 && second < 0x80;
      const bool pair = first >= 0xC2 && first <= 0xDF && second >= 0x80 && second <= 0xBF;
      if (is_utf8(two) != (ascii || pair)) ++wrong;
      // One replacement when the second byte may continue the first, else one for each that is not ASCII.
      bool continues = false;
      if (first == 0xE0) continues = second >= 0xA0 && second <= 0xBF;
      if (first >= 0xE1 && first <= 0xEF)
        continues = second >= 0x80 && second <= (first == 0xED ? 0x9F : 0xBF);
      if (first == 0xF0) continues = second >= 0x90 && second <= 0xBF;
      if (first >= 0xF1 && first <= 0xF3) continues = second >= 0x80 && second <= 0xBF;
      if (first == 0xF4) continues = second >= 0x80 && second <= 0x8F;
      std::string expected = "[";
      if (ascii || pair) {
        expected += two;
      } else if (continues) {
        expected += R;
      } else {
        expected += first < 0x80 ? one : R;
        expected += second < 0x80 ? std::string(1, static_cast<char>(second)) : R;
      }
      if (repaired(two) != expected + "]") ++wrong;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("the edges of table 3-7") {
  for (const std::string_view text :
       {""sv, "\0"sv, "\x7F"sv, "\xC2\x80"sv, "\xDF\xBF"sv, "\xE0\xA0\x80"sv, "\xE0\xBF\xBF"sv,
        "\xE1\x80\x80"sv, "\xEC\xBF\xBF"sv, "\xED\x80\x80"sv, "\xED\x9F\xBF"sv, "\xEE\x80\x80"sv,
        "\xEF\xBF\xBF"sv, "\xF0\x90\x80\x80"sv, "\xF3\xBF\xBF\xBF"sv, "\xF4\x80\x80\x80"sv,
        "\xF4\x8F\xBF\xBF"sv}) {
    CHECK(is_utf8(text));
  }
  for (const std::string_view text : {"\x80"sv,
                                      "\xBF"sv,
                                      "\xC0\x80"sv,
                                      "\xC1\xBF"sv,
                                      "\xC2"sv,
                                      "\xC2\x7F"sv,
                                      "\xC2\xC0"sv,
                                      "\xE0\x9F\xBF"sv,
                                      "\xE0\xA0"sv,
                                      "\xED\xA0\x80"sv,
                                      "\xED\xBF\xBF"sv,
                                      "\xE2\x82"sv,
                                      "\xE2\x82\x7F"sv,
                                      "\xF0\x8F\xBF\xBF"sv,
                                      "\xF0\x90\x80"sv,
                                      "\xF4\x90\x80\x80"sv,
                                      "\xF5\x80\x80\x80"sv,
                                      "\xF8\x88\x80\x80\x80"sv,
                                      "\xFE"sv,
                                      "\xFF"sv,
                                      "a\x80"sv,
                                      "\xC2\x80\x80"sv}) {
    CHECK_FALSE(is_utf8(text));
  }
}

TEST_CASE("nothing is read behind the end of a text") {
  CHECK(is_utf8("a\xFF"sv.substr(0, 1)));
  CHECK_FALSE(is_utf8("\xC2\x80"sv.substr(0, 1)));
  CHECK_FALSE(is_utf8("\xF0\x9F\x98\x80"sv.substr(0, 3)));
  CHECK(repaired("a\xFF"sv.substr(0, 1)) == "[a]");
  CHECK(repaired("ab"sv.substr(0, 1)) == "[a]");
  CHECK(repaired("\xC2\x80"sv.substr(0, 1)) == "[" + R + "]");
}

TEST_CASE("the third and the fourth byte have the range of all that continue") {
  for (const std::string_view head : {"\xE1\x80"sv, "\xED\x80"sv, "\xF1\x80\x80"sv, "\xF4\x80\x80"sv}) {
    for (int last = 0; last < 256; ++last) {
      const std::string text = std::string(head) + static_cast<char>(last);
      CHECK(is_utf8(text) == (last >= 0x80 && last <= 0xBF));
    }
  }
}

TEST_CASE("each maximal ill-formed subpart becomes one U+FFFD: tables 3-8 to 3-11") {
  CHECK(repaired("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41") == "[" + R + R + R + R + R + R + R + R + "A]");
  CHECK(repaired("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41") == "[" + R + R + R + R + R + R + R + R + "A]");
  CHECK(repaired("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42") == "[" + R + R + R + R + R + "A" + R + R + "B]");
  CHECK(repaired("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41") == "[" + R + R + R + R + "A]");
  CHECK(repaired("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64") ==
        "[a" + R + R + R + "b" + R + "c" + R + R + "d]");
  CHECK(repaired("\xE2\x82") == "[" + R + "]");
  CHECK(repaired("\xF0\x9F\x98") == "[" + R + "]");
  CHECK(repaired("\xF0\x9F\x98\xF0\x9F\x98\x80") == "[" + R + "\xF0\x9F\x98\x80]");
  CHECK(repaired("\0\xFF\0"sv) == "[\0"s.append(R).append("\0]", 2));
}

TEST_CASE("whatever comes in, repair gives UTF-8, once and for all") {
  std::mt19937 random(4);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (auto length = random() % 12; length > 0; --length) {
      static const unsigned char interesting[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0,
                                                  0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED,
                                                  0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF};
      text.push_back(static_cast<char>(interesting[random() % sizeof interesting]));
    }
    std::string once;
    append_repaired_utf8(once, text);
    std::string twice;
    append_repaired_utf8(twice, once);
    REQUIRE(is_utf8(once));
    REQUIRE(once == twice);
    REQUIRE((is_utf8(text) ? once == text : once.find(R) != std::string::npos));
  }
}

TEST_CASE("carriage returns are dropped and nothing else") {
  const auto dropped = [](std::string text) {
    drop_carriage_returns(text);
    return text;
  };
  CHECK(dropped("").empty());
  CHECK(dropped("\r\r").empty());
  CHECK(dropped("a\r\nb\rc\n") == "a\nbc\n");
  CHECK(dropped("plain") == "plain");
}
