// promlite: where a native histogram counts, and what a scrape makes of it.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_NATIVE_COUNTS_HPP
#define PROMLITE_NATIVE_COUNTS_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/bucket_finder.hpp>
#include <promlite/detail/cell_tree.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/snapshot.hpp>
#include <promlite/detail/sort.hpp>
#include <promlite/encoder.hpp>
#include <promlite/exponential_buckets.hpp>
#include <promlite/native_buckets.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Numbers the buckets of one schema in the order of their values: 0 is the zero bucket, what is below it is
/// negative. Such a number is called a place.
class NativeScale {
 public:
  NativeScale(int schema, double zero_threshold) noexcept
      : shift_(Finest::schema - schema),
        zero_bits_(bits_of(zero_threshold)),
        lowest_(index_of(zero_bits_ == 0 ? 1 : zero_bits_)) {}

  /// `value` must not be NaN.
  PROMLITE_ALWAYS_INLINE int place(double value) const noexcept {
    const std::uint64_t bits = bits_of(value);
    const std::uint64_t magnitude = bits & ~sign_bit;  // ascends with the absolute value
    if (magnitude <= zero_bits_) return 0;
    return signed_place(index_of(magnitude), (bits & sign_bit) != 0);
  }
  int signed_place(int index, bool negative) const noexcept {
    const int distance = index - lowest_ + 1;
    return negative ? -distance : distance;
  }
  /// The index, as Prometheus numbers buckets, of a place that is not 0.
  int index(int place) const noexcept { return (place < 0 ? -place : place) + lowest_ - 1; }
  /// No place is farther from 0.
  int farthest() const noexcept { return index_of(infinity_bits) - lowest_ + 1; }

  /// The index in a schema that is lower by `steps`.
  static int lowered(int index, int steps) noexcept {
    // Compilers shift negative numbers arithmetically, and must do so from C++20 on.
    return (index + (1 << steps) - 1) >> steps;
  }

 private:
  // One arithmetic for all schemas: they nest, so an index of the finest one leads to all others.
  struct Finest : ExponentialBuckets<NativeBuckets::highest_schema> {
    static constexpr int schema = NativeBuckets::highest_schema;
  };

  // Infinity has the bucket behind the one of the greatest number.
  PROMLITE_ALWAYS_INLINE int index_of(std::uint64_t magnitude) const noexcept {
    const int finest = Finest::index(double_of(magnitude)) + static_cast<int>(magnitude == infinity_bits);
    return lowered(finest, shift_);
  }

  int shift_;
  std::uint64_t zero_bits_;
  int lowest_;  ///< no observation outside of the zero bucket has a lower index
};

/// The cells of a series. Each observation is counted in exactly one, from which classic and native buckets
/// are both made: in the cell of a classic bound when it is at or below that bound and in the same native
/// bucket, else in the cell of its native bucket. So no scrape can show buckets that disagree.
struct NativeCells {
  static constexpr std::uint32_t progress = 0;
  static constexpr std::uint32_t sum = 1;
  static constexpr std::uint32_t zero = 2;      ///< the zero bucket
  static constexpr std::uint32_t positive = 3;  ///< a CellTree by the distance from the zero bucket
  static constexpr std::uint32_t negative = 4;
  static constexpr std::uint32_t coarse = 5;   ///< a CellTree of both signs, for what found no page in those
  static constexpr std::uint32_t pages = 6;    ///< how many pages were asked for
  static constexpr std::uint32_t classic = 8;  ///< and one more, for the exemplar of what is above all bounds
};

/// What the series of one native histogram family share: how a value finds its cell.
///
/// A thread's counts take at most `page_limit` pages of 64 buckets at the resolution that was asked for, then
/// schema 0 in a tree that is bounded by the range of doubles. Whoever has so many pages has more buckets
/// than a scrape may show, so this resolution would not be shown anyway.
struct NativeConfig {
  NativeConfig() : NativeConfig(nowhere(), nullptr) {}
  NativeConfig(const Declaration& declared, FamilyStats& family) : NativeConfig(declared, &family) {}

