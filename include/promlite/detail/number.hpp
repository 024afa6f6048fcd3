// promlite: numbers to text, by bits, whatever the locale and the floating-point flags.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_NUMBER_HPP
#define PROMLITE_DETAIL_NUMBER_HPP

#include <promlite/config.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

inline std::uint64_t bits_of(double value) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
#if defined(__clang__) && defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
  // Told that there is no NaN and no infinity, clang folds tests of the bits as well; not those of a
  // volatile.
  volatile std::uint64_t opaque = bits;
  bits = opaque;
#endif
  return bits;
}

inline double double_of(std::uint64_t bits) noexcept {
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// IEEE 754 classes read from the bits: -ffast-math lets a compiler fold std::isnan and v != v to false.
constexpr std::uint64_t sign_bit = 0x8000000000000000;
constexpr std::uint64_t infinity_bits = 0x7FF0000000000000;
constexpr std::uint64_t quiet_nan_bits = 0x7FF8000000000001;  // the one that Prometheus uses

inline bool is_nan(double value) noexcept { return (bits_of(value) & ~sign_bit) > infinity_bits; }
inline bool is_finite(double value) noexcept { return (bits_of(value) & ~sign_bit) < infinity_bits; }
inline bool is_negative(double value) noexcept {  // -0.0 is zero, not negative
  return (bits_of(value) & sign_bit) != 0 && (bits_of(value) & ~sign_bit) != 0;
}

/// Bytes that any number can take, in every style written here.
constexpr std::size_t max_number_chars = 32;

/// Writes decimal digits; needs max_number_chars of room and returns the end.
inline char* write_number(char* to, std::uint64_t value) noexcept {
  // 20 digits at most, so that a sign has room before them.
  if (value >= 1000) return std::to_chars(to, to + 20, value).ptr;
  // Up to three digits, as status codes and small counts have.
  const auto small = static_cast<unsigned>(value);
  if (small >= 100) *to++ = static_cast<char>('0' + small / 100);
  if (small >= 10) *to++ = static_cast<char>('0' + small / 10 % 10);
  *to++ = static_cast<char>('0' + small % 10);
  return to;
}

inline char* write_number(char* to, std::int64_t value) noexcept {
  if (value >= 0) return write_number(to, static_cast<std::uint64_t>(value));
  *to = '-';
  return write_number(to + 1, std::uint64_t{0} - static_cast<std::uint64_t>(value));
}

/// Expands the shortest digits `d[.ddd]e±XX` to positional notation where the exponent is within [-4, 6):
/// Go's strconv format 'g' with precision -1, which the reference encoder uses.
inline char* write_shortest(char* to, double value) noexcept {
  char digits[max_number_chars];
  char* const end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::scientific).ptr;
  const char* from = digits;
  if (*from == '-') *to++ = *from++;
  const char* mark = end;
  while (*--mark != 'e') {
  }
  int exponent = 0;
  for (const char* p = mark + 2; p != end; ++p) exponent = exponent * 10 + (*p - '0');
  if (mark[1] == '-') exponent = -exponent;
  if (exponent < -4 || exponent >= 6) {
    const auto length = static_cast<std::size_t>(end - from);
    std::memcpy(to, from, length);
    return to + length;
  }
  if (exponent < 0) {
    *to++ = '0';
    *to++ = '.';
    for (int i = -1; i > exponent; --i) *to++ = '0';
  }
  int before_point = exponent < 0 ? -1 : exponent + 1;
  for (; from != mark; ++from) {
    if (*from == '.') continue;
    if (before_point-- == 0) *to++ = '.';
    *to++ = *from;
  }
  for (; before_point > 0; --before_point) *to++ = '0';
  return to;
}

/// Writes a double as the reference encoder does (text format 0.0.4): `1e+06`, `0.005`, `NaN`, `+Inf`,
/// `-Inf`; both zeros are `0`. Needs max_number_chars of room and returns the end.
inline char* write_number(char* to, double value) noexcept {
  const std::uint64_t magnitude = bits_of(value) & ~sign_bit;
  if (magnitude > infinity_bits) {
    std::memcpy(to, "NaN", 3);
    return to + 3;
  }
  if (magnitude == infinity_bits) {
    std::memcpy(to, (bits_of(value) & sign_bit) != 0 ? "-Inf" : "+Inf", 4);
    return to + 4;
  }
  if (value > -1e6 && value < 1e6) {
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) == value) return write_number(to, whole);
  }
  return write_shortest(to, value);
}

/// Writes a double so that it can be no integer (OpenMetrics 1.0.0, float fields): `1.0`, else as
/// write_number(). Needs max_number_chars of room and returns the end.
inline char* write_real(char* to, double value) noexcept {
  char* end = write_number(to, value);
  // From 1e+06 on there is an exponent.
  // By its bits, so that it holds for NaN where the compiler was told that there is none.
  const bool short_enough = (bits_of(value) & ~sign_bit) < bits_of(1e6);
  if (short_enough && static_cast<double>(static_cast<std::int64_t>(value)) == value) {
    *end++ = '.';
    *end++ = '0';
  }
  return end;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_NUMBER_HPP
