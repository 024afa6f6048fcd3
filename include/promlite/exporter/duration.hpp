// promlite: durations as operators write them on a command line, in Go's form.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_DURATION_HPP
#define PROMLITE_EXPORTER_DURATION_HPP

#include <promlite/config.hpp>
#include <promlite/detail/ascii.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

constexpr std::int64_t longest_duration = 1'000'000'000'000'000'000;  // nanoseconds: 10^9 s

struct DurationUnit {
  std::string_view name;
  std::int64_t nanoseconds;
};

/// Takes the unit off the front of `text`; 0 when there is none.
inline std::int64_t take_duration_unit(std::string_view& text) noexcept {
  // A unit that another one begins with comes after that one. The micro sign has two code points.
  constexpr DurationUnit units[] = {
      {"ms", 1'000'000},        {"us", 1'000},         {"\xC2\xB5s", 1'000}, {"\xCE\xBCs", 1'000}, {"ns", 1},
      {"h", 3'600'000'000'000}, {"m", 60'000'000'000}, {"s", 1'000'000'000},
  };
  for (const DurationUnit& unit : units) {
    if (text.substr(0, unit.name.size()) != unit.name) continue;
    text.remove_prefix(unit.name.size());
    return unit.nanoseconds;
  }
  return 0;
}

/// Takes one number and its unit, "1.5h", off the front of `text`; nanoseconds, or -1 where there is none or
/// it is too long.
PROMLITE_COLD inline std::int64_t take_duration_part(std::string_view& text) noexcept {
  std::int64_t whole = 0;
  std::int64_t fraction = 0;
  double scale = 1;
  bool digits = false;
  for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1)) {
    digits = true;
    if (whole > longest_duration / 10) return -1;
    whole = whole * 10 + (text[0] - '0');
  }
  if (!text.empty() && text[0] == '.') {
    for (text.remove_prefix(1); !text.empty() && is_digit(text[0]); text.remove_prefix(1)) {
      digits = true;
      if (scale >= 1e15) continue;  // beyond what a double holds, and below a nanosecond
      fraction = fraction * 10 + (text[0] - '0');
      scale *= 10;
    }
  }
  const std::int64_t unit = take_duration_unit(text);
  if (!digits || unit == 0 || whole > longest_duration / unit) return -1;
  return whole * unit +
         static_cast<std::int64_t>(static_cast<double>(fraction) * (static_cast<double>(unit) / scale));
}

/// `value` / 10^`places` without the zeros at the end of its fraction.
PROMLITE_COLD inline void append_decimal(std::string& out, std::uint64_t value, std::size_t places) {
  std::string digits = std::to_string(value);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  const std::size_t point = digits.size() - places;
  const std::size_t last = digits.find_last_not_of('0');
  out.append(digits, 0, point);
  if (last == std::string::npos || last < point) return;
  out += '.';
  out.append(digits, point, last + 1 - point);
}

}  // namespace detail

/// A duration as Go's time.ParseDuration reads it: numbers with units, such as "1s", "500ms", "1m30s",
/// "1.5h"; units h, m, s, ms, us (or µs), ns; and "0". Nothing when it is none, has a sign, or is over 10^9
/// s.
PROMLITE_COLD inline std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) noexcept {
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    const std::int64_t part = detail::take_duration_part(text);
    if (part < 0 || part > detail::longest_duration - total) return std::nullopt;
    total += part;
  }
  return std::chrono::nanoseconds(total);
}

/// As Go's Duration.String() writes it: "1h0m0s", "1m30s", "2.5s", "500ms", "1.5µs", "0s".
PROMLITE_COLD inline std::string format_duration(std::chrono::nanoseconds duration) {
  if (duration.count() == 0) return "0s";
  std::string text;
  auto left = static_cast<std::uint64_t>(duration.count());
  if (duration.count() < 0) {
    text = "-";
    left = std::uint64_t{0} - left;
  }
  if (left < 1'000) return text + std::to_string(left) + "ns";
  if (left < 1'000'000'000) {
    const bool milliseconds = left >= 1'000'000;
    detail::append_decimal(text, left, milliseconds ? 6 : 3);
    return text + (milliseconds ? "ms" : "\xC2\xB5s");
  }
  constexpr std::uint64_t minute = 60'000'000'000;
  if (left >= 60 * minute) text += std::to_string(left / (60 * minute)) + "h";
  if (left >= minute) text += std::to_string(left / minute % 60) + "m";
  detail::append_decimal(text, left % minute, 9);
  return text + "s";
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_DURATION_HPP
