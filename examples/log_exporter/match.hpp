// log_exporter: regular expressions that lines are counted by.
// SPDX-License-Identifier: MIT
#ifndef LOG_EXPORTER_MATCH_HPP
#define LOG_EXPORTER_MATCH_HPP

#include <promlite/error.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <regex.h>

namespace log_exporter {

namespace detail {

/// The place of the "]" that ends what the "[" at `begin` begins; the last place when there is none.
inline std::size_t end_of_bracket(std::string_view text, std::size_t begin) {
  std::size_t at = begin + 1;
  if (text.substr(at, 1) == "^") ++at;
  if (text.substr(at, 1) == "]") ++at;
  while (at < text.size() && text[at] != ']') {
    const std::string_view two = text.substr(at, 2);
    if (two == "[:" || two == "[." || two == "[=") {
      const char end[] = {two[1], ']', '\0'};
      at = std::min(text.find(end, at + 2), text.size() - 2) + 1;
    }
    ++at;
  }
  return std::min(at, text.size() - 1);
}

/// Of "{2,3}" and such at the beginning, 0 where there is none.
inline std::size_t length_of_interval(std::string_view text) {
  const std::size_t end = text[0] == '{' ? text.find_first_not_of("0123456789,", 1) : std::string_view::npos;
  return end != std::string_view::npos && text[end] == '}' ? end + 1 : 0;
}

/// The largest number between the braces; at least 1, at most 10,000.
inline std::size_t largest_count(std::string_view braces) {
  std::size_t largest = 1;
  std::size_t number = 0;
  for (const char c : braces) {
    const bool digit = c >= '0' && c <= '9';
    number = digit ? std::min<std::size_t>(number * 10 + static_cast<std::size_t>(c - '0'), 10000) : 0;
    largest = std::max(largest, number);
  }
  return largest;
}

/// Why an expression would take too much time or memory; null: it would not. A reference back, which the C
/// library knows beyond POSIX, takes time that grows exponentially with the line. Counted repetitions are
/// written out when an expression is compiled.
inline const char* problem_of_cost(std::string_view text) {
  constexpr std::size_t most = 2000;
  std::vector<std::size_t> sizes{0};  // of the groups that are open, in characters to match
  std::size_t last = 0;               // of what a repetition would repeat
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    if (rest[0] == '(') {
      sizes.push_back(0);
    } else if (rest[0] == ')' && sizes.size() > 1) {
      last = sizes.back();
      sizes.pop_back();
      sizes.back() += last;
    } else if (const std::size_t length = length_of_interval(rest); length != 0) {
      const std::size_t count = largest_count(rest.substr(0, length));
      sizes.back() += last * (count - 1);
      last *= count;
      i += length - 1;
    } else if (std::string_view("*+?|^$").find(rest[0]) == std::string_view::npos) {
      if (rest[0] == '\\' && rest.size() > 1) {
        if (rest[1] >= '1' && rest[1] <= '9') return "it refers back, which may take forever";
        ++i;
      }
      if (rest[0] == '[') i = end_of_bracket(text, i);
      last = 1;
      ++sizes.back();
    }
    if (sizes.back() > most) return "it is too large when its repetitions are written out";
  }
  return nullptr;
}

}  // namespace detail

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
    if (const char* const problem = detail::problem_of_cost(expression))
      return Result::failure("\"" + match.name_ + "\": \"" + expression + "\": " + problem);
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