  NativeBuckets native;
  NativeScale scale;
  NativeScale coarse_scale;
  BucketFinder bucket_of;          ///< the classic buckets
  std::vector<int> bound_places;   ///< of the classic bounds, and of none
  std::vector<int> coarse_places;  ///< the same at the coarse scale
  std::uint64_t page_limit;
  std::uint32_t root_size;
  std::uint32_t coarse_root_size;
  FamilyStats* stats;

  std::uint32_t cell_count() const noexcept {
    return NativeCells::classic + (has_classic() ? static_cast<std::uint32_t>(bucket_of.size()) + 1 : 0);
  }
  /// The cell beside which the exemplar of `value` is kept: that of its classic bucket, or else one of a few
  /// by its power of two, so that exemplars differ in size.
  std::size_t exemplar_cell(double value) const noexcept {
    return has_classic() ? NativeCells::classic + bucket_of(value)
                         : static_cast<unsigned>(coarse_scale.place(value)) % NativeCells::classic;
  }
  bool has_classic() const noexcept { return bucket_of.size() != 0; }
  std::uint32_t coarse_key(int place) const noexcept {
    return static_cast<std::uint32_t>(place + coarse_scale.farthest());
  }
  int coarse_place_of_key(std::uint32_t key) const noexcept {
    return static_cast<int>(key) - coarse_scale.farthest();
  }

  /// The cell that counts `value`, or null when its page has not been made.
  PROMLITE_ALWAYS_INLINE Cell* find(Cell* cells, double value) const noexcept {
    const int place = scale.place(value);
    if (has_classic()) {
      const std::size_t bucket = bucket_of(value);
      if (bound_places[bucket] == place) return cells + NativeCells::classic + bucket;
    }
    if (place == 0) return cells + NativeCells::zero;
    return place > 0 ? CellTree::find(cells[NativeCells::positive], static_cast<std::uint32_t>(place - 1))
                     : CellTree::find(cells[NativeCells::negative], static_cast<std::uint32_t>(-place - 1));
  }

  /// The same with the page made, or null when there is no memory.
  PROMLITE_COLD Cell* make(Cell* slab, const CellRange& range, double value) const noexcept {
    Cell* const cells = slab + range.offset;
    const int place = scale.place(value);
    if (cells[NativeCells::pages].load(std::memory_order_relaxed) < page_limit &&
        cells[NativeCells::pages].fetch_add(1, std::memory_order_relaxed) < page_limit) {
      Cell& root = cells[place > 0 ? NativeCells::positive : NativeCells::negative];
      const auto key = static_cast<std::uint32_t>((place > 0 ? place : -place) - 1);
      Cell* const found = CellTree::find_or_make(root, key, slab, *range.chunk, root_size);
      if (found != nullptr) return found;
    }
    // That there is a coarse tree tells a scrape how to read the cell of a classic bound: so it comes first.
    const int coarse = coarse_scale.place(value);
    Cell* const found = CellTree::find_or_make(cells[NativeCells::coarse], coarse_key(coarse), slab,
                                               *range.chunk, coarse_root_size);
    if (found != nullptr && has_classic()) {
      const std::size_t bucket = bucket_of(value);
      if (coarse_places[bucket] == coarse) return cells + NativeCells::classic + bucket;
    }
    return found;
  }

 private:
  static constexpr std::uint64_t least_page_limit = 128;

  PROMLITE_COLD NativeConfig(const Declaration& declared, FamilyStats* family)
      : native(declared.native),
        scale(native.schema, native.zero_threshold),
        coarse_scale(native.schema < 0 ? native.schema : 0, native.zero_threshold),
        bucket_of(declared.bounds),
        page_limit(native.max_buckets),
        root_size(CellTree::root_size_for(static_cast<std::uint32_t>(scale.farthest()))),
        coarse_root_size(
            CellTree::root_size_for(static_cast<std::uint32_t>(2 * coarse_scale.farthest() + 1))),
        stats(family) {
    for (const double bound : declared.bounds) {
      bound_places.push_back(scale.place(bound));
      coarse_places.push_back(coarse_scale.place(bound));
    }
    bound_places.push_back(std::numeric_limits<int>::min());
    coarse_places.push_back(std::numeric_limits<int>::min());
    if (page_limit < least_page_limit) page_limit = least_page_limit;
    if (native.max_buckets == 0) page_limit = ~std::uint64_t{0};
  }
  // Everything is in the zero bucket.
  PROMLITE_COLD static Declaration nowhere() {
    Declaration declared;
    declared.native.zero_threshold = double_of(infinity_bits);
    return declared;
  }
};
static_assert(2 * ExponentialBuckets<8>::highest - ExponentialBuckets<8>::lowest < CellTree::most_keys,
              "promlite: a tree holds the buckets of one sign");

