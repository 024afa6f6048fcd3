// promlite: cells that one thread writes and a scrape sums.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_SLAB_HPP
#define PROMLITE_DETAIL_SLAB_HPP

#include <promlite/config.hpp>
#include <promlite/detail/cell.hpp>
#include <promlite/detail/lasting_memory.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/page_pool.hpp>
#include <promlite/detail/pointer_list.hpp>
#include <promlite/detail/thread_slot.hpp>
#include <promlite/error.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// What a family could not do as asked. Rare events, so plain shared atomics; on a cache line of their own,
/// so that a flood of them leaves the look-ups of others alone.
struct alignas(64) FamilyStats {
  std::atomic<std::uint64_t> refused{0};            ///< updates with a value that the metric cannot take
  std::atomic<std::uint64_t> overflowed{0};         ///< look-ups that got the overflow series
  std::atomic<std::uint64_t> repaired{0};           ///< look-ups with a label value that was not UTF-8
  std::atomic<std::uint64_t> refused_exemplars{0};  ///< that could not be exposed; the updates were counted
  void count(std::atomic<std::uint64_t> FamilyStats::*what) noexcept {
    (this->*what).fetch_add(1, std::memory_order_relaxed);
  }
};

/// Cells of a chunk that serves many series; a series of more cells has a chunk for itself.
constexpr std::uint32_t largest_chunk = 1024;

/// Zeroed cells, each slab on cache lines of its own.
class SlabMemory {
 public:
  /// Null when there is no memory. A lasting slab can be forgotten.
  PROMLITE_COLD static Cell* allocate(std::uint32_t cells, bool lasting) noexcept {
    if (lasting) return static_cast<Cell*>(LastingMemory::take(cells * sizeof(Cell)));
    void* const room = ::operator new (cells * sizeof(Cell), std::align_val_t{line}, std::nothrow);
    if (room == nullptr) return nullptr;
    Cell* const slab = static_cast<Cell*>(room);
    for (std::uint32_t i = 0; i < cells; ++i) ::new (static_cast<void*>(slab + i)) Cell(0);
    return slab;
  }

  /// When there is no memory: from static storage, which costs nothing until it is touched, so that an update
  /// that can be counted nowhere else is counted all the same. At most `largest_chunk` cells. Null when that
  /// is used up, after 16 large chunks or hundreds of small ones.
  PROMLITE_COLD static Cell* allocate_or_reserve(std::uint32_t cells, bool lasting) noexcept {
    const Allocating allocation;
    if (allocation.outermost()) {
      if (Cell* const slab = allocate(cells, lasting)) return slab;
    }
    std::uint32_t at = reserve_used.load(std::memory_order_relaxed);
    do {
      if (reserve_size - at < cells) return nullptr;
    } while (!reserve_used.compare_exchange_weak(at, at + cells, std::memory_order_relaxed));
    return reserve + at;
  }
  /// The last resort: cells that nobody reads.
  static Cell* lost() noexcept { return lost_cells; }
  static bool is_reserve(const Cell* slab) noexcept {
    return slab >= reserve && slab < reserve + reserve_size;
  }

  static void release(Cell* slab, std::uint32_t cells, bool lasting) noexcept {
    if (slab == nullptr || is_reserve(slab)) return;
    if (lasting) {
      LastingMemory::release(slab, cells * sizeof(Cell));
    } else {
      ::operator delete (static_cast<void*>(slab), std::align_val_t{line});
    }
  }

 private:
  static constexpr std::size_t line = 64;
  static constexpr std::uint32_t reserve_size = 16 * largest_chunk;
  alignas(line) static inline Cell reserve[reserve_size] = {};
  alignas(line) static inline Cell lost_cells[largest_chunk] = {};
  static inline std::atomic<std::uint32_t> reserve_used{0};
};

