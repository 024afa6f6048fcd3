// promlite: the series of one declaration: bounded, found without a lock.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_SERIES_SET_HPP
#define PROMLITE_SERIES_SET_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/detail/label_index.hpp>
#include <promlite/detail/pointer_list.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/utf8.hpp>
#include <promlite/encoder.hpp>
#include <promlite/error.hpp>
#include <promlite/labels.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace promlite {
namespace detail {

/// One series: where its cells are, and its texts in the same allocation. Immutable once published.
struct Series {
  std::uint64_t hash;
  Chunk* chunk;
  std::uint32_t offset;
  std::uint32_t number;  ///< in order of creation
  std::uint32_t text_size;

  // Behind the object: the escaped label text, then the packed values, then padding for block copies.
  const char* text() const noexcept { return reinterpret_cast<const char*>(this + 1); }
  const char* packed_values() const noexcept { return text() + text_size; }
  CellRange range() const noexcept { return {chunk, offset}; }
  PaddedText labels() const noexcept { return {text(), text_size}; }
};

/// The series of one declaration, whatever their metric. Look-ups are lock-free; creation takes a lock.
class SeriesSet {
 public:
  /// `common` serves the overflow series, and the one series of a declaration without labels.
  SeriesSet(const Declaration& declared, FamilyStats& stats, std::uint32_t cells, bool owned,
            CellArena& common)
      : declared_(declared), stats_(stats), cells_(cells), arena_(owned) {
    sort_labels();
    pending_.reserve_more(1);
    const std::vector<std::string_view> values(declared.label_names.size(), overflow_label_value);
    first_ = make_series(0, values.data(), common);
    if (values.empty()) pending_.push_back(first_);
  }
  SeriesSet(const SeriesSet&) = delete;
  SeriesSet& operator=(const SeriesSet&) = delete;
  ~SeriesSet() {
    for_each([](Series* series) { ::operator delete(static_cast<void*>(series)); });
    if (!first_listed()) ::operator delete(static_cast<void*>(first_));
  }

  /// The series without labels, or the overflow series.
  Series& first() noexcept { return *first_; }

  /// The series of these values, made when there is none; the overflow series when it cannot be. Lock-free
  /// and without allocation when the series exists.
  PROMLITE_ALWAYS_INLINE Series& with(const std::string_view* values, std::size_t count) noexcept {
    const std::uint64_t hash = index_.hash_of(values, count);
    Series* const found = index_.find(hash, values, count);
    return PROMLITE_LIKELY(found != nullptr) ? *found : miss(hash, values, count);
  }

