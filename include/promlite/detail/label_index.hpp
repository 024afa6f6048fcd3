// promlite: lock-free look-up of a record by its label values.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_LABEL_INDEX_HPP
#define PROMLITE_DETAIL_LABEL_INDEX_HPP

#include <promlite/config.hpp>
#include <promlite/detail/lasting_memory.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#if defined(__has_include)
#if __has_include(<unistd.h>)
#include <unistd.h>
#endif
#endif

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Two secret numbers, other ones in each process: whoever chooses label values cannot choose their
/// collisions.
struct HashSeed {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  static const HashSeed& of_process() noexcept {
    static const HashSeed seed = make();
    return seed;
  }

 private:
  PROMLITE_COLD static HashSeed make() noexcept {
    HashSeed seed;
#if defined(__GLIBC__) || defined(__APPLE__) || defined(__FreeBSD__) || defined(__OpenBSD__)
    if (::getentropy(&seed, sizeof seed) == 0) return seed;
#endif
    // Without the system's entropy: the clock and where the system put this variable.
    const auto now = std::chrono::high_resolution_clock::now().time_since_epoch().count();
    seed.first = static_cast<std::uint64_t>(now) * 0x9E3779B97F4A7C15;
    seed.second = reinterpret_cast<std::uintptr_t>(&seed) * 0xC2B2AE3D27D4EB4F;
    return seed;
  }
};

/// The two halves of the 128-bit product, folded into one.
PROMLITE_ALWAYS_INLINE std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) noexcept {
#if defined(__SIZEOF_INT128__)
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
#else
  const std::uint64_t a_high = a >> 32, a_low = a & 0xFFFFFFFF, b_high = b >> 32, b_low = b & 0xFFFFFFFF;
  const std::uint64_t low = a_low * b_low, middle1 = a_high * b_low, middle2 = a_low * b_high;
  const std::uint64_t carry = ((low >> 32) + (middle1 & 0xFFFFFFFF) + (middle2 & 0xFFFFFFFF)) >> 32;
  return (a * b) ^ (a_high * b_high + (middle1 >> 32) + (middle2 >> 32) + carry);
#endif
}

template <class Word>
PROMLITE_ALWAYS_INLINE std::uint64_t read_word(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

/// Hashes the value at `index`, independently of the others, so that a processor can do them side by side;
/// the sum over the indices is the hash of all. Length and index take part: ("a", "bc"), ("ab", "c") and
/// ("bc", "a") differ.
PROMLITE_ALWAYS_INLINE std::uint64_t hash_value(const HashSeed& seed, std::size_t index,
                                                std::string_view value) noexcept {
  const char* at = value.data();
  std::size_t left = value.size();
  const std::uint64_t first = seed.first + index * 0x9E3779B97F4A7C15;
  // Times a secret number: whoever could trade a value's length for its bytes could choose collisions, and
  // with several labels as many as the product of what each allows.
  std::uint64_t second = seed.second + left * (seed.first | 1);
  while (left > 16) {
    second = folded_product(read_word<std::uint64_t>(at) ^ first, read_word<std::uint64_t>(at + 8) ^ second);
    at += 16;
    left -= 16;
  }
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  if (left >= 8) {
    low = read_word<std::uint64_t>(at);
    high = read_word<std::uint64_t>(at + left - 8);
  } else if (left >= 4) {
    low = read_word<std::uint32_t>(at);
    high = read_word<std::uint32_t>(at + left - 4);
  } else if (left > 0) {
    low = static_cast<std::uint64_t>(static_cast<unsigned char>(at[0])) << 16 |
          static_cast<std::uint64_t>(static_cast<unsigned char>(at[left / 2])) << 8 |
          static_cast<unsigned char>(at[left - 1]);
  }
  return folded_product(low ^ first, high ^ second);
}

/// Label values one behind the other, each after its length: one byte, or 255 and four bytes.
struct PackedValues {
  static std::size_t size(const std::string_view* values, std::size_t count) noexcept {
    std::size_t total = 0;
    for (std::size_t i = 0; i < count; ++i) total += length_size(values[i].size()) + values[i].size();
    return total;
  }
  static void write(char* to, const std::string_view* values, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      const auto length = static_cast<std::uint32_t>(values[i].size());
      *to++ = static_cast<char>(length < long_value ? length : long_value);
      if (length >= long_value) {
        std::memcpy(to, &length, sizeof length);
        to += sizeof length;
      }
      if (length != 0) std::memcpy(to, values[i].data(), length);
      to += length;
    }
  }
  PROMLITE_ALWAYS_INLINE static bool equal(const char* packed, const std::string_view* values,
                                           std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view value = next(packed);
      if (value.size() != values[i].size() || !equal_bytes(value.data(), values[i].data(), value.size()))
        return false;
    }
    return true;
  }
  /// The value at `index`.
  static std::string_view at(const char* packed, std::size_t index) noexcept {
    for (; index > 0; --index) next(packed);
    return next(packed);
  }

 private:
  static constexpr std::uint32_t long_value = 255;

  static std::size_t length_size(std::size_t length) noexcept {
    return length < long_value ? 1 : 1 + sizeof(std::uint32_t);
  }

  PROMLITE_ALWAYS_INLINE static std::string_view next(const char*& packed) noexcept {
    std::uint32_t length = static_cast<unsigned char>(*packed++);
    if (!PROMLITE_LIKELY(length != long_value)) {
      std::memcpy(&length, packed, sizeof length);
      packed += sizeof length;
    }
    const std::string_view value(packed, length);
    packed += length;
    return value;
  }

  // Label values are short: for these a call of memcmp costs more than the comparison.
  PROMLITE_ALWAYS_INLINE static bool equal_bytes(const char* a, const char* b, std::size_t size) noexcept {
    if (size > 16) return std::memcmp(a, b, size) == 0;
    if (size >= 8) {
      return read_word<std::uint64_t>(a) == read_word<std::uint64_t>(b) &&
             read_word<std::uint64_t>(a + size - 8) == read_word<std::uint64_t>(b + size - 8);
    }
    if (size >= 4) {
      return read_word<std::uint32_t>(a) == read_word<std::uint32_t>(b) &&
             read_word<std::uint32_t>(a + size - 4) == read_word<std::uint32_t>(b + size - 4);
    }
    return size == 0 || (a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1]);
  }
};

