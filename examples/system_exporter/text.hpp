// system_exporter: words and numbers of the kernel's files. Pure functions.
// SPDX-License-Identifier: MIT
#ifndef SYSTEM_EXPORTER_TEXT_HPP
#define SYSTEM_EXPORTER_TEXT_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace system_exporter {

/// What could be read of a file, and what was wrong with the rest of it: empty when nothing was.
template <class T>
struct Reading {
  T value{};
  std::string problem;

  /// Only the first is kept: one damaged line tends to come with others.
  void add_problem(std::string_view what) {
    if (problem.empty()) problem.assign(what);
  }
};

/// Takes the first line off `text`, without its newline; false when there is none left.
inline bool take_line(std::string_view& text, std::string_view& line) {
  if (text.empty()) return false;
  const std::size_t newline = text.find('\n');
  line = text.substr(0, newline);
  text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
  return true;
}

/// Takes the first word off `text`; empty when there is none left.
inline std::string_view take_word(std::string_view& text) {
  const std::size_t start = text.find_first_not_of(" \t");
  text.remove_prefix(start == std::string_view::npos ? text.size() : start);
  const std::string_view word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  return word;
}

/// Digits and nothing else, below 2^64.
inline std::optional<std::uint64_t> parse_integer(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

/// "12" or "0.80": digits, and perhaps a dot and at most 15 digits more. Whatever the locale.
inline std::optional<double> parse_decimal(std::string_view text) {
  const std::size_t dot = text.find('.');
  const auto whole = parse_integer(text.substr(0, dot));
  if (!whole) return std::nullopt;
  if (dot == std::string_view::npos) return static_cast<double>(*whole);
  const std::string_view digits = text.substr(dot + 1);
  const auto fraction = parse_integer(digits);
  if (!fraction || digits.size() > 15) return std::nullopt;
  double scale = 1;
  for (std::size_t i = 0; i < digits.size(); ++i) scale *= 10;
  // One division of two exact numbers, so that 0.80 is the double that "0.8" means.
  return (static_cast<double>(*whole) * scale + static_cast<double>(*fraction)) / scale;
}

/// `count` times `factor`; none when that is 2^64 or more.
inline std::optional<std::uint64_t> times(std::uint64_t count, std::uint64_t factor) {
  if (count > UINT64_MAX / factor) return std::nullopt;
  return count * factor;
}

/// A piece of a file as a message may repeat it.
inline std::string quote(std::string_view text) {
  constexpr std::size_t longest = 40;
  return "\"" + std::string(text.substr(0, longest)) + (text.size() > longest ? "...\"" : "\"");
}

}  // namespace system_exporter

#endif  // SYSTEM_EXPORTER_TEXT_HPP
