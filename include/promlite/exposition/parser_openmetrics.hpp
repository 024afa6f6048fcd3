// promlite: reads OpenMetrics text 1.0.0.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_PARSER_OPENMETRICS_HPP
#define PROMLITE_EXPOSITION_PARSER_OPENMETRICS_HPP

#include <promlite/config.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/encoder.hpp>
#include <promlite/error.hpp>
#include <promlite/exposition/model.hpp>
#include <promlite/exposition/parser_rules.hpp>
#include <promlite/exposition/parser_scanner.hpp>
#include <promlite/naming.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// One blank between tokens and none elsewhere, no line that is not part of the format, families in one
/// piece, metadata before samples, `# EOF` at the end; and all of FamilyRules.
class OpenMetricsParser {
 public:
  explicit OpenMetricsParser(std::string_view text) noexcept : scan_(text, Syntax::openmetrics) {}

  Expected<Exposition> parse() {
    while (scan_.next_line() && line()) {
    }
    if (!scan_.failed() && !ended_) scan_.fail("the text does not end with \"# EOF\"");
    if (scan_.failed()) return Expected<Exposition>::failure(scan_.error());
    return std::move(out_);
  }

 private:
  bool line() {
    if (ended_) return scan_.fail("nothing may follow \"# EOF\"");
    if (scan_.at_end()) return scan_.fail("a blank line");
    if (scan_.line_rest() == "# EOF") {  // the one line that may lack its line feed
      ended_ = true;
      return finish_family();
    }
    if (!(scan_.peek() == '#' ? metadata() : sample())) return false;
    return scan_.ended() || scan_.fail("the last line does not end with a line feed");
  }

  bool blank(std::string_view before) {
    return scan_.skip(' ') || scan_.fail_expecting(message_of("a blank before ", before));
  }

  bool metadata() {
    if (!scan_.skip("# ")) return scan_.fail("a comment; OpenMetrics has none");
    const char* const start = scan_.place();
    const std::string_view keyword = scan_.word();
    Seen mark = seen_help;
    if (keyword == "TYPE") {
      mark = seen_type;
    } else if (keyword == "UNIT") {
      mark = seen_unit;
    } else if (keyword != "HELP") {
      return scan_.fail_at(start, "a comment; OpenMetrics has none");
    }
    if (!blank("a metric name")) return false;
    const char* const place = scan_.place();
    if (!scan_.metric_name(name_) || !blank(mark == seen_help ? "the help text" : "the rest")) return false;
    if (out_.families.empty() || current().name != name_) {
      if (!finish_family() || !begin_family(place)) return false;
    } else if (!current().samples.empty()) {
      return scan_.fail_at(place, message_of("metadata of ", shown(name_), " behind its samples"));
    }
    if ((seen_ & mark) != 0)
      return scan_.fail_at(place, message_of("a second ", keyword, " for ", shown(name_)));
    seen_ = static_cast<unsigned char>(seen_ | mark);
    if (mark == seen_help) return scan_.help_text(current().help);
    return (mark == seen_type ? type() : unit()) && unit_fits_type(start);
  }

  bool type() {
    static const struct {
      const char* word;
      MetricType type;
    } types[] = {{"counter", MetricType::counter},     {"gauge", MetricType::gauge},
                 {"histogram", MetricType::histogram}, {"gaugehistogram", MetricType::gauge_histogram},
                 {"summary", MetricType::summary},     {"info", MetricType::info},
                 {"stateset", MetricType::stateset},   {"unknown", MetricType::untyped}};
    const char* const from = scan_.place();
    const std::string_view word = scan_.word();
    for (const auto& known : types) {
      if (word != known.word) continue;
      current().type = known.type;
      if (!scan_.at_end()) return scan_.fail_expecting("the end of the line after the type");
      for (const SampleSuffix* suffix = sample_suffixes(known.type); suffix->part != SamplePart::none;
           ++suffix) {
        if (*suffix->text != '\0' && !take(current().name + suffix->text, from)) return false;
      }
      return true;
    }
    return scan_.fail_at(from, message_of("no such type in OpenMetrics: ", shown(word)));
  }

  bool unit() {
    const char* const from = scan_.place();
    const std::string_view word = scan_.word();
    if (!scan_.at_end()) return scan_.fail_expecting("the end of the line after the unit");
    if (!word.empty() && !ends_with(current().name, message_of("_", word))) {
      return scan_.fail_at(from, message_of("the unit ", shown(word), " is not the end of the name"));
    }
    current().unit.assign(word);
    return true;
  }

  bool unit_fits_type(const char* place) {
    const MetricType type = current().type;
    if (current().unit.empty() || (type != MetricType::info && type != MetricType::stateset)) return true;
    return scan_.fail_at(place, "infos and statesets have no unit");
  }

