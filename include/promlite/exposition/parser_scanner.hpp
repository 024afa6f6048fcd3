// promlite: the tokens that the two text formats share: names, labels, numbers; and where an error stands.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_PARSER_SCANNER_HPP
#define PROMLITE_EXPOSITION_PARSER_SCANNER_HPP

#include <promlite/config.hpp>
#include <promlite/detail/ascii.hpp>
#include <promlite/detail/parse_number.hpp>
#include <promlite/detail/sort.hpp>
#include <promlite/detail/utf8.hpp>
#include <promlite/error.hpp>
#include <promlite/exposition/model.hpp>
#include <promlite/naming.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// `text` for a message: quoted, what is not printable ASCII as `\xNN`, cut after 60 bytes.
PROMLITE_COLD inline std::string shown(std::string_view text) {
  static const char* const hex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text.substr(0, 60)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F) {
      out.push_back(c);
    } else {
      out.append("\\x").push_back(hex[byte >> 4]);
      out.push_back(hex[byte & 15]);
    }
  }
  return out.append(text.size() > 60 ? "\"..." : "\"");
}

/// How the text format 0.0.4 and OpenMetrics 1.0.0 differ in what is below the line.
enum class Syntax : bool { text, openmetrics };

/// Reads a text line by line, and a line token by token. Every reader of a token returns false after it has
/// noted what is wrong and where; the first error stays. Linear in the text, whatever its bytes.
///
/// `{"a name", "a label"="x"}`, the form of names beyond `[a-zA-Z_:][a-zA-Z0-9_:]*` that Prometheus 3 reads,
/// is read in both formats.
class LineScanner {
 public:
  LineScanner(std::string_view text, Syntax syntax) noexcept
      : rest_(text.data()), text_end_(text.data() + text.size()), syntax_(syntax), ascii_(is_ascii(text)) {}

  /// Goes to the next line; false when there is none, or after an error.
  bool next_line() noexcept {
    if (failed() || rest_ == text_end_) return false;
    ++line_;
    begin_ = at_ = rest_;
    const auto* const feed =
        static_cast<const char*>(std::memchr(rest_, '\n', static_cast<std::size_t>(text_end_ - rest_)));
    ended_ = feed != nullptr;
    end_ = ended_ ? feed : text_end_;
    rest_ = ended_ ? feed + 1 : text_end_;
    return true;
  }
  /// Whether the line has the line feed at its end that all must have.
  bool ended() const noexcept { return ended_; }

  bool failed() const noexcept { return !error_.empty(); }
  const std::string& error() const noexcept { return error_; }

  /// Notes what is wrong at the place that the scanner has reached.
  PROMLITE_COLD bool fail(std::string_view reason) { return fail_at(at_, reason); }
  /// The same for a token that begins at `place`.
  PROMLITE_COLD bool fail_at(const char* place, std::string_view reason) {
    if (failed()) return false;
    const char* const from = begin_ == nullptr ? place : begin_;
    error_ = message_of("line ", std::to_string(line_ == 0 ? 1 : line_), ", column ",
                        std::to_string(place - from + 1), ": ", reason);
    return false;
  }
  PROMLITE_COLD bool fail_expecting(std::string_view what) {
    return fail(
        message_of("expected ", what, ", found ", at_end() ? "the end of the line" : shown({at_, 1})));
  }

  bool at_end() const noexcept { return at_ == end_; }
  /// The next byte, or a line feed at the end of the line.
  char peek() const noexcept { return at_ == end_ ? '\n' : *at_; }
  const char* place() const noexcept { return at_; }
  std::string_view line_rest() const noexcept { return {at_, static_cast<std::size_t>(end_ - at_)}; }

