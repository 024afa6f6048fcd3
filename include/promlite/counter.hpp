// promlite: a value that only grows.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_COUNTER_HPP
#define PROMLITE_COUNTER_HPP

#include <promlite/clock.hpp>
#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/snapshot.hpp>
#include <promlite/encoder.hpp>
#include <promlite/exemplar.hpp>
#include <promlite/labels.hpp>
#include <promlite/scope_counter.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {

/// A counter: `double`, the default, takes any amount and counts whole ones exactly; `std::uint64_t` takes
/// integers only, is exact to 2^64 - 1 and uses half the memory.
///
/// A handle: small, trivially copyable, valid as long as its registry; a default-constructed one swallows
/// updates. All members may be called by any thread at any time. An update is a load and a store of a cell
/// that only this thread writes: it never locks, allocates (but for a thread's first update of a series'
/// chunk) or throws.
template <class T = double>
class Counter {
  static_assert(std::is_same_v<T, double> || std::is_same_v<T, std::uint64_t>,
                "promlite: a counter counts in double or in std::uint64_t");

 public:
  Counter() noexcept : range_{detail::vanishing_chunk(), 0}, stats_(nullptr) {}

  /// Adds 1.
  PROMLITE_ALWAYS_INLINE void inc() const noexcept { add_whole(1); }

  /// Adds `amount`. A negative, NaN or infinite amount (for an integer counter also a fraction) is refused:
  /// nothing changes and `promlite_refused_updates_total` counts it. -0.0 is 0.
  template <class Amount>
  PROMLITE_ALWAYS_INLINE void inc(Amount amount) const noexcept {
    static_assert(std::is_arithmetic_v<Amount>, "promlite: a counter is incremented by a number");
    if constexpr (std::is_floating_point_v<Amount>) {
      inc_real(static_cast<double>(amount));
    } else {
      if constexpr (std::is_signed_v<Amount>) {
        if (amount < 0) return refuse();
      }
      inc_whole(static_cast<std::uint64_t>(amount));
    }
  }
  /// Adds a duration of any type, in seconds: `busy_seconds.inc(250ms)`.
  template <class Rep, class Period>
  void inc(std::chrono::duration<Rep, Period> amount) const noexcept {
    static_assert(has_real, "promlite: a duration in seconds needs a counter of double");
    inc(detail::seconds_of(amount));
  }

  /// The same with an exemplar, labels that lead to what was counted: `requests.inc(1, {{"trace_id", id}})`.
  /// Formats that have exemplars show the last one of each series. Names and values may have
  /// max_exemplar_characters together; labels that cannot be shown, and a name that comes twice, are counted
  /// in `promlite_refused_exemplars_total` and the amount is added all the same. Lock-free; allocates for a
  /// series' first exemplar; reads the system clock unless the time is given.
  template <class Amount>
  void inc(Amount amount, const Labels& exemplar,
           std::chrono::system_clock::time_point time = std::chrono::system_clock::now()) const noexcept {
    inc(amount);
    if (takes(amount)) detail::keep_exemplar(range_, 0, exemplar, static_cast<double>(amount), time, stats_);
  }
  template <class Rep, class Period>
  void inc(std::chrono::duration<Rep, Period> amount, const Labels& exemplar,
           std::chrono::system_clock::time_point time = std::chrono::system_clock::now()) const noexcept {
    static_assert(has_real, "promlite: a duration in seconds needs a counter of double");
    inc(detail::seconds_of(amount), exemplar, time);
  }

  /// Counts the scope that an exception leaves: `auto guard = errors.count_exceptions();`. A scope that ends
  /// otherwise counts nothing, nor does anything without exceptions.
  ExceptionCounter<Counter> count_exceptions() const noexcept { return ExceptionCounter<Counter>(*this); }
  /// Counts when an exception leaves `function()`, any or one of type `Exception`, and lets it pass; returns
  /// what `function()` returns: `errors.count_exceptions<std::bad_alloc>([&] { return load(); });`
  template <class Exception = void, class Function>
  decltype(auto) count_exceptions(Function&& function) const {
#if PROMLITE_HAS_EXCEPTIONS
    if constexpr (!std::is_void_v<Exception>) {
      try {
        return std::forward<Function>(function)();
      } catch (const Exception&) {
        inc();
        throw;
      }
    }
#endif
    const ExceptionCounter<Counter> guard(*this);
    return std::forward<Function>(function)();
  }