/// Brings the counts of one series together, from all its slabs, and makes of them what an encoder takes. A
/// scrape's own; its memory serves one series after the other.
class NativeCounts {
 public:
  /// `range` has the cells of a series with this config. Throws std::bad_alloc.
  PROMLITE_COLD void read(const NativeConfig& config, const CellRange& range, Patience& patience) {
    const std::size_t bounds = config.bucket_of.size();
    fine_.clear();
    coarse_.clear();
    classic_.assign(bounds, 0);
    zero_ = 0;
    sum_ = 0;
    lowered_ = false;
    range.chunk->for_each_slab([&](Cell* slab) {
      const Cell* const cells = slab + range.offset;
      Slab one;
      const std::size_t fine_before = fine_.size();
      const std::size_t coarse_before = coarse_.size();
      read_snapshot(
          cells[NativeCells::progress], patience,
          [&] {
            fine_.resize(fine_before);
            coarse_.resize(coarse_before);
            read_slab(config, cells, one);
          },
          most_overtaken);
      sum_ += one.sum;
      zero_ += one.zero;
      for (std::size_t i = 0; i < bounds; ++i) classic_[i] += one_classic_[i];
      lowered_ = lowered_ || one.lowered;
    });
  }

  /// What read() has read, valid until the next read().
  PROMLITE_COLD HistogramSample sample(const NativeConfig& config, NativeSample& native) {
    if (zero_ != 0) fine_.push_back({0, zero_});
    join(fine_);
    join(coarse_);
    make_classic(config);
    make_native(config);
    native.schema = schema_;
    native.zero_threshold = config.native.zero_threshold;
    native.zero_count = zero_;
    native.positive = positive_.data();
    native.positive_size = positive_.size();
    native.negative = negative_.data();
    native.negative_size = negative_.size();
    HistogramSample sample;
    sample.bounds = config.bucket_of.bounds();
    sample.size = config.bucket_of.size();
    sample.counts = counts_.data();
    sample.sum = sum_;
    sample.native = &native;
    return sample;
  }

 private:
  struct Count {
    int place = 0;
    std::uint64_t count = 0;
  };
  using Counts = std::vector<Count>;
  struct Slab {
    double sum = 0;
    std::uint64_t zero = 0;
    bool lowered = false;
  };
  // Reading a tree takes as long as many updates, so where they never pause there is no moment to wait for.
  static constexpr std::uint32_t most_overtaken = 64;

  // acquire in all loads, the trees' included: see detail/snapshot.hpp.
  void read_slab(const NativeConfig& config, const Cell* cells, Slab& to) {
    // The sum first, so that whatever is in it is in the buckets, too.
    to.sum = double_of(cells[NativeCells::sum].load(std::memory_order_acquire));
    to.zero = cells[NativeCells::zero].load(std::memory_order_acquire);
    const auto read_tree = [&](std::uint32_t root, bool negative) {
      CellTree::for_each(
          cells[root],
          [&](std::uint32_t key, std::uint64_t count) {
            const int distance = static_cast<int>(key) + 1;
            fine_.push_back({negative ? -distance : distance, count});
          },
          config.root_size);
    };
    read_tree(NativeCells::negative, true);
    read_tree(NativeCells::positive, false);
    one_classic_.resize(config.bucket_of.size());
    for (std::size_t i = 0; i < one_classic_.size(); ++i)
      one_classic_[i] = cells[NativeCells::classic + i].load(std::memory_order_acquire);  // as above
    // acquire: as above; and after the classic cells, whose meaning it tells.
    to.lowered = cells[NativeCells::coarse].load(std::memory_order_acquire) != 0;
    if (!to.lowered) return;
    CellTree::for_each(
        cells[NativeCells::coarse],
        [&](std::uint32_t key, std::uint64_t count) {
          coarse_.push_back({config.coarse_place_of_key(key), count});
        },
        config.coarse_root_size);
  }

