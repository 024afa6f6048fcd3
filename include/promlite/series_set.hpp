// promlite: the series of one declaration: bounded, found without a lock.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_SERIES_SET_HPP
#define PROMLITE_SERIES_SET_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/fork_guard.hpp>
#include <promlite/detail/label_index.hpp>
#include <promlite/detail/pointer_list.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/utf8.hpp>
#include <promlite/encoder.hpp>
#include <promlite/error.hpp>
#include <promlite/series.hpp>
#include <promlite/series_store.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// The series of one declaration, whatever their metric. Look-ups are lock-free; creation and removal take
/// turns by a lock that they hold for moments, and that a scrape holds for a moment when it begins.
///
/// A series that was removed is gone from the index and from the next scrape. Its record and its cells are
/// given back when no scrape looks at them any more: never to be used for another series, but so that their
/// memory may be forgotten, while whoever has a handle goes on storing into addresses that nobody reads.
class SeriesSet {
 public:
  /// `common` serves the overflow series, and the one series of a declaration without labels.
  SeriesSet(const Declaration& declared, FamilyStats& stats, SeriesShared& shared, std::uint32_t cells,
            CellArena& common, bool owned, std::uint32_t largest_chunk_cells)
      : declared_(declared),
        stats_(stats),
        total_(shared.bound),
        store_(declared, shared.clock, cells, owned, largest_chunk_cells) {
    pending_.reserve_more(1);
    const std::vector<std::string_view> values(declared.label_names.size(), overflow_label_value);
    first_ = store_.make_in(common, 0, values.data());
    if (values.empty()) pending_.push_back(first_);
  }
  SeriesSet(const SeriesSet&) = delete;
  SeriesSet& operator=(const SeriesSet&) = delete;
  ~SeriesSet() { leave_total(); }

  /// The series without labels, or the overflow series.
  Series& first() noexcept { return *first_; }

  /// The cells of the series of these values, which is made when there is none; those of the overflow series
  /// when it cannot be. Lock-free and without allocation when the series exists.
  PROMLITE_ALWAYS_INLINE CellRange with(const std::string_view* values, std::size_t count) noexcept {
    const std::uint64_t hash = index_.hash_of(values, count);
    const Series* const found = index_.find(hash, values, count);
    if (PROMLITE_LIKELY(found != nullptr)) {
      const CellRange range = found->range();
      if (PROMLITE_LIKELY(range.chunk != nullptr)) return range;
    }
    return miss(hash, values, count);
  }

