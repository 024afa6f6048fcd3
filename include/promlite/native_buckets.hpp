// promlite: what a native histogram's buckets are like.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_NATIVE_BUCKETS_HPP
#define PROMLITE_NATIVE_BUCKETS_HPP

#include <promlite/config.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/exponential_buckets.hpp>

#include <cstddef>
#include <cstdint>

namespace promlite {
inline namespace PROMLITE_ABI {

/// Option of a histogram: native buckets, whose widths grow exponentially and which nobody has to choose,
/// besides the classic ones. The declaration then returns a NativeHistogram.
struct Native {};
inline Native native() noexcept { return {}; }

/// Option of a native histogram: each bucket is at most this many times as wide as the one before, a number
/// above 1. Of the factors that Prometheus knows, the largest one at or below is taken; for 1.1, the default,
/// that is 1.0905.
struct BucketFactor {
  double value;
};
inline BucketFactor bucket_factor(double factor) noexcept { return {factor}; }

/// Option of a native histogram: the same by Prometheus' number, -4 to 8, default 3: buckets grow by the
/// factor 2^(2^-schema).
struct NativeSchema {
  int value;
};
inline NativeSchema native_schema(int schema) noexcept { return {schema}; }

/// Option of a native histogram: a scrape that would show more than so many buckets of one series shows
/// them at a lower resolution, as low as needed, but not below schema -4. Default 160; 0 for any number.
struct MaxBuckets {
  std::size_t value;
};
inline MaxBuckets max_buckets(std::size_t count) noexcept { return {count}; }

/// Option of a native histogram: observations from -threshold to threshold are in the zero bucket. Finite and
/// not negative; default 2^-128. Best a power of two.
struct ZeroThreshold {
  double value;
};
inline ZeroThreshold zero_threshold(double threshold) noexcept { return {threshold}; }

namespace detail {

/// What a declaration says about its native buckets.
struct NativeBuckets {
  static constexpr int lowest_schema = -4;
  static constexpr int highest_schema = 8;

  int schema = 3;
  double zero_threshold = 0x1p-128;
  std::size_t max_buckets = 160;
  const char* problem = nullptr;  ///< why there cannot be such buckets

  /// The factor by which buckets grow.
  static double factor_of(int schema) noexcept {
    if (schema > 0) return double_of(std::uint64_t{0x3FF} << 52 | root_mantissas[256 >> schema]);
    return static_cast<double>(std::uint64_t{1} << (1U << -schema));
  }

  PROMLITE_COLD void apply(const BucketFactor& option) noexcept {
    const double factor = option.value;
    if (is_nan(factor) || !is_finite(factor) || factor <= 1) {
      problem = "bucket_factor must be a finite number greater than 1";
      return;
    }
    schema = lowest_schema;
    while (schema < highest_schema && factor_of(schema) > factor) ++schema;
  }
  PROMLITE_COLD void apply(const NativeSchema& option) noexcept {
    schema = option.value;
    if (schema < lowest_schema || schema > highest_schema) problem = "native_schema must be from -4 to 8";
  }
  PROMLITE_COLD void apply(const ZeroThreshold& option) noexcept {
    zero_threshold = option.value == 0 ? 0 : option.value;  // -0.0 is 0
    if (!is_finite(zero_threshold) || is_negative(zero_threshold)) {
      problem = "zero_threshold must be a finite number and not negative";
    }
  }
  void apply(const MaxBuckets& option) noexcept { max_buckets = option.value; }

  friend bool operator==(const NativeBuckets& a, const NativeBuckets& b) noexcept {
    return a.schema == b.schema && a.zero_threshold == b.zero_threshold && a.max_buckets == b.max_buckets;
  }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_NATIVE_BUCKETS_HPP
