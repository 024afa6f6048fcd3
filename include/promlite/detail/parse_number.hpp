// promlite: text to numbers, exactly, whatever the locale.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_PARSE_NUMBER_HPP
#define PROMLITE_DETAIL_PARSE_NUMBER_HPP

#include <promlite/config.hpp>
#include <promlite/detail/ascii.hpp>
#include <promlite/detail/number.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// A decimal fraction 0.d1d2d3... * 10^point, as long as any that lies between two doubles or on one: 767
/// digits decide, and of those beyond it is enough to know that there are some. Turned into binary by
/// shifting digits, a method that needs no table and no big integer (Nigel Tao, "Simple Decimal Conversion").
class DecimalFraction {
 public:
  static constexpr int capacity = 800;

  /// Leading zeros move the point only.
  void push(char digit) noexcept {
    if (size_ == 0 && digit == '0') {
      --point_;
    } else if (size_ < capacity) {
      digits_[size_++] = static_cast<unsigned char>(digit - '0');
    } else {
      inexact_ = inexact_ || digit != '0';
    }
  }
  void move_point(std::int64_t places) noexcept { point_ += places; }

  /// The nearest double's bits, ties to even; infinity_bits when it is beyond the largest. Bounded work. Ends
  /// the use of this object.
  PROMLITE_COLD std::uint64_t to_bits() noexcept {
    trim();
    if (size_ == 0 || point_ < -330) return 0;
    if (point_ > 310) return infinity_bits;
    int exponent = 0;  // the number is this fraction * 2^exponent
    while (point_ > 0) {
      const unsigned shift = point_ < 20 ? static_cast<unsigned>(point_) * 3 : max_shift;
      shift_right(shift);
      exponent += static_cast<int>(shift);
    }
    while (point_ < 0 || digits_[0] < 5) {
      // 8^-point * 10^point is below 1: the fraction stays one.
      const unsigned shift = point_ == 0 ? 1 : point_ > -18 ? static_cast<unsigned>(-point_) * 3 : max_shift;
      shift_left(shift);
      exponent -= static_cast<int>(shift);
    }
    // Now it is in [1/2, 1). Below 2^-1022 a double has fewer bits.
    while (exponent < -1021) {
      const unsigned shift = exponent < -1021 - static_cast<int>(max_shift)
                                 ? max_shift
                                 : static_cast<unsigned>(-1021 - exponent);
      shift_right(shift);
      exponent += static_cast<int>(shift);
      if (size_ == 0) return 0;
    }
    shift_left(53);
    std::uint64_t mantissa = rounded();
    if (mantissa == std::uint64_t{1} << 53) {
      mantissa >>= 1;
      ++exponent;
    }
    if (exponent > 1024) return infinity_bits;
    if (mantissa < hidden_bit) return mantissa;
    return (mantissa - hidden_bit) | static_cast<std::uint64_t>(exponent + 1022) << 52;
  }

 private:
  static constexpr unsigned max_shift = 54;  // a digit shifted so far, and the carry, fit into 64 bits
  static constexpr std::uint64_t hidden_bit = std::uint64_t{1} << 52;

  void trim() noexcept {
    while (size_ > 0 && digits_[size_ - 1] == 0) --size_;
  }

  void shift_left(unsigned shift) noexcept {
    std::uint64_t carry = 0;
    for (int i = size_ - 1; i >= 0; --i) {
      const std::uint64_t value = (static_cast<std::uint64_t>(digits_[i]) << shift) + carry;
      digits_[i] = static_cast<unsigned char>(value % 10);
      carry = value / 10;
    }
    int more = 0;
    for (std::uint64_t rest = carry; rest != 0; rest /= 10) ++more;
    int kept = size_;
    for (; kept + more > capacity; --kept) inexact_ = inexact_ || digits_[kept - 1] != 0;
    std::memmove(digits_ + more, digits_, static_cast<std::size_t>(kept));
    for (int i = more - 1; i >= 0; --i, carry /= 10) digits_[i] = static_cast<unsigned char>(carry % 10);
    size_ = kept + more;
    point_ += more;
    trim();
  }

  void shift_right(unsigned shift) noexcept {
    std::uint64_t value = 0;
    int read = 0;
    for (; value >> shift == 0; ++read) {
      if (read >= size_ && value == 0) {
        size_ = 0;
        return;
      }
      value = value * 10 + (read < size_ ? digits_[read] : 0);
    }
    point_ -= read - 1;
    const std::uint64_t mask = (std::uint64_t{1} << shift) - 1;
    int written = 0;
    for (; read < size_ || value != 0; ++read) {
      const auto digit = static_cast<unsigned char>(value >> shift);
      if (written < capacity) {
        digits_[written++] = digit;
      } else {
        inexact_ = inexact_ || digit != 0;
      }
      value = (value & mask) * 10 + (read < size_ ? digits_[read] : 0);
    }
    size_ = written;
    trim();
  }

