// promlite: quantiles over the last while, and the sum of all observations.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_SUMMARY_HPP
#define PROMLITE_SUMMARY_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/cell_tree.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/snapshot.hpp>
#include <promlite/detail/window.hpp>
#include <promlite/encoder.hpp>
#include <promlite/exponential_buckets.hpp>
#include <promlite/observer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

namespace detail {

/// The order of values as integers: bucket numbers that ascend from -Inf over 0 to +Inf.
struct SummaryKey {
  using Buckets = ExponentialBuckets<6>;
  static constexpr int zero = 1 << (CellTree::key_bits - 1);
  static constexpr int infinite = Buckets::highest - Buckets::lowest + 2;

  static std::uint32_t of(double value) noexcept {
    if (value == 0) return static_cast<std::uint32_t>(zero);
    const int distance = is_finite(value) ? Buckets::index(value) - Buckets::lowest + 1 : infinite;
    return static_cast<std::uint32_t>((bits_of(value) & sign_bit) != 0 ? zero - distance : zero + distance);
  }
  static double estimate(std::uint32_t key) noexcept {
    const int distance = static_cast<int>(key) - zero;
    if (distance == 0) return 0;
    const int index = (distance < 0 ? -distance : distance) + Buckets::lowest - 1;
    const double magnitude = index > Buckets::highest ? double_of(infinity_bits) : Buckets::estimate(index);
    return distance < 0 ? -magnitude : magnitude;
  }
};
static_assert(SummaryKey::infinite < SummaryKey::zero, "promlite: every bucket has a key");

/// What the series of one summary family share.
struct SummaryConfig {
  SummaryConfig() = default;
  SummaryConfig(const Declaration& declared, FamilyStats& family)
      : quantiles(declared.quantiles), max_age(declared.max_age), stats(&family) {
    stable_sort(quantiles, [](double a, double b) { return a < b; });
    values.resize(quantiles.size());
  }

  std::vector<double> quantiles;
  std::chrono::nanoseconds max_age{};
  FamilyStats* stats = nullptr;
  // A scrape's scratch, under the registry's scrape lock.
  std::vector<double> values;
};

/// The place of each cell of a series.
struct SummaryCells {
  static constexpr std::uint32_t progress = 0;
  static constexpr std::uint32_t sum = 1;
  static constexpr std::uint32_t count = 2;
  static constexpr std::uint32_t tree = 3;
  static constexpr std::uint32_t size = 4;
};

struct SummaryTotals {
  std::uint64_t count = 0;
  double sum = 0;

  /// Both of the same observations.
  static SummaryTotals of(const CellRange& range, Patience& patience) noexcept {
    SummaryTotals all;
    range.chunk->for_each_slab([&](Cell* slab) {
      const Cell* const cells = slab + range.offset;
      SummaryTotals one;
      // acquire in both loads: see detail/snapshot.hpp.
      read_snapshot(cells[SummaryCells::progress], patience, [&] {
        one.count = cells[SummaryCells::count].load(std::memory_order_acquire);
        one.sum = double_of(cells[SummaryCells::sum].load(std::memory_order_acquire));
      });
      all.count += one.count;
      all.sum += one.sum;
    });
    return all;
  }
};

}  // namespace detail

/// Shows `_sum` and `_count` of all observations, and quantiles of those of the last `max_age` (60 s unless
/// said otherwise), each within `relative_error` of the true nearest-rank quantile. Observations are counted
/// in buckets that grow by 1.1 %; the window is a difference of counts taken when a scrape asks, so it
/// reaches back to the last scrape that is at least `max_age` old, or to the start when there is none.
///
/// A handle: small, trivially copyable, valid as long as its registry; a default-constructed one swallows
/// updates. All members may be called by any thread at any time. An observation stores into cells that only
/// this thread writes: it never locks or throws, and allocates only when this thread's values reach a power
/// of two that they had not reached before (512 bytes; without memory the observation is in sum and count,
/// and in no quantile).
class Summary : public Observer<Summary> {
 public:
  /// Of a quantile, for values that are not subnormal: (g - 1) / (g + 1) with g = 2^(1/64).
  static constexpr double relative_error = 0.005416;

  Summary() noexcept : range_{detail::vanishing_chunk(), detail::vanishing_group}, config_(nowhere()) {}

  /// NaN is refused and counted in `promlite_refused_updates_total`; infinities and negative values are
  /// taken.
  PROMLITE_ALWAYS_INLINE void observe(double value) const noexcept { observe_times(value, 1); }
  using Observer::observe;

  /// Observations so far.
  std::uint64_t count() const noexcept { return totals().count; }
  /// Sum of the observations so far.
  double sum() const noexcept { return totals().sum; }

