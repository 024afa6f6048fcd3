// promlite: tests of text as numbers. All are compared by bits: the C library's strtod is the second opinion.
// Also built with -ffast-math. SPDX-License-Identifier: MIT
#include <promlite/detail/parse_number.hpp>

#include <cstdint>
#include <cstdio>
#include <random>
#include <string>

#include "support/c_locale.hpp"
#include "support/catch.hpp"

using namespace promlite::detail;

/// The bits of what is read, or the problem's name.
static std::string read(const std::string& text) {
  double number = 0;
  switch (parse_number(text, number)) {
    case NumberProblem::syntax:
      return "syntax";
    case NumberProblem::range:
      return "range";
    case NumberProblem::none:
      break;
  }
  return std::to_string(bits_of(number));
}

static std::string bits(double number) { return std::to_string(bits_of(number)); }

/// By both ways, wherever the standard library has one of its own.
static void check_exact(const std::string& text) {
  INFO(text);
  const std::uint64_t wanted = bits_of(test::parsed(text));
  CHECK(read(text) == std::to_string(wanted));
  DecimalText decimal;
  REQUIRE(decimal.read(text));
  CHECK(decimal.to_bits() == wanted);
}

TEST_CASE("what is a number") {
  for (const char* text :
       {"0", "1", "12", "007", "1.5", ".5", "5.", "1e3", "1E3", "1e+06", "1e-05", "1.e2"}) {
    check_exact(text);
    CHECK(read("+" + std::string(text)) == bits(test::parsed(text)));
    CHECK(read("-" + std::string(text)) == bits(-test::parsed(text)));
  }
  CHECK(read("-0") == std::to_string(sign_bit));
  CHECK(read("-0.0") == std::to_string(sign_bit));
  for (const char* text : {"Inf", "+Inf", "inf", "INF", "Infinity", "+infinity"}) {
    CHECK(read(text) == std::to_string(infinity_bits));
  }
  CHECK(read("-Inf") == std::to_string(infinity_bits | sign_bit));
  for (const char* text : {"NaN", "nan", "NAN"}) CHECK(read(text) == std::to_string(quiet_nan_bits));
}

TEST_CASE("what is none") {
  for (const char* text :
       {"",      "+",       "-",  ".",   "e",     "1e",    "1e+",      ".e1",  "1.5.5", "--1",
        "+-1",   " 1",      "1 ", "1,5", "0x10",  "0x1p4", "1_000",    "+NaN", "-nan",  "nan(1)",
        "infin", "infinit", "in", "1f",  "1e5e5", "1e5.5", "\xC2\xBD", "1\r"}) {
    INFO(text);
    CHECK(read(text) == "syntax");
  }
  CHECK(read(std::string("1\0", 2)) == "syntax");
}

TEST_CASE("the edges of double") {
  for (const char* text : {"5e-324",
                           "2.4703282292062328e-324",
                           "2.4703282292062327e-324",
                           "2.2250738585072014e-308",
                           "2.2250738585072011e-308",
                           "1.7976931348623157e308",
                           "1.7976931348623158e+308",
                           "9007199254740993",
                           "9007199254740992.999999999999999999999999",
                           "9007199254740993.000000000000000000000001",
                           "18446744073709551615",
                           "123456789012345678901234567890",
                           "0.30000000000000004",
                           "6.631236846766476e-316",
                           "1e-400",
                           "0e999999999999999999999999",
                           "0.5",
                           "0.49999999999999994",
                           "8.41e21",
                           "9.5e-320"}) {
    check_exact(text);
  }
  CHECK(read("1e999") == "range");
  CHECK(read("-1e309") == "range");
  CHECK(read("1.7976931348623159e+308") == "range");
  CHECK(read("1e99999999999999999999999999999999") == "range");
  CHECK(read("1e-99999999999999999999999999999999") == "0");
}

TEST_CASE("digits beyond all need") {
  check_exact("0." + std::string(5000, '0') + "1e5001");
  check_exact("1" + std::string(5000, '0') + "e-5000");
  check_exact(std::string(300, '9'));
  // Halfway between 1 and the next double, and just above it, 1,000 digits on.
  const std::string half = "1.00000000000000011102230246251565404236316680908203125";
  check_exact(half);
  check_exact(half + std::string(1000, '0'));
  check_exact(half + std::string(1000, '0') + "1");
  // The halfway point with the most digits a double can have, then more of them.
  std::string longest(800, '0');
  {
    const test::CLocale locale;
    std::snprintf(&longest[0], longest.size(), "%.767e", test::parsed("2.2250738585072011e-308"));
  }
  longest.resize(longest.find('\0'));
  check_exact(longest);
}

TEST_CASE("every double comes back from 17 digits, and random digits are rounded as strtod rounds") {
  std::mt19937_64 random(20240601);
  const test::CLocale locale;
  char text[64];
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t some = random() & ~sign_bit;
    if (some >= infinity_bits) continue;
    std::snprintf(text, sizeof text, "%.17g", double_of(some));
    CHECK(read(text) == std::to_string(some));
    DecimalText decimal;
    REQUIRE(decimal.read(text));
    CHECK(decimal.to_bits() == some);
  }
  const auto digits = [&](std::size_t most) {
    std::string made;
    for (std::size_t count = random() % most + 1; count > 0; --count)
      made += static_cast<char>('0' + random() % 10);
    return made;
  };
  for (int i = 0; i < 5000; ++i) {
    check_exact(digits(40) + "." + digits(40) + "e" + (random() % 2 != 0 ? "-" : "") + digits(2));
  }
}
