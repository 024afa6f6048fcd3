// promlite: reads the text format 0.0.4.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_PARSER_TEXT_HPP
#define PROMLITE_EXPOSITION_PARSER_TEXT_HPP

#include <promlite/config.hpp>
#include <promlite/detail/ascii.hpp>
#include <promlite/detail/parse_number.hpp>
#include <promlite/encoder.hpp>
#include <promlite/error.hpp>
#include <promlite/exposition/model.hpp>
#include <promlite/exposition/parser_scanner.hpp>
#include <promlite/naming.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// The families of a text as they appear, found by name. A tree and no hash: nobody can choose collisions.
class FamilyMap {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  std::size_t find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? none : found->second;
  }

  /// The family that a sample or a metadata line of this name belongs to: the one of that name, or the
  /// histogram or summary that it is a part of, or a new one.
  std::size_t find_or_add(std::string_view name) {
    std::size_t found = find(name);
    if (found == none) found = find_whole(name, "_count", true);
    if (found == none) found = find_whole(name, "_sum", true);
    if (found == none) found = find_whole(name, "_bucket", false);
    if (found != none) return found;
    families_.emplace_back().name.assign(name);
    by_name_.emplace(name, families_.size() - 1);
    return families_.size() - 1;
  }

  ParsedFamily& operator[](std::size_t index) noexcept { return families_[index]; }
  std::vector<ParsedFamily> take() noexcept { return std::move(families_); }

 private:
  std::size_t find_whole(std::string_view name, std::string_view suffix, bool of_summaries) const {
    if (name.size() <= suffix.size() || !ends_with(name, suffix)) return none;
    const std::size_t found = find(name.substr(0, name.size() - suffix.size()));
    if (found == none) return none;
    const MetricType type = families_[found].type;
    return type == MetricType::histogram || (of_summaries && type == MetricType::summary) ? found : none;
  }

  std::vector<ParsedFamily> families_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

/// The grammar of the format's documentation, as strict as the reference parser (expfmt of
/// prometheus/common): blanks and tabs between tokens, blank lines, comments and a comma before `}` are fine;
/// unknown escapes, unknown types, metadata twice, a type behind samples, a missing last line feed are not.
class TextParser {
 public:
  explicit TextParser(std::string_view text) noexcept : scan_(text, Syntax::text) {}

  Expected<Exposition> parse() {
    while (scan_.next_line() && line()) {
    }
    if (scan_.failed()) return Expected<Exposition>::failure(scan_.error());
    Exposition out;
    out.families = families_.take();
    return out;
  }

 private:
  enum Seen : unsigned char { seen_help = 1, seen_type = 2 };

  bool line() {
    scan_.skip_blanks();
    const bool read = scan_.at_end() || (scan_.peek() == '#' ? comment() : sample());
    return read && (scan_.ended() || scan_.fail("the last line does not end with a line feed"));
  }

  bool comment() {
    scan_.skip('#');
    scan_.skip_blanks();
    const std::string_view keyword = scan_.word();
    if (keyword != "HELP" && keyword != "TYPE") return true;
    scan_.skip_blanks();
    if (scan_.at_end()) return scan_.fail_expecting("a metric name");
    const char* const place = scan_.place();
    if (!scan_.metric_name(name_)) return false;
    if (!scan_.at_end() && !is_blank(scan_.peek()))
      return scan_.fail_expecting("a blank after the metric name");
    scan_.skip_blanks();
    const std::size_t index = families_.find_or_add(name_);
    if (seen_.size() <= index) seen_.resize(index + 1);
    const Seen mark = keyword == "HELP" ? seen_help : seen_type;
    if ((seen_[index] & mark) != 0) return fail_second(place, keyword, families_[index].name);
    seen_[index] = static_cast<unsigned char>(seen_[index] | mark);
    return mark == seen_help ? scan_.help_text(families_[index].help) : type_of(families_[index], place);
  }

  PROMLITE_COLD bool fail_second(const char* place, std::string_view keyword, std::string_view family) {
    return scan_.fail_at(place, family == name_ ? message_of("a second ", keyword, " for ", shown(name_))
                                                : message_of("a second ", keyword, " for ", shown(family),
                                                             ", which ", shown(name_), " belongs to"));
  }

