// promlite: what a program needs to test its own metrics; for tests, and not part of promlite.hpp.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTING_HPP
#define PROMLITE_TESTING_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/sort.hpp>
#include <promlite/encoder.hpp>
#include <promlite/error.hpp>
#include <promlite/exposition/lint.hpp>
#include <promlite/exposition/model.hpp>
#include <promlite/exposition/parser.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/labels.hpp>

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

template <class Source>
Exposition exposition_of(Source& source) {
  auto parsed = parse_text(to_text(source));
  if (!parsed) fail(message_of("promlite::testing: the exposition cannot be read: ", parsed.message()));
  return std::move(*parsed);
}

/// True when both hold the same names and values; their order has no meaning.
inline bool same_labels(const std::vector<ParsedLabel>& some, const Labels& others) noexcept {
  if (some.size() != others.size()) return false;
  for (const ParsedLabel& label : some) {
    bool found = false;
    for (const Label& other : others)
      found = found || (label.name == other.name && label.value == other.value);
    if (!found) return false;
  }
  return true;
}

/// How two expositions differ, a line for each family's type and help and for each series.
class Difference {
 public:
  std::string between(const Exposition& expected, const Exposition& found,
                      const std::vector<std::string_view>& names) {
    const std::vector<const ParsedFamily*> wanted = sorted(expected, names);
    const std::vector<const ParsedFamily*> given = sorted(found, names);
    for (std::size_t w = 0, g = 0; w < wanted.size() || g < given.size();) {
      const int order = w == wanted.size()  ? 1
                        : g == given.size() ? -1
                                            : wanted[w]->name.compare(given[g]->name);
      const ParsedFamily none;
      family(order <= 0 ? *wanted[w] : none, order >= 0 ? *given[g] : none);
      if (order <= 0) ++w;
      if (order >= 0) ++g;
    }
    return std::move(out_);
  }

 private:
  struct Series {
    std::string text;  // name and labels, these sorted by name
    const ParsedSample* sample = nullptr;
  };

  static std::vector<const ParsedFamily*> sorted(const Exposition& all,
                                                 const std::vector<std::string_view>& names) {
    std::vector<const ParsedFamily*> out;
    for (const ParsedFamily& family : all.families) {
      bool asked = names.empty();
      for (const std::string_view name : names) asked = asked || name == family.name;
      if (asked) out.push_back(&family);
    }
    stable_sort(out, [](const ParsedFamily* a, const ParsedFamily* b) { return a->name < b->name; });
    return out;
  }

  static std::vector<Series> sorted(const ParsedFamily& family) {
    std::vector<Series> out;
    out.reserve(family.samples.size());
    for (const ParsedSample& sample : family.samples) {
      std::vector<const ParsedLabel*> labels;
      for (const ParsedLabel& label : sample.labels) labels.push_back(&label);
      stable_sort(labels, [](const ParsedLabel* a, const ParsedLabel* b) { return a->name < b->name; });
      std::string text;
      for (const ParsedLabel* label : labels) append_label(text, label->name, label->value);
      out.push_back({text.empty() ? sample.name : message_of(sample.name, "{", text, "}"), &sample});
    }
    stable_sort(out, [](const Series& a, const Series& b) { return a.text < b.text; });
    return out;
  }

  static std::string value_of(const ParsedSample& sample) {
    char text[max_number_chars];
    std::string out(text, write_number(text, sample.value));
    if (sample.timestamp) {
      out.append(" at ").append(text, write_number(text, *sample.timestamp));
    }
    return out;
  }

  static std::string escaped(std::string_view text) {
    std::string out;
    append_escaped_label_value(out, text);
    return out;
  }

  void line(std::initializer_list<std::string_view> parts) { out_.append(join(parts)).push_back('\n'); }

  void family(const ParsedFamily& wanted, const ParsedFamily& given) {
    if (!wanted.name.empty() && !given.name.empty()) {
      if (wanted.type != given.type) {
        line({"differs:    the type of ", wanted.name, " is ", type_name(given.type), ", expected ",
              type_name(wanted.type)});
      }
      if (wanted.help != given.help) {
        line({"differs:    the help of ", wanted.name, " is \"", escaped(given.help), "\", expected \"",
              escaped(wanted.help), "\""});
      }
    } else if (wanted.samples.empty() && given.samples.empty()) {
      line({given.name.empty() ? "missing:    " : "unexpected: ", "the family ", wanted.name, given.name,
            ", without samples"});
    }
    const std::vector<Series> left = sorted(wanted);
    const std::vector<Series> right = sorted(given);
    for (std::size_t l = 0, r = 0; l < left.size() || r < right.size();) {
      const int order = l == left.size() ? 1 : r == right.size() ? -1 : left[l].text.compare(right[r].text);
      if (order < 0) line({"missing:    ", left[l].text, " ", value_of(*left[l].sample)});
      if (order > 0) line({"unexpected: ", right[r].text, " ", value_of(*right[r].sample)});
      if (order == 0 && !same_value(*left[l].sample, *right[r].sample)) {
        line({"differs:    ", left[l].text, " is ", value_of(*right[r].sample), ", expected ",
              value_of(*left[l].sample)});
      }
      if (order <= 0) ++l;
      if (order >= 0) ++r;
    }
  }

  // NaN equals NaN, and both zeros are one.
  static bool same_value(const ParsedSample& a, const ParsedSample& b) noexcept {
    const auto same = [](double x, double y) { return x == y || (is_nan(x) && is_nan(y)); };
    return same(a.value, b.value) && a.timestamp.has_value() == b.timestamp.has_value() &&
           (!a.timestamp || same(*a.timestamp, *b.timestamp));
  }

  std::string out_;
};

}  // namespace detail

/// For tests of one's own metrics. `source` is a Registry, or anything else with `collect(Encoder&)`; every
/// call is a whole scrape. Not for production: speed is no concern here. All of it throws Error when the
/// exposition cannot be read, which is a fault of a collector of one's own, and std::bad_alloc.
namespace testing {

/// The value of one sample by its name in the text format (`x_total`, `x_bucket`, `x_count` ...) and all of
/// its labels, in any order; nothing when there is no such sample. Doubles: integers beyond 2^53 are rounded.
template <class Source>
std::optional<double> value_of(Source& source, std::string_view name, const Labels& labels = {}) {
  const Exposition exposition = detail::exposition_of(source);
  for (const ParsedFamily& family : exposition.families) {
    for (const ParsedSample& sample : family.samples) {
      if (sample.name == name && detail::same_labels(sample.labels, labels)) return sample.value;
    }
  }
  return std::nullopt;
}

/// How `source` differs from an exposition in the text format 0.0.4: a line for each series that is missing,
/// unexpected or has another value, and for each type and help text that is another. Empty when nothing
/// differs. The order of families, series and labels has no meaning; a help text that `expected` leaves out
/// is expected to be empty. `names`: only these families, as their metadata name them, are compared, on both
/// sides. When `expected` cannot be read, the answer is the parser's message.
template <class Source>
std::string compare(Source& source, std::string_view expected,
                    std::initializer_list<std::string_view> names = {}) {
  const auto wanted = parse_text(expected);
  if (!wanted) return detail::message_of("the expected text cannot be read: ", wanted.message(), "\n");
  return detail::Difference().between(*wanted, detail::exposition_of(source), names);
}

}  // namespace testing
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TESTING_HPP
