// promlite: a family that a collector wrote, and the values that were added up elsewhere.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_COLLECTED_FAMILY_HPP
#define PROMLITE_COLLECTED_FAMILY_HPP

#include <promlite/config.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/encoder.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

/// Buckets that were counted elsewhere, for a collector's histogram; made by cumulative_counts() or
/// bucket_counts().
struct BucketCounts {
  std::vector<double> bounds;
  std::vector<std::uint64_t> counts;
  double sum = 0;
  bool cumulative = true;
};

/// Buckets as Prometheus shows them: `counts[i]` observations are at or below `bounds[i]`, and the last count
/// is that of all of them: `cumulative_counts({0.1, 1}, {3, 5, 7}, 12.5)`. Bounds ascend and are finite; a
/// last bound of +Inf may be written, or not. What does not fit is left out of the scrape and counted.
inline BucketCounts cumulative_counts(std::vector<double> bounds, std::vector<std::uint64_t> counts,
                                      double sum) noexcept {
  return {std::move(bounds), std::move(counts), sum, true};
}
/// The same, but each bucket counts for itself: `bucket_counts({0.1, 1}, {3, 2, 2}, 12.5)`.
inline BucketCounts bucket_counts(std::vector<double> bounds, std::vector<std::uint64_t> counts,
                                  double sum) noexcept {
  return {std::move(bounds), std::move(counts), sum, false};
}

/// A quantile of a collector's summary, in [0, 1], and its value, NaN where there is none.
struct QuantileValue {
  double quantile;
  double value;
};

/// One state of a collector's stateset.
struct StateValue {
  std::string_view state;
  bool on;
};

namespace detail {

/// One sample as a collector gave it: its label text and what else it has stand in the family's lists.
struct CollectedSample {
  std::size_t text_at = 0;
  std::size_t text_size = 0;
  Number value = 0;  ///< or the sum
  UnixNanoseconds created = 0;
  std::size_t reals_at = 0;   ///< bounds; or quantiles, and then their values
  std::size_t counts_at = 0;  ///< of each bucket for itself; or the one count
  std::size_t size = 0;       ///< bounds or quantiles
};

struct CollectedFamily {
  std::string name;
  std::string help;
  std::string unit;
  MetricType type = MetricType::untyped;
  bool utf8_names = false;
  std::string text;
  std::vector<double> reals;
  std::vector<std::uint64_t> counts;
  std::vector<CollectedSample> samples;

  std::string_view text_of(const CollectedSample& sample) const noexcept {
    return std::string_view(text).substr(sample.text_at, sample.text_size);
  }

  void add(CollectedSample sample, std::string_view labels) {
    sample.text_at = text.size();
    sample.text_size = labels.size();
    text.append(labels);
    samples.push_back(sample);
  }

  /// Keeps the buckets in `sample`; false when they are none.
  PROMLITE_COLD bool keep(const BucketCounts& buckets, CollectedSample& sample) {
    std::size_t size = buckets.bounds.size();
    if (size != 0 && bits_of(buckets.bounds[size - 1]) == infinity_bits) --size;
    if (buckets.counts.size() != size + 1) return false;
    for (std::size_t i = 0; i < size; ++i) {
      if (!is_finite(buckets.bounds[i]) || (i > 0 && !(buckets.bounds[i - 1] < buckets.bounds[i])))
        return false;
    }
    for (std::size_t i = 1; i <= size && buckets.cumulative; ++i) {
      if (buckets.counts[i] < buckets.counts[i - 1]) return false;
    }
    sample.value = buckets.sum;
    sample.reals_at = reals.size();
    sample.counts_at = counts.size();
    sample.size = size;
    for (std::size_t i = 0; i < size; ++i) reals.push_back(buckets.bounds[i]);
    for (std::size_t i = 0; i <= size; ++i) {
      counts.push_back(buckets.counts[i] - (buckets.cumulative && i > 0 ? buckets.counts[i - 1] : 0));
    }
    return true;
  }

  /// Keeps the quantiles in `sample`; false when they are none.
  PROMLITE_COLD bool keep(const std::vector<QuantileValue>& quantiles, std::uint64_t count,
                          CollectedSample& sample) {
    for (std::size_t i = 0; i < quantiles.size(); ++i) {
      const double quantile = quantiles[i].quantile;
      if (!(is_finite(quantile) && quantile >= 0 && quantile <= 1)) return false;
      if (i > 0 && !(quantiles[i - 1].quantile < quantile)) return false;
    }
    sample.reals_at = reals.size();
    sample.counts_at = counts.size();
    sample.size = quantiles.size();
    for (const QuantileValue& each : quantiles) reals.push_back(each.quantile);
    for (const QuantileValue& each : quantiles) reals.push_back(each.value);
    counts.push_back(count);
    return true;
  }

  /// Takes the samples of a family of the same name.
  PROMLITE_COLD void join(const CollectedFamily& more) {
    for (CollectedSample sample : more.samples) {
      sample.text_at += text.size();
      sample.reals_at += reals.size();
      sample.counts_at += counts.size();
      samples.push_back(sample);
    }
    text.append(more.text);
    reals.insert(reals.end(), more.reals.begin(), more.reals.end());
    counts.insert(counts.end(), more.counts.begin(), more.counts.end());
  }

  /// Writes the family, whose text has the padding that encoders need; nothing when it has no sample.
  PROMLITE_COLD void encode(Encoder& encoder) const {
    if (samples.empty()) return;
    encoder.begin_family({name, help, unit, type});
    for (const CollectedSample& sample : samples) encode(encoder, sample);
  }

 private:
  void encode(Encoder& encoder, const CollectedSample& sample) const {
    const PaddedText labels{text.data() + sample.text_at, sample.text_size};
    const double* const list = reals.data() + sample.reals_at;
    switch (type) {
      case MetricType::counter:
        return encoder.counter(labels, {sample.value, nullptr, sample.created});
      case MetricType::histogram:
      case MetricType::gauge_histogram:
        return encoder.histogram(labels, {list, sample.size, counts.data() + sample.counts_at,
                                          sample.value.as_double(), nullptr, nullptr, sample.created});
      case MetricType::summary:
        return encoder.summary(labels, {list, list + sample.size, sample.size, counts[sample.counts_at],
                                        sample.value.as_double(), sample.created});
      default:
        return encoder.value(labels, sample.value);
    }
  }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_COLLECTED_FAMILY_HPP
