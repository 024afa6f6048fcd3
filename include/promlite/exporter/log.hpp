// promlite: what an exporter says about itself: one line for each event, as logfmt.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_LOG_HPP
#define PROMLITE_EXPORTER_LOG_HPP

#include <promlite/config.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/utf8.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <unistd.h>

namespace promlite {
inline namespace PROMLITE_ABI {

enum class LogLevel : unsigned char { debug, info, warn, error };

/// The level that "debug", "info", "warn" or "error" names.
inline std::optional<LogLevel> parse_log_level(std::string_view text) noexcept {
  if (text == "debug") return LogLevel::debug;
  if (text == "info") return LogLevel::info;
  if (text == "warn") return LogLevel::warn;
  if (text == "error") return LogLevel::error;
  return std::nullopt;
}

/// `key=value` behind a message. A key is a word of letters, digits, '_' and '.'.
struct LogField {
  LogField(std::string_view name, std::string_view text) : key(name), value(text) {}
  LogField(std::string_view name, bool yes) : key(name), value(yes ? "true" : "false") {}
  template <class T, std::enable_if_t<std::is_arithmetic_v<T> && !std::is_same_v<T, bool>, int> = 0>
  LogField(std::string_view name, T number) : key(name) {
    char text[detail::max_number_chars];
    char* end = text;
    if constexpr (std::is_floating_point_v<T>) {
      end = detail::write_number(text, static_cast<double>(number));
    } else if constexpr (std::is_signed_v<T>) {
      end = detail::write_number(text, static_cast<std::int64_t>(number));
    } else {
      end = detail::write_number(text, static_cast<std::uint64_t>(number));
    }
    value.assign(text, end);
  }
  // A pointer would sooner become a bool than a text.
  LogField(std::string_view name, const char* text) : LogField(name, std::string_view(text)) {}

  std::string_view key;
  std::string value;
};

namespace detail {

/// Length of the character at `text[at]`; 0 where it is a control character, C1 among them, or no UTF-8: a
/// terminal would obey the one, and journald keeps a line with the other from being shown.
inline std::size_t log_character(std::string_view text, std::size_t at) noexcept {
  std::size_t bad = 0;
  const std::size_t length = utf8_sequence(text, at, bad);
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const bool is_c1 = length == 2 && byte(at) == 0xC2 && byte(at + 1) < 0xA0;
  return byte(at) < 0x20 || byte(at) == 0x7f || is_c1 ? 0 : length;
}

/// A value of logfmt: in quotes where it is empty or holds a blank, '=', a quote, a backslash or what is no
/// character to be shown, whose bytes are escaped. A line of the log stays one line whatever is in it.
PROMLITE_COLD inline void append_log_value(std::string& out, std::string_view value) {
  bool plain = !value.empty();
  for (std::size_t i = 0, length = 0; plain && i < value.size(); i += length) {
    length = log_character(value, i);
    const char c = value[i];
    plain = length != 0 && c != ' ' && c != '=' && c != '"' && c != '\\';
  }
  if (plain) {
    out += value;
    return;
  }
  constexpr char hex[] = "0123456789abcdef";
  out += '"';
  for (std::size_t i = 0; i < value.size();) {
    const std::size_t length = log_character(value, i);
    const char c = value[i];
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (length == 0) {
      const auto byte = static_cast<unsigned char>(c);
      out += "\\x";
      out += hex[byte >> 4];
      out += hex[byte & 0xf];
    } else {
      out += value.substr(i, length);
    }
    i += length == 0 ? 1 : length;
  }
  out += '"';
}

/// `at` in UTC as RFC 3339 writes it, with milliseconds.
PROMLITE_COLD inline void append_log_time(std::string& out, std::chrono::system_clock::time_point at) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                                 parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                                 parts.tm_min, parts.tm_sec, static_cast<int>(milliseconds % 1000));
  out.append(text, static_cast<std::size_t>(size));
}

}  // namespace detail

/// Writes lines such as
///
///     time=2026-11-21T14:20:00.123Z level=INFO msg="Listening on" address=127.0.0.1:9150
///
/// to standard error, each with one write(2), so that lines of several threads do not mix. Thread safe; no
/// member throws: a line that cannot be made or written is lost. Costs a system call for each line that its
/// level lets through, and an allocation or two.
class Logger {
 public:
  /// Lines below `least` are left out. `descriptor` must stay open as long as the logger is used.
  explicit Logger(LogLevel least = LogLevel::info, int descriptor = 2) noexcept
      : least_(least), descriptor_(descriptor) {}
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  void level(LogLevel least) noexcept { least_.store(least, std::memory_order_relaxed); }
  LogLevel level() const noexcept { return least_.load(std::memory_order_relaxed); }

  void debug(std::string_view message, std::initializer_list<LogField> fields = {}) noexcept {
    write(LogLevel::debug, "DEBUG", message, fields);
  }
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) noexcept {
    write(LogLevel::info, "INFO", message, fields);
  }
  void warn(std::string_view message, std::initializer_list<LogField> fields = {}) noexcept {
    write(LogLevel::warn, "WARN", message, fields);
  }
  void error(std::string_view message, std::initializer_list<LogField> fields = {}) noexcept {
    write(LogLevel::error, "ERROR", message, fields);
  }

 private:
  PROMLITE_COLD void write(LogLevel level, std::string_view name, std::string_view message,
                           std::initializer_list<LogField> fields) noexcept {
    if (level < this->level()) return;
    PROMLITE_TRY {
      std::string line = "time=";
      detail::append_log_time(line, std::chrono::system_clock::now());
      line += " level=";
      line += name;
      line += " msg=";
      detail::append_log_value(line, message);
      for (const LogField& field : fields) {
        line += ' ';
        line += field.key;
        line += '=';
        detail::append_log_value(line, field.value);
      }
      line += '\n';
      while (::write(descriptor_, line.data(), line.size()) < 0 && errno == EINTR) {
      }
    }
    PROMLITE_CATCH_ALL {}
  }

  std::atomic<LogLevel> least_;
  int descriptor_;
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_LOG_HPP
