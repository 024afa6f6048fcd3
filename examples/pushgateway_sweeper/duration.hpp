// pushgateway_sweeper: durations as Prometheus writes them.
// SPDX-License-Identifier: MIT
#ifndef PUSHGATEWAY_SWEEPER_DURATION_HPP
#define PUSHGATEWAY_SWEEPER_DURATION_HPP

#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pushgateway_sweeper {

struct Unit {
  std::string_view name;
  std::int64_t seconds;
};
inline constexpr Unit units[] = {{"w", 604800}, {"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}};

/// "90s", "36h", "1d12h": whole numbers with the units w, d, h, m, s, the longest first, each once. More than
/// zero and at most ten years.
inline std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  std::int64_t total = 0;
  const Unit* next = units;
  while (!text.empty()) {
    std::int64_t value = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
      value = value * 10 + (text[digits] - '0');
      if (value > 315360000) return std::nullopt;
    }
    text.remove_prefix(digits);
    while (next != std::end(units) && next->name != text.substr(0, 1)) ++next;
    if (digits == 0 || next == std::end(units)) return std::nullopt;
    total += value * next->seconds;
    text.remove_prefix(1);
    ++next;
  }
  if (total <= 0 || total > 315360000) return std::nullopt;
  return std::chrono::seconds(total);
}

/// The two largest units: "1d12h", "3m", "0s".
inline std::string print_duration(double seconds) {
  if (!(seconds >= 1)) return "0s";
  if (seconds > 315360000.0 * 10) return "ages";
  auto left = static_cast<std::int64_t>(seconds);
  std::string text;
  int parts = 0;
  for (const Unit& unit : units) {
    const std::int64_t count = left / unit.seconds;
    left %= unit.seconds;
    if (parts == 0 && count == 0) continue;
    if (count != 0) text += std::to_string(count) + std::string(unit.name);
    if (++parts == 2) break;
  }
  return text;
}

}  // namespace pushgateway_sweeper

#endif  // PUSHGATEWAY_SWEEPER_DURATION_HPP
