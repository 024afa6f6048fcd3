// promlite: tests of numbers as text (text format 0.0.4, section "values"; also built with -ffast-math).
// SPDX-License-Identifier: MIT
#include <promlite/detail/number.hpp>

#include <clocale>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <locale>
#include <random>
#include <string>

#include "support/c_locale.hpp"
#include "support/catch.hpp"

using namespace promlite::detail;

// All values here are made and compared by their bits, because the same file is compiled with -ffast-math.
template <class T>
static std::string text_of(T value) {
  char buffer[max_number_chars + 1];
  buffer[max_number_chars] = '#';
  char* const end = write_number(buffer, value);
  REQUIRE(buffer[max_number_chars] == '#');
  REQUIRE(end - buffer <= static_cast<std::ptrdiff_t>(max_number_chars));
  return std::string(buffer, end);
}
static std::string text_of_bits(std::uint64_t bits) { return text_of(double_of(bits)); }

static std::uint64_t parsed_bits(const std::string& text) { return bits_of(test::parsed(text)); }

TEST_CASE("the reference encoder's table of doubles") {
  CHECK(text_of(0.0) == "0");
  CHECK(text_of(1.0) == "1");
  CHECK(text_of(-1.0) == "-1");
  CHECK(text_of(100000.0) == "100000");
  CHECK(text_of(999999.0) == "999999");
  CHECK(text_of(1000000.0) == "1e+06");
  CHECK(text_of(1234567.0) == "1.234567e+06");
  CHECK(text_of(123456.75) == "123456.75");
  CHECK(text_of(1700000000.0) == "1.7e+09");
  CHECK(text_of(0.0001) == "0.0001");
  CHECK(text_of(0.00001) == "1e-05");
  CHECK(text_of(9007199254740993.0) == "9.007199254740992e+15");
  CHECK(text_of(1.7976931348623157e308) == "1.7976931348623157e+308");
}

