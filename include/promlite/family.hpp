// promlite: a metric's series, by label values.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_FAMILY_HPP
#define PROMLITE_FAMILY_HPP

#include <promlite/config.hpp>
#include <promlite/curried_family.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/pointer_list.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/snapshot.hpp>
#include <promlite/detail/utf8.hpp>
#include <promlite/encoder.hpp>
#include <promlite/enum_family.hpp>
#include <promlite/error.hpp>
#include <promlite/label_lists.hpp>
#include <promlite/labels.hpp>
#include <promlite/series.hpp>
#include <promlite/series_set.hpp>
#include <promlite/source.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Chooses the series that have all of some labels.
class LabelMatcher {
 public:
  /// Throws Error when the family has no label of one of these names.
  PROMLITE_COLD LabelMatcher(const Declaration& declared, const Labels& labels) {
    for (const Label& label : labels) {
      if (const std::string* const fixed = const_label(declared, label.name)) {
        possible_ = possible_ && *fixed == label.value;
        continue;
      }
      const std::vector<std::string>& names = declared.label_names;
      std::size_t at = 0;
      while (at < names.size() && names[at] != label.name) ++at;
      if (at == names.size())
        fail(message_of("cannot remove from ", describe(declared), ": it has no label '", label.name, "'"));
      wanted_.emplace_back(at, std::string());
      append_repaired_utf8(wanted_.back().second, label.value);
    }
  }

  bool operator()(const Series& series) const noexcept {
    bool matches = possible_;
    for (const auto& wanted : wanted_)
      matches = matches && SeriesSet::value_of(series, wanted.first) == wanted.second;
    return matches;
  }

 private:
  static const std::string* const_label(const Declaration& declared, std::string_view name) noexcept {
    for (const auto& label : declared.const_labels) {
      if (label.first == name) return &label.second;
    }
    return nullptr;
  }

  std::vector<std::pair<std::size_t, std::string>> wanted_;
  bool possible_ = true;
};

/// A declared family of one metric type.
template <class Metric>
class FamilyOf final : public Source {
 public:
  using Traits = MetricTraits<Metric>;

  PROMLITE_COLD FamilyOf(Declaration&& declared, CellArena& common, SeriesShared& shared)
      : Source(std::move(declared)),
        config_(declared_, stats_),
        series_(declared_, stats_, shared, Traits::cells(config_), common, Traits::owned,
                Traits::largest_chunk) {}

  Metric first() noexcept { return Traits::handle(series_.first().range(), config_, stats_); }

