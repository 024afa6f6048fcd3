// promlite: a metric's series, by label values.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_FAMILY_HPP
#define PROMLITE_FAMILY_HPP

#include <promlite/config.hpp>
#include <promlite/curried_family.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/snapshot.hpp>
#include <promlite/encoder.hpp>
#include <promlite/enum_family.hpp>
#include <promlite/error.hpp>
#include <promlite/label_lists.hpp>
#include <promlite/labels.hpp>
#include <promlite/series_set.hpp>
#include <promlite/source.hpp>

#include <cstddef>
#include <initializer_list>
#include <string>
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

  /// Creates every combination, and returns how many of them are there. Throws Error when the family could
  /// never have them all; then none was created.
  PROMLITE_COLD std::size_t create_all(LabelLists lists) {
    lists.drop_repeats();
    lists.check_room(declared_);
    struct Context {
      FamilyOf& family;
      std::size_t there;
    } context{*this, 0};
    lists.for_each(
        [](void* to, const std::string_view* values) {
          Context& all = *static_cast<Context*>(to);
          if (all.family.create(values)) ++all.there;
        },
        &context);
    return context.there;
  }

  /// The handles of every combination, in the order of LabelLists::for_each(); there as long as the family.
  /// Throws Error when the family cannot have them all, or has no room for them any more.
  PROMLITE_COLD const Metric* table_of(LabelLists lists) {
    if (const Metric* const made = tables_.find(lists)) return made;
    LabelLists distinct = lists;
    distinct.drop_repeats();
    distinct.check_room(declared_);
    struct Context {
      FamilyOf& family;
      std::vector<Metric> handles;
      std::size_t missing;
    } context{*this, {}, 0};
    lists.for_each(
        [](void* to, const std::string_view* values) {
          Context& all = *static_cast<Context*>(to);
          if (!all.family.create(values)) ++all.missing;
          all.handles.push_back(all.family.with(values, all.family.declared_.label_names.size()));
        },
        &context);
    if (context.missing != 0) {
      fail(message_of("cannot create all series of ", describe(declared_), ": there is no room for ",
                      std::to_string(context.missing), " of ", std::to_string(context.handles.size()),
                      " beside the others"));
    }
    return tables_.keep(std::move(lists), std::move(context.handles));
  }

  bool has_series() override { return !series_.sorted().empty(); }

  void encode(Encoder& encoder, ScrapeContext& scrape) override {
    const PointerList<Series>& all = series_.sorted();
    for (std::size_t i = 0; i < all.size(); ++i) encode_series(*all[i], encoder, scrape);
  }

  void list(std::vector<ListedSeries>& to) override {
    const PointerList<Series>& all = series_.sorted();
    for (std::size_t i = 0; i < all.size(); ++i) to.push_back({this, all[i], all[i]->labels()});
  }
  void encode_one(const ListedSeries& series, Encoder& encoder, ScrapeContext& scrape) override {
    encode_series(*static_cast<const Series*>(series.series), encoder, scrape);
  }

 private:
  using State = typename Traits::SeriesState;

  // True when the values have a series of their own.
  bool create(const std::string_view* values) noexcept {
    const CellRange made = series_.with(values, declared_.label_names.size()).range();
    const CellRange overflow = series_.first().range();
    return made.chunk != overflow.chunk || made.offset != overflow.offset;
  }

  void encode_series(const Series& series, Encoder& encoder, ScrapeContext& scrape) {
    Traits::encode(encoder, series.labels(), series.range(), config_, state_of(series), scrape);
  }

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
  HandleTables<Metric> tables_;
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

  /// The family of the other labels, these being bound: the first ones, `requests.curry("GET").with(200)`, or
  /// some by their names, `requests.curry({{"code", 200}}).with("GET")`. Values are of the types that with()
  /// takes, and copied. A look-up costs what with() costs. Throws Error when there is no label of such a
  /// name, or a name stands twice.
  template <class... Values>
  [[nodiscard]] auto curry(const Values&... values) const {
    return CurriedFamily<Metric, N, N>(*family_).curry(values...);
  }
  template <std::size_t Count>
  [[nodiscard]] auto curry(const BoundLabel (&labels)[Count]) const {
    return CurriedFamily<Metric, N, N>(*family_).curry(labels);
  }

  /// The family with enumerations as labels, one for each label in the order of the declared names:
  /// `requests.by_enum<Method, Code>().with(Method::get, Code::ok)`. A look-up is an index into a table,
  /// without a hash. Each enumeration has beside it a `to_label(E)`, and a list of its enumerators, which
  /// need not be in a row: `constexpr auto label_values(Code) { return std::array{Code::ok, Code::error}; }`,
  /// or `enumerators_below<Method::count>()`; bool has both. All combinations are created now. Throws Error
  /// when they are more than `max_series`, or when others have filled the family.
  template <class... Enums>
  [[nodiscard]] EnumFamily<Metric, Enums...> by_enum() const {
    static_assert(sizeof...(Enums) == N,
                  "promlite: by_enum() takes exactly one enumeration for each label name of the family");
    using Typed = EnumFamily<Metric, Enums...>;
    return Typed(*family_, family_->table_of(Typed::lists()));
  }

  /// Creates the series of every combination, so that they are exported as 0 before anything has happened:
  /// `requests.create_all({"GET", "POST"}, {200, 404, 500})`. Takes one list for each label, in the order of
  /// the declared names, of the values that with() takes: all of them in braces, or all of them containers,
  /// arrays and std::initializer_list.
  ///
  /// Returns how many of these series there are now: all of them, unless others have filled the family, or
  /// memory is short; what did not fit shows as with() has it. Throws Error, and creates nothing, when there
  /// are more combinations than `max_series`.
  template <class... Values>
  std::size_t create_all(std::initializer_list<Values>... lists) const {
    return create_all_of(lists...);
  }
  template <class... Lists>
  std::size_t create_all(const Lists&... lists) const {
    return create_all_of(lists...);
  }

 private:
  template <class... Lists>
  std::size_t create_all_of(const Lists&... lists) const {
    static_assert(sizeof...(Lists) == N,
                  "promlite: create_all() takes exactly one list for each label name of the family");
    detail::LabelLists all(N);
    std::size_t label = 0;
    (all.set(label++, lists), ...);
    return family_->create_all(std::move(all));
  }

  detail::FamilyOf<Metric>* family_;
};

}  // namespace promlite

#endif  // PROMLITE_FAMILY_HPP
