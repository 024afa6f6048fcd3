// promlite: observations counted in buckets.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_HISTOGRAM_HPP
#define PROMLITE_HISTOGRAM_HPP

#include <promlite/buckets.hpp>
#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/bucket_finder.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/snapshot.hpp>
#include <promlite/encoder.hpp>
#include <promlite/exemplar.hpp>
#include <promlite/labels.hpp>
#include <promlite/observer.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

namespace detail {

/// What the series of one histogram family share.
struct HistogramConfig {
  HistogramConfig() = default;
  HistogramConfig(const Declaration& declared, FamilyStats& family)
      : bucket_of(declared.bounds), stats(&family), counts(2 * (bucket_of.size() + 1)) {}

  BucketFinder bucket_of;
  FamilyStats* stats = nullptr;
  // A scrape's scratch, under the registry's scrape lock: the sums over the slabs, then what one slab holds.
  std::vector<std::uint64_t> counts;
  ExemplarSamples exemplars;
};

/// The place of each cell of a series.
struct HistogramCells {
  static constexpr std::uint32_t progress = 0;
  static constexpr std::uint32_t sum = 1;
  static constexpr std::uint32_t buckets = 2;
};

}  // namespace detail

/// Counts observations in buckets with inclusive upper bounds, and sums them.
///
/// A handle: small, trivially copyable, valid as long as its registry; a default-constructed one swallows
/// updates. All members may be called by any thread at any time. An observation stores into cells that only
/// this thread writes: it never locks, allocates (but for a thread's first update of a series' chunk) or
/// throws. Every scrape shows `_count` equal to the `+Inf` bucket, and sum and buckets of the same
/// observations.
class Histogram : public ObserverWithExemplars<Histogram> {
 public:
  Histogram() noexcept : range_{detail::vanishing_chunk(), detail::vanishing_group}, config_(nowhere()) {}

  /// NaN is refused and counted in `promlite_refused_updates_total`, because it would stay in `_sum` for
  /// ever; infinities and negative values are taken.
  PROMLITE_ALWAYS_INLINE void observe(double value) const noexcept { observe_times(value, 1); }
  using ObserverWithExemplars::observe;

  /// Observations so far.
  std::uint64_t count() const noexcept {
    std::uint64_t total = 0;
    range_.chunk->for_each_slab([&](detail::Cell* slab) {
      const detail::Cell* const buckets = slab + range_.offset + detail::HistogramCells::buckets;
      for (std::size_t i = 0; i <= config_->bucket_of.size(); ++i)
        total += buckets[i].load(std::memory_order_relaxed);
    });
    return total;
  }
  /// Sum of the observations so far.
  double sum() const noexcept {
    double total = 0;
    range_.chunk->for_each_slab([&](detail::Cell* slab) {
      const detail::Cell& cell = slab[range_.offset + detail::HistogramCells::sum];
      total += detail::double_of(cell.load(std::memory_order_relaxed));
    });
    return total;
  }

 private:
  friend struct detail::MetricTraits<Histogram>;
  friend class Observer<Histogram>;
  friend class ObserverWithExemplars<Histogram>;

  Histogram(const detail::CellRange& range, const detail::HistogramConfig* config) noexcept
      : range_(range), config_(config) {}

  static const detail::HistogramConfig* nowhere() {
    static const detail::HistogramConfig* const config = new detail::HistogramConfig();
    return config;
  }

  PROMLITE_ALWAYS_INLINE void observe_times(double value, std::uint64_t times) const noexcept {
    if (!PROMLITE_LIKELY(!detail::is_nan(value))) return refuse();
    const std::size_t bucket = detail::HistogramCells::buckets + config_->bucket_of(value);
    const double sum = value * static_cast<double>(times);
    detail::Cell* const slab = range_.chunk->owned_already();
    if (!PROMLITE_LIKELY(slab != nullptr)) return observe_slow(bucket, times, sum);
    observe_in<detail::OwnedUpdate>(slab + range_.offset, bucket, times, sum);
  }

  template <class Update>
  PROMLITE_ALWAYS_INLINE static void observe_in(detail::Cell* cells, std::size_t bucket, std::uint64_t times,
                                                double sum) noexcept {
    const Update update(cells[detail::HistogramCells::progress]);
    update.add(cells[bucket], times);
    update.add_real(cells[detail::HistogramCells::sum], sum);
  }

  PROMLITE_COLD void observe_slow(std::size_t bucket, std::uint64_t times, double sum) const noexcept {
    if (detail::Cell* const slab = range_.chunk->owned()) {
      observe_in<detail::OwnedUpdate>(slab + range_.offset, bucket, times, sum);
    } else {
      detail::Cell* const shared = range_.chunk->shared();
      // There may be fewer cells there than this has buckets.
      if (shared == detail::SlabMemory::lost()) return;
      observe_in<detail::SharedUpdate>(shared + range_.offset, bucket, times, sum);
    }
  }

  PROMLITE_COLD void keep_exemplar(double value, const Labels& labels,
                                   detail::ExemplarTime time) const noexcept {
    detail::keep_exemplar(range_, detail::HistogramCells::buckets + config_->bucket_of(value), labels, value,
                          time, config_->stats);
  }

  PROMLITE_COLD void refuse() const noexcept {
    if (config_->stats != nullptr) config_->stats->count(&detail::FamilyStats::refused);
  }

  detail::CellRange range_;
  const detail::HistogramConfig* config_;
};

namespace detail {

template <>
struct MetricTraits<Histogram> {
  static constexpr MetricType type = MetricType::histogram;
  static constexpr std::uint32_t largest_chunk = detail::largest_chunk;
  static constexpr bool owned = true;
  static constexpr const char* value_kind = "";
  using Config = HistogramConfig;
  struct SeriesState {};

  static std::uint32_t cells(const Config& config) noexcept {
    return static_cast<std::uint32_t>(HistogramCells::buckets + config.bucket_of.size() + 1);
  }
  static Histogram handle(const CellRange& range, const Config& config, FamilyStats&) noexcept {
    return Histogram(range, &config);
  }

  static void encode(Encoder& encoder, PaddedText labels, const CellRange& range, Config& config,
                     SeriesState&, ScrapeContext& scrape) {
    const std::size_t size = config.bucket_of.size() + 1;
    // Before the counts, so that these have whatever there is an exemplar of.
    const ExemplarSample* const exemplars = config.exemplars.read(range, HistogramCells::buckets, size);
    std::uint64_t* const counts = config.counts.data();
    std::uint64_t* const read = counts + size;
    for (std::size_t i = 0; i < size; ++i) counts[i] = 0;
    double total = 0;
    range.chunk->for_each_slab([&](Cell* slab) {
      const Cell* const cells = slab + range.offset;
      // acquire in both loads: reading a datum makes the start of its update happen before the second look at
      // the progress (detail/snapshot.hpp).
      double sum = 0;
      read_snapshot(cells[HistogramCells::progress], scrape.patience, [&] {
        sum = double_of(cells[HistogramCells::sum].load(std::memory_order_acquire));
        for (std::size_t i = 0; i < size; ++i) {
          read[i] = cells[HistogramCells::buckets + i].load(std::memory_order_acquire);
        }
      });
      total += sum;
      for (std::size_t i = 0; i < size; ++i) counts[i] += read[i];
    });
    encoder.histogram(labels, HistogramSample{config.bucket_of.bounds(), config.bucket_of.size(), counts,
                                              total, exemplars, nullptr, scrape.created});
  }
  static bool updated_since(const CellRange& range, std::uint64_t& seen) noexcept {
    return progressed_since(range, seen);
  }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_HISTOGRAM_HPP
