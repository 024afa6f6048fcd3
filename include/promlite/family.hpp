// promlite: a metric's series, by label values.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_FAMILY_HPP
#define PROMLITE_FAMILY_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/snapshot.hpp>
#include <promlite/encoder.hpp>
#include <promlite/labels.hpp>
#include <promlite/series_set.hpp>
#include <promlite/source.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace promlite {
namespace detail {

/// A declared family of one metric type.
template <class Metric>
class FamilyOf final : public Source {
 public:
  using Traits = MetricTraits<Metric>;

  PROMLITE_COLD FamilyOf(Declaration&& declared, CellArena& common)
      : Source(std::move(declared)),
        config_(declared_, stats_),
        series_(declared_, stats_, Traits::cells(config_), Traits::owned, common) {}
  ~FamilyOf() override {
    series_.for_each([this](Series* series) { Traits::release(series->range(), config_); });
    if (!series_.first_listed()) Traits::release(series_.first().range(), config_);
  }

  Metric first() noexcept { return Traits::handle(series_.first().range(), config_, stats_); }

  PROMLITE_ALWAYS_INLINE Metric with(const std::string_view* values, std::size_t count) noexcept {
    return Traits::handle(series_.with(values, count).range(), config_, stats_);
  }

  bool has_series() override { return !series_.sorted().empty(); }

  void encode(Encoder& encoder, ScrapeContext& scrape) override {
    const PointerList<Series>& all = series_.sorted();
    for (std::size_t i = 0; i < all.size(); ++i) {
      Series& series = *all[i];
      Traits::encode(encoder, series.labels(), series.range(), config_, state_of(series), scrape);
    }
  }

 private:
  using State = typename Traits::SeriesState;

  State& state_of(const Series& series) {
    if constexpr (!std::is_empty_v<State>) {
      if (states_.size() <= series.number) states_.resize(series.number + 1);
      return states_[series.number];
    } else {
      return no_state_;
    }
  }

  typename Traits::Config config_;
  SeriesSet series_;
  std::vector<State> states_;  // the scrape's own
  State no_state_;
};

}  // namespace detail

/// A metric with `N` labels: `family.with("GET", 200).inc()`.
///
/// A handle: small, trivially copyable, valid as long as its registry. The number of series is bounded
/// (`max_series`, 1,000 unless said otherwise); past the bound with() gives the overflow series, whose label
/// values are all `overflow_label_value`, and `promlite_overflowed_updates_total` counts how often.
template <class Metric, std::size_t N>
class Family {
 public:
  explicit Family(detail::FamilyOf<Metric>& family) noexcept : family_(&family) {}

  /// The series with these label values, in the order of the declared names; it is exported from now on.
  /// A value may be any string type, an integer, a bool, a char, or an enumeration with a `to_label(E)`.
  /// Bytes that are not UTF-8 become U+FFFD, which is counted. Never fails, throws or returns null; thread
  /// safe; lock-free and without allocation when the series exists. Keep the handle where speed matters.
  template <class... Values>
  PROMLITE_ALWAYS_INLINE Metric with(const Values&... values) const noexcept {
    static_assert(sizeof...(Values) == N,
                  "promlite: with() takes exactly one value for each label name of the family");
    if constexpr (sizeof...(Values) == N) {
      const detail::LabelValue texts[N] = {detail::LabelValue(values)...};
      std::string_view views[N];
      for (std::size_t i = 0; i < N; ++i) views[i] = texts[i].text();
      return family_->with(views, N);
    }
  }

 private:
  detail::FamilyOf<Metric>* family_;
};

}  // namespace promlite

#endif  // PROMLITE_FAMILY_HPP
