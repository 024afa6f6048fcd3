// promlite: cells that one thread writes and a scrape sums.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_SLAB_HPP
#define PROMLITE_DETAIL_SLAB_HPP

#include <promlite/config.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/thread_slot.hpp>
#include <promlite/error.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace promlite {
namespace detail {

/// 8 bytes: a count, or the bits of a double. Only the owner of its slot writes an owned cell; a shared cell
/// is written with read-modify-write operations by anybody.
using Cell = std::atomic<std::uint64_t>;
static_assert(sizeof(Cell) == 8 && Cell::is_always_lock_free, "promlite needs lock-free 64-bit atomics");

/// What a family could not do as asked. Rare events, so plain shared atomics.
struct FamilyStats {
  std::atomic<std::uint64_t> refused{0};     ///< updates with a value that the metric cannot take
  std::atomic<std::uint64_t> overflowed{0};  ///< look-ups that got the overflow series
  std::atomic<std::uint64_t> repaired{0};    ///< look-ups with a label value that was not UTF-8
  void count(std::atomic<std::uint64_t> FamilyStats::*what) noexcept {
    (this->*what).fetch_add(1, std::memory_order_relaxed);
  }
};

/// Cells of a chunk that serves many series; a series of more cells has a chunk for itself.
constexpr std::uint32_t largest_chunk = 1024;

/// Zeroed cells, each slab on cache lines of its own.
class SlabMemory {
 public:
  /// Null when there is no memory.
  PROMLITE_COLD static Cell* allocate(std::uint32_t cells) noexcept {
    void* const room = ::operator new (cells * sizeof(Cell), std::align_val_t{line}, std::nothrow);
    if (room == nullptr) return nullptr;
    Cell* const slab = static_cast<Cell*>(room);
    for (std::uint32_t i = 0; i < cells; ++i) ::new (static_cast<void*>(slab + i)) Cell(0);
    return slab;
  }

  /// When there is no memory: from static storage, which costs nothing until it is touched, so that an update
  /// that can be counted nowhere else is counted all the same. At most `largest_chunk` cells. Null when that
  /// is used up, after 16 large chunks or hundreds of small ones.
  PROMLITE_COLD static Cell* allocate_or_reserve(std::uint32_t cells) noexcept {
    const Allocating allocation;
    if (allocation.outermost()) {
      if (Cell* const slab = allocate(cells)) return slab;
    }
    std::uint32_t at = reserve_used.load(std::memory_order_relaxed);
    do {
      if (reserve_size - at < cells) return nullptr;
    } while (!reserve_used.compare_exchange_weak(at, at + cells, std::memory_order_relaxed));
    return reserve + at;
  }
  /// The last resort: cells that nobody reads.
  static Cell* lost() noexcept { return lost_cells; }

  static void release(Cell* slab) noexcept {
    if (slab == nullptr || (slab >= reserve && slab < reserve + reserve_size)) return;
    ::operator delete (static_cast<void*>(slab), std::align_val_t{line});
  }

 private:
  static constexpr std::size_t line = 64;
  static constexpr std::uint32_t reserve_size = 16 * largest_chunk;
  alignas(line) static inline Cell reserve[reserve_size] = {};
  alignas(line) static inline Cell lost_cells[largest_chunk] = {};
  static inline std::atomic<std::uint32_t> reserve_used{0};
};

/// The cells of some series: one slab per slot, made when the slot's owner first writes here, and a shared
/// one, made when somebody first writes here who owns no slot.
///
/// Invariants: an owned cell changes only by its slot's owner; a slab pointer goes from null to a slab once
/// and stays until the chunk dies; nothing is folded when a thread ends, because the slot's next owner goes
/// on where the last one stopped. So every cell of a counter is monotone, and so is their sum.
/// The chunk must outlive its last update: registries keep theirs for as long as any handle may be used.
class Chunk {
 public:
  /// Room for `cells` zeroes per slab; without `owned`, shared cells only. Throws std::bad_alloc.
  static Chunk* make(std::uint32_t cells, bool owned) {
    const std::uint32_t slots = owned ? max_slots : 0;
    const std::uint32_t rounded = (cells + 7) / 8 * 8;
    const bool shared_now = !owned || rounded > largest_chunk;
    Cell* const shared = shared_now ? SlabMemory::allocate(rounded) : nullptr;
    void* const room = ::operator new(sizeof(Chunk) + slots * sizeof(SlabPointer), std::nothrow);
    if (room == nullptr || (shared_now && shared == nullptr)) {
      SlabMemory::release(shared);
      ::operator delete(room);
      throw_bad_alloc();
    }
    return ::new (room) Chunk(rounded, slots, shared);
  }
  static void destroy(Chunk* chunk) noexcept {
    if (chunk == nullptr) return;
    chunk->for_each_slab([](Cell* slab) { SlabMemory::release(slab); });
    chunk->~Chunk();
    ::operator delete(static_cast<void*>(chunk));
  }
  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;

  std::uint32_t size() const noexcept { return cells_; }

  /// The calling thread's slab if it has one already; null sends the update to owned(). Wait-free.
  PROMLITE_ALWAYS_INLINE Cell* owned_already() noexcept {
    const ThreadSlot& mine = thread_slot;
    // A slot of another allocator says nothing about who writes here: two shared objects with hidden
    // symbols have two allocators, and both hand out slot 0.
    if (!PROMLITE_LIKELY(mine.allocator == allocator_)) return nullptr;
    return slabs()[mine.slot].load(std::memory_order_relaxed);
  }

