// promlite: a family whose label values are enumerators: its series are found by their number.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_ENUM_FAMILY_HPP
#define PROMLITE_ENUM_FAMILY_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/label_lists.hpp>
#include <promlite/labels.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

/// The enumerators from 0 to the one before `End`, for enumerations that end in one that counts them:
/// `constexpr auto label_values(Method) { return promlite::enumerators_below<Method::count>(); }`
template <auto End>
constexpr auto enumerators_below() noexcept {
  std::array<decltype(End), static_cast<std::size_t>(End)> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<decltype(End)>(i);
  return all;
}

namespace detail {

template <class E, class = void>
struct HasLabelValues : std::is_same<E, bool> {};
template <class E>
struct HasLabelValues<E, std::void_t<decltype(label_values(std::declval<const E&>()))>> : std::true_type {};

template <class E>
constexpr auto enumerators_of() noexcept {
  static_assert(
      HasLabelValues<E>::value,
      "promlite: an enumeration of by_enum() needs a constexpr function label_values(E) beside it that "
      "returns a std::array of its enumerators");
  if constexpr (std::is_same_v<E, bool>) {
    return std::array<bool, 2>{false, true};
  } else if constexpr (HasLabelValues<E>::value) {
    return label_values(E());
  } else {
    return std::array<E, 1>{};
  }
}

/// The number of an enumerator in its enumeration's list.
template <class E>
struct EnumIndex {
  static constexpr auto values = enumerators_of<E>();
  static constexpr std::size_t count = values.size();
  static_assert(count != 0 && count < 0xFFFF, "promlite: label_values() gives 1 to 65,534 enumerators");

  /// Below `count` for those in the list, and not for anything else that the type can hold.
  static constexpr std::uint64_t of(E value) noexcept {
    const std::uint64_t distance = bits(value) - bits(lowest());
    if constexpr (in_a_row()) {
      return distance;
    } else {
      return distance < span() ? positions[static_cast<std::size_t>(distance)] : count;
    }
  }

 private:
  static constexpr std::uint64_t bits(E value) noexcept { return static_cast<std::uint64_t>(value); }
  static constexpr E lowest() noexcept {
    E found = values[0];
    for (const E value : values) found = value < found ? value : found;
    return found;
  }
  static constexpr std::uint64_t span() noexcept {
    std::uint64_t furthest = 0;
    for (const E value : values) {
      const std::uint64_t distance = bits(value) - bits(lowest());
      furthest = distance > furthest ? distance : furthest;
    }
    return furthest + 1;
  }
  static constexpr bool in_a_row() noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      if (bits(values[i]) - bits(lowest()) != i) return false;
    }
    return true;
  }
  static constexpr auto make_positions() noexcept {
    constexpr bool close = span() <= 65536;
    static_assert(close, "promlite: the enumerators of a label lie too far apart for a table");
    constexpr std::uint64_t size = in_a_row() || !close ? 1 : span();
    std::array<std::uint16_t, static_cast<std::size_t>(size)> made{};
    if constexpr (size > 1) {
      for (std::uint16_t& position : made) position = 0xFFFF;
      for (std::size_t i = 0; i < count; ++i)
        made[static_cast<std::size_t>(bits(values[i]) - bits(lowest()))] = static_cast<std::uint16_t>(i);
    }
    return made;
  }

  static constexpr auto positions = make_positions();
};

/// Tables of handles that live as long as the family, one for each set of label values that was asked for.
template <class Metric>
class HandleTables {
 public:
  HandleTables() = default;
  HandleTables(const HandleTables&) = delete;
  HandleTables& operator=(const HandleTables&) = delete;
  ~HandleTables() {
    Table* table = first_.load(std::memory_order_relaxed);
    while (table != nullptr) delete std::exchange(table, table->next);
  }

  const Metric* find(const LabelLists& lists) const noexcept {
    // acquire: whoever finds a table sees what is in it.
    for (const Table* table = first_.load(std::memory_order_acquire); table != nullptr; table = table->next) {
      if (table->lists == lists) return table->handles.data();
    }
    return nullptr;
  }

  /// Keeps the handles of all combinations of `lists`, in their order.
  const Metric* keep(LabelLists lists, std::vector<Metric> handles) {
    Table* const made =
        new Table{std::move(lists), std::move(handles), first_.load(std::memory_order_relaxed)};
    // release: see find(). Of two threads that make the same table, each keeps its own.
    while (!first_.compare_exchange_weak(made->next, made, std::memory_order_release,
                                         std::memory_order_relaxed)) {
    }
    return made->handles.data();
  }

 private:
  struct Table {
    LabelLists lists;
    std::vector<Metric> handles;
    Table* next;
  };
  std::atomic<Table*> first_{nullptr};
};

template <class Metric>
class FamilyOf;

}  // namespace detail

/// A family whose labels are enumerations, made by `family.by_enum<Method, Code>()`: all its series exist
/// from the start, and with() takes the handle out of a table instead of looking for label values.
///
/// A handle: small, trivially copyable, valid as long as its registry. Its series are for ever: neither
/// remove() nor expiry takes them away.
template <class Metric, class... Enums>
class EnumFamily {
 public:
  /// The series of these enumerators, in the order of the declared names. A value that is not among those of
  /// label_values(), such as an integer cast to the type, gives the overflow series, and
  /// `promlite_overflowed_updates_total` counts it. Thread safe; never allocates for a value of the list.
  PROMLITE_ALWAYS_INLINE Metric with(Enums... values) const noexcept {
    std::uint64_t at = 0;
    bool known = true;
    const auto add = [&](std::uint64_t index, std::size_t count) {
      at = at * count + index;
      known = known && index < count;
    };
    (add(detail::EnumIndex<Enums>::of(values), detail::EnumIndex<Enums>::count), ...);
    if (!PROMLITE_LIKELY(known)) return overflow();
    return table_[at];
  }

 private:
  template <class OtherMetric, std::size_t N>
  friend class Family;

  EnumFamily(detail::FamilyOf<Metric>& family, const Metric* table) noexcept
      : family_(&family), table_(table) {}

  static detail::LabelLists lists() {
    detail::LabelLists all(sizeof...(Enums));
    std::size_t label = 0;
    (all.set(label++, detail::EnumIndex<Enums>::values), ...);
    return all;
  }

  PROMLITE_COLD Metric overflow() const noexcept {
    family_->stats().count(&detail::FamilyStats::overflowed);
    std::string_view values[sizeof...(Enums)];
    for (std::string_view& value : values) value = overflow_label_value;
    return family_->with(values, sizeof...(Enums));
  }

  detail::FamilyOf<Metric>* family_;
  const Metric* table_;
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_ENUM_FAMILY_HPP
