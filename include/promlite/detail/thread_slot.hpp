// promlite: the small integer that a running thread owns.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_THREAD_SLOT_HPP
#define PROMLITE_DETAIL_THREAD_SLOT_HPP

#include <promlite/config.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Threads that can own cells at the same time; further ones share atomics.
constexpr std::uint32_t max_slots = 256;

/// Hands out slots 0 .. max_slots-1, the lowest free one first, so that scrapes look at few.
///
/// One exists per copy of this header in the process (two, when two shared objects hide their symbols), and a
/// slot means nothing without the allocator it came from. Constant initialised and trivially destroyed:
/// it works before main() and after it.
class SlotAllocator {
 public:
  constexpr SlotAllocator() noexcept = default;
  SlotAllocator(const SlotAllocator&) = delete;
  SlotAllocator& operator=(const SlotAllocator&) = delete;

  /// A slot that nobody owns, or max_slots when all are taken. Lock-free.
  std::uint32_t acquire() noexcept {
    for (std::uint32_t word = 0; word < words; ++word) {
      std::uint64_t taken = taken_[word].load(std::memory_order_relaxed);
      while (taken != ~std::uint64_t{0}) {
        const std::uint64_t bit = ~taken & (taken + 1);
        // acquire: pairs with release(), so that this thread sees the last value that the slot's previous
        // owner stored in every cell. Other threads' changes of the word in between are read-modify-writes,
        // which keep the release sequence going.
        if (taken_[word].compare_exchange_weak(taken, taken | bit, std::memory_order_acquire,
                                               std::memory_order_relaxed)) {
          const std::uint32_t slot = word * 64 + index_of(bit);
          raise_high_water(slot + 1);
          return slot;
        }
      }
    }
    return max_slots;
  }

  /// Gives a slot back; the caller must own it and not touch its cells any more.
  void release(std::uint32_t slot) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << (slot % 64);
    // release: the next owner's acquire() sees every cell as this thread left it.
    taken_[slot / 64].fetch_and(~bit, std::memory_order_release);
  }

  /// Every slot that was ever owned is below this number. It never falls.
  std::uint32_t high_water() const noexcept { return high_water_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::uint32_t words = max_slots / 64;

  static std::uint32_t index_of(std::uint64_t bit) noexcept {
    std::uint32_t index = 0;
    while ((bit >>= 1) != 0) ++index;
    return index;
  }

  void raise_high_water(std::uint32_t mark) noexcept {
    std::uint32_t seen = high_water_.load(std::memory_order_relaxed);
    while (seen < mark && !high_water_.compare_exchange_weak(seen, mark, std::memory_order_relaxed)) {
    }
  }

  std::atomic<std::uint64_t> taken_[words] = {};
  std::atomic<std::uint32_t> high_water_{0};
};

/// What a thread knows of its slot. No constructor or destructor runs for it, so reaching it is one
/// thread-pointer-relative address without a guard.
struct ThreadSlot {
  const SlotAllocator* allocator = nullptr;  ///< null until the first update and after the thread's end
  std::uint32_t slot = 0;
  bool ended = false;       ///< the thread has given its slot back for good
  bool allocating = false;  ///< see Allocating
};

inline SlotAllocator slot_allocator;
/// The allocator of storage without owned cells: no thread ever has a slot of it.
inline SlotAllocator no_slots;
inline thread_local ThreadSlot thread_slot;

/// What a thread can be told from another by, without <thread>.
inline const void* this_thread() noexcept { return &thread_slot; }

/// Marks that this thread allocates for an update. A program's own allocation function may update metrics,
/// too, and so come back to where it was called from: then it must do without an allocation, or it would
/// never end.
class Allocating {
 public:
  Allocating() noexcept : outermost_(!thread_slot.allocating) { thread_slot.allocating = true; }
  Allocating(const Allocating&) = delete;
  Allocating& operator=(const Allocating&) = delete;
  ~Allocating() {
    if (outermost_) thread_slot.allocating = false;
  }
  bool outermost() const noexcept { return outermost_; }

 private:
  const bool outermost_;
};

/// Made by a thread that owns a slot: gives it back when the thread's thread_local objects are destroyed.
/// Updates made after that (by destructors that run later, or on the main thread by static destructors) use
/// shared cells.
class ThreadSlotGuard {
 public:
  ThreadSlotGuard() noexcept = default;
  ThreadSlotGuard(const ThreadSlotGuard&) = delete;
  ThreadSlotGuard& operator=(const ThreadSlotGuard&) = delete;
  ~ThreadSlotGuard() {
    ThreadSlot& mine = thread_slot;
    mine.allocator = nullptr;
    mine.ended = true;
    slot_allocator.release(mine.slot);
  }
};

/// Takes a slot for this thread unless it has one, had one, or none is left. True when it owns one now.
PROMLITE_COLD inline bool take_thread_slot(ThreadSlot& mine) noexcept {
  if (mine.allocator != nullptr) return true;
  if (mine.ended) return false;
  const std::uint32_t slot = slot_allocator.acquire();
  if (slot == max_slots) return false;
  static thread_local const ThreadSlotGuard guard;
  mine.slot = slot;
  mine.allocator = &slot_allocator;
  return true;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_THREAD_SLOT_HPP
