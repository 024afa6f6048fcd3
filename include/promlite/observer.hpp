// promlite: what histograms and summaries have in common: durations, and many observations at once.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_OBSERVER_HPP
#define PROMLITE_OBSERVER_HPP

#include <promlite/clock.hpp>
#include <promlite/config.hpp>
#include <promlite/timer.hpp>

#include <chrono>
#include <cstdint>
#include <type_traits>

namespace promlite {

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

}  // namespace promlite

#endif  // PROMLITE_OBSERVER_HPP
