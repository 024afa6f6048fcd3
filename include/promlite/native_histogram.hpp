// promlite: observations counted in buckets that nobody has to choose.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_NATIVE_HISTOGRAM_HPP
#define PROMLITE_NATIVE_HISTOGRAM_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/cell_tree.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/snapshot.hpp>
#include <promlite/encoder.hpp>
#include <promlite/exemplar.hpp>
#include <promlite/labels.hpp>
#include <promlite/native_counts.hpp>
#include <promlite/observer.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace promlite {
inline namespace PROMLITE_ABI {

/// Counts observations in buckets of exponential width, made as values appear, and sums them: Prometheus'
/// native histogram, with classic buckets besides when it was declared with some. The protobuf format carries
/// native buckets; the text formats show the classic ones, or the `+Inf` bucket alone, and sum and count.
///
/// A handle: small, trivially copyable, valid as long as its registry; a default-constructed one swallows
/// updates. All members may be called by any thread at any time. An observation stores into cells that only
/// this thread writes: it never locks or throws, and allocates only when this thread's values reach 64
/// buckets that they had not reached before. However values are spread, a thread's counts of one series take
/// at most 512 bytes for each of `max_buckets` (128 at least), twice that at schema 8, and 40 KiB.
///
/// In every scrape `_count` is the sum of the buckets, native and classic, and nothing ever falls. The sum is
/// of the same observations unless updates went on without a pause while the scrape read them.
class NativeHistogram : public ObserverWithExemplars<NativeHistogram> {
 public:
  NativeHistogram() noexcept
      : range_{detail::vanishing_chunk(), detail::vanishing_group}, config_(nowhere()) {}

  /// NaN is refused and counted in `promlite_refused_updates_total`, because it would stay in the sum for
  /// ever, and so is what finds no memory for its bucket; infinities and negative values are taken.
  PROMLITE_ALWAYS_INLINE void observe(double value) const noexcept { observe_times(value, 1); }
  using ObserverWithExemplars::observe;

  /// Observations so far.
  std::uint64_t count() const noexcept {
    std::uint64_t total = 0;
    range_.chunk->for_each_slab([&](detail::Cell* slab) { total += count_in(slab + range_.offset); });
    return total;
  }
  /// Sum of the observations so far.
  double sum() const noexcept {
    double total = 0;
    range_.chunk->for_each_slab([&](detail::Cell* slab) {
      const detail::Cell& cell = slab[range_.offset + detail::NativeCells::sum];
      total += detail::double_of(cell.load(std::memory_order_relaxed));
    });
    return total;
  }

 private:
  friend struct detail::MetricTraits<NativeHistogram>;
  friend class Observer<NativeHistogram>;
  friend class ObserverWithExemplars<NativeHistogram>;

  NativeHistogram(const detail::CellRange& range, const detail::NativeConfig* config) noexcept
      : range_(range), config_(config) {}

  static const detail::NativeConfig* nowhere() {
    static const detail::NativeConfig* const config = new detail::NativeConfig();
    return config;
  }

  PROMLITE_COLD std::uint64_t count_in(const detail::Cell* cells) const noexcept {
    std::uint64_t total = cells[detail::NativeCells::zero].load(std::memory_order_relaxed);
    const auto add = [&](std::uint32_t, std::uint64_t count) { total += count; };
    detail::CellTree::for_each(cells[detail::NativeCells::positive], add, config_->root_size);
    detail::CellTree::for_each(cells[detail::NativeCells::negative], add, config_->root_size);
    detail::CellTree::for_each(cells[detail::NativeCells::coarse], add, config_->coarse_root_size);
    for (std::size_t i = 0; i < config_->bucket_of.size(); ++i)
      total += cells[detail::NativeCells::classic + i].load(std::memory_order_relaxed);
    return total;
  }

  PROMLITE_ALWAYS_INLINE void observe_times(double value, std::uint64_t times) const noexcept {
    if (!PROMLITE_LIKELY(!detail::is_nan(value))) return refuse();
    detail::Cell* const slab = range_.chunk->owned_already();
    if (!PROMLITE_LIKELY(slab != nullptr)) return observe_slow(value, times);
    detail::Cell* const cells = slab + range_.offset;
    detail::Cell* const counted = config_->find(cells, value);
    if (!PROMLITE_LIKELY(counted != nullptr)) return observe_first<detail::OwnedUpdate>(slab, value, times);
    observe_in<detail::OwnedUpdate>(cells, *counted, value, times);
  }

  template <class Update>
  PROMLITE_ALWAYS_INLINE static void observe_in(detail::Cell* cells, detail::Cell& counted, double value,
                                                std::uint64_t times) noexcept {
    const Update update(cells[detail::NativeCells::progress]);
    update.add(counted, times);
    update.add_real(cells[detail::NativeCells::sum], value * static_cast<double>(times));
  }

  // Where the cell's page may have to be made.
  template <class Update>
  PROMLITE_COLD void observe_first(detail::Cell* slab, double value, std::uint64_t times) const noexcept {
    detail::Cell* const cells = slab + range_.offset;
    detail::Cell* counted = config_->find(cells, value);
    if (counted == nullptr) counted = config_->make(slab, range_, value);
    if (counted == nullptr) return refuse();
    observe_in<Update>(cells, *counted, value, times);
  }

  PROMLITE_COLD void observe_slow(double value, std::uint64_t times) const noexcept {
    if (detail::Cell* const slab = range_.chunk->owned()) {
      observe_first<detail::OwnedUpdate>(slab, value, times);
    } else {
      detail::Cell* const shared = range_.chunk->shared();
      // There the cell of a tree's address is any other metric's cell as well. (It is never null, which
      // clang's analyzer cannot see.)
      if (shared == nullptr || shared == detail::SlabMemory::lost()) return;
      observe_first<detail::SharedUpdate>(shared, value, times);
    }
  }

  PROMLITE_COLD void keep_exemplar(double value, const Labels& labels,
                                   detail::ExemplarTime time) const noexcept {
    detail::keep_exemplar(range_, config_->exemplar_cell(value), labels, value, time, config_->stats);
  }

  PROMLITE_COLD void refuse() const noexcept {
    if (config_->stats != nullptr) config_->stats->count(&detail::FamilyStats::refused);
  }

  detail::CellRange range_;
  const detail::NativeConfig* config_;
};

namespace detail {

template <>
struct MetricTraits<NativeHistogram> {
  static constexpr MetricType type = MetricType::histogram;
  // Of few series, because their pages are given back together with the chunk.
  static constexpr std::uint32_t largest_chunk = 64;
  static constexpr bool owned = true;
  static constexpr const char* value_kind = "<native>";
  struct Config : NativeConfig {
    using NativeConfig::NativeConfig;
    // A scrape's scratch, under the registry's scrape lock.
    NativeCounts counts;
    ExemplarSamples exemplars;
  };
  struct SeriesState {};

  static std::uint32_t cells(const Config& config) noexcept { return config.cell_count(); }
  static NativeHistogram handle(const CellRange& range, const Config& config, FamilyStats&) noexcept {
    return NativeHistogram(range, &config);
  }

  static void encode(Encoder& encoder, PaddedText labels, const CellRange& range, Config& config,
                     SeriesState&, ScrapeContext& scrape) {
    // Before the counts, so that these have whatever there is an exemplar of.
    const bool classic = config.has_classic();
    const std::size_t count = classic ? config.bucket_of.size() + 1 : NativeCells::classic;
    const ExemplarSample* const exemplars =
        config.exemplars.read(range, classic ? NativeCells::classic : 0, count);
    config.counts.read(config, range, scrape.patience);
    NativeSample native;
    HistogramSample sample = config.counts.sample(config, native);
    sample.created = scrape.created;
    if (exemplars != nullptr) {
      native.exemplars = exemplars;
      native.exemplars_size = count;
      // The only bucket that other formats show has the newest one.
      sample.exemplars = classic ? exemplars : newest(exemplars, count);
    }
    encoder.histogram(labels, sample);
  }
  static bool updated_since(const CellRange& range, std::uint64_t& seen) noexcept {
    return progressed_since(range, seen);
  }

 private:
  static const ExemplarSample* newest(const ExemplarSample* all, std::size_t count) noexcept {
    const ExemplarSample* found = nullptr;
    for (std::size_t i = 0; i < count; ++i) {
      if (all[i].present && (found == nullptr || all[i].time > found->time)) found = all + i;
    }
    return found;
  }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_NATIVE_HISTOGRAM_HPP