  bool skip(char c) noexcept {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  bool skip(std::string_view text) noexcept {
    if (!starts_with(line_rest(), text)) return false;
    at_ += text.size();
    return true;
  }
  /// Blanks where the text format allows any number of them.
  void skip_blanks() noexcept {
    while (is_blank(peek())) ++at_;
  }

  /// Up to the next blank or the end of the line; perhaps nothing.
  std::string_view word() noexcept {
    const char* const from = at_;
    while (at_ != end_ && !is_blank(*at_)) ++at_;
    return {from, static_cast<std::size_t>(at_ - from)};
  }

  /// A metric name as metadata and samples begin with: bare, or quoted in metadata.
  bool metric_name(std::string& name) {
    if (peek() == '"')
      return quoted(name, "a metric name") && (!name.empty() || fail("an empty metric name"));
    const std::string_view bare = bare_name(true);
    if (bare.empty()) return fail_name("a metric name");
    name.assign(bare);
    return true;
  }
  /// The name that a line begins with, when it is a bare one; empty otherwise.
  std::string_view bare_metric_name() noexcept { return bare_name(true); }

  /// The metric name (when it is inside the braces, else `name` stays) and labels, from the opening brace on.
  bool braces(std::string& name, std::vector<ParsedLabel>& labels) {
    const char* const from = at_;
    ++at_;
    const bool named = !name.empty();
    for (bool first = true;; first = false) {
      skip_blanks_of_text();
      if (peek() == '}' && (first || syntax_ == Syntax::text)) break;
      if (!label(!named && first, name, labels)) return false;
      skip_blanks_of_text();
      if (peek() == '}') break;
      if (!skip(',')) return fail_expecting("',' or '}' after a label");
    }
    ++at_;
    if (name.empty()) return fail_at(from, "no metric name before or inside the braces");
    return unique_names(from, labels);
  }

  /// A number, up to the next blank.
  bool number(double& value, std::string_view what) {
    const char* const from = at_;
    const std::string_view text = word();
    switch (parse_number(text, value)) {
      case NumberProblem::none:
        return true;
      case NumberProblem::range:
        return fail_at(from, message_of(what, " is beyond the largest number: ", shown(text)));
      case NumberProblem::syntax:
        break;
    }
    return fail_number(from, text, what);
  }

  PROMLITE_COLD bool fail_number(const char* from, std::string_view text, std::string_view what) {
    if (text.empty()) return fail_at(from, message_of("expected ", what));
    if (text.back() == '\r') return fail_at(from, "a carriage return ends this line; only a line feed may");
    return fail_at(from, message_of(what, " is no number: ", shown(text)));
  }

  /// The rest of the line as a help text. The text format knows `\\` and `\n` alone (and its readers no
  /// more); OpenMetrics knows `\"` as well, and leaves other pairs as they are (ABNF of escaped-char).
  bool help_text(std::string& out) {
    if (!valid(line_rest())) return fail("the help text is not UTF-8");
    while (at_ != end_) {
      const char c = *at_++;
      if (c != '\\') {
        out.push_back(c);
      } else if (!escape(out, syntax_ == Syntax::openmetrics)) {
        return false;
      }
    }
    return true;
  }

 private:
  static bool is_ascii(std::string_view text) noexcept {
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
      std::uint64_t bytes = 0;
      std::memcpy(&bytes, text.data() + at, 8);
      if ((bytes & 0x8080808080808080) != 0) return false;
    }
    for (; at < text.size(); ++at) {
      if (static_cast<unsigned char>(text[at]) >= 0x80) return false;
    }
    return true;
  }
  bool valid(std::string_view text) const noexcept { return ascii_ || is_utf8(text); }

  void skip_blanks_of_text() noexcept {
    if (syntax_ == Syntax::text) skip_blanks();
  }

  std::string_view bare_name(bool colons) noexcept {
    const char* const from = at_;
    const auto in_name = [colons](char c) { return is_name_char(c) || (colons && c == ':'); };
    if (at_ != end_ && in_name(*at_) && !is_digit(*at_)) {
      while (++at_ != end_ && in_name(*at_)) {
      }
    }
    return {from, static_cast<std::size_t>(at_ - from)};
  }