  /// The present value, without any update under way. Sums one or two cells of each thread.
  T value() const noexcept {
    if constexpr (std::is_same_v<T, double>) {
      return read(range_).as_double();
    } else {
      return whole(range_);
    }
  }

 private:
  friend struct detail::MetricTraits<Counter>;

  static constexpr bool has_real = std::is_same_v<T, double>;
  static constexpr std::uint32_t cell_count = has_real ? 2 : 1;
  // Of the double 2^53, from which on every double is whole.
  static constexpr std::uint64_t all_whole_bits = 0x4340000000000000;
  // A double counter moves on to its real cell before the integer one could wrap.
  static constexpr std::uint64_t cell_limit = std::uint64_t{1} << 62;

  Counter(detail::CellRange range, detail::FamilyStats* stats) noexcept : range_(range), stats_(stats) {}

  // Whether inc() adds it or refuses it.
  template <class Amount>
  static bool takes(Amount amount) noexcept {
    if constexpr (!std::is_floating_point_v<Amount>) {
      return !(amount < 0);
    } else {
      const auto real = static_cast<double>(amount);
      if (!detail::is_finite(real) || detail::is_negative(real)) return false;
      return has_real || (real < 0x1p64 && static_cast<double>(static_cast<std::uint64_t>(real)) == real);
    }
  }

