// promlite: a family of which some label values are bound.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_CURRIED_FAMILY_HPP
#define PROMLITE_CURRIED_FAMILY_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/error.hpp>
#include <promlite/label_lists.hpp>
#include <promlite/labels.hpp>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

/// A label's name and the value that it is bound to, of any type that with() takes; owns the value.
struct BoundLabel {
  template <class Value>
  BoundLabel(std::string_view label,
             const Value& bound)  // NOLINT(google-explicit-constructor): {"code", 200}
      : name(label), value(detail::LabelValue(bound).text()) {}

  std::string_view name;
  std::string value;
};

namespace detail {

template <class Metric>
class FamilyOf;

/// Where in `free`, the positions of the `count` labels that are not bound, the label of this name stands.
/// Throws Error when it does not.
PROMLITE_COLD inline std::size_t find_free_label(const Declaration& declared, std::string_view name,
                                                 const std::size_t* free, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (declared.label_names[free[i]] == name) return i;
  }
  bool known = false;
  for (const std::string& declared_name : declared.label_names) known = known || declared_name == name;
  fail(message_of("cannot bind label '", name, "' of ", describe(declared), ": ",
                  known ? "it is bound already" : "there is no such label"));
}

}  // namespace detail

/// A family of `N` labels of which all but `Free` are bound; made by `family.curry()`. with() and
/// create_all() take values for the others, in the order of the declared names.
///
/// Owns the bound values: a copy is a copy of their strings, and it must not be used after its destruction,
/// as a static one would be by threads that outlive main. All members may be called by any thread at any
/// time. Valid as long as the registry.
template <class Metric, std::size_t N, std::size_t Free>
class CurriedFamily {
 public:
  /// The series of the bound and these values; see Family::with(), which costs as much.
  template <class... Values>
  PROMLITE_ALWAYS_INLINE Metric with(const Values&... values) const noexcept {
    static_assert(sizeof...(Values) == Free,
                  "promlite: with() takes exactly one value for each label name that is not bound");
    if constexpr (sizeof...(Values) == Free) {
      const detail::LabelValue texts[Free] = {detail::LabelValue(values)...};
      std::string_view views[N];
      place(texts, views);
      return family_->with(views, N);
    }
  }

  /// Removes the series of the bound and these values; see Family::remove().
  template <class... Values>
  bool remove(const Values&... values) const {
    static_assert(sizeof...(Values) == Free,
                  "promlite: remove() takes exactly one value for each label name that is not bound");
    if constexpr (sizeof...(Values) == Free) {
      const detail::LabelValue texts[Free] = {detail::LabelValue(values)...};
      std::string_view views[N];
      place(texts, views);
      return family_->remove(views, N);
    }
  }

  /// Removes every series that has the bound values and all these labels; see Family::remove_matching().
  std::size_t remove_matching(const Labels& labels) const {
    std::vector<Label> all(labels.begin(), labels.end());
    bool free[N] = {};
    for (const std::size_t label : free_) free[label] = true;
    for (std::size_t i = 0; i < N; ++i) {
      if (!free[i]) all.push_back({family_->declared().label_names[i], bound_[i]});
    }
    return family_->remove_matching(all);
  }

  /// Removes every series that has the bound values. Returns how many.
  std::size_t clear() const { return remove_matching({}); }

  /// Binds the first labels that are not bound yet: `requests.curry("GET").with(200)`.
  template <class... Values>
  [[nodiscard]] auto curry(const Values&... values) const {
    constexpr std::size_t count = sizeof...(Values);
    static_assert(count >= 1 && count < Free,
                  "promlite: curry() binds at least one label and leaves at least one");
    if constexpr (count >= 1 && count < Free) {
      CurriedFamily<Metric, N, Free - count> rest(*family_);
      const detail::LabelValue texts[count] = {detail::LabelValue(values)...};
      rest.bound_ = bound_;
      for (std::size_t i = 0; i < count; ++i) rest.bound_[free_[i]] = texts[i].text();
      for (std::size_t i = count; i < Free; ++i) rest.free_[i - count] = free_[i];
      return rest;
    }
  }

  /// Binds labels by their names: `requests.curry({{"code", 200}}).with("GET")`. Throws Error when there is
  /// no such label, or when it is bound already.
  template <std::size_t Count>
  [[nodiscard]] auto curry(const BoundLabel (&labels)[Count]) const {
    static_assert(Count < Free, "promlite: curry() binds at least one label and leaves at least one");
    if constexpr (Count < Free) {
      CurriedFamily<Metric, N, Free - Count> rest(*family_);
      std::array<std::size_t, Free> free = free_;
      rest.bound_ = bound_;
      std::size_t left = Free;
      for (const BoundLabel& label : labels) {
        const std::size_t at = detail::find_free_label(family_->declared(), label.name, free.data(), left);
        rest.bound_[free[at]] = label.value;
        --left;
        for (std::size_t i = at; i < left; ++i) free[i] = free[i + 1];
      }
      for (std::size_t i = 0; i < left; ++i) rest.free_[i] = free[i];
      return rest;
    }
  }

  /// Creates the series of every combination of the bound and these values; see Family::create_all().
  template <class... Values>
  std::size_t create_all(std::initializer_list<Values>... lists) const {
    return create_all_of(lists...);
  }
  template <class... Lists>
  std::size_t create_all(const Lists&... lists) const {
    return create_all_of(lists...);
  }

 private:
  template <class OtherMetric, std::size_t OtherN>
  friend class Family;
  template <class OtherMetric, std::size_t OtherN, std::size_t OtherFree>
  friend class CurriedFamily;

  // Nothing is bound where Free is N; otherwise the maker binds.
  explicit CurriedFamily(detail::FamilyOf<Metric>& family) noexcept : family_(&family) {
    for (std::size_t i = 0; i < Free; ++i) free_[i] = i;
  }

  PROMLITE_ALWAYS_INLINE void place(const detail::LabelValue (&texts)[Free],
                                    std::string_view (&views)[N]) const noexcept {
    for (std::size_t i = 0; i < N; ++i) views[i] = bound_[i];
    for (std::size_t i = 0; i < Free; ++i) views[free_[i]] = texts[i].text();
  }

  template <class... Lists>
  std::size_t create_all_of(const Lists&... lists) const {
    static_assert(sizeof...(Lists) == Free,
                  "promlite: create_all() takes exactly one list for each label name that is not bound");
    detail::LabelLists all(N);
    for (std::size_t i = 0; i < N; ++i) all.set(i, std::initializer_list<std::string_view>{bound_[i]});
    std::size_t next = 0;
    (all.set(free_[next++], lists), ...);
    return family_->create_all(std::move(all));
  }

  detail::FamilyOf<Metric>* family_;
  std::array<std::string, N> bound_;      // by position in the declaration; empty where free
  std::array<std::size_t, Free> free_{};  // positions, ascending
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_CURRIED_FAMILY_HPP
