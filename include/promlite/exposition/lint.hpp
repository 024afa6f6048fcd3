// promlite: what is against the conventions of Prometheus in an exposition.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_LINT_HPP
#define PROMLITE_EXPOSITION_LINT_HPP

#include <promlite/config.hpp>
#include <promlite/detail/ascii.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/sort.hpp>
#include <promlite/encoder.hpp>
#include <promlite/error.hpp>
#include <promlite/exposition/model.hpp>
#include <promlite/exposition/parser_text.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/naming.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

/// A convention that a metric does not keep.
struct LintProblem {
  std::string metric;  ///< the family's name; empty when the text could not be read
  std::string text;    ///< what is wrong
};

namespace detail {

/// The rules of `promtool check metrics` (client_golang's promlint), and that a series stands once.
class Linter {
 public:
  std::vector<LintProblem> lint(const Exposition& exposition) {
    for (const ParsedFamily& family : exposition.families) {
      family_ = &family;
      told_.clear();
      if (family.help.empty()) report("no help text");
      unit();
      if (family.type != MetricType::untyped) suffixes();
      type_in_name();
      spelling();
      labels();
      unique();
    }
    return std::move(found_);
  }

 private:
  bool is(MetricType type) const noexcept { return family_->type == type; }
  bool is_histogram() const noexcept { return is(MetricType::histogram) || is(MetricType::gauge_histogram); }

  // Once for each family and text. A bound, because each problem repeats the family's name.
  void report(std::string text) {
    if (told_.size() < 100 && told_.insert(text).second) found_.push_back({family_->name, std::move(text)});
  }

  void unit() {
    std::string_view rest = family_->name;
    for (bool last = false; !last;) {
      const std::size_t end = rest.find('_');
      last = end == std::string_view::npos;
      const std::string_view part = rest.substr(0, end);
      const std::string_view base = base_unit(part);
      if (base != part && !base.empty()) {
        report(message_of("use the base unit ", base, " instead of ", part));
      }
      if (!last) rest.remove_prefix(end + 1);
    }
  }

  static std::string_view base_unit(std::string_view part) noexcept {
    const std::string_view whole = unit_of(part);
    if (!whole.empty()) return whole;
    static const char* const prefixes[] = {"pico", "nano",  "micro", "milli", "centi", "deci",
                                           "deca", "hecto", "kilo",  "kibi",  "mega",  "mibi",
                                           "giga", "gibi",  "tera",  "tebi",  "peta",  "pebi"};
    for (const std::string_view prefix : prefixes) {
      if (!starts_with(part, prefix)) continue;
      const std::string_view base = unit_of(part.substr(prefix.size()));
      if (!base.empty()) return base;
    }
    return {};
  }

  static std::string_view unit_of(std::string_view word) noexcept {
    static const struct {
      const char* unit;
      const char* base;
    } units[] = {
        {"amperes", "amperes"}, {"bytes", "bytes"},     {"celsius", "celsius"}, {"grams", "grams"},
        {"joules", "joules"},   {"kelvin", "kelvin"},   {"meters", "meters"},   {"metres", "metres"},
        {"seconds", "seconds"}, {"volts", "volts"},     {"minutes", "seconds"}, {"hours", "seconds"},
        {"days", "seconds"},    {"weeks", "seconds"},   {"kelvins", "kelvin"},  {"fahrenheit", "celsius"},
        {"rankine", "celsius"}, {"inches", "meters"},   {"yards", "meters"},    {"miles", "meters"},
        {"bits", "bytes"},      {"calories", "joules"}, {"pounds", "grams"},    {"ounces", "grams"}};
    for (const auto& known : units) {
      if (word == known.unit) return known.base;
    }
    return {};
  }

  void suffixes() {
    const std::string_view name = family_->name;
    const bool total = ends_with(name, "_total");
    // In OpenMetrics the suffix is the sample's alone.
    const bool sampled = !family_->samples.empty() && ends_with(family_->samples.front().name, "_total");
    if (is(MetricType::counter) && !total && !sampled) report("the name of a counter should end in _total");
    if (!is(MetricType::counter) && total) report("only the name of a counter should end in _total");
    if (!is_histogram() && ends_with(name, "_bucket"))
      report("no name but a histogram's should end in _bucket");
    for (const std::string_view suffix : {"_count", "_sum"}) {
      if (!is_histogram() && !is(MetricType::summary) && ends_with(name, suffix)) {
        report(message_of("no name but a histogram's or summary's should end in ", suffix));
      }
    }
  }