  bool type_of(ParsedFamily& family, const char* place) {
    if (!family.samples.empty()) {
      return scan_.fail_at(place,
                           message_of("the type of ", shown(family.name), " stands behind its first sample"));
    }
    static const struct {
      const char* word;
      MetricType type;
    } types[] = {{"counter", MetricType::counter},
                 {"gauge", MetricType::gauge},
                 {"histogram", MetricType::histogram},
                 {"summary", MetricType::summary},
                 {"untyped", MetricType::untyped}};
    const char* const from = scan_.place();
    const std::string_view word = scan_.word();
    scan_.skip_blanks();
    for (const auto& known : types) {
      if (word != known.word) continue;
      family.type = known.type;
      return scan_.at_end() || scan_.fail_expecting("the end of the line after the type");
    }
    return scan_.fail_at(from, message_of("no such type in the text format: ", shown(word)));
  }

  bool sample() {
    const char* const from = scan_.place();
    const std::string_view bare = scan_.bare_metric_name();
    name_.assign(bare);
    if (bare.empty() && scan_.peek() != '{') return scan_.metric_name(name_) && scan_.fail_at(from, unbraced);
    if (!bare.empty() && !is_blank(scan_.peek()) && scan_.peek() != '{') {
      return scan_.fail_expecting(scan_.at_end() ? "a value" : "a blank or '{' after the metric name");
    }
    scan_.skip_blanks();
    labels_.clear();
    labels_.reserve(labels_before_);
    if (scan_.peek() == '{' && !scan_.braces(name_, labels_)) return false;
    labels_before_ = labels_.size();
    ParsedFamily& family = families_[family_of(name_)];
    if (!bounds_are_numbers(family.type, from)) return false;
    scan_.skip_blanks();
    ParsedSample& made = family.samples.emplace_back();
    made.name = name_;
    made.labels = std::move(labels_);
    if (!scan_.number(made.value, "the value")) return false;
    scan_.skip_blanks();
    return scan_.at_end() || timestamp(made);
  }

  /// Most samples follow one of their own name, or one of the same histogram.
  std::size_t family_of(const std::string& name) {
    for (const auto& [known, index] : recent_) {
      if (known == name) return index;
    }
    const std::size_t index = families_.find_or_add(name);
    recent_[next_recent_] = {name, index};
    next_recent_ = (next_recent_ + 1) % 4;
    return index;
  }

  bool bounds_are_numbers(MetricType type, const char* from) {
    if (type != MetricType::histogram && type != MetricType::summary) return true;
    const std::string_view wanted = type == MetricType::histogram ? "le" : "quantile";
    double bound = 0;
    for (const ParsedLabel& label : labels_) {
      if (label.name == wanted && parse_number(label.value, bound) != NumberProblem::none) {
        return scan_.fail_at(from, message_of("the label ", wanted, " is no number: ", shown(label.value)));
      }
    }
    return true;
  }

  bool timestamp(ParsedSample& made) {
    const char* const from = scan_.place();
    const std::string_view text = scan_.word();
    const char* first = text.data();
    const char* const last = first + text.size();
    if (text.size() > 1 && *first == '+' && is_digit(first[1])) ++first;
    std::int64_t milliseconds = 0;
    const auto [stop, code] = std::from_chars(first, last, milliseconds);
    if (code != std::errc() || stop != last) {
      return scan_.fail_at(from,
                           message_of("the timestamp is no whole number of milliseconds: ", shown(text)));
    }
    made.timestamp = static_cast<double>(milliseconds) / 1000;
    scan_.skip_blanks();
    return scan_.at_end() || scan_.fail_expecting("the end of the line after the timestamp");
  }

  static constexpr const char* unbraced = "a quoted metric name stands inside the braces";

  LineScanner scan_;
  FamilyMap families_;
  std::vector<unsigned char> seen_;  // by family
  std::pair<std::string, std::size_t> recent_[4];
  std::size_t next_recent_ = 0;
  std::string name_;
  std::vector<ParsedLabel> labels_;
  std::size_t labels_before_ = 0;
};

}  // namespace detail

/// Reads an exposition of the text format 0.0.4, as exporters and Pushgateways write it. A failure's message
/// says line, column (in bytes, from 1) and reason, in less than 800 bytes. Every byte sequence has an answer
/// in linear time and memory (n log n in the number of families): some six times the size of a usual text,
/// forty times that of one with very short lines. Comments are left out. Families in several pieces become
/// one; series that stand twice stay two samples. Integers beyond 2^53 are rounded. Thread safe; throws
/// std::bad_alloc.
inline Expected<Exposition> parse_text(std::string_view text) { return detail::TextParser(text).parse(); }

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_PARSER_TEXT_HPP
