// promlite: tests of Number, the value as it is stored.
// SPDX-License-Identifier: MIT
#include <promlite/encoder.hpp>

#include <cstdint>
#include <limits>
#include <string>

#include "support/catch.hpp"

using promlite::Number;

static std::string text_of(Number number) {
  char buffer[promlite::detail::max_number_chars];
  return std::string(buffer, number.write(buffer));
}

TEST_CASE("integers of every type are printed exactly, doubles in their shortest form") {
  CHECK(text_of(true) == "1");
  CHECK(text_of(false) == "0");
  CHECK(text_of(static_cast<signed char>(-128)) == "-128");
  CHECK(text_of(static_cast<unsigned char>(255)) == "255");
  CHECK(text_of(static_cast<short>(-5)) == "-5");
  CHECK(text_of(1000000) == "1000000");
  CHECK(text_of(-7L) == "-7");
  CHECK(text_of(std::numeric_limits<long long>::min()) == "-9223372036854775808");
  CHECK(text_of(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(text_of(1000000.0) == "1e+06");
  CHECK(text_of(0.5F) == "0.5");
  CHECK(text_of(0.25L) == "0.25");
  CHECK(text_of(0.1F) == "0.10000000149011612");
}

TEST_CASE("a number that can be no integer has a point or an exponent") {
  const auto real = [](Number number) {
    char buffer[promlite::detail::max_number_chars];
    return std::string(buffer, number.write_real(buffer));
  };
  CHECK(real(7) == "7.0");
  CHECK(real(-7) == "-7.0");
  CHECK(real(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615.0");
  CHECK(real(3.0) == "3.0");
  CHECK(real(0.25) == "0.25");
  CHECK(real(1e6) == "1e+06");
}

TEST_CASE("a number as a double") {
  CHECK(Number(-3).as_double() == -3.0);
  CHECK(Number(std::numeric_limits<std::uint64_t>::max()).as_double() == 0x1p64);
  CHECK(Number(0.5).as_double() == 0.5);
  CHECK(Number(0.5).is_real());
  CHECK_FALSE(Number(1).is_real());
  CHECK_FALSE(Number(1U).is_real());
}
