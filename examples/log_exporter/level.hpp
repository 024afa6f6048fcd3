// log_exporter: finds out how serious a line says it is. Pure functions.
// SPDX-License-Identifier: MIT
#ifndef LOG_EXPORTER_LEVEL_HPP
#define LOG_EXPORTER_LEVEL_HPP

#include <array>
#include <cstddef>
#include <string_view>

namespace log_exporter {

enum class Level { debug, info, warn, error, fatal, unknown };

/// The label values, in the order of the enumerators.
inline constexpr std::array<std::string_view, 6> level_names = {"debug", "info",  "warn",
                                                                "error", "fatal", "unknown"};
inline constexpr std::size_t level_count = level_names.size();

namespace detail {

constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

/// The same text, but for the case of its letters; `lower` has no capitals.
constexpr bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((is_upper(text[i]) ? static_cast<char>(text[i] + ('a' - 'A')) : text[i]) != lower[i]) return false;
  }
  return true;
}

struct Spelling {
  std::string_view word;
  Level level;
};

/// unknown when the word names no level.
constexpr Level level_of_word(std::string_view word) {
  constexpr Spelling spellings[] = {
      {"info", Level::info},     {"warn", Level::warn},        {"error", Level::error},
      {"debug", Level::debug},   {"warning", Level::warn},     {"err", Level::error},
      {"fatal", Level::fatal},   {"notice", Level::info},      {"critical", Level::fatal},
      {"trace", Level::debug},   {"crit", Level::fatal},       {"panic", Level::fatal},
      {"alert", Level::fatal},   {"emerg", Level::fatal},      {"severe", Level::error},
      {"note", Level::info},     {"information", Level::info}, {"informational", Level::info},
      {"verbose", Level::debug}, {"emergency", Level::fatal},  {"inf", Level::info},
      {"wrn", Level::warn},      {"dbg", Level::debug},        {"trc", Level::debug},
      {"ftl", Level::fatal},
  };
  for (const Spelling& spelling : spellings) {
    if (equals_ignoring_case(word, spelling.word)) return spelling.level;
  }
  return Level::unknown;
}

constexpr bool is_level_key(std::string_view word) {
  for (const std::string_view key : {"level", "lvl", "severity", "loglevel", "levelname", "severity_text"}) {
    if (equals_ignoring_case(word, key)) return true;
  }
  return false;
}

/// 0 (emergency) to 7 (debug), RFC 5424 section 6.2.1.
constexpr Level level_of_syslog_severity(int severity) {
  constexpr Level levels[] = {Level::fatal, Level::fatal, Level::fatal, Level::error,
                              Level::warn,  Level::info,  Level::info,  Level::debug};
  return levels[severity & 7];
}

/// The number that some JSON loggers write: 10 (trace), 20, ... 60 (fatal).
constexpr Level level_of_number(std::string_view text) {
  if (text.size() != 2 || text[1] != '0') return Level::unknown;
  switch (text[0]) {
    case '1':
    case '2':
      return Level::debug;
    case '3':
      return Level::info;
    case '4':
      return Level::warn;
    case '5':
      return Level::error;
    case '6':
      return Level::fatal;
    default:
      return Level::unknown;
  }
}

constexpr std::size_t skip_blanks(std::string_view line, std::size_t at) {
  while (at < line.size() && (line[at] == ' ' || line[at] == '\t')) ++at;
  return at;
}
constexpr std::size_t skip_word(std::string_view line, std::size_t at) {
  while (at < line.size() && is_word(line[at])) ++at;
  return at;
}
/// Past a terminal's colour, "\x1b[31m", if one is there.
constexpr std::size_t skip_colour(std::string_view line, std::size_t at) {
  if (at + 1 >= line.size() || line[at] != '\x1b' || line[at + 1] != '[') return at;
  at += 2;
  while (at < line.size() && (is_digit(line[at]) || line[at] == ';')) ++at;
  return at < line.size() ? at + 1 : at;
}

