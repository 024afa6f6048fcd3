// promlite: counts scopes: how many are open, and how many an exception left.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_SCOPE_COUNTER_HPP
#define PROMLITE_SCOPE_COUNTER_HPP

#include <promlite/config.hpp>

#include <exception>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {

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

/// Adds 1 to a counter when an exception that was thrown since its construction ends its life; nothing when
/// the scope ends otherwise, nor for exceptions that are caught inside, nor for one that was under way
/// before. Must die on the thread that made it. Made by `counter.count_exceptions()`. Built without
/// exceptions it counts nothing.
template <class Metric>
class [[nodiscard]] ExceptionCounter {
 public:
  explicit ExceptionCounter(Metric metric) noexcept : metric_(metric), before_(under_way()) {}
  ExceptionCounter(const ExceptionCounter&) = delete;
  ExceptionCounter& operator=(const ExceptionCounter&) = delete;
  ExceptionCounter(ExceptionCounter&& other) noexcept
      : metric_(other.metric_), before_(std::exchange(other.before_, never)) {}
  ExceptionCounter& operator=(ExceptionCounter&&) = delete;
  ~ExceptionCounter() {
    if (under_way() > before_) metric_.inc();
  }

 private:
  static constexpr int never = ~0U >> 1;

  static int under_way() noexcept {
#if PROMLITE_HAS_EXCEPTIONS
    return std::uncaught_exceptions();
#else
    return 0;
#endif
  }

  Metric metric_;
  int before_;
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_SCOPE_COUNTER_HPP
