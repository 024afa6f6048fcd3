// promlite: memory that goes back to the system while its addresses stay usable.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_LASTING_MEMORY_HPP
#define PROMLITE_DETAIL_LASTING_MEMORY_HPP

#include <promlite/config.hpp>
#include <promlite/detail/pointer_list.hpp>
#include <promlite/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#if defined(__has_include)
#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#define PROMLITE_HAS_MMAP 1
#endif
#endif
#if !defined(PROMLITE_HAS_MMAP)
#define PROMLITE_HAS_MMAP 0
#endif

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Whole pages that anybody may read and write for ever, once he has their address: what a removed series
/// leaves to those who still hold a handle of it. forget() gives the memory behind them back to the system;
/// the addresses stay, read as zero, and take stores that nobody will look at.
///
/// Where the system has no such pages they are ordinary memory, and forget() does nothing.
class LastingMemory {
 public:
  static constexpr std::size_t page = 4096;

  /// Zeroes; null when there is no memory.
  PROMLITE_COLD static void* take(std::size_t bytes) noexcept {
#if PROMLITE_HAS_MMAP
    void* const memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | anonymous | unreserved, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
#if defined(MADV_NOHUGEPAGE)
    // A huge page that the system makes of many small ones would bring those back that were forgotten.
    ::madvise(memory, bytes, MADV_NOHUGEPAGE);
#endif
    return memory;
#else
    void* const memory = ::operator new (bytes, std::align_val_t{64}, std::nothrow);
    if (memory != nullptr) std::memset(memory, 0, bytes);
    return memory;
#endif
  }

  /// To be called once nobody needs what stands there; others may still read and write it meanwhile.
  PROMLITE_COLD static void forget(void* memory, std::size_t bytes) noexcept {
#if PROMLITE_HAS_MMAP && defined(__linux__)
    // madvise(2): private anonymous pages that are touched after MADV_DONTNEED are zero-filled on demand.
    ::madvise(memory, bytes, MADV_DONTNEED);
#else
    (void)memory;
    (void)bytes;
#endif
  }

  /// The end of the addresses, too.
  PROMLITE_COLD static void release(void* memory, std::size_t bytes) noexcept {
#if PROMLITE_HAS_MMAP
    ::munmap(memory, bytes);
#else
    (void)bytes;
    ::operator delete (memory, std::align_val_t{64});
#endif
  }

 private:
#if PROMLITE_HAS_MMAP
#if defined(MAP_ANONYMOUS)
  static constexpr int anonymous = MAP_ANONYMOUS;
#else
  static constexpr int anonymous = MAP_ANON;
#endif
#if defined(MAP_NORESERVE)
  static constexpr int unreserved = MAP_NORESERVE;
#else
  static constexpr int unreserved = 0;
#endif
#endif
};

/// Addresses whose memory was forgotten: they end when this does.
class Remains {
 public:
  Remains() = default;
  Remains(const Remains&) = delete;
  Remains& operator=(const Remains&) = delete;
  ~Remains() {
    for (std::size_t i = 0; i < list_.size(); i += 2)
      LastingMemory::release(list_[i], reinterpret_cast<std::uintptr_t>(list_[i + 1]));
  }

  /// Forgets a block. Without memory its addresses outlive this.
  void forget(void* memory, std::size_t bytes) noexcept {
    LastingMemory::forget(memory, bytes);
    PROMLITE_TRY {
      list_.reserve_more(2);
      list_.push_back(memory);
      list_.push_back(reinterpret_cast<void*>(static_cast<std::uintptr_t>(bytes)));
    }
    PROMLITE_CATCH_ALL {}
  }

 private:
  PointerList<void> list_;  // address and size by turns
};

/// Records that lock-free readers may look at for ever: never given to another, but when all records of a
/// block have been given back, its memory is forgotten. Blocks grow; the first ones are too small for that
/// and stay. Not thread safe.
class LastingArena {
 public:
  /// What records share: a block of them.
  struct Block {
    char* memory;
    std::size_t size;
    std::size_t used;
    std::size_t index;  ///< in blocks_
    std::size_t live;   ///< records that were not given back
    bool lasting;
  };
  struct Taken {
    void* memory;
    Block* block;
  };

  LastingArena() = default;
  LastingArena(const LastingArena&) = delete;
  LastingArena& operator=(const LastingArena&) = delete;
  ~LastingArena() {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      release(*blocks_[i]);
      delete blocks_[i];
    }
  }

  /// Zeroes, aligned to `alignment`. Throws std::bad_alloc and then has changed nothing.
  PROMLITE_COLD Taken take(std::size_t bytes) {
    bytes = (bytes + alignment - 1) / alignment * alignment;
    if (bytes > LastingMemory::page) {
      // A large record has a block for itself.
      Block* const own = make_block((bytes + LastingMemory::page - 1) & ~(LastingMemory::page - 1), true);
      own->live = 1;
      return {own->memory, own};
    }
    if (current_ == nullptr || current_->size - current_->used < bytes) {
      std::size_t size = next_size_;
      while (size < bytes) size *= 2;
      Block* const previous = current_;
      current_ = make_block(size, size >= block_size);
      if (next_size_ < block_size) next_size_ *= 2;
      if (previous != nullptr && previous->live == 0) drop(previous);
    }
    const Taken taken{current_->memory + current_->used, current_};
    current_->used += bytes;
    ++current_->live;
    return taken;
  }

  /// One record of this block is needed no more.
  void give_back(Block* block) noexcept {
    if (--block->live == 0 && block != current_) drop(block);
  }

 private:
  // Of a record, so that its first two words lie in one page.
  static constexpr std::size_t alignment = 16;
  static constexpr std::size_t block_size = 4 * LastingMemory::page;

  PROMLITE_COLD Block* make_block(std::size_t size, bool lasting) {
    blocks_.reserve_more(1);
    Block* const block = new Block{nullptr, size, 0, blocks_.size(), 0, lasting};
    block->memory = static_cast<char*>(lasting ? LastingMemory::take(size)
                                               : ::operator new (size, std::align_val_t{64}, std::nothrow));
    if (block->memory == nullptr) {
      delete block;
      throw_bad_alloc();
    }
    if (!lasting) std::memset(block->memory, 0, size);
    blocks_.push_back(block);
    return block;
  }

  // Nothing in this block is needed, and nothing will be taken from it.
  PROMLITE_COLD void drop(Block* block) noexcept {
    if (!block->lasting) return;
    remains_.forget(block->memory, block->size);
    Block* const last = blocks_[blocks_.size() - 1];
    blocks_.at(block->index) = last;
    last->index = block->index;
    blocks_.truncate(blocks_.size() - 1);
    delete block;
  }

  static void release(const Block& block) noexcept {
    if (block.lasting) {
      LastingMemory::release(block.memory, block.size);
    } else {
      ::operator delete (static_cast<void*>(block.memory), std::align_val_t{64});
    }
  }

  std::size_t next_size_ = 512;
  Block* current_ = nullptr;
  PointerList<Block> blocks_;  // owned
  Remains remains_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_LASTING_MEMORY_HPP
