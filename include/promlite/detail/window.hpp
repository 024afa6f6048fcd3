// promlite: what was counted lately, from counts that only grow.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_WINDOW_HPP
#define PROMLITE_DETAIL_WINDOW_HPP

#include <promlite/config.hpp>
#include <promlite/detail/sort.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Remembers past counts per key and tells the difference between now and at least `max_age` ago. Used by one
/// scrape at a time. At most `snapshots + 1` past counts are kept, so the window's far end is exact to a
/// fifth of `max_age` when scrapes come often, and lies at the last scrape before it when they do not.
class Window {
 public:
  struct Count {
    std::uint32_t key = 0;
    std::uint64_t count = 0;
  };
  using Counts = std::vector<Count>;
  using Clock = std::chrono::steady_clock;

  /// Takes the counts of all writers, in any order, a key may come more than once; each sum must be at least
  /// what it was the last time. Throws std::bad_alloc.
  PROMLITE_COLD void advance(Counts now, Clock::time_point time, std::chrono::nanoseconds max_age) {
    join_equal_keys(now);
    // The newest snapshot that is old enough is the window's far end; those before it have served.
    std::size_t served = 0;
    while (served + 1 < past_.size() && time - past_[served + 1].time >= max_age) ++served;
    past_.erase(past_.begin(), past_.begin() + static_cast<std::ptrdiff_t>(served));
    const bool old_enough = !past_.empty() && time - past_.front().time >= max_age;
    subtract(now, old_enough ? past_.front().counts : Counts());
    if (past_.empty() || time - past_.back().time >= max_age / snapshots)
      past_.push_back({time, std::move(now)});
  }

  std::uint64_t total() const noexcept { return total_; }

  /// The key of the `rank`-th value from below, 1 to total().
  std::uint32_t key_of_rank(std::uint64_t rank) const noexcept {
    std::uint64_t seen = 0;
    for (const Count& item : recent_) {
      seen += item.count;
      if (seen >= rank) return item.key;
    }
    return recent_.back().key;
  }

 private:
  static constexpr int snapshots = 5;
  struct Snapshot {
    Clock::time_point time;
    Counts counts;
  };

  static void join_equal_keys(Counts& counts) {
    stable_sort(counts, [](const Count& a, const Count& b) { return a.key < b.key; });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (kept > 0 && counts[kept - 1].key == counts[i].key) {
        counts[kept - 1].count += counts[i].count;
      } else {
        counts[kept++] = counts[i];
      }
    }
    counts.resize(kept);
  }

  void subtract(const Counts& now, const Counts& then) {
    recent_.clear();
    total_ = 0;
    std::size_t at = 0;
    for (const Count& item : now) {
      while (at < then.size() && then[at].key < item.key) ++at;
      const std::uint64_t before = at < then.size() && then[at].key == item.key ? then[at].count : 0;
      if (item.count <= before) continue;
      recent_.push_back({item.key, item.count - before});
      total_ += item.count - before;
    }
  }

  std::vector<Snapshot> past_;
  Counts recent_;
  std::uint64_t total_ = 0;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_WINDOW_HPP