  PROMLITE_ALWAYS_INLINE void add_whole(std::uint64_t amount) const noexcept {
    detail::Cell* const slab = range_.chunk->owned_already();
    if (!PROMLITE_LIKELY(slab != nullptr)) return add_whole_slow(amount);
    detail::Cell& cell = slab[range_.offset];
    cell.store(cell.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }

  PROMLITE_COLD void add_whole_slow(std::uint64_t amount) const noexcept {
    if (range_.chunk->owned() != nullptr) return add_whole(amount);
    range_.chunk->shared()[range_.offset].fetch_add(amount, std::memory_order_relaxed);
  }

  PROMLITE_ALWAYS_INLINE void inc_whole(std::uint64_t amount) const noexcept {
    if constexpr (has_real) {
      if (amount >= cell_limit || !room_for_whole()) return add_real(static_cast<double>(amount));
    }
    add_whole(amount);
  }

  PROMLITE_ALWAYS_INLINE void inc_real(double amount) const noexcept {
    // As integers, the bits of doubles in [0, 2^53) are below those of 2^53, and those of all else are not.
    if (PROMLITE_LIKELY(detail::bits_of(amount) < all_whole_bits)) {
      const auto whole_part = static_cast<std::int64_t>(amount);
      if (static_cast<double>(whole_part) == amount) return inc_whole(static_cast<std::uint64_t>(whole_part));
      if constexpr (has_real) return add_real(amount);
      return refuse();
    }
    inc_unusual(amount);
  }

  PROMLITE_COLD void inc_unusual(double amount) const noexcept {
    if (!detail::is_finite(amount) || detail::is_negative(amount)) return refuse();
    if (amount < 0x1p64) return inc_whole(static_cast<std::uint64_t>(amount));
    if constexpr (has_real) return add_real(amount);
    refuse();
  }

  bool room_for_whole() const noexcept {
    const detail::Cell* slab = range_.chunk->owned_already();
    // A thread's first update: the slot that it gets may have cells that its last owner filled.
    if (!PROMLITE_LIKELY(slab != nullptr)) slab = range_.chunk->owned();
    const detail::Cell* const cells = slab != nullptr ? slab : range_.chunk->shared();
    return cells[range_.offset].load(std::memory_order_relaxed) < cell_limit;
  }

  PROMLITE_ALWAYS_INLINE void add_real(double amount) const noexcept {
    detail::Cell* const slab = range_.chunk->owned_already();
    if (!PROMLITE_LIKELY(slab != nullptr)) return add_real_slow(amount);
    detail::Cell& cell = slab[range_.offset + 1];
    cell.store(detail::bits_of(detail::double_of(cell.load(std::memory_order_relaxed)) + amount),
               std::memory_order_relaxed);
  }

  PROMLITE_COLD void add_real_slow(double amount) const noexcept {
    if (range_.chunk->owned() != nullptr) return add_real(amount);
    detail::shared_add_real(range_.chunk->shared()[range_.offset + 1], amount, std::memory_order_relaxed);
  }

  PROMLITE_COLD void refuse() const noexcept {
    if (stats_ != nullptr) stats_->count(&detail::FamilyStats::refused);
  }

  static std::uint64_t whole(const detail::CellRange& range) noexcept {
    std::uint64_t sum = 0;
    range.chunk->for_each_slab(
        [&](detail::Cell* slab) { sum += slab[range.offset].load(std::memory_order_relaxed); });
    return sum;
  }

  // Every cell is monotone and so is rounding, so the sum never falls: not when it stops being an integer
  // either.
  PROMLITE_ALWAYS_INLINE static Number read(const detail::CellRange& range) noexcept {
    if constexpr (!has_real) {
      return whole(range);
    } else {
      std::uint64_t sum = 0;
      double real = 0;
      bool wrapped = false;
      range.chunk->for_each_slab([&](detail::Cell* slab) {
        const std::uint64_t count = slab[range.offset].load(std::memory_order_relaxed);
        sum += count;
        wrapped = wrapped || sum < count;
        real += detail::double_of(slab[range.offset + 1].load(std::memory_order_relaxed));
      });
      if (PROMLITE_LIKELY(real == 0 && !wrapped)) return sum;
      return (wrapped ? wide(range) : static_cast<double>(sum)) + real;
    }
  }

  // Every change of a monotone cell makes a greater number of it, so the sum tells whether there was one.
  PROMLITE_COLD static bool updated_since(const detail::CellRange& range, std::uint64_t& seen) noexcept {
    std::uint64_t now = 0;
    range.chunk->for_each_slab([&](detail::Cell* slab) {
      for (std::uint32_t i = 0; i < cell_count; ++i)
        now += slab[range.offset + i].load(std::memory_order_relaxed);
    });
    return std::exchange(seen, now) != now;
  }

  PROMLITE_COLD static double wide(const detail::CellRange& range) noexcept {
    double sum = 0;
    range.chunk->for_each_slab([&](detail::Cell* slab) {
      sum += static_cast<double>(slab[range.offset].load(std::memory_order_relaxed));
    });
    return sum;
  }

  detail::CellRange range_;
  detail::FamilyStats* stats_;
};

namespace detail {

template <class T>
struct MetricTraits<Counter<T>> {
  static constexpr MetricType type = MetricType::counter;
  static constexpr std::uint32_t largest_chunk = detail::largest_chunk;
  static constexpr bool owned = true;
  static constexpr const char* value_kind = std::is_same_v<T, double> ? "" : "<uint64>";
  struct Config {
    Config(const Declaration&, FamilyStats&) noexcept {}
    // A scrape's scratch, under the registry's scrape lock.
    ExemplarSamples exemplars;
  };
  struct SeriesState {};

  static std::uint32_t cells(const Config&) noexcept { return Counter<T>::cell_count; }
  static Counter<T> handle(const CellRange& range, const Config&, FamilyStats& stats) noexcept {
    return Counter<T>(range, &stats);
  }
  PROMLITE_ALWAYS_INLINE static void encode(Encoder& encoder, PaddedText labels, const CellRange& range,
                                            Config& config, SeriesState&, ScrapeContext& scrape) {
    if (PROMLITE_LIKELY(range.chunk->side() == nullptr && scrape.created == 0))
      return encoder.value(labels, Counter<T>::read(range));
    encode_all(encoder, labels, range, config, scrape.created);
  }
  static bool updated_since(const CellRange& range, std::uint64_t& seen) noexcept {
    return Counter<T>::updated_since(range, seen);
  }

 private:
  PROMLITE_COLD static void encode_all(Encoder& encoder, PaddedText labels, const CellRange& range,
                                       Config& config, UnixNanoseconds created) {
    const ExemplarSample* const exemplar = config.exemplars.read(range, 0, 1);
    encoder.counter(labels, CounterSample{Counter<T>::read(range), exemplar, created});
  }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_COUNTER_HPP