  /// Whether `_word_` stands in the name, or `_word` at its end.
  bool has_part(std::string_view word) const {
    const std::string name = lower(family_->name) + "_";
    return name.find(message_of("_", word, "_")) != std::string::npos;
  }
  static std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = to_lower(c);
    return out;
  }

  void type_in_name() {
    for (const std::string_view type : {"counter", "gauge", "histogram", "summary", "gauge_histogram"}) {
      if (has_part(type)) report(message_of("the name should not say the type, ", type));
    }
  }

  static bool is_camel_case(std::string_view name) noexcept {
    for (std::size_t i = 1; i < name.size(); ++i) {
      if (name[i - 1] >= 'a' && name[i - 1] <= 'z' && name[i] >= 'A' && name[i] <= 'Z') return true;
    }
    return false;
  }

  void spelling() {
    if (family_->name.find(':') != std::string::npos)
      report("a colon belongs in the names of recording rules only");
    if (is_camel_case(family_->name)) report("the name should be in snake_case, not camelCase");
    for (const std::string_view unit :
         {"s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"}) {
      if (has_part(unit)) report("the name should not abbreviate a unit");
    }
  }

  void labels() {
    for (const ParsedSample& sample : family_->samples) {
      for (const ParsedLabel& label : sample.labels) {
        if (is_camel_case(label.name)) {
          report(message_of("the label ", label.name, " should be in snake_case, not camelCase"));
        }
        if (is(MetricType::untyped)) continue;
        if (label.name == "le" && !is_histogram()) report("the label le belongs to histograms");
        if (label.name == "quantile" && !is(MetricType::summary))
          report("the label quantile belongs to summaries");
      }
    }
  }

  void unique() {
    std::vector<std::string> series;
    series.reserve(family_->samples.size());
    std::vector<const ParsedLabel*> sorted;
    for (const ParsedSample& sample : family_->samples) {
      std::string key = sample.name;
      sorted.clear();
      for (const ParsedLabel& label : sample.labels) sorted.push_back(&label);
      stable_sort(sorted, [](const ParsedLabel* a, const ParsedLabel* b) { return a->name < b->name; });
      // 0xFF is no byte of UTF-8: it ends names and values.
      for (const ParsedLabel* label : sorted)
        key.append(1, '\xFF').append(label->name).append(1, '\xFF').append(label->value);
      if (sample.timestamp) key.append(1, '\xFF').append(std::to_string(bits_of(*sample.timestamp)));
      series.push_back(std::move(key));
    }
    stable_sort(series, [](const std::string& a, const std::string& b) { return a < b; });
    for (std::size_t i = 1; i < series.size(); ++i) {
      if (series[i] == series[i - 1]) {
        report("a series stands more than once");
        return;
      }
    }
  }

  const ParsedFamily* family_ = nullptr;
  std::set<std::string> told_;  // of the family
  std::vector<LintProblem> found_;
};

}  // namespace detail

/// What `promtool check metrics` would find, in the words of this library, and series that stand more than
/// once. Empty when there is nothing; a problem is told once for each family, and at most 100 of them. Thread
/// safe; throws std::bad_alloc.
inline std::vector<LintProblem> lint(const Exposition& exposition) {
  return detail::Linter().lint(exposition);
}

/// The same for an exposition of the text format 0.0.4. One that cannot be read is one problem without a
/// metric, whose text is the parser's message.
inline std::vector<LintProblem> lint(std::string_view text) {
  const auto parsed = parse_text(text);
  if (parsed) return lint(*parsed);
  std::vector<LintProblem> problems;
  problems.push_back({std::string(), parsed.message()});
  return problems;
}

/// The same for what `source` exposes: a Registry, or anything else with `collect(Encoder&)`. A family
/// without series is not exposed, so nothing is found in it.
template <class Source, class = decltype(std::declval<Source&>().collect(std::declval<Encoder&>()))>
std::vector<LintProblem> lint(Source& source) {
  return lint(std::string_view(to_text(source)));
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_LINT_HPP
