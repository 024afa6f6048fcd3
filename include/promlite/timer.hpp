// promlite: how long something took, in seconds.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TIMER_HPP
#define PROMLITE_TIMER_HPP

#include <promlite/clock.hpp>
#include <promlite/config.hpp>

#include <chrono>
#include <type_traits>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {

namespace detail {

/// The steady clock itself: nothing to store, nothing virtual.
struct SteadyTime {
  static std::chrono::steady_clock::time_point now() noexcept { return std::chrono::steady_clock::now(); }
};
/// A clock that somebody gave.
struct ClockTime {
  explicit ClockTime(const Clock& clock) noexcept : source(&clock) {}
  std::chrono::steady_clock::time_point now() const noexcept { return source->now(); }
  const Clock* source;
};

template <class Metric, class = void>
struct HasObserve : std::false_type {};
template <class Metric>
struct HasObserve<Metric, std::void_t<decltype(std::declval<Metric&>().observe(0.0))>> : std::true_type {};

template <class Metric, class = void>
struct HasSet : std::false_type {};
template <class Metric>
struct HasSet<Metric, std::void_t<decltype(std::declval<Metric&>().set(0.0))>> : std::true_type {};

template <class Metric, class = void>
struct HoldsInteger : std::false_type {};
template <class Metric>
struct HoldsInteger<Metric, std::void_t<decltype(std::declval<Metric&>().value())>>
    : std::is_integral<decltype(std::declval<Metric&>().value())> {};

/// Hands `seconds` to what a timer was given.
template <class Metric>
PROMLITE_ALWAYS_INLINE void record(Metric& metric, double seconds) noexcept {
  if constexpr (HasObserve<Metric>::value) {
    metric.observe(seconds);
  } else if constexpr (HasSet<Metric>::value) {
    static_assert(!HoldsInteger<Metric>::value, "promlite: a duration in seconds needs a gauge of double");
    metric.set(seconds);
  } else {
    static_assert(std::is_invocable_v<Metric&, double>,
                  "promlite: a timer records in what has observe(double) or set(double), or calls a function "
                  "that takes a double");
    metric(seconds);
  }
}

}  // namespace detail

/// Tells the seconds since its construction, as often as asked: `promlite::Stopwatch watch;`, or
/// `promlite::Stopwatch watch(clock);` for another clock than the steady one. `Stopwatch<>` where a type is
/// wanted. Each reading costs one of the clock.
template <class Source = detail::SteadyTime>
class Stopwatch : private Source {
 public:
  template <class S = Source, class = std::enable_if_t<std::is_same_v<S, detail::SteadyTime>>>
  Stopwatch() noexcept : start_(Source::now()) {}
  /// The clock must outlive the stopwatch.
  template <class S = Source, class = std::enable_if_t<std::is_same_v<S, detail::ClockTime>>>
  explicit Stopwatch(const Clock& clock) noexcept : Source(clock), start_(Source::now()) {}

  /// Seconds since the start; never negative.
  [[nodiscard]] double elapsed() const noexcept { return between(start_, Source::now()); }

  /// Starts anew, and returns the seconds until now: what each of several stages took.
  double restart() noexcept {
    const auto now = Source::now();
    return between(std::exchange(start_, now), now);
  }

  /// Records elapsed() in `metric`, and returns it: for a label that is known at the end only, as in
  /// `watch.observe_in(duration.with(route, code));`. What a Timer takes, this takes.
  template <class Metric>
  double observe_in(const Metric& metric) const noexcept {
    const double seconds = elapsed();
    detail::record(metric, seconds);
    return seconds;
  }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  static double between(TimePoint start, TimePoint end) noexcept {
    const std::chrono::duration<double> passed = end - start;
    return passed.count() > 0 ? passed.count() : 0;
  }

  TimePoint start_;
};
Stopwatch()->Stopwatch<>;
explicit Stopwatch(const Clock&)->Stopwatch<detail::ClockTime>;

/// Measures from its construction to the end of its scope, in seconds by the steady clock, or by the clock
/// that it was given: observed by what has `observe(double)`, such as a histogram or a summary; set on what
/// has `set(double)`, such as a gauge; handed to a function otherwise, which may then choose the labels:
///
///     int code = 500;
///     const promlite::Timer timer([&](double seconds) { duration.with(code).observe(seconds); });
///
/// Holds a copy of the metric or of the function, which must not throw. Made by `metric.time()`. Costs two
/// readings of the clock.
template <class Metric, class Source = detail::SteadyTime>
class [[nodiscard]] Timer {
 public:
  explicit Timer(Metric metric) noexcept : metric_(std::move(metric)) {}
  /// The clock must outlive the timer.
  Timer(Metric metric, const Clock& clock) noexcept : metric_(std::move(metric)), watch_(clock) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  Timer(Timer&& other) noexcept
      : metric_(std::move(other.metric_)),
        watch_(other.watch_),
        running_(std::exchange(other.running_, false)) {}
  Timer& operator=(Timer&&) = delete;
  ~Timer() {
    if (running_) stop();
  }

  /// Records now instead of at the end of the scope, once. Returns the seconds since the start.
  double stop() noexcept { return observe_in(metric_); }

  /// Records now in `other` instead: `timer.observe_in(duration.with(code));`. Once; returns the seconds
  /// since the start.
  template <class Other>
  double observe_in(Other&& other) noexcept {
    const double seconds = elapsed();
    if (std::exchange(running_, false)) detail::record(other, seconds);
    return seconds;
  }

  /// Records nothing.
  void cancel() noexcept { running_ = false; }

  /// Seconds since the start; never negative.
  [[nodiscard]] double elapsed() const noexcept { return watch_.elapsed(); }

 private:
  Metric metric_;
  Stopwatch<Source> watch_;
  bool running_ = true;
};
template <class Metric>
Timer(Metric, const Clock&) -> Timer<Metric, detail::ClockTime>;

/// The base of what can be timed: gives `Metric`, which derives from it, its `time()`.
template <class Metric>
class Timed {
 public:
  /// Records the seconds until the returned object dies: `auto timer = duration.time();`
  Timer<Metric> time() const noexcept { return Timer<Metric>(self()); }
  /// The same by another clock, which must outlive the timer.
  Timer<Metric, detail::ClockTime> time(const Clock& clock) const noexcept {
    return Timer<Metric, detail::ClockTime>(self(), clock);
  }

  /// Records the seconds that `function()` takes, also when it throws, and returns what it returns:
  /// `const auto rows = duration.time([&] { return query(); });`
  template <class Function, class = std::enable_if_t<std::is_invocable_v<Function>>>
  decltype(auto) time(Function&& function) const {
    const Timer<Metric> timer(self());
    return std::forward<Function>(function)();
  }
  /// The same by another clock.
  template <class Function, class = std::enable_if_t<std::is_invocable_v<Function>>>
  decltype(auto) time(const Clock& clock, Function&& function) const {
    const Timer<Metric, detail::ClockTime> timer(self(), clock);
    return std::forward<Function>(function)();
  }

 private:
  const Metric& self() const noexcept { return static_cast<const Metric&>(*this); }
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TIMER_HPP
