// promlite: a place for one exemplar, which everybody writes and a scrape reads.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_EXEMPLAR_SLOT_HPP
#define PROMLITE_DETAIL_EXEMPLAR_SLOT_HPP

#include <promlite/config.hpp>
#include <promlite/detail/cell.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/page_pool.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/snapshot.hpp>
#include <promlite/detail/thread_slot.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// The newest exemplar of something, under a cell that holds the address of its place, or 0.
///
/// A place is a group of cells under the protocol of detail/snapshot.hpp, with one writer at a time: who
/// finds another one at it gives up, since two exemplars of the same moment are one too many. So nobody
/// waits, and a writer that the system has stopped in the middle hides this exemplar and nothing else. A
/// place is made from the PagePool of a slab, small at first, and again, once, when a longer text comes.
class ExemplarSlot {
 public:
  /// No text of valid labels is longer: 128 characters of names and values, four bytes of punctuation for
  /// each label, a value has at least one character, and one of at most four bytes after escaping.
  static constexpr std::size_t longest_text = 576;

  /// What a place holds.
  struct Content {
    double value = 0;
    std::int64_t time = 0;
    std::size_t text_size = 0;
    std::uint64_t text[longest_text / 8];
  };

  /// Replaces what `address` leads to, a cell of `slab`, which is one of a chunk that is `lasting` or not.
  /// Lock-free; allocates at most twice for each address.
  PROMLITE_COLD static void put(Cell& address, Cell* slab, bool lasting, std::string_view text, double value,
                                std::int64_t time) noexcept {
    // acquire: the place's capacity happens before its use.
    Cell* cells = to_cells(address.load(std::memory_order_acquire));
    if (cells == nullptr || text.size() > cells[capacity].load(std::memory_order_relaxed))
      cells = make(address, cells, slab, lasting, text.size());
    if (cells == nullptr) return;
    std::uint64_t before = cells[progress].load(std::memory_order_relaxed);
    if ((before & Progress::under_way) != 0) return;
    // acquire: what the last writer stored comes before what this one stores.
    if (!cells[progress].compare_exchange_strong(before, before + Progress::started,
                                                 std::memory_order_acquire, std::memory_order_relaxed)) {
      return;
    }
    // release, in all of these: a reader that sees a datum sees that this update has started.
    cells[value_bits].store(bits_of(value), std::memory_order_release);
    cells[time_bits].store(static_cast<std::uint64_t>(time), std::memory_order_release);
    cells[size].store(text.size(), std::memory_order_release);
    for (std::size_t at = 0; at < text.size(); at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + at, text.size() - at < 8 ? text.size() - at : 8);
      cells[words + at / 8].store(word, std::memory_order_release);  // as above
    }
    // release: a reader that sees this update as finished sees all its data.
    cells[progress].store(before + Progress::finished, std::memory_order_release);
  }

  /// Reads what `address` leads to. False when nothing is there, or somebody writes it all the time.
  PROMLITE_COLD static bool read(const Cell& address, Content& to) noexcept {
    // acquire: as in put().
    const Cell* const cells = to_cells(address.load(std::memory_order_acquire));
    if (cells == nullptr) return false;
    for (int attempt = 0; attempt < attempts; ++attempt) {
      // acquire, here and in what read_cells() loads: see detail/snapshot.hpp.
      const std::uint64_t before = cells[progress].load(std::memory_order_acquire);
      if (before < Progress::finished) return false;  // nobody has finished yet
      if ((before & Progress::under_way) != 0) continue;
      read_cells(cells, to);
      if (cells[progress].load(std::memory_order_relaxed) == before) return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t progress = 0;
  static constexpr std::size_t capacity = 1;  ///< bytes of text; constant
  static constexpr std::size_t value_bits = 2;
  static constexpr std::size_t time_bits = 3;
  static constexpr std::size_t size = 4;
  static constexpr std::size_t words = 5;
  // With it a place takes 128 bytes, and it is enough for a trace_id and a span_id in hexadecimal digits.
  static constexpr std::size_t usual_text = 88;
  static constexpr int attempts = 64;
  static_assert(words * sizeof(Cell) + longest_text <= PagePool::largest, "a place fits into a page");

  static Cell* to_cells(std::uint64_t address) noexcept {
    return reinterpret_cast<Cell*>(static_cast<std::uintptr_t>(address));
  }

  static void read_cells(const Cell* cells, Content& to) noexcept {
    // acquire in all loads: see read().
    to.value = double_of(cells[value_bits].load(std::memory_order_acquire));
    to.time = static_cast<std::int64_t>(cells[time_bits].load(std::memory_order_acquire));
    to.text_size = static_cast<std::size_t>(cells[size].load(std::memory_order_acquire));
    const auto most = static_cast<std::size_t>(cells[capacity].load(std::memory_order_relaxed));
    if (to.text_size > most) to.text_size = 0;  // of memory that was forgotten meanwhile
    for (std::size_t at = 0; at < to.text_size; at += 8)
      to.text[at / 8] = cells[words + at / 8].load(std::memory_order_acquire);  // as above
  }

  // In place of `present`, which is too small, or null.
  PROMLITE_COLD static Cell* make(Cell& address, Cell* present, Cell* slab, bool lasting,
                                  std::size_t text_size) noexcept {
    const Allocating allocation;
    if (!allocation.outermost()) return nullptr;
    const std::size_t room = text_size <= usual_text ? usual_text : longest_text;
    void* const page = PagePool::take(slab[PagePool::cell], words * sizeof(Cell) + room, lasting);
    if (page == nullptr) return nullptr;
    Cell* const cells = static_cast<Cell*>(page);
    cells[capacity].store(room, std::memory_order_relaxed);
    auto there = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(present));
    // release: whoever finds the place sees its capacity. Who comes second lets the other one's exemplar be.
    return address.compare_exchange_strong(there,
                                           static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(page)),
                                           std::memory_order_release, std::memory_order_relaxed)
               ? cells
               : nullptr;
  }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_EXEMPLAR_SLOT_HPP
