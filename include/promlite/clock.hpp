// promlite: where the time comes from, so that a test can tell it.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_CLOCK_HPP
#define PROMLITE_CLOCK_HPP

#include <promlite/config.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <type_traits>

namespace promlite {
inline namespace PROMLITE_ABI {

/// What tells the time. Whoever takes one takes a reference: the clock outlives what uses it.
class Clock {
 public:
  /// For spans of time; never goes back. Any thread may ask.
  virtual std::chrono::steady_clock::time_point now() const noexcept = 0;
  /// The time of day, which somebody may set. Any thread may ask.
  virtual std::chrono::system_clock::time_point system_now() const noexcept = 0;

  /// The machine's clocks.
  static const Clock& real() noexcept;

 protected:
  constexpr Clock() noexcept = default;
  Clock(const Clock&) noexcept = default;
  Clock& operator=(const Clock&) noexcept = default;
  ~Clock() = default;
};

/// The machine's clocks: std::chrono::steady_clock and std::chrono::system_clock.
class RealClock final : public Clock {
 public:
  constexpr RealClock() noexcept = default;
  std::chrono::steady_clock::time_point now() const noexcept override {
    return std::chrono::steady_clock::now();
  }
  std::chrono::system_clock::time_point system_now() const noexcept override {
    return std::chrono::system_clock::now();
  }
};

namespace detail {
// Initialised by the compiler and without a destructor: there before and after main.
inline constexpr RealClock real_clock;

/// The seconds of a duration, rounded once, or twice when it counts more than a double does one by one: a
/// plain conversion makes 1700000000.2499998 of the nanoseconds of 1700000000.25.
template <class Rep, class Period>
double seconds_of(std::chrono::duration<Rep, Period> duration) noexcept {
  if constexpr (std::is_integral_v<Rep> && Period::num == 1) {
    constexpr auto per_second = static_cast<double>(Period::den);
    if constexpr (sizeof(Rep) >= sizeof(std::int64_t)) {
      constexpr Rep exact = Rep{1} << 53;
      const bool large =
          duration.count() > exact || (std::is_signed_v<Rep> && duration.count() < Rep{0} - exact);
      const Rep whole = duration.count() / Period::den;
      const Rep rest = duration.count() % Period::den;
      if (large) return static_cast<double>(whole) + static_cast<double>(rest) / per_second;
    }
    return static_cast<double>(duration.count()) / per_second;
  } else {
    return std::chrono::duration<double>(duration).count();
  }
}
}  // namespace detail

inline const Clock& Clock::real() noexcept { return detail::real_clock; }

namespace detail {
/// Nanoseconds since the Unix epoch.
inline std::int64_t unix_nanoseconds(std::chrono::system_clock::time_point time) noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

/// The clock of a registry, which may be changed at any time.
class ChosenClock {
 public:
  void use(const Clock& clock) noexcept { clock_.store(&clock, std::memory_order_relaxed); }
  /// `real` by the real clock.
  std::chrono::steady_clock::time_point now(std::chrono::steady_clock::time_point real) const noexcept {
    const Clock* const clock = clock_.load(std::memory_order_relaxed);
    return clock == &Clock::real() ? real : clock->now();
  }
  std::int64_t unix_now() const noexcept {
    return unix_nanoseconds(clock_.load(std::memory_order_relaxed)->system_now());
  }

 private:
  std::atomic<const Clock*> clock_{&Clock::real()};
};
}  // namespace detail

/// A clock for tests, which stands until it is told to move on. Both times begin at 0: the time of day is
/// the Unix epoch, or `start`. All members may be called by any thread at any time.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::chrono::system_clock::time_point start = {}) noexcept
      : offset_(count_of(start)) {}
  ManualClock(const ManualClock&) = delete;
  ManualClock& operator=(const ManualClock&) = delete;

  std::chrono::steady_clock::time_point now() const noexcept override {
    return time_point<std::chrono::steady_clock>(passed_.load(std::memory_order_relaxed));
  }
  std::chrono::system_clock::time_point system_now() const noexcept override {
    return time_point<std::chrono::system_clock>(offset_.load(std::memory_order_relaxed) +
                                                 passed_.load(std::memory_order_relaxed));
  }

  /// Moves both times forward, to the nanosecond; a negative duration moves nothing.
  template <class Rep, class Period>
  void advance(std::chrono::duration<Rep, Period> duration) noexcept {
    const auto step = std::chrono::duration_cast<std::chrono::nanoseconds>(duration);
    if (step.count() > 0) passed_.fetch_add(step.count(), std::memory_order_relaxed);
  }

  /// Sets the time of day, forward or back; now() goes on as if nothing had happened.
  void set_system_time(std::chrono::system_clock::time_point time) noexcept {
    offset_.store(count_of(time) - passed_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }

 private:
  static std::int64_t count_of(std::chrono::system_clock::time_point time) noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  }
  template <class Of>
  static typename Of::time_point time_point(std::int64_t nanoseconds) noexcept {
    return typename Of::time_point(
        std::chrono::duration_cast<typename Of::duration>(std::chrono::nanoseconds(nanoseconds)));
  }

  std::atomic<std::int64_t> passed_{0};  // nanoseconds
  std::atomic<std::int64_t> offset_;     // of the time of day from passed_, in nanoseconds
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_CLOCK_HPP