/// The cells of some series: one slab per slot, made when the slot's owner first writes here, and a shared
/// one, made when somebody first writes here who owns no slot. A slab's first cell is its PagePool. One slab
/// more, the side slab, is made for the first exemplar here: its cells hold addresses of what belongs to the
/// same cells of the others.
///
/// Invariants: an owned cell changes only by its slot's owner; a slab pointer goes from null to a slab once
/// and stays while there is a series in the chunk; nothing is folded when a thread ends, because the slot's
/// next owner goes on where the last one stopped. So every cell of a counter is monotone, and so is their
/// sum.
///
/// The chunk must outlive its last update: registries keep theirs for as long as any handle may be used. When
/// the last series of a lasting chunk has been removed, forget() gives its memory back and leaves what a
/// handle needs: addresses. The chunk then reads as zeroes, which means that nobody owns cells in it, and
/// that the shared ones are those that nobody reads.
class Chunk {
 public:
  /// Room for `cells` zeroes per slab; without `owned`, shared cells only. Throws std::bad_alloc.
  static Chunk* make(std::uint32_t cells, bool owned, bool lasting = false) {
    const std::uint32_t slots = owned ? max_slots : 0;
    const auto unit = static_cast<std::uint32_t>((lasting ? LastingMemory::page : 64) / sizeof(Cell));
    const std::uint32_t rounded = (cells + unit - 1) / unit * unit;
    const bool shared_now = !owned || rounded > largest_chunk;
    Cell* const shared = shared_now ? SlabMemory::allocate(rounded, lasting) : nullptr;
    void* const room = lasting ? LastingMemory::take(lasting_size)
                               : ::operator new(sizeof(Chunk) + slots * sizeof(SlabPointer), std::nothrow);
    if (room == nullptr || (shared_now && shared == nullptr)) {
      SlabMemory::release(shared, rounded, lasting);
      if (room != nullptr) release_room(room, lasting);
      throw_bad_alloc();
    }
    return ::new (room) Chunk(rounded, slots, shared, lasting);
  }
  static void destroy(Chunk* chunk) noexcept {
    if (chunk == nullptr) return;
    const bool lasting = chunk->lasting_;
    chunk->for_each_slab([&](Cell* slab) {
      PagePool::release(slab[PagePool::cell], lasting);
      SlabMemory::release(slab, chunk->size(), lasting);
    });
    if (Cell* const side = chunk->side()) {
      PagePool::release(side[PagePool::cell], lasting);
      SlabMemory::release(side, chunk->size(), lasting);
    }
    chunk->~Chunk();
    release_room(chunk, lasting);
  }

  /// For a lasting chunk without series, which no scrape will read any more: gives its memory back; `remains`
  /// has the addresses. An update through a handle of a removed series that makes its thread's slab at this
  /// very moment may leave that slab behind, unused.
  PROMLITE_COLD static void forget(Chunk* chunk, Remains& remains) noexcept {
    const std::uint32_t cells = chunk->size();
    // What zeroes will say, said where the pages stay: from here on nobody makes a slab.
    chunk->allocator_.store(&no_slots, std::memory_order_relaxed);
    chunk->cells_.store(0, std::memory_order_relaxed);
    const auto forget_slab = [&](SlabPointer& pointer) {
      // acquire: the slab's zeroes happen before its end.
      Cell* const slab = pointer.exchange(nullptr, std::memory_order_acquire);
      if (slab == nullptr) return;
      PagePool::forget(slab[PagePool::cell], remains);
      if (!SlabMemory::is_reserve(slab)) remains.forget(slab, cells * sizeof(Cell));
    };
    for (std::uint32_t slot = 0; slot < chunk->slots_; ++slot) forget_slab(chunk->slabs()[slot]);
    forget_slab(chunk->shared_);
    forget_slab(chunk->side_);
    remains.forget(chunk, lasting_size);
  }

  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;

  /// 0 when it has been forgotten.
  std::uint32_t size() const noexcept { return cells_.load(std::memory_order_relaxed); }
  bool lasting() const noexcept { return lasting_; }

  /// The calling thread's slab if it has one already; null sends the update to owned(). Wait-free.
  PROMLITE_ALWAYS_INLINE Cell* owned_already() noexcept {
    const ThreadSlot& mine = thread_slot;
    // A slot of another allocator says nothing about who writes here: two shared objects with hidden
    // symbols have two allocators, and both hand out slot 0.
    if (!PROMLITE_LIKELY(mine.allocator == allocator_.load(std::memory_order_relaxed))) return nullptr;
    return slabs()[mine.slot].load(std::memory_order_relaxed);
  }

