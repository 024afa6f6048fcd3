// promlite: which bucket a value falls into, without a search.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_BUCKET_FINDER_HPP
#define PROMLITE_DETAIL_BUCKET_FINDER_HPP

#include <promlite/config.hpp>
#include <promlite/detail/number.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Finds the first of some ascending, finite upper bounds that is not below a value.
///
/// The bits of positive doubles ascend with their values. Cut to their upper part they number cells, so
/// narrow that at most one bound lies inside each; a table tells the first bound at or above each cell's
/// lower edge, and one comparison with it settles the bucket. No step depends on the one before in an
/// unpredictable branch. Bounds that would need more than `max_cells` cells, and values at or below the first
/// positive bound, are searched by halves.
class BucketFinder {
 public:
  BucketFinder() : BucketFinder(std::vector<double>()) {}
  explicit BucketFinder(std::vector<double> bounds) : bounds_(std::move(bounds)) {
    size_ = bounds_.size();
    // So that the comparison with the last bound's successor is false, and every search ends.
    bounds_.push_back(double_of(infinity_bits));
    while (!(bounds_[first_positive_] > 0)) ++first_positive_;
    threshold_ = bounds_[first_positive_];
    if (first_positive_ < size_) build_table();
  }

  /// The number of bounds; also the bucket of a value above them all.
  std::size_t size() const noexcept { return size_; }
  const double* bounds() const noexcept { return bounds_.data(); }
  /// How many cells the table has; 0 where values are searched by halves.
  std::uint64_t cells() const noexcept { return cells_; }

  /// `value` must not be NaN.
  PROMLITE_ALWAYS_INLINE std::size_t operator()(double value) const noexcept {
    if (PROMLITE_LIKELY(value > threshold_)) {
      const std::uint64_t cell = (bits_of(value) >> shift_) - first_cell_;
      if (PROMLITE_LIKELY(cell < cells_)) {
        const std::size_t bound = table_[cell];
        return bound + static_cast<std::size_t>(bounds_[bound] < value);
      }
      if (cells_ != 0) return size_;
    }
    return search(value);
  }

 private:
  static constexpr std::uint64_t max_cells = 4096;

  PROMLITE_NOINLINE std::size_t search(double value) const noexcept {
    std::size_t low = 0;
    std::size_t high = size_;
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (bounds_[middle] < value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  // The coarsest cells that keep bounds apart.
  PROMLITE_COLD void build_table() {
    for (shift_ = 52; shift_ > 0 && !apart(); --shift_) {
    }
    first_cell_ = bits_of(threshold_) >> shift_;
    const std::uint64_t cells = (bits_of(bounds_[size_ - 1]) >> shift_) - first_cell_ + 1;
    if (cells > max_cells || size_ > std::numeric_limits<std::uint16_t>::max()) return;
    table_.resize(static_cast<std::size_t>(cells));
    std::size_t bound = first_positive_;
    for (std::uint64_t cell = 0; cell < cells; ++cell) {
      while (bits_of(bounds_[bound]) < (cell + first_cell_) << shift_) ++bound;
      table_[static_cast<std::size_t>(cell)] = static_cast<std::uint16_t>(bound);
    }
    cells_ = cells;
  }

  bool apart() const noexcept {
    for (std::size_t i = first_positive_ + 1; i < size_; ++i) {
      if (bits_of(bounds_[i]) >> shift_ == bits_of(bounds_[i - 1]) >> shift_) return false;
    }
    return true;
  }

  std::vector<double> bounds_;
  std::size_t size_ = 0;
  double threshold_ = 0;
  unsigned shift_ = 0;
  std::uint64_t first_cell_ = 0;
  std::uint64_t cells_ = 0;  ///< 0: no table
  std::vector<std::uint16_t> table_;
  std::size_t first_positive_ = 0;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_BUCKET_FINDER_HPP