  /// Every series in the order of its label values, labels by name; by one scrape at a time. Throws
  /// std::bad_alloc.
  PROMLITE_COLD const PointerList<Series>& sorted() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (overflow_due_.load(std::memory_order_relaxed)) list_overflow();
      sorted_.append_all(pending_);
      pending_.reset();
    }
    if (in_order_ != sorted_.size()) {
      sorted_.sort_in(in_order_, &less, this);
      in_order_ = sorted_.size();
    }
    return sorted_;
  }

  /// Only while nobody else uses the set.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (std::size_t i = 0; i < sorted_.size(); ++i) visit(sorted_[i]);
    for (std::size_t i = 0; i < pending_.size(); ++i) visit(pending_[i]);
  }
  bool first_listed() const noexcept { return declared_.label_names.empty() || overflow_used(); }

 private:
  bool overflow_used() const noexcept {
    // acquire: pairs with list_overflow(); whoever sees the flag sees the series in the index.
    return overflow_used_.load(std::memory_order_acquire);
  }

  // label_order_: the variable labels by name, as positions in the declaration.
  PROMLITE_COLD void sort_labels() {
    const std::vector<std::string>& names = declared_.label_names;
    label_order_.resize(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::size_t at = i;
      for (; at > 0 && names[i] < names[label_order_[at - 1]]; --at) label_order_[at] = label_order_[at - 1];
      label_order_[at] = i;
    }
  }

  static bool less(const void* set, const void* one, const void* other) noexcept {
    const char* const a = static_cast<const Series*>(one)->packed_values();
    const char* const b = static_cast<const Series*>(other)->packed_values();
    for (const std::size_t label : static_cast<const SeriesSet*>(set)->label_order_) {
      const int order = PackedValues::at(a, label).compare(PackedValues::at(b, label));
      if (order != 0) return order < 0;
    }
    return false;
  }

  PROMLITE_COLD std::string label_text(const std::string_view* values) const {
    const auto& const_labels = declared_.const_labels;
    std::string text;
    std::size_t fixed = 0;
    for (const std::size_t label : label_order_) {
      for (; fixed < const_labels.size() && const_labels[fixed].first < declared_.label_names[label];
           ++fixed) {
        append_label(text, const_labels[fixed].first, const_labels[fixed].second);
      }
      append_label(text, declared_.label_names[label], values[label]);
    }
    for (; fixed < const_labels.size(); ++fixed) {
      append_label(text, const_labels[fixed].first, const_labels[fixed].second);
    }
    return text;
  }

  PROMLITE_COLD Series* make_series(std::uint64_t hash, const std::string_view* values, CellArena& arena) {
    const std::string text = label_text(values);
    const std::size_t count = declared_.label_names.size();
    const std::size_t packed_size = PackedValues::size(values, count);
    const std::size_t behind = packed_size > ByteBuffer::padding ? packed_size : ByteBuffer::padding;
    void* const room = ::operator new(sizeof(Series) + text.size() + behind);
    CellRange range;
    PROMLITE_TRY {
      if (cells_ != 0) range = arena.take(cells_);
    }
    PROMLITE_CATCH_ALL {
      ::operator delete(room);
      throw_bad_alloc();
    }
    Series* const series = ::new (room)
        Series{hash, range.chunk, range.offset, created_++, static_cast<std::uint32_t>(text.size())};
    char* const at = reinterpret_cast<char*>(series + 1);
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    std::memset(at + text.size(), 0, behind);
    PackedValues::write(at + text.size(), values, count);
    return series;
  }

  PROMLITE_COLD Series& miss(std::uint64_t hash, const std::string_view* values, std::size_t count) noexcept {
    PROMLITE_TRY {
      for (std::size_t i = 0; i < count; ++i) {
        if (!is_utf8(values[i])) return with_repaired(values, count);
      }
      // A full family answers a flood without its lock. acquire: see overflow_used(); and the series that
      // were made since with() looked are seen, after which none is made any more.
      if (full_.load(std::memory_order_acquire) && overflow_used()) {
        Series* const made_since = index_.find(hash, values, count);
        return made_since != nullptr ? *made_since : overflow();
      }
      const std::lock_guard<std::mutex> lock(mutex_);
      if (Series* const found = index_.find(hash, values, count)) return *found;
      if (stands_for_overflow(values, count)) return list_overflow();
      if (index_.size() - (overflow_used() ? 1 : 0) >= declared_.max_series) {
        // release: pairs with the load above.
        full_.store(true, std::memory_order_release);
        list_overflow();
        return overflow();
      }
      return create(hash, values);
    }
    PROMLITE_CATCH_ALL {
      // Without memory nothing can be listed now: a scrape sees to it that what is counted here is shown.
      overflow_due_.store(true, std::memory_order_relaxed);
      return overflow();
    }
  }

  PROMLITE_COLD Series& with_repaired(const std::string_view* values, std::size_t count) {
    stats_.count(&FamilyStats::repaired);
    std::vector<std::string> repaired(count);
    std::vector<std::string_view> views(count);
    for (std::size_t i = 0; i < count; ++i) {
      append_repaired_utf8(repaired[i], values[i]);
      views[i] = repaired[i];
    }
    return with(views.data(), count);
  }

  Series& overflow() noexcept {
    stats_.count(&FamilyStats::overflowed);
    return *first_;
  }

  static bool stands_for_overflow(const std::string_view* values, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      if (values[i] != overflow_label_value) return false;
    }
    return true;
  }

  // Under the lock. From here on the overflow series is exported.
  Series& list_overflow() {
    if (overflow_used()) return *first_;
    const std::vector<std::string_view> values(declared_.label_names.size(), overflow_label_value);
    first_->hash = index_.hash_of(values.data(), values.size());
    pending_.reserve_more(1);
    index_.insert(first_);
    pending_.push_back(first_);
    // release: pairs with overflow_used().
    overflow_used_.store(true, std::memory_order_release);
    return *first_;
  }

  // Under the lock.
  Series& create(std::uint64_t hash, const std::string_view* values) {
    pending_.reserve_more(1);
    Series* const series = make_series(hash, values, arena_);
    PROMLITE_TRY { index_.insert(series); }
    PROMLITE_CATCH_ALL {
      ::operator delete(static_cast<void*>(series));
      throw_bad_alloc();
    }
    pending_.push_back(series);
    return *series;
  }

  const Declaration& declared_;
  FamilyStats& stats_;
  const std::uint32_t cells_;
  LabelIndex<Series> index_;
  Series* first_ = nullptr;
  std::atomic<bool> full_{false};
  std::atomic<bool> overflow_used_{false};
  std::atomic<bool> overflow_due_{false};
  std::mutex mutex_;  // creation
  CellArena arena_;
  std::uint32_t created_ = 0;
  PointerList<Series> pending_;  ///< created since the last scrape
  PointerList<Series> sorted_;   ///< the others; the scrape's own
  std::size_t in_order_ = 0;     ///< of sorted_, from the front on
  std::vector<std::size_t> label_order_;
};

}  // namespace detail
}  // namespace promlite

#endif  // PROMLITE_SERIES_SET_HPP