 private:
  friend struct detail::MetricTraits<Summary>;
  friend class Observer<Summary>;

  Summary(const detail::CellRange& range, const detail::SummaryConfig* config) noexcept
      : range_(range), config_(config) {}

  detail::SummaryTotals totals() const noexcept {
    detail::Patience patience;
    return detail::SummaryTotals::of(range_, patience);
  }

  static const detail::SummaryConfig* nowhere() {
    static const detail::SummaryConfig* const config = new detail::SummaryConfig();
    return config;
  }

  PROMLITE_ALWAYS_INLINE void observe_times(double value, std::uint64_t times) const noexcept {
    if (!PROMLITE_LIKELY(!detail::is_nan(value))) return refuse();
    detail::Cell* const slab = range_.chunk->owned_already();
    if (!PROMLITE_LIKELY(slab != nullptr)) return observe_slow(value, times);
    observe_in<detail::OwnedUpdate>(slab, value, times);
  }

  template <class Update>
  PROMLITE_ALWAYS_INLINE void observe_in(detail::Cell* slab, double value,
                                         std::uint64_t times) const noexcept {
    detail::Cell* const cells = slab + range_.offset;
    if (!config_->quantiles.empty()) {
      detail::Cell* const counted = detail::CellTree::find_or_make(
          cells[detail::SummaryCells::tree], detail::SummaryKey::of(value), slab, *range_.chunk);
      if (PROMLITE_LIKELY(counted != nullptr)) Update::add(*counted, times);
    }
    const Update update(cells[detail::SummaryCells::progress]);
    update.add(cells[detail::SummaryCells::count], times);
    update.add_real(cells[detail::SummaryCells::sum], value * static_cast<double>(times));
  }

  PROMLITE_COLD void observe_slow(double value, std::uint64_t times) const noexcept {
    if (detail::Cell* const slab = range_.chunk->owned()) {
      observe_in<detail::OwnedUpdate>(slab, value, times);
    } else {
      detail::Cell* const shared = range_.chunk->shared();
      // There the cell of the tree's address is any other metric's cell as well.
      if (shared == detail::SlabMemory::lost()) return;
      observe_in<detail::SharedUpdate>(shared, value, times);
    }
  }

  PROMLITE_COLD void refuse() const noexcept {
    if (config_->stats != nullptr) config_->stats->count(&detail::FamilyStats::refused);
  }

  detail::CellRange range_;
  const detail::SummaryConfig* config_;
};

namespace detail {

template <>
struct MetricTraits<Summary> {
  static constexpr MetricType type = MetricType::summary;
  // Of few series, because their pages are given back together with the chunk.
  static constexpr std::uint32_t largest_chunk = 64;
  static constexpr bool owned = true;
  static constexpr const char* value_kind = "";
  using Config = SummaryConfig;
  using SeriesState = Window;

  static std::uint32_t cells(const Config&) noexcept { return SummaryCells::size; }
  static Summary handle(const CellRange& range, const Config& config, FamilyStats&) noexcept {
    return Summary(range, &config);
  }

  PROMLITE_COLD static void encode(Encoder& encoder, PaddedText labels, const CellRange& range,
                                   Config& config, Window& window, ScrapeContext& scrape) {
    if (!config.quantiles.empty()) {
      Window::Counts now;
      range.chunk->for_each_slab([&](Cell* slab) {
        CellTree::for_each(slab[range.offset + SummaryCells::tree],
                           [&](std::uint32_t key, std::uint64_t count) {
                             now.push_back({key, count});
                           });
      });
      window.advance(std::move(now), scrape.now, config.max_age);
      for (std::size_t i = 0; i < config.quantiles.size(); ++i)
        config.values[i] = quantile(window, config.quantiles[i]);
    }
    const SummaryTotals all = SummaryTotals::of(range, scrape.patience);
    encoder.summary(labels, SummarySample{config.quantiles.data(), config.values.data(),
                                          config.quantiles.size(), all.count, all.sum, scrape.created});
  }

  static bool updated_since(const CellRange& range, std::uint64_t& seen) noexcept {
    return progressed_since(range, seen);
  }

 private:
  // Nearest rank: the smallest value that at least q of all values do not exceed.
  static double quantile(const Window& window, double q) noexcept {
    if (window.total() == 0) return double_of(quiet_nan_bits);
    const double rank = q * static_cast<double>(window.total());
    // The product may be an ulp above the whole number that it means.
    auto wanted = static_cast<std::uint64_t>(rank * (1 - 0x1p-50));
    if (static_cast<double>(wanted) < rank * (1 - 0x1p-50)) ++wanted;
    return SummaryKey::estimate(window.key_of_rank(wanted == 0 ? 1 : wanted));
  }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_SUMMARY_HPP
