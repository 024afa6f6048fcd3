// mysql_exporter: what the server answers to a statement, and the values in it. Pure functions, no
// connection. SPDX-License-Identifier: MIT
#ifndef MYSQL_EXPORTER_ANSWER_HPP
#define MYSQL_EXPORTER_ANSWER_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mysql_exporter {

/// A table of texts. A field that is NULL is nothing.
struct Answer {
  using Row = std::vector<std::optional<std::string>>;

  std::vector<std::string> columns;
  std::vector<Row> rows;

  /// The field of a row in the first of these columns that the answer has; nothing: NULL, or no such column.
  std::optional<std::string_view> field(const Row& row, std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
      for (std::size_t i = 0; i < columns.size() && i < row.size(); ++i) {
        if (columns[i] == name) return row[i];
      }
    }
    return std::nullopt;
  }
};

/// The answer to SHOW GLOBAL STATUS or SHOW GLOBAL VARIABLES: name to value.
using Values = std::map<std::string, std::string, std::less<>>;

inline Values to_values(const Answer& answer) {
  Values values;
  for (const Answer::Row& row : answer.rows) {
    if (row.size() == 2 && row[0] && row[1]) values.emplace(*row[0], *row[1]);
  }
  return values;
}

inline std::optional<std::string_view> find(const Values& values, std::string_view name) {
  const auto found = values.find(name);
  if (found == values.end()) return std::nullopt;
  return found->second;
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

/// Digits and the six behind the point that a server writes: "10.000000". The point may be missing. Whatever
/// the locale.
inline std::optional<double> parse_microseconds(std::string_view text) {
  const std::size_t point = text.find('.');
  const auto whole = parse_integer(text.substr(0, point));
  if (!whole || *whole > 1'000'000'000) return std::nullopt;
  if (point == std::string_view::npos) return static_cast<double>(*whole);
  const auto micros = parse_integer(text.substr(point + 1));
  if (!micros || text.size() - point != 7) return std::nullopt;
  return static_cast<double>(*whole * 1'000'000 + *micros) / 1e6;
}

/// A switch: "ON" and "OFF", or 1 and 0, as the servers' versions write it.
inline std::optional<bool> parse_switch(std::string_view text) {
  if (text == "ON" || text == "1" || text == "YES") return true;
  if (text == "OFF" || text == "0" || text == "NO") return false;
  return std::nullopt;
}

}  // namespace mysql_exporter

#endif  // MYSQL_EXPORTER_ANSWER_HPP
