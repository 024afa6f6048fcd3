// promlite: what OpenMetrics 1.0.0 demands of a family's samples beyond their syntax.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_PARSER_RULES_HPP
#define PROMLITE_EXPOSITION_PARSER_RULES_HPP

#include <promlite/config.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/parse_number.hpp>
#include <promlite/detail/sort.hpp>
#include <promlite/encoder.hpp>
#include <promlite/exposition/model.hpp>
#include <promlite/naming.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// What a sample is to its family, by the suffix of its name.
enum class SamplePart : unsigned char { none, plain, total, created, bucket, count, sum, gcount, gsum, info };

struct SampleSuffix {
  SamplePart part;
  const char* text;
};

/// The samples that a family of this type has; SamplePart::none ends the list.
inline const SampleSuffix* sample_suffixes(MetricType type) noexcept {
  static const SampleSuffix counter[] = {
      {SamplePart::total, "_total"}, {SamplePart::created, "_created"}, {SamplePart::none, ""}};
  static const SampleSuffix histogram[] = {{SamplePart::bucket, "_bucket"},
                                           {SamplePart::count, "_count"},
                                           {SamplePart::sum, "_sum"},
                                           {SamplePart::created, "_created"},
                                           {SamplePart::none, ""}};
  static const SampleSuffix gauge_histogram[] = {{SamplePart::bucket, "_bucket"},
                                                 {SamplePart::gcount, "_gcount"},
                                                 {SamplePart::gsum, "_gsum"},
                                                 {SamplePart::none, ""}};
  static const SampleSuffix summary[] = {{SamplePart::plain, ""},
                                         {SamplePart::count, "_count"},
                                         {SamplePart::sum, "_sum"},
                                         {SamplePart::created, "_created"},
                                         {SamplePart::none, ""}};
  static const SampleSuffix info[] = {{SamplePart::info, "_info"}, {SamplePart::none, ""}};
  static const SampleSuffix plain[] = {{SamplePart::plain, ""}, {SamplePart::none, ""}};
  switch (type) {
    case MetricType::counter:
      return counter;
    case MetricType::histogram:
      return histogram;
    case MetricType::gauge_histogram:
      return gauge_histogram;
    case MetricType::summary:
      return summary;
    case MetricType::info:
      return info;
    case MetricType::gauge:
    case MetricType::stateset:
    case MetricType::untyped:
      break;
  }
  return plain;
}

/// What a sample of this name is to the family; SamplePart::none when it is not one of its samples.
inline SamplePart part_of(const ParsedFamily& family, std::string_view sample) noexcept {
  if (!starts_with(sample, family.name)) return SamplePart::none;
  const std::string_view suffix = sample.substr(family.name.size());
  for (const SampleSuffix* known = sample_suffixes(family.type); known->part != SamplePart::none; ++known) {
    if (suffix == known->text) return known->part;
  }
  return SamplePart::none;
}

/// Checks the samples of one family, told in their order. Each answer is the reason why not, or null.
///
/// Samples with the same labels, but for those that tell parts of one metric apart, are a group. Groups stand
/// together; the points in time of a group ascend; those of a histogram are complete.
class FamilyRules {
 public:
  /// `part` is not none.
  const char* add(const ParsedFamily& family, const ParsedSample& sample, SamplePart part) {
    const char* problem = check_value(family, sample, part);
    if (problem == nullptr) problem = check_own_label(family, sample, part);
    if (problem == nullptr) problem = check_group(family, sample, part);
    if (problem == nullptr && is_histogram(family.type)) problem = check_histogram(sample, part);
    if (problem == nullptr && sample.exemplar && part != SamplePart::bucket && part != SamplePart::total) {
      problem = "only buckets and the totals of counters have exemplars";
    }
    return problem;
  }

  /// After the last sample.
  const char* finish(const ParsedFamily& family) noexcept {
    return is_histogram(family.type) && in_group_ ? end_of_histogram() : nullptr;
  }

 private:
  /// What is known of the histogram under way.
  struct HistogramState {
    std::optional<double> bound;
    double in_bucket = 0;
    std::optional<double> count;
    bool has_sum = false;
    bool has_gsum = false;
    bool negative_gsum = false;
    bool negative_bound = false;
  };

  static bool is_histogram(MetricType type) noexcept {
    return type == MetricType::histogram || type == MetricType::gauge_histogram;
  }
  static bool is_whole(double value) noexcept {
    if (!is_finite(value)) return false;
    return value >= 1e18 || value <= -1e18 || static_cast<double>(static_cast<std::int64_t>(value)) == value;
  }

  static const char* check_value(const ParsedFamily& family, const ParsedSample& sample,
                                 SamplePart part) noexcept {
    const double value = sample.value;
    switch (part) {
      case SamplePart::bucket:
      case SamplePart::count:
      case SamplePart::gcount:
        if (!is_whole(value)) return "counts are whole numbers";
        return is_negative(value) ? "counts are not negative" : nullptr;
      case SamplePart::total:
      case SamplePart::sum:
        if (is_nan(value)) return "totals and sums are numbers";
        return is_negative(value) ? "totals and sums are not negative" : nullptr;
      case SamplePart::gsum:
        return is_nan(value) ? "totals and sums are numbers" : nullptr;
      case SamplePart::info:
        return value == 1 ? nullptr : "the value of an info is 1";
      case SamplePart::plain:
        if (family.type == MetricType::stateset && !(value == 0 || value == 1)) {
          return "the values of a stateset are 0 and 1";
        }
        if (family.type == MetricType::summary && is_negative(value))
          return "the values of quantiles are not negative";
        break;
      case SamplePart::created:
      case SamplePart::none:
        break;
    }
    return nullptr;
  }