  static void join(Counts& counts) {
    stable_sort(counts, [](const Count& a, const Count& b) { return a.place < b.place; });
    std::size_t kept = 0;
    for (const Count& item : counts) {
      if (kept > 0 && counts[kept - 1].place == item.place) {
        counts[kept - 1].count += item.count;
      } else {
        counts[kept++] = item;
      }
    }
    counts.resize(kept);
  }

  // What a native bucket's own cell counts lies above all bounds in that bucket.
  void make_classic(const NativeConfig& config) {
    counts_.assign(classic_.size() + 1, 0);
    for (std::size_t i = 0; i < classic_.size(); ++i) counts_[i] = classic_[i];
    add_to_classic(fine_, config.bound_places);
    add_to_classic(coarse_, config.coarse_places);
  }
  void add_to_classic(const Counts& counts, const std::vector<int>& places) {
    std::size_t bucket = 0;
    for (const Count& item : counts) {
      while (bucket + 1 < counts_.size() && places[bucket] <= item.place) ++bucket;
      counts_[bucket] += item.count;
    }
  }

  void make_native(const NativeConfig& config) {
    schema_ = config.native.schema;
    const std::vector<int>& places = lowered_ ? config.coarse_places : config.bound_places;
    if (lowered_) lower_fine(config);
    for (std::size_t i = 0; i < classic_.size(); ++i) {
      if (classic_[i] != 0) fine_.push_back({places[i], classic_[i]});
    }
    join(fine_);
    const NativeScale& scale = lowered_ ? config.coarse_scale : config.scale;
    zero_ = 0;
    negative_.clear();
    positive_.clear();
    for (std::size_t i = fine_.size(); i-- > 0;) {
      if (fine_[i].place < 0) negative_.push_back({scale.index(fine_[i].place), fine_[i].count});
    }
    for (const Count& item : fine_) {
      if (item.place == 0) zero_ = item.count;
      if (item.place > 0) positive_.push_back({scale.index(item.place), item.count});
    }
    while (config.native.max_buckets != 0 && schema_ > NativeBuckets::lowest_schema &&
           positive_.size() + negative_.size() > config.native.max_buckets) {
      lower(positive_);
      lower(negative_);
      --schema_;
    }
  }

  // Brings all to the coarse schema.
  void lower_fine(const NativeConfig& config) {
    const int coarse_schema = schema_ < 0 ? schema_ : 0;
    for (Count& item : fine_) {
      if (item.place == 0) continue;
      const int index = NativeScale::lowered(config.scale.index(item.place), schema_ - coarse_schema);
      item.place = config.coarse_scale.signed_place(index, item.place < 0);
    }
    fine_.insert(fine_.end(), coarse_.begin(), coarse_.end());
    schema_ = coarse_schema;
  }

  static void lower(std::vector<NativeBucket>& buckets) noexcept {
    std::size_t kept = 0;
    for (const NativeBucket& bucket : buckets) {
      const int index = NativeScale::lowered(bucket.index, 1);
      if (kept > 0 && buckets[kept - 1].index == index) {
        buckets[kept - 1].count += bucket.count;
      } else {
        buckets[kept++] = {index, bucket.count};
      }
    }
    buckets.resize(kept);
  }

  Counts fine_;    ///< at the schema of the family
  Counts coarse_;  ///< at the coarse one
  std::vector<std::uint64_t> classic_;
  std::vector<std::uint64_t> one_classic_;
  std::uint64_t zero_ = 0;
  double sum_ = 0;
  bool lowered_ = false;

  std::vector<std::uint64_t> counts_;
  std::vector<NativeBucket> positive_;
  std::vector<NativeBucket> negative_;
  int schema_ = 0;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_NATIVE_COUNTS_HPP