  /// The calling thread's slab, made now if need be, or null when it has to use shared(): it owns no slot of
  /// this chunk's allocator, there is no memory for a slab, or this very thread is getting some right now.
  PROMLITE_COLD Cell* owned() noexcept {
    ThreadSlot& mine = thread_slot;
    const Allocating allocation;
    // Read once: the chunk may be forgotten meanwhile.
    const std::uint32_t cells = size();
    if (slots_ == 0 || cells == 0 || !allocation.outermost() || !take_thread_slot(mine) ||
        mine.allocator != allocator_.load(std::memory_order_relaxed)) {
      return nullptr;
    }
    SlabPointer& slab = slabs()[mine.slot];
    if (Cell* const there = slab.load(std::memory_order_relaxed)) return there;
    Cell* const made = SlabMemory::allocate(cells, lasting_);
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

  /// The side slab, or null. Wait-free.
  Cell* side() const noexcept {
    // acquire: the slab's zeroes happen before its use.
    return side_.load(std::memory_order_acquire);
  }
  /// The side slab, made now if need be, or null when it cannot be. Lock-free.
  PROMLITE_COLD Cell* make_side() noexcept {
    Cell* there = side();
    const Allocating allocation;
    if (there != nullptr || !allocation.outermost()) return there;
    // Both read once: the chunk may be forgotten meanwhile.
    const std::uint32_t cells = size();
    const bool lasting = lasting_;
    Cell* const made = cells == 0 ? nullptr : SlabMemory::allocate(cells, lasting);
    if (made == nullptr) return nullptr;
    // release: whoever finds the slab sees its zeroes. acquire on failure: so do we with the winner's.
    if (side_.compare_exchange_strong(there, made, std::memory_order_release, std::memory_order_acquire))
      return made;
    SlabMemory::release(made, cells, lasting);
    return there;
  }

  /// Calls `visit(Cell* slab)` for every slab that may hold something, the shared one first, in a fixed
  /// order.
  template <class Visit>
  PROMLITE_ALWAYS_INLINE void for_each_slab(Visit&& visit) {
    // acquire, here and below: the zeroes that a slab was made with happen before the reader's loads.
    if (Cell* const slab = shared_.load(std::memory_order_acquire)) visit(slab);
    const SlotAllocator* const allocator = allocator_.load(std::memory_order_relaxed);
    if (!PROMLITE_LIKELY(allocator != nullptr)) return;  // forgotten
    // No more than there are slots; of the allocator that owns no cells, none.
    const std::uint32_t end = allocator->high_water();
    for (std::uint32_t slot = 0; slot < end; ++slot) {
      if (Cell* const slab = slabs()[slot].load(std::memory_order_acquire)) visit(slab);
    }
  }

 private:
  using SlabPointer = std::atomic<Cell*>;
  friend class CellArena;

  static constexpr std::size_t lasting_size = LastingMemory::page;

  Chunk(std::uint32_t cells, std::uint32_t slots, Cell* shared, bool lasting) noexcept
      : allocator_(slots == 0 ? &no_slots : &slot_allocator),
        cells_(cells),
        slots_(slots),
        shared_(shared),
        lasting_(lasting) {
    // Lasting memory is zero, and a page of it that nobody touches costs nothing.
    for (std::uint32_t slot = 0; slot < slots && !lasting; ++slot) {
      ::new (static_cast<void*>(slabs() + slot)) SlabPointer(nullptr);
    }
  }
  ~Chunk() = default;

  static void release_room(void* room, bool lasting) noexcept {
    if (lasting) {
      LastingMemory::release(room, lasting_size);
    } else {
      ::operator delete(room);
    }
  }

  // The table of slabs stands behind the object, in the same allocation: one load less for an update.
  SlabPointer* slabs() noexcept { return reinterpret_cast<SlabPointer*>(this + 1); }

  PROMLITE_COLD Cell* make_shared_slab() noexcept {
    // Both read once: the chunk may be forgotten meanwhile.
    const std::uint32_t cells = size();
    const bool lasting = lasting_;
    if (cells == 0) return SlabMemory::lost();
    Cell* const made = SlabMemory::allocate_or_reserve(cells, lasting);
    if (made == nullptr) return SlabMemory::lost();
    Cell* there = nullptr;
    // release: whoever finds the slab sees its zeroes. acquire on failure: so do we with the winner's.
    if (shared_.compare_exchange_strong(there, made, std::memory_order_release, std::memory_order_acquire))
      return made;
    SlabMemory::release(made, cells, lasting);
    return there;
  }

  std::atomic<const SlotAllocator*> allocator_;
  std::atomic<std::uint32_t> cells_;
  std::uint32_t slots_;
  std::atomic<Cell*> shared_;
  std::atomic<Cell*> side_{nullptr};
  std::uint32_t series_ = 0;  ///< the arena's own: ranges that were not given back
  std::uint32_t index_ = 0;   ///< the arena's own: where it lists this chunk
  bool lasting_;
};
static_assert(sizeof(Chunk) + max_slots * sizeof(void*) <= LastingMemory::page, "a chunk fits into a page");

/// Shared cells that nobody scrapes: where the updates of a default-constructed handle go. Never destroyed.
PROMLITE_COLD inline Chunk* vanishing_chunk() noexcept {
  static Chunk* const chunk = Chunk::make(16, false);
  return chunk;
}

/// Where in it groups of cells begin that are read as a snapshot: no other metric may disturb their progress.
constexpr std::uint32_t vanishing_group = 4;

/// Where a series' cells are: `size` cells from `offset` on in every slab of the chunk.
struct CellRange {
  Chunk* chunk = nullptr;
  std::uint32_t offset = 0;
};

/// Hands out ranges of cells from chunks that grow with the number of series, up to `largest` cells, so
/// that one series costs little and a thousand share a table of slabs. A range is never handed out twice.
/// Chunks of the largest size are lasting: when all their ranges have been given back, their memory is
/// forgotten. Not thread safe.
class CellArena {
 public:
  explicit CellArena(bool owned, std::uint32_t first_chunk = 32,
                     std::uint32_t largest = largest_chunk) noexcept
      : owned_(owned), next_size_(first_chunk), largest_(largest) {}
  CellArena(const CellArena&) = delete;
  CellArena& operator=(const CellArena&) = delete;
  ~CellArena() {
    for (std::size_t i = 0; i < chunks_.size(); ++i) Chunk::destroy(chunks_[i]);
  }