TEST_CASE("more of the tricky numbers") {
  CHECK(text_of_bits(sign_bit) == "0");
  CHECK(text_of(0.1 + 0.2) == "0.30000000000000004");
  CHECK(text_of(1e6) == "1e+06");
  CHECK(text_of(1e21) == "1e+21");
  CHECK(text_of(1e-5) == "1e-05");
  CHECK(text_of(1e100) == "1e+100");
  CHECK(text_of(1e-100) == "1e-100");
  CHECK(text_of(-999999.0) == "-999999");
  CHECK(text_of(-1000000.0) == "-1e+06");
  CHECK(text_of(999999.9999999999) == "999999.9999999999");
  CHECK(text_of(-999999.9999999999) == "-999999.9999999999");
  CHECK(text_of(0.00009999999999999999) == "9.999999999999999e-05");
  CHECK(text_of(0.00010000000000000002) == "0.00010000000000000002");
  CHECK(text_of(-0.00025) == "-0.00025");
  CHECK(text_of(0.5) == "0.5");
  CHECK(text_of(-0.5) == "-0.5");
  CHECK(text_of(12.5) == "12.5");
  CHECK(text_of(100000.5) == "100000.5");
  CHECK(text_of(1e22) == "1e+22");
  CHECK(text_of(1.5e300) == "1.5e+300");
  for (const char* text : {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10"})
    CHECK(text_of(test::parsed(text)) == text);
}

// A program that is linked with -ffast-math makes the processor take subnormal numbers for 0.
static bool has_subnormals() {
  volatile double tiny = double_of(1);
  return bits_of(tiny * 0x1p60) != 0;
}

TEST_CASE("subnormal numbers are not flushed to zero, unless the program flushes them") {
  if (!has_subnormals()) {
    CHECK(text_of_bits(1) == "0");
    CHECK(text_of_bits(sign_bit | 1) == "0");
    CHECK(text_of_bits(0x000FFFFFFFFFFFFF) == "0");
    return;
  }
  CHECK(text_of_bits(1) == "5e-324");
  CHECK(text_of_bits(sign_bit | 1) == "-5e-324");
  CHECK(text_of_bits(2) == "1e-323");
  CHECK(text_of_bits(0x0010000000000000) == "2.2250738585072014e-308");
  CHECK(text_of_bits(0x000FFFFFFFFFFFFF) == "2.225073858507201e-308");
}

TEST_CASE("NaN of any sign and payload, and the infinities") {
  for (const std::uint64_t bits :
       {quiet_nan_bits, std::uint64_t{0x7FF8000000000000}, std::uint64_t{0xFFF8000000000000},
        std::uint64_t{0x7FF0000000000001}, std::uint64_t{0x7FF0000000000002},
        std::uint64_t{0xFFF0000000000001}, std::uint64_t{0x7FFFFFFFFFFFFFFF}, ~std::uint64_t{0}}) {
    CHECK(text_of_bits(bits) == "NaN");
    CHECK(is_nan(double_of(bits)));
    CHECK_FALSE(is_finite(double_of(bits)));
  }
  CHECK(text_of_bits(infinity_bits) == "+Inf");
  CHECK(text_of_bits(infinity_bits | sign_bit) == "-Inf");
}

TEST_CASE("classes by bits") {
  CHECK_FALSE(is_nan(double_of(infinity_bits)));
  CHECK_FALSE(is_finite(double_of(infinity_bits)));
  CHECK_FALSE(is_finite(double_of(infinity_bits | sign_bit)));
  CHECK(is_finite(std::numeric_limits<double>::max()));
  CHECK(is_finite(double_of(1)));
  CHECK(is_negative(-1.0));
  CHECK(is_negative(double_of(sign_bit | 1)));
  CHECK(is_negative(double_of(infinity_bits | sign_bit)));
  CHECK_FALSE(is_negative(double_of(sign_bit)));
  CHECK_FALSE(is_negative(0.0));
  CHECK_FALSE(is_negative(double_of(infinity_bits)));
}

TEST_CASE("a double that can be no integer has a point, an exponent, or letters") {
  const auto real = [](double value) {
    char buffer[max_number_chars + 1];
    buffer[max_number_chars] = '#';
    char* const end = write_real(buffer, value);
    REQUIRE(buffer[max_number_chars] == '#');
    return std::string(buffer, end);
  };
  CHECK(real(0.0) == "0.0");
  CHECK(real(double_of(sign_bit)) == "0.0");
  CHECK(real(1.0) == "1.0");
  CHECK(real(-1.0) == "-1.0");
  CHECK(real(0.5) == "0.5");
  CHECK(real(-12.25) == "-12.25");
  CHECK(real(999999.0) == "999999.0");
  CHECK(real(-999999.0) == "-999999.0");
  CHECK(real(999999.5) == "999999.5");
  CHECK(real(1e6) == "1e+06");
  CHECK(real(-1e6) == "-1e+06");
  CHECK(real(1000001.0) == "1.000001e+06");
  CHECK(real(-1000001.0) == "-1.000001e+06");
  CHECK(real(1e300) == "1e+300");
  CHECK(real(double_of(quiet_nan_bits)) == "NaN");
  CHECK(real(double_of(quiet_nan_bits | sign_bit)) == "NaN");
  CHECK(real(double_of(infinity_bits)) == "+Inf");
  CHECK(real(double_of(infinity_bits | sign_bit)) == "-Inf");
}

TEST_CASE("whole numbers have their shortest digits with zeroes behind them") {
  const auto shortest = [](double value) {
    char buffer[max_number_chars];
    return std::string(buffer, write_shortest(buffer, value));
  };
  CHECK(shortest(0.0) == "0");
  CHECK(shortest(1.0) == "1");
  CHECK(shortest(-1.0) == "-1");
  CHECK(shortest(10.0) == "10");
  CHECK(shortest(12.5) == "12.5");
  CHECK(shortest(-120000.0) == "-120000");
  CHECK(shortest(100000.0) == "100000");
  CHECK(shortest(999999.0) == "999999");
  CHECK(shortest(1000000.0) == "1e+06");
}

TEST_CASE("the NaN that is shown to readers of binary formats is Prometheus' normal one") {
  CHECK(quiet_nan_bits == std::uint64_t{0x7FF8000000000001});
}

TEST_CASE("integers have all their digits") {
  CHECK(text_of(std::uint64_t{0}) == "0");
  CHECK(text_of(std::uint64_t{9}) == "9");
  CHECK(text_of(std::uint64_t{10}) == "10");
  CHECK(text_of(std::uint64_t{1000000}) == "1000000");
  CHECK(text_of(std::uint64_t{9007199254740993}) == "9007199254740993");
  CHECK(text_of(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(text_of(std::int64_t{0}) == "0");
  CHECK(text_of(std::int64_t{-1}) == "-1");
  CHECK(text_of(std::int64_t{-10}) == "-10");
  CHECK(text_of(std::numeric_limits<std::int64_t>::max()) == "9223372036854775807");
  CHECK(text_of(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  for (std::uint64_t power = 1; power < 10000000000000000000U; power *= 10) {
    CHECK(text_of(power) == std::to_string(power));
    CHECK(text_of(power - 1) == std::to_string(power - 1));
  }
}

/// The rule: the shortest digits that read back, positional where the first digit's exponent is in [-4, 6).
static void check_rule(std::uint64_t bits) {
  const double value = double_of(bits);
  const std::string text = text_of(value);
  INFO(text);
  REQUIRE(parsed_bits(text) == bits);
  std::string digits;
  int exponent = 0;
  const std::size_t mark = text.find('e');
  const std::string body =
      text.substr(text[0] == '-' ? 1 : 0, mark == std::string::npos ? mark : mark - (text[0] == '-'));
  if (mark != std::string::npos) {
    exponent = std::atoi(text.c_str() + mark + 1);
    REQUIRE((exponent < -4 || exponent >= 6));
    REQUIRE(text.size() - mark >= 4);
    REQUIRE((text[mark + 1] == '+' || text[mark + 1] == '-'));
    REQUIRE((text.size() - mark == 4 || text[mark + 2] != '0'));
    REQUIRE(body[0] != '0');
    REQUIRE((body.size() == 1 || body[1] == '.'));
  } else {
    const std::size_t point = body.find('.');
    const std::size_t first = body.find_first_not_of("0.");
    const std::size_t whole = point == std::string::npos ? body.size() : point;
    exponent = first < whole ? static_cast<int>(whole - first) - 1 : -static_cast<int>(first - whole);
    REQUIRE((exponent >= -4 && exponent < 6));
    REQUIRE((body[0] != '0' || body[1] == '.'));
    if (point != std::string::npos) REQUIRE(body.back() != '0');
    if (point != std::string::npos) REQUIRE(body.back() != '.');
  }
  // Shortest: with one digit less nothing reads back.
  for (const char c : body)
    if (c >= '0' && c <= '9' && !(digits.empty() && c == '0')) digits.push_back(c);
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  if (digits.size() < 2) return;
  char shorter[64];
  const test::CLocale locale;
  const int written =
      std::snprintf(shorter, sizeof shorter, "%.*e", static_cast<int>(digits.size()) - 2, value);
  REQUIRE(written > 0);
  REQUIRE(parsed_bits(shorter) != bits);
}

TEST_CASE("random doubles of every exponent follow the rule") {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20000; ++i) {
    std::uint64_t bits = random();
    if ((bits & infinity_bits) == infinity_bits) bits &= ~std::uint64_t{0x0010000000000000};
    if ((bits & infinity_bits) == 0 && !has_subnormals()) continue;
    check_rule(bits);
  }
  // Where positional and scientific notation meet.
  for (int i = 0; i < 20000; ++i) {
    const int exponent = static_cast<int>(random() % 44) - 20;
    const double value =
        double_of((static_cast<std::uint64_t>(exponent + 1023) << 52) | (random() >> (12 + random() % 45)));
    check_rule(bits_of(value));
  }
  for (std::uint64_t whole = 1; whole < 2000000; whole = whole * 9 / 8 + 1) {
    check_rule(bits_of(static_cast<double>(whole)));
    check_rule(bits_of(static_cast<double>(whole) / 1000));
  }
}

TEST_CASE("no locale changes a byte") {
  struct Comma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Comma));
  const std::string old = std::setlocale(LC_ALL, nullptr);
  bool found = false;
  for (const char* name : {"de_DE.UTF-8", "de_DE", "de_DE.utf8", "fr_FR.UTF-8", "C"}) {
    if (!found) found = std::setlocale(LC_ALL, name) != nullptr;
  }
  CHECK(text_of(1234.5) == "1234.5");
  CHECK(text_of(1.5e10) == "1.5e+10");
  CHECK(text_of(std::uint64_t{1234567}) == "1234567");
  std::locale::global(before);
  std::setlocale(LC_ALL, old.c_str());
}