/// Finds records by values. `Record` has `std::atomic<std::uint64_t> hash`, not 0 while the record is in the
/// index, and `const char* packed_values() const`. A record's memory must be readable as long as the index,
/// as LastingArena's is: it may read as zeroes once the record has been removed.
///
/// find() takes no lock and may run at any time beside insert() and remove(), whose callers take turns by a
/// lock of their own. Invariants: a record, once published, never moves within a table; a removed one stays
/// there with the hash 0, until the table is made anew. A table that was replaced is lasting memory, too: a
/// reader that still looks at it is merely late, or finds zeroes: it finds a record or asks again under the
/// lock.
template <class Record>
class LabelIndex {
 public:
  LabelIndex() = default;
  LabelIndex(const LabelIndex&) = delete;
  LabelIndex& operator=(const LabelIndex&) = delete;

  /// Never 0.
  PROMLITE_ALWAYS_INLINE std::uint64_t hash_of(const std::string_view* values,
                                               std::size_t count) const noexcept {
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < count; ++i) hash += hash_value(seed_, i, values[i]);
    return PROMLITE_LIKELY(hash != 0) ? hash : 1;
  }

  /// The record of these values, or null. Wait-free but for the length of the probe (at most three quarters
  /// of the places are taken).
  PROMLITE_ALWAYS_INLINE Record* find(std::uint64_t hash, const std::string_view* values,
                                      std::size_t count) const noexcept {
    // acquire: pairs with make_anew(), which publishes after the table was filled.
    Table* const table = table_.load(std::memory_order_acquire);
    if (table == nullptr) return nullptr;
    for (std::uint64_t at = hash;; ++at) {
      // acquire: pairs with place(), which publishes after the record was filled.
      Record* const record = table->places()[at & table->mask].load(std::memory_order_acquire);
      if (record == nullptr) return nullptr;
      // acquire: pairs with remove(): who finds the hash gone finds what was changed before it
      // (SeriesSet::Change).
      if (record->hash.load(std::memory_order_acquire) == hash &&
          PackedValues::equal(record->packed_values(), values, count)) {
        return record;
      }
    }
  }

  /// Adds a record that find() does not find. Under the callers' lock. Throws std::bad_alloc and then has
  /// changed nothing.
  PROMLITE_COLD void insert(Record* record) {
    Table* table = table_.load(std::memory_order_relaxed);
    if (table == nullptr || 4 * (used_ + 1) > 3 * (table->mask + 1)) table = make_anew(table);
    place(*table, record);
    ++size_;
    ++used_;
  }

  /// Takes out a record that is in the index. Under the callers' lock.
  void remove(Record* record) noexcept {
    // release: a reader that sees the record gone sees that a change is under way (SeriesSet::Change).
    record->hash.store(0, std::memory_order_release);
    --size_;
  }

  std::size_t size() const noexcept { return size_; }

  /// Calls `visit(Record*)` for every record, in no order; `visit` may remove it. Under the callers' lock.
  template <class Visit>
  void for_each(Visit&& visit) {
    Table* const table = table_.load(std::memory_order_relaxed);
    if (table != nullptr) for_each_in(*table, visit);
  }

 private:
  using Place = std::atomic<Record*>;
  struct Table {
    std::uint64_t mask;
    LastingArena::Block* block;
    Place* places() noexcept { return reinterpret_cast<Place*>(this + 1); }
  };

  static void place(Table& table, Record* record) noexcept {
    std::uint64_t at = record->hash.load(std::memory_order_relaxed);
    while (table.places()[at & table.mask].load(std::memory_order_relaxed) != nullptr) ++at;
    // release: a reader that finds the record sees what it holds.
    table.places()[at & table.mask].store(record, std::memory_order_release);
  }

  template <class Visit>
  static void for_each_in(Table& table, Visit&& visit) {
    for (std::uint64_t i = 0; i <= table.mask; ++i) {
      Record* const record = table.places()[i].load(std::memory_order_relaxed);
      if (record != nullptr && record->hash.load(std::memory_order_relaxed) != 0) visit(record);
    }
  }

  // Replaces a table that is full, if only of removed records: one of them is made anew after at least a
  // quarter of its places has been used up.
  Table* make_anew(Table* from) {
    std::uint64_t capacity = from == nullptr ? 8 : from->mask + 1;
    if (2 * (size_ + 1) > capacity) capacity *= 2;
    // The places are zero, which is null.
    const auto taken = memory_.take(sizeof(Table) + static_cast<std::size_t>(capacity) * sizeof(Place));
    Table* const table = ::new (taken.memory) Table{capacity - 1, taken.block};
    if (from != nullptr) for_each_in(*from, [&](Record* record) { place(*table, record); });
    // release: a reader that finds the table sees its places.
    table_.store(table, std::memory_order_release);
    used_ = size_;
    if (from != nullptr) memory_.give_back(from->block);
    return table;
  }

  std::atomic<Table*> table_{nullptr};
  const HashSeed seed_ = HashSeed::of_process();
  std::size_t size_ = 0;
  std::size_t used_ = 0;  ///< places of the table, those of removed records included
  LastingArena memory_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_LABEL_INDEX_HPP