  PROMLITE_COLD bool fail_name(std::string_view what) {
    if (starts_with(line_rest(), "\xEF\xBB\xBF")) return fail("a byte order mark; an exposition has none");
    return fail_expecting(what);
  }

  /// What follows a backslash; `quote`: `\\"` is known here.
  bool escape(std::string& out, bool quote) {
    const char c = peek();
    if (c == '\\' || (c == '"' && quote)) {
      out.push_back(c);
    } else if (c == 'n') {
      out.push_back('\n');
    } else if (at_end()) {
      return fail("a backslash at the end of the line");
    } else if (syntax_ == Syntax::openmetrics) {
      out.push_back('\\');
      return true;  // the other character is read as any
    } else {
      --at_;
      return fail(message_of("no such escape: ", shown({at_, 2})));
    }
    ++at_;
    return true;
  }

  /// A quoted text, from the opening quote on.
  bool quoted(std::string& out, std::string_view what) {
    const char* const from = ++at_;
    out.clear();
    while (at_ != end_ && *at_ != '"' && *at_ != '\\') ++at_;
    out.assign(from, at_);
    while (at_ != end_ && *at_ != '"') {
      const char c = *at_++;
      if (c != '\\') {
        out.push_back(c);
      } else if (!escape(out, true)) {
        return false;
      }
    }
    if (at_end()) return fail_at(from - 1, message_of(what, " has no closing quote in this line"));
    if (!valid({from, static_cast<std::size_t>(at_ - from)}))
      return fail_at(from, message_of(what, " is not UTF-8"));
    ++at_;
    return true;
  }

  /// A label; or, where `may_be_name`, the metric name.
  bool label(bool may_be_name, std::string& name, std::vector<ParsedLabel>& labels) {
    const char* const from = at_;
    ParsedLabel& made = labels.emplace_back();
    const bool in_quotes = peek() == '"';
    if (in_quotes) {
      if (!quoted(made.name, "a name")) return false;
      if (made.name.empty()) return fail_at(from, "an empty name");
    } else {
      const std::string_view bare = bare_name(false);
      if (bare.empty()) return fail_name("a label name");
      made.name.assign(bare);
    }
    skip_blanks_of_text();
    if (may_be_name && in_quotes && (peek() == ',' || peek() == '}')) {
      name = std::move(made.name);
      labels.pop_back();
      return true;
    }
    if (made.name == "__name__")
      return fail_at(from, "the label __name__ is the metric's name and not written");
    if (!skip('=')) return fail_expecting("'=' after a label name");
    skip_blanks_of_text();
    if (peek() != '"') return fail_expecting("a quoted label value");
    return quoted(made.value, "a label value");
  }

  bool unique_names(const char* from, const std::vector<ParsedLabel>& labels) {
    if (labels.size() <= 16) {
      for (std::size_t i = 1; i < labels.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
          if (labels[i].name == labels[k].name) return fail_twice(from, labels[i].name);
        }
      }
      return true;
    }
    std::vector<std::string_view> names;
    names.reserve(labels.size());
    for (const ParsedLabel& label : labels) names.emplace_back(label.name);
    stable_sort(names, [](std::string_view a, std::string_view b) { return a < b; });
    for (std::size_t i = 1; i < names.size(); ++i) {
      if (names[i] == names[i - 1]) return fail_twice(from, names[i]);
    }
    return true;
  }
  PROMLITE_COLD bool fail_twice(const char* from, std::string_view name) {
    return fail_at(from, message_of("the label ", shown(name), " stands twice"));
  }

  const char* rest_;
  const char* text_end_;
  const char* begin_ = nullptr;  // of the line
  const char* end_ = nullptr;    // of the line, its line feed left out
  const char* at_ = nullptr;
  std::size_t line_ = 0;
  Syntax syntax_;
  bool ascii_;  // then no token needs a look at its bytes
  bool ended_ = false;
  std::string error_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_PARSER_SCANNER_HPP