  ParsedFamily& current() noexcept { return out_.families.back(); }

  /// No other family may have this sample, nor be called so.
  bool take(std::string name, const char* place) {
    const std::size_t index = out_.families.size() - 1;
    const auto [known, inserted] = taken_.emplace(std::move(name), index);
    if (inserted) return true;
    const ParsedFamily& owner = out_.families[known->second];
    return scan_.fail_at(place, message_of("the name ", shown(known->first), " belongs to the family ",
                                           shown(owner.name), " further up"));
  }

  /// A family called name_.
  bool begin_family(const char* place) {
    out_.families.emplace_back().name = name_;
    rules_ = FamilyRules();
    seen_ = 0;
    return take(name_, place);
  }

  bool finish_family() {
    const char* const problem = out_.families.empty() ? nullptr : rules_.finish(current());
    return problem == nullptr || scan_.fail(message_of(problem, " (family ", shown(current().name), ")"));
  }

  bool sample() {
    const char* const start = scan_.place();
    name_.assign(scan_.bare_metric_name());
    ParsedSample made;
    if (scan_.peek() == '{') {
      made.labels.reserve(labels_before_);
      if (!scan_.braces(name_, made.labels)) return false;
      labels_before_ = made.labels.size();
    } else if (name_.empty()) {
      return scan_.metric_name(name_) &&
             scan_.fail_at(start, "a quoted metric name stands inside the braces");
    }
    if (!blank("the value") || !scan_.number(made.value, "the value")) return false;
    if (!scan_.at_end() && !rest_of(made)) return false;
    SamplePart part = out_.families.empty() ? SamplePart::none : part_of(current(), name_);
    if (part == SamplePart::none) {
      if (!finish_family() || !begin_family(start)) return false;
      part = SamplePart::plain;  // of an unknown
    }
    made.name = name_;
    const char* const problem = rules_.add(current(), made, part);
    if (problem != nullptr) return scan_.fail_at(start, problem);
    current().samples.push_back(std::move(made));
    return true;
  }

  /// Timestamp and exemplar, from the blank behind the value on.
  bool rest_of(ParsedSample& made) {
    if (!blank("a timestamp or an exemplar")) return false;
    if (scan_.peek() != '#') {
      if (!timestamp(made.timestamp)) return false;
      if (scan_.at_end()) return true;
      if (!blank("an exemplar")) return false;
    }
    if (!scan_.skip("# ") || scan_.peek() != '{')
      return scan_.fail_expecting("an exemplar, as in # {a=\"b\"} 1");
    return exemplar(made.exemplar.emplace());
  }

  bool timestamp(std::optional<double>& seconds) {
    const char* const from = scan_.place();
    double number = 0;
    if (!scan_.number(number, "the timestamp")) return false;
    if (!is_finite(number)) return scan_.fail_at(from, "the timestamp is no point in time");
    seconds = number;
    return true;
  }

  bool exemplar(ParsedExemplar& made) {
    const char* const from = scan_.place();
    std::string name = "exemplar";  // it has none to be read
    if (!scan_.braces(name, made.labels)) return false;
    std::size_t characters = 0;
    for (const ParsedLabel& label : made.labels)
      characters += code_points(label.name) + code_points(label.value);
    if (characters > 128)
      return scan_.fail_at(from, "the labels of an exemplar have more than 128 characters");
    if (!blank("the exemplar's value") || !scan_.number(made.value, "the exemplar's value")) return false;
    if (scan_.at_end()) return true;
    if (!blank("the exemplar's timestamp") || !timestamp(made.timestamp)) return false;
    return scan_.at_end() || scan_.fail_expecting("the end of the line after the exemplar");
  }

  static std::size_t code_points(std::string_view utf8) noexcept {
    std::size_t count = 0;
    for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
    return count;
  }

  enum Seen : unsigned char { seen_help = 1, seen_type = 2, seen_unit = 4 };

  LineScanner scan_;
  Exposition out_;
  FamilyRules rules_;                         // of the last family
  unsigned char seen_ = 0;                    // of the last family
  std::map<std::string, std::size_t> taken_;  // names of families and samples: the index of their family
  std::string name_;
  std::size_t labels_before_ = 0;
  bool ended_ = false;
};

}  // namespace detail

/// Reads an exposition of OpenMetrics 1.0.0, as strictly as the specification: a failure's message says line,
/// column (in bytes, from 1) and reason. Otherwise as parse_text().
inline Expected<Exposition> parse_openmetrics(std::string_view text) {
  return detail::OpenMetricsParser(text).parse();
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_PARSER_OPENMETRICS_HPP