  /// Removes the series of these values, unless it stays. False when there is none.
  PROMLITE_COLD bool remove(const std::string_view* values, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_utf8(values[i])) return remove_repaired(values, count);
    }
    const std::uint64_t hash = index_.hash_of(values, count);
    const UndividedLock lock(mutex_);
    Series* const found = index_.find(hash, values, count);
    if (found == nullptr || stays(*found)) return false;
    const Change change(changes_);
    remove(*found);
    return true;
  }

  /// Makes the series of these values stay for ever. False when it has left already.
  PROMLITE_COLD bool keep(const std::string_view* values, std::size_t count) {
    const std::uint64_t hash = index_.hash_of(values, count);
    const UndividedLock lock(mutex_);
    Series* const found = index_.find(hash, values, count);
    if (found != nullptr) found->permanent = true;
    return found != nullptr;
  }

  /// Removes a series that a scrape has listed, if `still()` holds when no other one can. False when it is
  /// gone or stays.
  template <class Still>
  bool remove_listed(Series& series, Still&& still) {
    const UndividedLock lock(mutex_);
    if (series.removed || stays(series) || !still()) return false;
    const Change change(changes_);
    remove(series);
    return true;
  }

  /// Removes every series of which `chosen(const Series&)` holds and that does not stay. Returns how many.
  template <class Chosen>
  std::size_t remove_if(Chosen&& chosen) {
    const UndividedLock lock(mutex_);
    return remove_all(chosen);
  }

  /// No scrape that begins now lists these series: removes them. Those that stay, and those that are yet to
  /// come, do not count in the bound of the registry any more.
  PROMLITE_COLD void retire() noexcept {
    const UndividedLock lock(mutex_);
    remove_all([](const Series&) { return true; });
    leave_total();
    retired_ = true;
    if (!scraped_) forget_removed();
  }

  /// The value of a label, by its position in the declaration.
  static std::string_view value_of(const Series& series, std::size_t label) noexcept {
    return PackedValues::at(series.packed_values(), label);
  }

  /// Series there are, without the overflow series.
  std::size_t size() {
    const UndividedLock lock(mutex_);
    return declared_.label_names.empty() ? 1 : live();
  }

  /// Every series in the order of its label values, labels by name; by one scrape at a time, until it says
  /// that it has finished. Throws std::bad_alloc.
  PROMLITE_COLD const PointerList<Series>& list() {
    {
      const UndividedLock lock(mutex_);
      scraped_ = true;
      if (overflow_due_.load(std::memory_order_relaxed)) list_overflow();
      sorted_.append_all(pending_);
      pending_.reset();
      if (removed_ != 0) forget_removed();
    }
    if (in_order_ != sorted_.size()) {
      sorted_.sort_in(in_order_, &SeriesStore::less, &store_);
      in_order_ = sorted_.size();
    }
    return sorted_;
  }
  /// Takes those out of the list that were removed since list() made it, for the scrape that called it.
  void drop_removed() noexcept {
    const UndividedLock lock(mutex_);
    forget_removed();
  }
  /// What list() returned last.
  const PointerList<Series>& listed() const noexcept { return sorted_; }
  void finished() noexcept {
    const UndividedLock lock(mutex_);
    scraped_ = false;
    if (retired_) forget_removed();
    forget_many_removed();
  }

 private:
  // Around whatever changes the index or the bound, so that a look-up without the lock can tell whether it
  // saw one state throughout: the protocol of detail/snapshot.hpp, with one writer at a time.
  class Change {
   public:
    explicit Change(std::atomic<std::uint64_t>& changes) noexcept
        : changes_(changes), before_(changes.load(std::memory_order_relaxed)) {
      changes_.store(before_ + 1, std::memory_order_relaxed);
    }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;
    // release: whoever sees this change as finished sees what it changed.
    ~Change() { changes_.store(before_ + 2, std::memory_order_release); }

   private:
    std::atomic<std::uint64_t>& changes_;
    const std::uint64_t before_;
  };

  bool overflow_used() const noexcept {
    // acquire: pairs with list_overflow(); whoever sees the flag sees the series in the index.
    return overflow_used_.load(std::memory_order_acquire);
  }
  bool stays(const Series& series) const noexcept { return &series == first_ || series.permanent; }
  // Under the lock, unless retired: room in the bound of the registry.
  bool take_room() noexcept { return retired_ || total_.take(); }
  void give_room_back() noexcept {
    if (!retired_) total_.give_back();
  }
  void leave_total() noexcept {
    for (std::size_t i = live(); i > 0; --i) give_room_back();
  }
  // Under the lock: series that the bound counts.
  std::size_t live() const noexcept { return index_.size() - (overflow_used() ? 1 : 0); }

  PROMLITE_COLD CellRange miss(std::uint64_t hash, const std::string_view* values,
                               std::size_t count) noexcept {
    PROMLITE_TRY {
      for (std::size_t i = 0; i < count; ++i) {
        if (!is_utf8(values[i])) return with_repaired(values, count);
      }
      if (is_full_without(hash, values, count)) return overflow();
      const UndividedLock lock(mutex_);
      if (Series* const found = index_.find(hash, values, count)) return found->range();
      const Change change(changes_);
      if (stands_for_overflow(values, count)) return list_overflow().range();
      const bool own_bound = live() >= declared_.max_series;
      if (own_bound || !take_room()) {
        full_by_total_.store(!own_bound, std::memory_order_relaxed);
        // release: pairs with is_full_without().
        full_.store(true, std::memory_order_release);
        list_overflow();
        return overflow();
      }
      full_.store(false, std::memory_order_relaxed);
      return create(hash, values).range();
    }
    PROMLITE_CATCH_ALL {
      // Without memory nothing can be listed now: a scrape sees to it that what is counted here is shown.
      overflow_due_.store(true, std::memory_order_relaxed);
      return overflow();
    }
  }

  // A full family answers a flood without its lock. True when at some moment the family was full and had no
  // such series: nothing had changed from before the question until after it.
  bool is_full_without(std::uint64_t hash, const std::string_view* values, std::size_t count) const noexcept {
    // acquire: see Change.
    const std::uint64_t before = changes_.load(std::memory_order_acquire);
    if (before % 2 != 0 || !full_.load(std::memory_order_acquire) || !overflow_used()) return false;
    // What filled the family up was the registry's bound, where another family may have made room.
    if (full_by_total_.load(std::memory_order_relaxed) && !total_.reached()) return false;
    return index_.find(hash, values, count) == nullptr && changes_.load(std::memory_order_relaxed) == before;
  }

  PROMLITE_COLD CellRange with_repaired(const std::string_view* values, std::size_t count) {
    stats_.count(&FamilyStats::repaired);
    const Repaired repaired(values, count);
    return with(repaired.views.data(), count);
  }
  PROMLITE_COLD bool remove_repaired(const std::string_view* values, std::size_t count) {
    const Repaired repaired(values, count);
    return remove(repaired.views.data(), count);
  }

  struct Repaired {
    Repaired(const std::string_view* values, std::size_t count) : texts(count), views(count) {
      for (std::size_t i = 0; i < count; ++i) {
        append_repaired_utf8(texts[i], values[i]);
        views[i] = texts[i];
      }
    }
    std::vector<std::string> texts;
    std::vector<std::string_view> views;
  };

  CellRange overflow() noexcept {
    stats_.count(&FamilyStats::overflowed);
    return first_->range();
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
    pending_.reserve_more(1);
    first_->hash.store(index_.hash_of(values.data(), values.size()), std::memory_order_relaxed);
    index_.insert(first_);
    pending_.push_back(first_);
    // release: pairs with overflow_used().
    overflow_used_.store(true, std::memory_order_release);
    return *first_;
  }

  // Under the lock, with room in both bounds. The total bound has counted the series already.
  Series& create(std::uint64_t hash, const std::string_view* values) {
    Series* series = nullptr;
    PROMLITE_TRY {
      pending_.reserve_more(1);
      series = store_.make(hash, values);
      index_.insert(series);
    }
    PROMLITE_CATCH_ALL {
      if (series != nullptr) store_.give_back(*series);
      give_room_back();
      throw_bad_alloc();
    }
    pending_.push_back(series);
    return *series;
  }

  // Under the lock, within a Change. The series stays in the lists until no scrape looks at it.
  void remove(Series& series) noexcept {
    index_.remove(&series);
    series.removed = true;
    ++removed_;
    give_room_back();
    full_.store(false, std::memory_order_relaxed);
    forget_many_removed();
  }
  // Under the lock, within a Change.
  template <class Chosen>
  std::size_t remove_all(Chosen&& chosen) noexcept {
    const Change change(changes_);
    const std::size_t before = index_.size();
    index_.for_each([&](Series* series) {
      if (!stays(*series) && chosen(static_cast<const Series&>(*series))) remove(*series);
    });
    return before - index_.size();
  }

  // Where nobody scrapes: one pass for as many removals as there are series left.
  void forget_many_removed() noexcept {
    if (!scraped_ && removed_ > index_.size() + 64) forget_removed();
  }

  // Under the lock, while no scrape looks at the lists.
  PROMLITE_COLD void forget_removed() noexcept {
    in_order_ = forget_removed_of(sorted_, in_order_);
    forget_removed_of(pending_, 0);
    removed_ = 0;
  }
  // Returns how many of the first `in_order` stay.
  std::size_t forget_removed_of(PointerList<Series>& list, std::size_t in_order) noexcept {
    std::size_t kept = 0;
    std::size_t kept_in_order = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i]->removed) {
        store_.give_back(*list[i]);
      } else {
        list.at(kept++) = list[i];
      }
      if (i + 1 == in_order) kept_in_order = kept;
    }
    list.truncate(kept);
    return kept_in_order;
  }

  const Declaration& declared_;
  FamilyStats& stats_;
  TotalBound& total_;
  LabelIndex<Series> index_;
  Series* first_ = nullptr;
  std::atomic<std::uint64_t> changes_{0};  ///< odd during one
  std::atomic<bool> full_{false};          ///< false sends a look-up that misses to the lock
  std::atomic<bool> full_by_total_{false};
  std::atomic<bool> overflow_used_{false};
  std::atomic<bool> overflow_due_{false};
  std::mutex mutex_;             // creation and removal
  SeriesStore store_;            // under mutex_
  PointerList<Series> pending_;  ///< created since the last scrape
  PointerList<Series> sorted_;   ///< the others; the scrape's own
  std::size_t in_order_ = 0;     ///< of sorted_, from the front on
  std::size_t removed_ = 0;      ///< of both lists
  bool scraped_ = false;         ///< a scrape looks at sorted_
  bool retired_ = false;         ///< the bound of the registry does not count these series
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_SERIES_SET_HPP
