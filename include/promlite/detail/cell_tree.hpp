// promlite: a sparse array of cells that grows by the page and never shrinks.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_CELL_TREE_HPP
#define PROMLITE_DETAIL_CELL_TREE_HPP

#include <promlite/config.hpp>
#include <promlite/detail/cell.hpp>
#include <promlite/detail/page_pool.hpp>
#include <promlite/detail/slab.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Cells by a key, under a cell that holds the address of the root, or 0. Keys are below some number that the
/// size of the root is made for: 2^19 unless said otherwise, and always the same for one tree.
///
/// Three levels of pages; inner cells hold addresses. An address goes from 0 to a page once and stays, so
/// readers need nothing but the acquire that shows them the zeroes behind it. Pages are made by
/// compare-exchange: the same code serves an owned tree and one that all threads share. They come from the
/// PagePool of the slab that the root cell stands in, and end with it.
class CellTree {
 public:
  static constexpr std::uint32_t key_bits = 19;
  /// The size of a root for keys below `keys`.
  static constexpr std::uint32_t root_size_for(std::uint32_t keys) noexcept {
    return ((keys - 1) >> (2 * page_bits)) + 1;
  }

  /// The cell of `key`, or null when its page has not been made. Wait-free.
  PROMLITE_ALWAYS_INLINE static Cell* find(const Cell& root, std::uint32_t key) noexcept {
    // acquire, three times: the page's zeroes happen before its use.
    Cell* page = to_page(root.load(std::memory_order_acquire));
    if (PROMLITE_LIKELY(page != nullptr))
      page = to_page(page[key >> (2 * page_bits)].load(std::memory_order_acquire));
    if (PROMLITE_LIKELY(page != nullptr))
      page = to_page(page[key >> page_bits & page_mask].load(std::memory_order_acquire));
    return PROMLITE_LIKELY(page != nullptr) ? page + (key & page_mask) : nullptr;
  }

  /// The cell of `key`, or null when memory ran out; `root` is a cell of `slab`, which is one of `chunk`.
  /// Lock-free; no allocation when the cell's page exists.
  PROMLITE_ALWAYS_INLINE static Cell* find_or_make(Cell& root, std::uint32_t key, Cell* slab,
                                                   const Chunk& chunk,
                                                   std::uint32_t root_size = default_root_size) noexcept {
    Cell* page = page_at(root, root_size, slab, chunk);
    if (PROMLITE_LIKELY(page != nullptr))
      page = page_at(page[key >> (2 * page_bits)], page_size, slab, chunk);
    if (PROMLITE_LIKELY(page != nullptr))
      page = page_at(page[key >> page_bits & page_mask], page_size, slab, chunk);
    return PROMLITE_LIKELY(page != nullptr) ? page + (key & page_mask) : nullptr;
  }

  /// Calls `visit(key, count)` for every cell that is not 0, in the order of keys.
  template <class Visit>
  static void for_each(const Cell& root, Visit&& visit, std::uint32_t root_size = default_root_size) {
    for_each_page(root, root_size, [&](std::uint32_t high, const Cell& middle_address) {
      for_each_page(middle_address, page_size, [&](std::uint32_t middle, const Cell& leaf_address) {
        for_each_page(leaf_address, page_size, [&](std::uint32_t low, const Cell& cell) {
          // acquire: for those who read the tree within a snapshot (detail/snapshot.hpp).
          const std::uint64_t count = cell.load(std::memory_order_acquire);
          if (count != 0) visit((high << page_bits | middle) << page_bits | low, count);
        });
      });
    });
  }

 private:
  static constexpr std::uint32_t page_bits = 6;
  static constexpr std::uint32_t page_size = 1 << page_bits;
  static constexpr std::uint32_t page_mask = page_size - 1;
  static constexpr std::uint32_t default_root_size = 1 << (key_bits - 2 * page_bits);
  static_assert(default_root_size * sizeof(Cell) <= PagePool::largest, "pages fit");

 public:
  /// The largest number of keys that a tree can have.
  static constexpr std::uint32_t most_keys = PagePool::largest / sizeof(Cell) << (2 * page_bits);

 private:
  static Cell* to_page(std::uint64_t address) noexcept {
    return reinterpret_cast<Cell*>(static_cast<std::uintptr_t>(address));
  }

  PROMLITE_ALWAYS_INLINE static Cell* page_at(Cell& address, std::uint32_t size, Cell* slab,
                                              const Chunk& chunk) noexcept {
    // acquire: the page's zeroes happen before its use.
    const std::uint64_t there = address.load(std::memory_order_acquire);
    return PROMLITE_LIKELY(there != 0) ? to_page(there) : make_page(address, size, slab, chunk);
  }

  PROMLITE_COLD static Cell* make_page(Cell& address, std::uint32_t size, Cell* slab,
                                       const Chunk& chunk) noexcept {
    const Allocating allocation;
    // In this order: a chunk that has a size after it was asked had not been forgotten when it was.
    const bool lasting = chunk.lasting();
    if (!allocation.outermost() || chunk.size() == 0) return nullptr;
    void* const page = PagePool::take(slab[PagePool::cell], size * sizeof(Cell), lasting);
    if (page == nullptr) return nullptr;
    std::uint64_t there = 0;
    // release: whoever finds the page sees its zeroes. acquire on failure: so do we with the winner's. A page
    // that lost stays in the pool, unused.
    if (address.compare_exchange_strong(there,
                                        static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(page)),
                                        std::memory_order_release, std::memory_order_acquire)) {
      return static_cast<Cell*>(page);
    }
    return to_page(there);
  }

  template <class Visit>
  static void for_each_page(const Cell& address, std::uint32_t size, Visit&& visit) {
    // acquire: the page's zeroes happen before its use.
    const Cell* const page = to_page(address.load(std::memory_order_acquire));
    if (page == nullptr) return;
    for (std::uint32_t i = 0; i < size; ++i) visit(i, page[i]);
  }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_CELL_TREE_HPP
