// promlite: one series of a family, and how many there may be.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_SERIES_HPP
#define PROMLITE_SERIES_HPP

#include <promlite/clock.hpp>
#include <promlite/config.hpp>
#include <promlite/detail/lasting_memory.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/encoder.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// How many series the families of a registry may have together, not counting those that the program's text
/// bounds: the series without labels and the overflow series.
class TotalBound {
 public:
  void set(std::size_t most) noexcept { most_.store(most, std::memory_order_relaxed); }
  bool reached() const noexcept {
    return count_.load(std::memory_order_relaxed) >= most_.load(std::memory_order_relaxed);
  }
  /// Counts one series more, or returns false. Lock-free.
  bool take() noexcept {
    std::size_t count = count_.load(std::memory_order_relaxed);
    do {
      if (count >= most_.load(std::memory_order_relaxed)) return false;
    } while (!count_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed));
    return true;
  }
  void give_back() noexcept { count_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> count_{0};
  std::atomic<std::size_t> most_{~std::size_t{0}};
};

/// What the series of all families of a registry share.
struct SeriesShared {
  TotalBound bound;
  ChosenClock clock;
};

/// One series: where its cells are, and its texts in the same record.
///
/// Look-ups may come upon it at any time, also when it has been removed and its memory reads as zeroes: then
/// there is no chunk. All else is looked at only while the set's lock or the scrape keeps the series.
struct Series {
  std::atomic<Chunk*> chunk;
  std::atomic<std::uint32_t> offset;
  std::uint32_t number;             ///< among the living; reused
  std::atomic<std::uint64_t> hash;  ///< 0 from its removal on
  std::uint32_t text_at;            ///< how far behind the object the text begins
  std::uint32_t text_size;
  bool permanent;  ///< somebody keeps its handle in a table
  bool removed;
  bool fresh;  ///< no scrape has seen it yet
  LastingArena::Block* block;
  UnixNanoseconds created;

  // Behind the object: the packed values, the escaped label text, padding for block copies. The values come
  // first so that a look-up finds them without a size that may read as zero by now.
  const char* packed_values() const noexcept { return reinterpret_cast<const char*>(this + 1); }
  PaddedText labels() const noexcept { return {packed_values() + text_at, text_size}; }
  /// Without a chunk when the memory reads as zeroes.
  CellRange range() const noexcept {
    // acquire: the chunk is looked at after the offset, so that a chunk means that the offset was there.
    const std::uint32_t at = offset.load(std::memory_order_acquire);
    return {chunk.load(std::memory_order_relaxed), at};
  }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_SERIES_HPP
