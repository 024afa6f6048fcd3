// prober: what an HTTP answer must be like. Pure functions.
// SPDX-License-Identifier: MIT
#ifndef PROBER_EXPECTATION_HPP
#define PROBER_EXPECTATION_HPP

#include <promlite/error.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace prober {

struct StatusRange {
  int first = 0;
  int last = 0;
};

/// "200", "2xx" or "200-299"; nothing when it is none of these, or not within 100 to 599.
inline std::optional<StatusRange> parse_status_range(std::string_view text) {
  const auto number = [](std::string_view digits) {
    int value = 0;
    for (const char c : digits) value = c >= '0' && c <= '9' && value >= 0 ? value * 10 + (c - '0') : -1;
    return digits.size() == 3 && value >= 100 && value <= 599 ? value : 0;
  };
  StatusRange range;
  if (text.size() == 3 && text.substr(1) == "xx" && text[0] >= '1' && text[0] <= '5') {
    range.first = (text[0] - '0') * 100;
    range.last = range.first + 99;
  } else if (text.size() == 7 && text[3] == '-') {
    range = {number(text.substr(0, 3)), number(text.substr(4))};
  } else {
    range.first = range.last = number(text);
  }
  if (range.first == 0 || range.last < range.first) return std::nullopt;
  return range;
}

/// The values of --http.expect-status. Throws promlite::Error.
inline std::vector<StatusRange> parse_status_ranges(const std::vector<std::string>& values) {
  std::vector<StatusRange> ranges;
  for (const std::string& value : values) {
    const auto range = parse_status_range(value);
    if (!range)
      throw promlite::Error("--http.expect-status: \"" + value + "\" is not like 200, 2xx or 200-299");
    ranges.push_back(*range);
  }
  return ranges;
}

inline bool is_expected(int status, const std::vector<StatusRange>& ranges) {
  for (const StatusRange& range : ranges) {
    if (status >= range.first && status <= range.last) return true;
  }
  return false;
}

}  // namespace prober

#endif  // PROBER_EXPECTATION_HPP