/// What follows a key whose word ends at `at`: logfmt's `=warn` and `="warn"`, or JSON's `": "warn"` and
/// `":40`. Unknown when it is something else.
constexpr Level level_of_value(std::string_view line, std::size_t at) {
  const bool json = at < line.size() && line[at] == '"';
  if (json) at = skip_blanks(line, at + 1);
  if (at >= line.size() || line[at] != (json ? ':' : '=')) return Level::unknown;
  ++at;
  if (json) at = skip_blanks(line, at);
  const bool quoted = at < line.size() && line[at] == '"';
  if (quoted) ++at;
  const std::string_view word = line.substr(at, skip_word(line, at) - at);
  return json && !quoted ? level_of_number(word) : level_of_word(word);
}

/// "<11>..." of syslog, and "E1121 14:20:00.1 ..." of glog and klog.
constexpr Level level_of_head(std::string_view line) {
  if (!line.empty() && line[0] == '<') {
    int priority = 0;
    std::size_t at = 1;
    for (; at < line.size() && at < 4 && is_digit(line[at]); ++at)
      priority = priority * 10 + (line[at] - '0');
    if (at > 1 && at < line.size() && line[at] == '>' && priority <= 191)
      return level_of_syslog_severity(priority % 8);
  }
  if (line.size() > 5 && line[5] == ' ' && is_digit(line[1]) && is_digit(line[2]) && is_digit(line[3]) &&
      is_digit(line[4])) {
    constexpr std::string_view letters = "DIWEF";
    const std::size_t letter = letters.find(line[0]);
    if (letter != std::string_view::npos) return static_cast<Level>(letter);
  }
  return Level::unknown;
}

/// A word that stands by itself, such as `ERROR`, `[error]`, `error:`; or, `first` of the line, just `error`.
/// A sentence may well hold the word `error` without being one.
constexpr Level level_of_bare_word(std::string_view line, std::size_t begin, std::size_t end, char before,
                                   bool first) {
  constexpr std::string_view openers = " \t[({<|:\"'";
  constexpr std::string_view closers = " \t])}>|:,;\"'\x1b";
  if (openers.find(before) == std::string_view::npos) return Level::unknown;
  if (end < line.size() && closers.find(line[end]) == std::string_view::npos) return Level::unknown;
  const std::string_view word = line.substr(begin, end - begin);
  bool marked = first;
  if (!marked) {
    marked = true;
    for (const char c : word) marked = marked && is_upper(c);
  }
  if (!marked) {
    const std::size_t next = skip_blanks(line, skip_colour(line, end));
    marked =
        next < line.size() && (line[next] == ']' || line[next] == '>' || line[next] == '|' ||
                               (line[next] == ')' && before == '(') || (line[next] == ':' && next == end));
  }
  return marked ? level_of_word(word) : Level::unknown;
}

}  // namespace detail

/// The level of a line without its newline. What it says of itself by a key (logfmt's `level=warn`, JSON's
/// `"level":"warn"`) comes before a level at its head (syslog's `<11>`, glog's `E1121`), and that before the
/// first level that stands as a word among its first 512 bytes (`ERROR`, `[error]`, `error:`). Takes any
/// bytes. Linear in the length of the line.
constexpr Level find_level(std::string_view line) {
  constexpr std::size_t searched = 512;
  Level found = detail::level_of_head(line);
  bool first = true;  // no word that begins with a letter has been there
  char before = ' ';
  for (std::size_t at = 0; at < line.size();) {
    if (const std::size_t after = detail::skip_colour(line, at); after != at) {
      before = ' ';
      at = after;
      continue;
    }
    if (!detail::is_word(line[at])) {
      before = line[at++];
      continue;
    }
    const std::size_t end = detail::skip_word(line, at);
    const std::size_t length = end - at;
    if (detail::is_letter(line[at]) && length >= 3 && length <= 13) {
      if (before != '-' && detail::is_level_key(line.substr(at, length))) {
        const Level level = detail::level_of_value(line, end);
        if (level != Level::unknown) return level;
      }
      if (found == Level::unknown && at < searched)
        found = detail::level_of_bare_word(line, at, end, before, first);
    }
    first = first && !detail::is_letter(line[at]);
    before = line[end - 1];
    at = end;
  }
  return found;
}

}  // namespace log_exporter

#endif  // LOG_EXPORTER_LEVEL_HPP
