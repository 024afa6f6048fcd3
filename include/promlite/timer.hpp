// promlite: measures a scope: how long it took, and how many are in it.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TIMER_HPP
#define PROMLITE_TIMER_HPP

#include <promlite/config.hpp>

#include <chrono>
#include <type_traits>
#include <utility>

namespace promlite {

namespace detail {

template <class Metric, class = void>
struct HasObserve : std::false_type {};
template <class Metric>
struct HasObserve<Metric, std::void_t<decltype(std::declval<const Metric&>().observe(0.0))>>
    : std::true_type {};

}  // namespace detail

/// Measures from its construction to the end of its scope, in seconds by the steady clock: observed by a
/// histogram or a summary, set on a gauge. Made by `metric.time()`. Costs two readings of the clock.
template <class Metric>
class [[nodiscard]] Timer {
 public:
  explicit Timer(Metric metric) noexcept : metric_(metric), start_(std::chrono::steady_clock::now()) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  Timer(Timer&& other) noexcept
      : metric_(other.metric_), start_(other.start_), running_(std::exchange(other.running_, false)) {}
  Timer& operator=(Timer&&) = delete;
  ~Timer() { stop(); }

  /// Records now instead of at the end of the scope, once. Returns the seconds since the start.
  double stop() noexcept {
    const double seconds = elapsed();
    if (std::exchange(running_, false)) {
      if constexpr (detail::HasObserve<Metric>::value) {
        metric_.observe(seconds);
      } else {
        metric_.set(seconds);
      }
    }
    return seconds;
  }

  /// Records nothing.
  void cancel() noexcept { running_ = false; }

  /// Seconds since the start; never negative.
  double elapsed() const noexcept {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
    return passed.count() > 0 ? passed.count() : 0;
  }

 private:
  Metric metric_;
  std::chrono::steady_clock::time_point start_;
  bool running_ = true;
};

/// One more on a gauge for as long as this lives. Made by `gauge.track()`.
template <class Metric>
class [[nodiscard]] InProgress {
 public:
  explicit InProgress(Metric metric) noexcept : metric_(metric) { metric_.inc(); }
  InProgress(const InProgress&) = delete;
  InProgress& operator=(const InProgress&) = delete;
  InProgress(InProgress&& other) noexcept
      : metric_(other.metric_), active_(std::exchange(other.active_, false)) {}
  InProgress& operator=(InProgress&&) = delete;
  ~InProgress() {
    if (active_) metric_.dec();
  }

 private:
  Metric metric_;
  bool active_ = true;
};

}  // namespace promlite

#endif  // PROMLITE_TIMER_HPP