  /// Zeroed cells, never handed out before. Throws std::bad_alloc and then has changed nothing.
  CellRange take(std::uint32_t cells) {
    if (current_ == nullptr || current_->size() - used_ < cells) grow(cells + 1);
    const CellRange range{current_, used_};
    used_ += cells;
    ++current_->series_;
    return range;
  }

  /// Nobody will scrape this range any more; updates of it may go on for ever.
  void give_back(const CellRange& range) noexcept {
    if (--range.chunk->series_ == 0 && range.chunk != current_) drop(range.chunk);
  }

  /// Calls `visit(Cell* slab, std::uint32_t cells)` for every slab of every chunk.
  template <class Visit>
  void for_each_slab(Visit&& visit) {
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      chunks_[i]->for_each_slab([&](Cell* slab) { visit(slab, chunks_[i]->size()); });
    }
  }

 private:
  PROMLITE_COLD void grow(std::uint32_t cells) {
    chunks_.reserve_more(1);
    Chunk* const previous = current_;
    current_ = Chunk::make(cells > next_size_ ? cells : next_size_, owned_, next_size_ == largest_);
    current_->index_ = static_cast<std::uint32_t>(chunks_.size());
    chunks_.push_back(current_);
    used_ = PagePool::cell + 1;
    if (next_size_ < largest_) next_size_ *= 2;
    if (previous != nullptr && previous->series_ == 0) drop(previous);
  }

  // No range of this chunk is used, and none will be handed out.
  PROMLITE_COLD void drop(Chunk* chunk) noexcept {
    if (!chunk->lasting()) return;
    Chunk* const last = chunks_[chunks_.size() - 1];
    chunks_.at(chunk->index_) = last;
    last->index_ = chunk->index_;
    chunks_.truncate(chunks_.size() - 1);
    Chunk::forget(chunk, remains_);
  }

  const bool owned_;
  std::uint32_t next_size_;
  const std::uint32_t largest_;
  Chunk* current_ = nullptr;
  std::uint32_t used_ = 0;  ///< of the current chunk
  PointerList<Chunk> chunks_;
  Remains remains_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_SLAB_HPP
