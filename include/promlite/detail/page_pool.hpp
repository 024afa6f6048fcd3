// promlite: memory for pages of cells, beside the slab that refers to them.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_PAGE_POOL_HPP
#define PROMLITE_DETAIL_PAGE_POOL_HPP

#include <promlite/config.hpp>
#include <promlite/detail/cell.hpp>
#include <promlite/detail/lasting_memory.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Hands out zeroed pages that live as long as the slab whose pool cell they hang on: a cell that holds the
/// address of the newest block of pages, or 0. Lock-free: an owned slab has one user, the shared one many.
class PagePool {
 public:
  /// The index of the pool cell in its slab.
  static constexpr std::uint32_t cell = 0;

  /// Zeroes, or null when there is no memory. At most `largest` bytes, a multiple of 8. `lasting` is the
  /// same for all calls.
  PROMLITE_COLD static void* take(Cell& pool, std::size_t bytes, bool lasting) noexcept {
    // acquire, here and below: the head of the block happens before its use.
    std::uint64_t there = pool.load(std::memory_order_acquire);
    for (;;) {
      if (there != 0) {
        Block& block = *to_block(there);
        const std::uint64_t at = block.used.fetch_add(bytes, std::memory_order_relaxed);
        if (at + bytes <= block.size) return reinterpret_cast<char*>(&block) + at;
      }
      Block* const made = make_block(there, bytes, lasting);
      if (made == nullptr) return nullptr;
      const auto address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(made));
      // release: whoever finds the block sees its head.
      if (pool.compare_exchange_strong(there, address, std::memory_order_release, std::memory_order_acquire))
        return reinterpret_cast<char*>(made) + sizeof(Block);
      free_block(made, made->size, lasting);
    }
  }

  /// Ends all pages. Nobody else may use them any more.
  static void release(Cell& pool, bool lasting) noexcept {
    for_each_block(pool, [&](Block* block) { free_block(block, block->size, lasting); });
  }

  /// Gives the memory of all pages back; they are lasting, and their addresses stay.
  static void forget(Cell& pool, Remains& remains) noexcept {
    for_each_block(pool, [&](Block* block) { remains.forget(block, block->size); });
  }

 private:
  struct alignas(64) Block {
    Cell used{0};  ///< bytes, with this head
    std::uint64_t size = 0;
    std::uint64_t previous = 0;
  };
  // The first block holds what most trees need: a root, and a middle and a lowest page
  // (detail/cell_tree.hpp).
  static constexpr std::size_t first_size = 2048 + sizeof(Block);
  static constexpr std::size_t lasting_size = 4 * LastingMemory::page;

 public:
  static constexpr std::size_t largest = first_size - sizeof(Block);

 private:
  static Block* to_block(std::uint64_t address) noexcept {
    return reinterpret_cast<Block*>(static_cast<std::uintptr_t>(address));
  }

  /// Of ordinary blocks each has twice the size of the one before it.
  static std::size_t size_after(std::uint64_t previous) noexcept {
    if (previous == 0) return first_size;
    const std::size_t doubled = 2 * static_cast<std::size_t>(to_block(previous)->size);
    return doubled < lasting_size ? doubled : lasting_size;
  }

  PROMLITE_COLD static Block* make_block(std::uint64_t previous, std::size_t taken, bool lasting) noexcept {
    const std::size_t size = lasting ? lasting_size : size_after(previous);
    void* const room = lasting ? LastingMemory::take(size)
                               : ::operator new (size, std::align_val_t{alignof(Block)}, std::nothrow);
    if (room == nullptr) return nullptr;
    if (!lasting) std::memset(room, 0, size);
    Block* const block = ::new (room) Block();
    block->used.store(sizeof(Block) + taken, std::memory_order_relaxed);
    block->size = size;
    block->previous = previous;
    return block;
  }

  static void free_block(Block* block, std::size_t size, bool lasting) noexcept {
    if (lasting) {
      LastingMemory::release(block, size);
    } else {
      ::operator delete (static_cast<void*>(block), std::align_val_t{alignof(Block)});
    }
  }

  template <class Visit>
  static void for_each_block(Cell& pool, Visit&& visit) {
    // acquire: see take().
    for (std::uint64_t at = pool.load(std::memory_order_acquire); at != 0;) {
      Block* const block = to_block(at);
      at = block->previous;
      visit(block);
    }
  }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_PAGE_POOL_HPP