  PROMLITE_ALWAYS_INLINE Metric with(const std::string_view* values, std::size_t count) noexcept {
    return Traits::handle(series_.with(values, count), config_, stats_);
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
          // Permanent, because the table keeps the handle.
          if (!all.family.keep(values)) ++all.missing;
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

  bool remove(const std::string_view* values, std::size_t count) { return series_.remove(values, count); }
  std::size_t remove_matching(const Labels& labels) {
    return series_.remove_if(LabelMatcher(declared_, labels));
  }
  std::size_t size() { return series_.size(); }
  void retire() noexcept override { series_.retire(); }

  bool has_series(const ScrapeContext& scrape) override {
    const PointerList<Series>& all = series_.list();
    bool expired = false;
    if (keeps_state || declared_.expires()) {
      for (std::size_t i = 0; i < all.size(); ++i) expired = note(*all[i], scrape) || expired;
    }
    if (expired) series_.drop_removed();
    return !all.empty();
  }
  void finish() noexcept override { series_.finished(); }

  void encode(Encoder& encoder, ScrapeContext& scrape) override {
    const PointerList<Series>& all = series_.listed();
    for (std::size_t i = 0; i < all.size(); ++i) encode_series(*all[i], encoder, scrape);
  }

  void list(std::vector<ListedSeries>& to) override {
    const PointerList<Series>& all = series_.listed();
    for (std::size_t i = 0; i < all.size(); ++i) to.push_back({this, all[i], all[i]->labels()});
  }
  void encode_one(const ListedSeries& series, Encoder& encoder, ScrapeContext& scrape) override {
    encode_series(*static_cast<const Series*>(series.series), encoder, scrape);
  }

 private:
  using State = typename Traits::SeriesState;
  static constexpr bool keeps_state = !std::is_empty_v<State>;

  /// When a series was last seen to have been updated.
  struct Activity {
    std::uint64_t seen = 0;  ///< what Traits::updated_since() left
    std::chrono::steady_clock::time_point last;
  };

  // What scrapes remember of a series begins anew with the series. True when it was removed for being idle.
  PROMLITE_COLD bool note(Series& series, const ScrapeContext& scrape) {
    if constexpr (keeps_state) {
      if (states_.size() <= series.number) states_.resize(series.number + 1);
      if (series.fresh) states_[series.number] = State();
    }
    const bool expires = declared_.expires();
    if (expires && activity_.size() <= series.number) activity_.resize(series.number + 1);
    // Nothing fails any more: a scrape that did is as if it had not been.
    const bool fresh = std::exchange(series.fresh, false);
    if (!expires) return false;
    Activity& activity = activity_[series.number];
    const auto updated = [&] {
      const bool is = Traits::updated_since(series.range(), activity.seen);
      if (is) activity.last = scrape.now;
      return is;
    };
    if (!updated() && fresh) activity.last = scrape.now;
    if (scrape.now - activity.last < declared_.expire_after) return false;
    return series_.remove_listed(series, [&] { return !updated(); });
  }

  bool keep(const std::string_view* values) {
    // Between the two it may be removed.
    while (create(values)) {
      if (series_.keep(values, declared_.label_names.size())) return true;
    }
    return false;
  }
  // True when the values have a series of their own.
  bool create(const std::string_view* values) noexcept {
    const CellRange made = series_.with(values, declared_.label_names.size());
    const CellRange overflow = series_.first().range();
    return made.chunk != overflow.chunk || made.offset != overflow.offset;
  }

  PROMLITE_ALWAYS_INLINE void encode_series(const Series& series, Encoder& encoder, ScrapeContext& scrape) {
    if (scrape.shows_created) scrape.created = series.created;
    Traits::encode(encoder, series.labels(), series.range(), config_, state_of(series), scrape);
  }

  State& state_of(const Series& series) {
    if constexpr (keeps_state) {
      return states_[series.number];
    } else {
      return no_state_;
    }
  }

  typename Traits::Config config_;
  SeriesSet series_;
  // The scrape's own, by the number of the series.
  std::vector<State> states_;
  std::vector<Activity> activity_;
  State no_state_;
  HandleTables<Metric> tables_;
};

}  // namespace detail

/// A metric with `N` labels: `family.with("GET", 200).inc()`.
///
/// A handle: small, trivially copyable, valid as long as its registry. Series come with with(), and go with
/// remove(), remove_matching(), clear(), or by the option expire_after(). Their number is bounded
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

  /// Removes the series with these label values: the next scrape does not show it, the bound has room for
  /// another one, and with() gives a new series from zero. Handles of the old one stay safe as long as the
  /// registry; their updates vanish. False when there is no such series. The overflow series and those of
  /// by_enum() stay. Thread safe; takes a lock that no look-up of an existing series waits for, and a time
  /// that does not depend on the number of series. Memory goes back when the next scrape has begun, or after
  /// some more removals. Throws std::bad_alloc, and that only for a value that is not UTF-8.
  template <class... Values>
  bool remove(const Values&... values) const {
    static_assert(sizeof...(Values) == N,
                  "promlite: remove() takes exactly one value for each label name of the family");
    const detail::LabelValue texts[N] = {detail::LabelValue(values)...};
    std::string_view views[N];
    for (std::size_t i = 0; i < N; ++i) views[i] = texts[i].text();
    return family_->remove(views, N);
  }

  /// Removes every series that has all these labels, as remove() does, in a time that grows with the number
  /// of series: `requests.remove_matching({{"method", "GET"}})`. Returns how many. Throws Error when the
  /// family has no label of such a name.
  std::size_t remove_matching(const Labels& labels) const { return family_->remove_matching(labels); }

  /// Removes every series but those that stay. Returns how many.
  std::size_t clear() const { return family_->remove_matching({}); }

  /// How many series there are, without the overflow series.
  std::size_t size() const { return family_->size(); }

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

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_FAMILY_HPP
