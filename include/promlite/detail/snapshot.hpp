// promlite: reading several cells of one writer as they were at one moment.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_SNAPSHOT_HPP
#define PROMLITE_DETAIL_SNAPSHOT_HPP

#include <promlite/config.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/slab.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// The progress cell of a group of cells that change together: the low 16 bits count the updates that are
/// under way, the high 48 bits those that are finished (modulo 2^48: a wrap falls off the top).
///
/// Claim: when a reader finds the same progress before and after it read the group, with no update under way,
/// it has read exactly the finished updates. Argument: every data store is a release and every data load an
/// acquire, so reading any data of update k makes the start of k happen before the second look at the
/// progress, which then cannot equal the first; and the end of k is a release that the first look acquires,
/// so no data of a finished update is missed. For shared cells the same holds because read-modify-write
/// operations continue the release sequences of those before them. No fence is needed. docs/design.md tells
/// it in full.
struct Progress {
  static constexpr std::uint64_t started = 1;
  static constexpr std::uint64_t finished = std::uint64_t{1} << 16;
  static constexpr std::uint64_t under_way = finished - 1;
};

/// An update of owned cells: construct, store(), destroy. The caller owns the slot of `cells`.
class OwnedUpdate {
 public:
  PROMLITE_ALWAYS_INLINE explicit OwnedUpdate(Cell& progress) noexcept
      : progress_(progress), before_(progress.load(std::memory_order_relaxed)) {
    progress_.store(before_ + Progress::started, std::memory_order_relaxed);
  }
  OwnedUpdate(const OwnedUpdate&) = delete;
  OwnedUpdate& operator=(const OwnedUpdate&) = delete;
  // release: a reader that sees this update as finished sees all its data.
  PROMLITE_ALWAYS_INLINE ~OwnedUpdate() {
    progress_.store(before_ + Progress::finished, std::memory_order_release);
  }

  // release: a reader that sees the datum sees that this update has started.
  PROMLITE_ALWAYS_INLINE static void add(Cell& cell, std::uint64_t amount) noexcept {
    cell.store(cell.load(std::memory_order_relaxed) + amount, std::memory_order_release);
  }
  // release: as in add().
  PROMLITE_ALWAYS_INLINE static void add_real(Cell& cell, double amount) noexcept {
    cell.store(bits_of(double_of(cell.load(std::memory_order_relaxed)) + amount), std::memory_order_release);
  }

 private:
  Cell& progress_;
  const std::uint64_t before_;
};

/// Adds to a shared double. Lock-free.
inline void shared_add_real(Cell& cell, double amount, std::memory_order order) noexcept {
  std::uint64_t seen = cell.load(std::memory_order_relaxed);
  while (!cell.compare_exchange_weak(seen, bits_of(double_of(seen) + amount), order,
                                     std::memory_order_relaxed)) {
  }
}

/// The same for shared cells, which any number of threads may update at once (up to 65,535 in the middle of
/// it).
class SharedUpdate {
 public:
  explicit SharedUpdate(Cell& progress) noexcept : progress_(progress) {
    progress_.fetch_add(Progress::started, std::memory_order_relaxed);
  }
  SharedUpdate(const SharedUpdate&) = delete;
  SharedUpdate& operator=(const SharedUpdate&) = delete;
  // release: a reader that sees this update as finished sees all its data.
  ~SharedUpdate() { progress_.fetch_add(Progress::finished - Progress::started, std::memory_order_release); }

  // release: a reader that sees the datum sees that this update has started.
  static void add(Cell& cell, std::uint64_t amount) noexcept {
    cell.fetch_add(amount, std::memory_order_release);
  }
  // release: as in add().
  static void add_real(Cell& cell, double amount) noexcept {
    shared_add_real(cell, amount, std::memory_order_release);
  }

 private:
  Cell& progress_;
};

/// How long a scrape may yet wait for updaters in the middle of an update: one purse for all its series,
/// since on a machine with more busy threads than processors the system has stopped many of them there.
class Patience {
 public:
  /// Lets the updater get on: at first by time alone, then by giving up the processor. False when it is not
  /// worth waiting any more.
  PROMLITE_COLD bool wait(std::uint32_t attempt) noexcept {
    using Clock = std::chrono::steady_clock;
    if (attempt < (left_ > left_.zero() ? spins : last_spins)) return true;
    if (left_ <= left_.zero()) return false;
    const Clock::time_point start = Clock::now();
    // A thread that yields where many are ready may come back later than one that sleeps.
    if (attempt < spins + yields) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    left_ -= Clock::now() - start;
    return true;
  }

 private:
  static constexpr std::uint32_t spins = 256;
  static constexpr std::uint32_t yields = 8;
  static constexpr std::uint32_t last_spins = 16;  // without patience
  std::chrono::nanoseconds left_ = std::chrono::milliseconds(50);
};

/// True when updates of a group have begun since the last call, which left in `seen` what it saw. `range`
/// begins with the group's progress.
PROMLITE_COLD inline bool progressed_since(const CellRange& range, std::uint64_t& seen) noexcept {
  std::uint64_t now = 0;
  range.chunk->for_each_slab([&](Cell* slab) { now += slab[range.offset].load(std::memory_order_relaxed); });
  return std::exchange(seen, now) != now;
}

/// True when the mark of a shared cell, which every update sets to 1, was set since the last call.
PROMLITE_COLD inline bool marked_since(Cell& mark) noexcept {
  // An update that marks between the two belongs to the time before now, as the one does that was seen.
  if (mark.load(std::memory_order_relaxed) == 0) return false;
  mark.store(0, std::memory_order_relaxed);
  return true;
}

/// What the series of one scrape share.
struct ScrapeContext {
  std::chrono::steady_clock::time_point start;  ///< of the scrape
  std::chrono::steady_clock::time_point now;    ///< the same by the clock of the registry at hand
  Patience patience;
  bool shows_created = false;  ///< the encoder does
  std::int64_t created = 0;    ///< when the series at hand was made; 0 where nobody asks
};

/// Calls `read()` until it has read the finished updates and nothing else. `read()` loads the group's cells
/// with acquire into places of its own and may be called many times. The wait is bounded: an updater that the
/// system has stopped in the middle may leave its one update half seen, and after `most_overtaken` reads in
/// which updates went on, the last one has to do.
template <class Read>
PROMLITE_ALWAYS_INLINE void read_snapshot(const Cell& progress, Patience& patience, Read&& read,
                                          std::uint32_t most_overtaken = ~0U) {
  std::uint32_t overtaken = 0;
  for (std::uint32_t attempt = 0;; ++attempt) {
    // acquire: pairs with the end of an update, whose data must be seen.
    const std::uint64_t before = progress.load(std::memory_order_acquire);
    if (PROMLITE_LIKELY((before & Progress::under_way) == 0)) {
      read();
      if (PROMLITE_LIKELY(progress.load(std::memory_order_relaxed) == before)) return;
      if (overtaken++ == most_overtaken) return;
    }
    if (!patience.wait(attempt)) break;
  }
  read();
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_SNAPSHOT_HPP