  /// The label that tells the samples of one metric apart, or nothing.
  static std::string_view own_label(const ParsedFamily& family, SamplePart part) noexcept {
    if (part == SamplePart::bucket) return "le";
    if (part != SamplePart::plain) return {};
    if (family.type == MetricType::summary) return "quantile";
    return family.type == MetricType::stateset ? std::string_view(family.name) : std::string_view();
  }

  const char* check_own_label(const ParsedFamily& family, const ParsedSample& sample, SamplePart part) {
    const std::string_view name = own_label(family, part);
    own_value_ = {};
    if (name.empty()) return nullptr;
    const ParsedLabel* own = nullptr;
    for (const ParsedLabel& label : sample.labels) {
      if (label.name == name) own = &label;
    }
    if (own != nullptr) own_value_ = own->value;
    if (family.type == MetricType::stateset) {
      return own == nullptr ? "a state has a label that is called as the family" : nullptr;
    }
    const bool bucket = part == SamplePart::bucket;
    if (own == nullptr || parse_number(own_value_, own_number_) != NumberProblem::none ||
        is_nan(own_number_)) {
      return bucket ? "a bucket has a label le that is a number"
                    : "a quantile has a label quantile that is a number";
    }
    if (!bucket) {
      return own_number_ >= 0 && own_number_ <= 1 ? nullptr : "a quantile lies between 0 and 1";
    }
    // Two spellings would be two series.
    return bits_of(own_number_) == infinity_bits && own_value_ != "+Inf" ? "the last bucket is le=\"+Inf\""
                                                                         : nullptr;
  }

  /// Labels but the own one, sorted; 0xFF, which is no byte of UTF-8, ends names and values.
  void make_key(const ParsedFamily& family, const ParsedSample& sample, SamplePart part) {
    key_.clear();
    if (family.type == MetricType::info) return;  // its metrics cannot be told apart
    const std::string_view own = own_label(family, part);
    sorted_.clear();
    for (const ParsedLabel& label : sample.labels) {
      if (label.name != own) sorted_.push_back(&label);
    }
    stable_sort(sorted_, [](const ParsedLabel* a, const ParsedLabel* b) { return a->name < b->name; });
    for (const ParsedLabel* label : sorted_) {
      key_.append(label->name).append(1, '\xFF').append(label->value).append(1, '\xFF');
    }
  }

  const char* check_group(const ParsedFamily& family, const ParsedSample& sample, SamplePart part) {
    make_key(family, sample, part);
    const bool same_group = in_group_ && key_ == group_;
    const bool same_time = same_group && timestamp_ == sample.timestamp;
    if (!same_time && in_group_ && is_histogram(family.type)) {
      if (const char* const problem = end_of_histogram()) return problem;
    }
    if (same_group && timestamp_.has_value() != sample.timestamp.has_value()) {
      return "of the samples with the same labels some have a timestamp and some have none";
    }
    if (same_group && timestamp_ && *sample.timestamp < *timestamp_ && family.type != MetricType::info) {
      return "timestamps go backwards";
    }
    if (!same_group) {
      if (!groups_.insert(key_).second) return "the samples with the same labels do not stand together";
      std::swap(group_, key_);
    }
    if (!same_time) {
      series_.clear();
      histogram_ = {};
    }
    in_group_ = true;
    timestamp_ = sample.timestamp;
    std::string series(1, static_cast<char>(part));
    if (family.type == MetricType::info) {
      for (const ParsedLabel& label : sample.labels) {
        series.append(label.name).append(1, '\xFF').append(label.value).append(1, '\xFF');
      }
    }
    return series_.insert(series.append(own_value_)).second ? nullptr : "the series stands twice";
  }

  const char* check_histogram(const ParsedSample& sample, SamplePart part) noexcept {
    HistogramState& state = histogram_;
    if (part == SamplePart::bucket) {
      if (state.bound && own_number_ <= *state.bound) return "the bounds of the buckets do not ascend";
      if (sample.value < state.in_bucket) return "a bucket holds less than the one before it";
      state.negative_bound = state.negative_bound || is_negative(own_number_);
      state.bound = own_number_;
      state.in_bucket = sample.value;
    } else if (part == SamplePart::count || part == SamplePart::gcount) {
      state.count = sample.value;
    } else if (part == SamplePart::sum) {
      state.has_sum = true;
    } else if (part == SamplePart::gsum) {
      state.has_gsum = true;
      state.negative_gsum = is_negative(sample.value);
    }
    return nullptr;
  }

  const char* end_of_histogram() const noexcept {
    const HistogramState& state = histogram_;
    if (!state.bound || bits_of(*state.bound) != infinity_bits)
      return "a histogram before it has no bucket le=\"+Inf\"";
    if (state.count && *state.count != state.in_bucket) {
      return "the count of a histogram before it is not that of its bucket le=\"+Inf\"";
    }
    if (state.count.has_value() != (state.has_sum || state.has_gsum)) {
      return "a histogram before it has only one of count and sum";
    }
    if (state.negative_bound && state.has_sum) return "a histogram before it has a sum and a negative bound";
    if (state.negative_gsum && !state.negative_bound) {
      return "a histogram before it has a negative sum and no negative bound";
    }
    return nullptr;
  }

  bool in_group_ = false;
  std::string group_;
  std::set<std::string> groups_;
  std::optional<double> timestamp_;
  std::set<std::string> series_;  // of the group at that time
  HistogramState histogram_;
  // Of the sample under way.
  std::string key_;
  std::vector<const ParsedLabel*> sorted_;
  std::string_view own_value_;
  double own_number_ = 0;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_PARSER_RULES_HPP
