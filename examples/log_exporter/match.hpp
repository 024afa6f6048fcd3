// log_exporter: regular expressions that lines are counted by.
// SPDX-License-Identifier: MIT
#ifndef LOG_EXPORTER_MATCH_HPP
#define LOG_EXPORTER_MATCH_HPP

#include <promlite/error.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <regex.h>

namespace log_exporter {

/// A POSIX extended regular expression (regex(7)) of the C library. Its bytes are those of the line, whatever
/// the encoding: the program sets no locale.
class Match {
 public:
  static constexpr std::size_t longest_expression = 4096;

  /// "NAME=REGEX". The message of a failure names the expression, the place and the reason.
  static promlite::Expected<Match> parse(const std::string& text) {
    using Result = promlite::Expected<Match>;
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) return Result::failure("\"" + text + "\" is not NAME=REGEX");
    Match match;
    match.name_ = text.substr(0, equals);
    const std::string expression = text.substr(equals + 1);
    if (!is_name(match.name_))
      return Result::failure("\"" + match.name_ + "\" is not a name of letters, digits, '_', '-' and '.'");
    if (expression.empty()) return Result::failure("\"" + match.name_ + "\" has no expression");
    if (expression.size() > longest_expression)
      return Result::failure("\"" + match.name_ + "\": an expression has at most " +
                             std::to_string(longest_expression) + " bytes");
    if (const int code = compile(expression, match.expression_); code != 0) {
      return Result::failure("\"" + match.name_ + "\": \"" + expression + "\", character " +
                             std::to_string(place_of_problem(expression, code)) + ": " + message_of(code));
    }
    return match;
  }

  const std::string& name() const noexcept { return name_; }

  /// `line` ends with a NUL. Thread safe.
  bool in(const char* line) const noexcept { return ::regexec(expression_.get(), line, 0, nullptr, 0) == 0; }

 private:
  Match() = default;

  static bool is_name(std::string_view name) {
    for (const char c : name) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-' && c != '.') return false;
    }
    return !name.empty();
  }

  /// 0, or the code of the problem.
  static int compile(const std::string& text, std::shared_ptr<const regex_t>& expression) {
    auto made = std::make_unique<regex_t>();
    const int code = ::regcomp(made.get(), text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (code != 0) return code;
    expression.reset(made.release(), [](regex_t* compiled) {
      ::regfree(compiled);
      delete compiled;
    });
    return 0;
  }

  static std::string message_of(int code) {
    char buffer[128];
    ::regerror(code, nullptr, buffer, sizeof buffer);
    return buffer;
  }

  /// The C library does not tell it: the character from which on every beginning of the expression has this
  /// problem. Counts from 1.
  static std::size_t place_of_problem(const std::string& text, int code) {
    std::shared_ptr<const regex_t> ignored;
    std::size_t size = text.size();
    while (size > 1 && compile(text.substr(0, size - 1), ignored) == code) --size;
    return size;
  }

  std::string name_;
  std::shared_ptr<const regex_t> expression_;
};

}  // namespace log_exporter

#endif  // LOG_EXPORTER_MATCH_HPP