  /// The calling thread's slab, made now if need be, or null when it has to use shared(): it owns no slot of
  /// this chunk's allocator, there is no memory for a slab, or this very thread is getting some right now.
  PROMLITE_COLD Cell* owned() noexcept {
    ThreadSlot& mine = thread_slot;
    const Allocating allocation;
    if (slots_ == 0 || !allocation.outermost() || !take_thread_slot(mine) || mine.allocator != allocator_)
      return nullptr;
    SlabPointer& slab = slabs()[mine.slot];
    if (Cell* const there = slab.load(std::memory_order_relaxed)) return there;
    Cell* const made = SlabMemory::allocate(cells_);
    // release: pairs with for_each_slab(); a scrape that sees the pointer sees the zeroes behind it.
    slab.store(made, std::memory_order_release);
    return made;
  }

  /// Cells for read-modify-write operations. Lock-free; the first call allocates.
  Cell* shared() noexcept {
    // acquire: the slab's zeroes happen before its use.
    Cell* const slab = shared_.load(std::memory_order_acquire);
    return PROMLITE_LIKELY(slab != nullptr) ? slab : make_shared_slab();
  }

  /// Calls `visit(Cell* slab)` for every slab that may hold something, the shared one first, in a fixed
  /// order.
  template <class Visit>
  PROMLITE_ALWAYS_INLINE void for_each_slab(Visit&& visit) {
    // acquire, here and below: the zeroes that a slab was made with happen before the reader's loads.
    if (Cell* const slab = shared_.load(std::memory_order_acquire)) visit(slab);
    const std::uint32_t high_water = allocator_->high_water();
    const std::uint32_t end = high_water < slots_ ? high_water : slots_;
    for (std::uint32_t slot = 0; slot < end; ++slot) {
      if (Cell* const slab = slabs()[slot].load(std::memory_order_acquire)) visit(slab);
    }
  }

 private:
  using SlabPointer = std::atomic<Cell*>;

  Chunk(std::uint32_t cells, std::uint32_t slots, Cell* shared) noexcept
      : allocator_(slots == 0 ? &no_slots : &slot_allocator), cells_(cells), slots_(slots), shared_(shared) {
    for (std::uint32_t slot = 0; slot < slots; ++slot) {
      ::new (static_cast<void*>(slabs() + slot)) SlabPointer(nullptr);
    }
  }
  ~Chunk() = default;

  // The table of slabs stands behind the object, in the same allocation: one load less for an update.
  SlabPointer* slabs() noexcept { return reinterpret_cast<SlabPointer*>(this + 1); }

  PROMLITE_COLD Cell* make_shared_slab() noexcept {
    Cell* const made = SlabMemory::allocate_or_reserve(cells_);
    if (made == nullptr) return SlabMemory::lost();
    Cell* there = nullptr;
    // release: whoever finds the slab sees its zeroes. acquire on failure: so do we with the winner's.
    if (shared_.compare_exchange_strong(there, made, std::memory_order_release, std::memory_order_acquire))
      return made;
    SlabMemory::release(made);
    return there;
  }

  const SlotAllocator* const allocator_;
  const std::uint32_t cells_;
  const std::uint32_t slots_;
  std::atomic<Cell*> shared_;
};

/// Shared cells that nobody scrapes: where the updates of a default-constructed handle go. Never destroyed.
PROMLITE_COLD inline Chunk* vanishing_chunk() noexcept {
  static Chunk* const chunk = Chunk::make(8, false);
  return chunk;
}

/// Where in it groups of cells begin that are read as a snapshot: no other metric may disturb their progress.
constexpr std::uint32_t vanishing_group = 4;

/// Where a series' cells are: `size` cells from `offset` on in every slab of the chunk.
struct CellRange {
  Chunk* chunk = nullptr;
  std::uint32_t offset = 0;
};

/// Hands out ranges of cells from chunks that grow with the number of series, up to `largest_chunk` cells, so
/// that one series costs little and a thousand share a table of slabs. Not thread safe.
class CellArena {
 public:
  explicit CellArena(bool owned, std::uint32_t first_chunk = 32) noexcept
      : owned_(owned), next_size_(first_chunk) {}
  CellArena(const CellArena&) = delete;
  CellArena& operator=(const CellArena&) = delete;
  ~CellArena() {
    while (last_ != nullptr) {
      Link* const link = last_;
      last_ = link->previous;
      Chunk::destroy(link->chunk);
      delete link;
    }
  }

  /// Zeroed cells, never handed out before. Throws std::bad_alloc and then has changed nothing.
  CellRange take(std::uint32_t cells) {
    if (last_ == nullptr || last_->chunk->size() - used_ < cells) grow(cells);
    const CellRange range{last_->chunk, used_};
    used_ += cells;
    return range;
  }

  /// Calls `visit(Cell* slab, std::uint32_t cells)` for every slab of every chunk.
  template <class Visit>
  void for_each_slab(Visit&& visit) {
    for (Link* link = last_; link != nullptr; link = link->previous) {
      link->chunk->for_each_slab([&](Cell* slab) { visit(slab, link->chunk->size()); });
    }
  }

 private:
  struct Link {
    Chunk* chunk;
    Link* previous;
  };

  PROMLITE_COLD void grow(std::uint32_t cells) {
    Link* const link = new Link{nullptr, last_};
    PROMLITE_TRY { link->chunk = Chunk::make(cells > next_size_ ? cells : next_size_, owned_); }
    PROMLITE_CATCH_ALL {
      delete link;
      throw_bad_alloc();
    }
    last_ = link;
    used_ = 0;
    if (next_size_ < largest_chunk) next_size_ *= 2;
  }

  const bool owned_;
  std::uint32_t next_size_;
  std::uint32_t used_ = 0;
  Link* last_ = nullptr;
};

}  // namespace detail
}  // namespace promlite

#endif  // PROMLITE_DETAIL_SLAB_HPP
