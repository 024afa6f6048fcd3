// promlite: what histograms and summaries have in common: durations, and many observations at once.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_OBSERVER_HPP
#define PROMLITE_OBSERVER_HPP

#include <promlite/clock.hpp>
#include <promlite/config.hpp>
#include <promlite/labels.hpp>
#include <promlite/timer.hpp>

#include <chrono>
#include <cstdint>
#include <type_traits>

namespace promlite {
inline namespace PROMLITE_ABI {

/// The base of what observes. `Metric` derives from it and has `observe_times(double, std::uint64_t)` and
/// `refuse()`.
template <class Metric>
class Observer : public Timed<Metric> {
 public:
  /// A duration of any type, in seconds: `latency.observe(250ms)`.
  template <class Rep, class Period>
  PROMLITE_ALWAYS_INLINE void observe(std::chrono::duration<Rep, Period> value) const noexcept {
    self().observe_times(detail::seconds_of(value), 1);
  }

  /// Observes `value` `times` times at the cost of once, as one update: a scrape sees all of them or none in
  /// count and sum, and the sum grows by the product. 0 times is nothing, whatever the value. A negative
  /// number of times is refused as NaN is, and either is counted once.
  template <class Times>
  PROMLITE_ALWAYS_INLINE void observe_n(double value, Times times) const noexcept {
    static_assert(std::is_integral_v<Times>, "promlite: observe_n() takes a whole number of times");
    if (times == 0) return;
    if constexpr (std::is_signed_v<Times>) {
      if (times < 0) return self().refuse();
    }
    self().observe_times(value, static_cast<std::uint64_t>(times));
  }
  template <class Rep, class Period, class Times>
  PROMLITE_ALWAYS_INLINE void observe_n(std::chrono::duration<Rep, Period> value,
                                        Times times) const noexcept {
    observe_n(detail::seconds_of(value), times);
  }

 private:
  const Metric& self() const noexcept { return static_cast<const Metric&>(*this); }
};

/// The base of what observes and keeps exemplars: `Metric` has
/// `keep_exemplar(double, const Labels&, std::chrono::system_clock::time_point)` besides.
template <class Metric>
class ObserverWithExemplars : public Observer<Metric> {
 public:
  using Observer<Metric>::observe;

  /// Observes, with an exemplar: labels that lead to what was observed, as in
  /// `latency.observe(0.25, {{"trace_id", id}})`. Formats that have exemplars show the last one of each
  /// bucket (of a native histogram without classic buckets: some of different sizes). Names and values may
  /// have max_exemplar_characters together; labels that cannot be shown, and a name that comes twice, are
  /// counted in `promlite_refused_exemplars_total`, and the observation counts all the same. Lock-free;
  /// allocates for a bucket's first exemplar; reads the system clock unless the time is given.
  void observe(double value, const Labels& exemplar,
               std::chrono::system_clock::time_point time = std::chrono::system_clock::now()) const noexcept {
    const Metric& self = static_cast<const Metric&>(*this);
    self.observe(value);
    if (!detail::is_nan(value)) self.keep_exemplar(value, exemplar, time);
  }
  template <class Rep, class Period>
  void observe(std::chrono::duration<Rep, Period> value, const Labels& exemplar,
               std::chrono::system_clock::time_point time = std::chrono::system_clock::now()) const noexcept {
    observe(detail::seconds_of(value), exemplar, time);
  }
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_OBSERVER_HPP