  std::uint64_t rounded() const noexcept {
    std::uint64_t whole = 0;
    for (int i = 0; i < point_; ++i) whole = whole * 10 + (i < size_ ? digits_[i] : 0);
    if (point_ < 0 || point_ >= size_) return whole;
    const auto next = static_cast<int>(point_);
    const bool half = digits_[next] == 5 && next + 1 == size_ && !inexact_;
    return whole + (half ? whole % 2 : digits_[next] >= 5 ? 1 : 0);
  }

  unsigned char digits_[capacity];
  int size_ = 0;
  std::int64_t point_ = 0;
  bool inexact_ = false;  // other digits than 0 were lost behind the last
};

enum class NumberProblem : unsigned char { none, syntax, range };

/// A decimal number without a sign, taken apart.
struct DecimalText {
  std::string_view whole;     ///< digits before the point
  std::string_view fraction;  ///< digits behind it
  std::int64_t exponent = 0;

  /// False when `text` is no decimal number: `12`, `1.5`, `.5`, `5.`, `1e+06`.
  bool read(std::string_view text) noexcept {
    std::size_t at = 0;
    const auto digits = [&] {
      const std::size_t from = at;
      while (at < text.size() && is_digit(text[at])) ++at;
      return text.substr(from, at - from);
    };
    whole = digits();
    if (at < text.size() && text[at] == '.') {
      ++at;
      fraction = digits();
    }
    if (whole.empty() && fraction.empty()) return false;
    if (at == text.size()) return true;
    if (text[at] != 'e' && text[at] != 'E') return false;
    ++at;
    const bool negative = at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const std::string_view power = digits();
    for (const char digit : power) {
      // So far beyond any text's number of digits that more makes no difference.
      if (exponent < (std::int64_t{1} << 58)) exponent = exponent * 10 + (digit - '0');
    }
    if (negative) exponent = -exponent;
    return !power.empty() && at == text.size();
  }

  /// Exact on every system; slower than a standard library's std::from_chars.
  PROMLITE_COLD std::uint64_t to_bits() const noexcept {
    DecimalFraction decimal;
    for (const char digit : whole) decimal.push(digit);
    decimal.move_point(static_cast<std::int64_t>(whole.size()));
    for (const char digit : fraction) decimal.push(digit);
    decimal.move_point(exponent);
    return decimal.to_bits();
  }
};

/// Reads a number as the text formats know it: decimal with an optional sign, point and exponent, or
/// (whatever the case) `NaN`, and `Inf` or `Infinity` with an optional sign. No blanks, hexadecimal digits or
/// separators. The nearest double, by the digits alone; too large for one is NumberProblem::range, too small
/// is 0.
inline NumberProblem parse_number(std::string_view text, double& number) noexcept {
  if (equals_ignoring_case(text, "nan")) {
    number = double_of(quiet_nan_bits);
    return NumberProblem::none;
  }
  const std::uint64_t sign = !text.empty() && text[0] == '-' ? sign_bit : 0;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  // The usual case: an integer that a double holds exactly.
  std::uint64_t integer = 0;
  std::size_t at = 0;
  for (; at < text.size() && at < 15 && is_digit(text[at]); ++at) {
    integer = integer * 10 + static_cast<std::uint64_t>(text[at] - '0');
  }
  if (at == text.size() && at != 0) {
    number = double_of(bits_of(static_cast<double>(integer)) | sign);
    return NumberProblem::none;
  }
  if (equals_ignoring_case(text, "inf") || equals_ignoring_case(text, "infinity")) {
    number = double_of(infinity_bits | sign);
    return NumberProblem::none;
  }
  DecimalText decimal;
  if (!decimal.read(text)) return NumberProblem::syntax;
#if defined(__cpp_lib_to_chars)  // the whole of <charconv>; libc++ 19 has no std::from_chars for double
  const char* const end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, number);
  if (code == std::errc() && stop == end) {
    number = double_of(bits_of(number) | sign);
    return NumberProblem::none;
  }
#endif
  const std::uint64_t bits = decimal.to_bits();
  if (bits == infinity_bits) return NumberProblem::range;
  number = double_of(bits | sign);
  return NumberProblem::none;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_PARSE_NUMBER_HPP
