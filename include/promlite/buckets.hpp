// promlite: the upper bounds of a histogram's buckets.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_BUCKETS_HPP
#define PROMLITE_BUCKETS_HPP

#include <promlite/config.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/error.hpp>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

/// Upper bounds, inclusive and ascending; the bucket up to +Inf is always there and not listed.
struct Buckets {
  std::vector<double> bounds;
};

namespace detail {

/// Why `bounds` cannot be the bounds of a histogram, or null when they can.
inline const char* bounds_problem(const std::vector<double>& bounds) noexcept {
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (is_nan(bounds[i])) return "a bucket bound is NaN";
    if (!is_finite(bounds[i])) return "a bucket bound is infinite (the +Inf bucket is always there)";
    if (i > 0 && !(bounds[i - 1] < bounds[i])) return "bucket bounds must ascend strictly";
  }
  return nullptr;
}

/// `bounds` without a final +Inf, which every histogram has anyway; throws Error for what cannot be bounds.
inline Buckets checked_buckets(std::vector<double> bounds, const char* maker) {
  if (!bounds.empty() && bits_of(bounds.back()) == infinity_bits) bounds.pop_back();
  if (const char* problem = bounds_problem(bounds)) fail(message_of(maker, ": ", problem));
  return Buckets{std::move(bounds)};
}

inline void check_bucket_count(std::size_t count, const char* maker) {
  if (count == 0) fail(message_of(maker, ": count must be at least 1"));
  if (count > 1000000) fail(message_of(maker, ": count must be at most 1000000"));
}

}  // namespace detail

/// Bounds as given: finite, strictly ascending; a final +Inf is accepted and dropped. An empty list asks for
/// the default bounds. Throws Error.
inline Buckets buckets(std::initializer_list<double> bounds) {
  return detail::checked_buckets(std::vector<double>(bounds), "buckets");
}
inline Buckets buckets(std::vector<double> bounds) {
  return detail::checked_buckets(std::move(bounds), "buckets");
}

/// The bounds that Prometheus client libraries share, for seconds: 5 ms to 10 s.
inline Buckets default_buckets() { return Buckets{{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}; }

/// `count` bounds `start`, `start + width`, ...: each computed from its index, so that errors do not add up.
/// Throws Error unless `width` > 0, `count` is 1 to 1,000,000 and all bounds are finite and distinct.
inline Buckets linear_buckets(double start, double width, std::size_t count) {
  detail::check_bucket_count(count, "linear_buckets");
  if (!(width > 0)) detail::fail("linear_buckets: width must be greater than 0");
  std::vector<double> bounds;
  bounds.reserve(count);
  for (std::size_t i = 0; i < count; ++i) bounds.push_back(start + static_cast<double>(i) * width);
  if (!detail::is_finite(bounds.back()))
    detail::fail("linear_buckets: the bounds exceed the range of a double");
  return detail::checked_buckets(std::move(bounds), "linear_buckets");
}

/// `count` bounds `start`, `start * factor`, ... Throws Error unless `start` > 0, `factor` > 1, `count` is 1
/// to 1,000,000 and all bounds are finite and distinct.
inline Buckets exponential_buckets(double start, double factor, std::size_t count) {
  detail::check_bucket_count(count, "exponential_buckets");
  if (!(start > 0)) detail::fail("exponential_buckets: start must be greater than 0");
  if (!(factor > 1)) detail::fail("exponential_buckets: factor must be greater than 1");
  std::vector<double> bounds;
  bounds.reserve(count);
  for (double bound = start; bounds.size() < count; bound *= factor) bounds.push_back(bound);
  if (!detail::is_finite(bounds.back()))
    detail::fail("exponential_buckets: the bounds exceed the range of a double");
  return detail::checked_buckets(std::move(bounds), "exponential_buckets");
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_BUCKETS_HPP
