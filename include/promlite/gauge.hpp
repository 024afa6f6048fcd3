// promlite: a value that goes up and down.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_GAUGE_HPP
#define PROMLITE_GAUGE_HPP

#include <promlite/clock.hpp>
#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/snapshot.hpp>
#include <promlite/encoder.hpp>
#include <promlite/scope_counter.hpp>
#include <promlite/timer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {

/// A gauge of `double`, the default, or of `std::int64_t`. One shared atomic, because set() and sums over
/// threads do not go together: set() is a store, inc() and dec() are lock-free read-modify-writes.
///
/// A handle: small, trivially copyable, valid as long as its registry; a default-constructed one swallows
/// updates. All members may be called by any thread at any time and never lock, allocate or throw.
template <class T = double>
class Gauge : public Timed<Gauge<T>> {
  static_assert(std::is_same_v<T, double> || std::is_same_v<T, std::int64_t>,
                "promlite: a gauge holds a double or a std::int64_t");

 public:
  Gauge() noexcept : cell_(detail::vanishing_chunk()->shared()) {}

  /// Any value is taken, NaN and the infinities included.
  void set(T value) const noexcept {
    cell_->store(to_bits(value), std::memory_order_relaxed);
    mark();
  }
  /// A duration of any type, in seconds: `took.set(250ms)`.
  template <class Rep, class Period>
  void set(std::chrono::duration<Rep, Period> value) const noexcept {
    static_assert(!is_integer, "promlite: a duration in seconds needs a gauge of double");
    set(static_cast<T>(detail::seconds_of(value)));
  }
  void inc(T amount = 1) const noexcept { add(amount); }
  void dec(T amount = 1) const noexcept {
    if constexpr (is_integer) {
      cell_->fetch_sub(to_bits(amount), std::memory_order_relaxed);
      mark();
    } else {
      add(-amount);
    }
  }

  /// Seconds since the Unix epoch by the system clock.
  void set_to_current_time() const noexcept { set_to(std::chrono::system_clock::now()); }
  /// The same by another clock.
  void set_to_current_time(const Clock& clock) const noexcept { set_to(clock.system_now()); }

  /// Adds 1 now and takes it back when the returned object dies: `auto busy = in_flight.track();`
  InProgress<Gauge> track() const noexcept { return InProgress<Gauge>(*this); }
  /// The same while `function()` runs; returns what it returns.
  template <class Function>
  decltype(auto) track(Function&& function) const {
    const InProgress<Gauge> busy(*this);
    return std::forward<Function>(function)();
  }

  T value() const noexcept { return from_bits(cell_->load(std::memory_order_relaxed)); }

 private:
  friend struct detail::MetricTraits<Gauge>;

  static constexpr bool is_integer = std::is_same_v<T, std::int64_t>;

  explicit Gauge(detail::Cell* cell) noexcept : cell_(cell) {}

  void set_to(std::chrono::system_clock::time_point time) const noexcept {
    set(static_cast<T>(detail::seconds_of(time.time_since_epoch())));
  }

  // Says to expire_after() that there was an update, of the same value too; it stands beside the value.
  void mark() const noexcept { cell_[1].store(1, std::memory_order_relaxed); }

  void add(T amount) const noexcept {
    if constexpr (is_integer) {
      cell_->fetch_add(to_bits(amount), std::memory_order_relaxed);
    } else {
      detail::shared_add_real(*cell_, amount, std::memory_order_relaxed);
    }
    mark();
  }

  static std::uint64_t to_bits(T value) noexcept {
    if constexpr (is_integer) {
      return static_cast<std::uint64_t>(value);
    } else {
      return detail::bits_of(value);
    }
  }
  static T from_bits(std::uint64_t bits) noexcept {
    if constexpr (is_integer) {
      return static_cast<std::int64_t>(bits);
    } else {
      return detail::double_of(bits);
    }
  }

  detail::Cell* cell_;
};

namespace detail {

template <class T>
struct MetricTraits<Gauge<T>> {
  static constexpr MetricType type = MetricType::gauge;
  static constexpr std::uint32_t largest_chunk = detail::largest_chunk;
  static constexpr bool owned = false;
  static constexpr const char* value_kind = std::is_same_v<T, double> ? "" : "<int64>";
  struct Config {
    Config(const Declaration&, FamilyStats&) noexcept {}
  };
  struct SeriesState {};

  static std::uint32_t cells(const Config&) noexcept { return 2; }
  static Gauge<T> handle(const CellRange& range, const Config&, FamilyStats&) noexcept {
    return Gauge<T>(range.chunk->shared() + range.offset);
  }
  static void encode(Encoder& encoder, PaddedText labels, const CellRange& range, Config&, SeriesState&,
                     ScrapeContext&) {
    encoder.value(labels, Gauge<T>(range.chunk->shared() + range.offset).value());
  }
  static bool updated_since(const CellRange& range, std::uint64_t&) noexcept {
    return marked_since(range.chunk->shared()[range.offset + 1]);
  }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_GAUGE_HPP
