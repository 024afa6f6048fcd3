// promlite: every combination of some label values.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_LABEL_LISTS_HPP
#define PROMLITE_LABEL_LISTS_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/utf8.hpp>
#include <promlite/error.hpp>
#include <promlite/labels.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// What a loop runs over, but for a text.
template <class List, class = void>
struct IsList : std::false_type {};
template <class List>
struct IsList<List, std::void_t<decltype(std::begin(std::declval<const List&>()))>>
    : std::bool_constant<!std::is_convertible_v<const List&, std::string_view>> {};

/// A list of values for each label of a family, in the order of the declaration. Cold throughout.
class LabelLists {
 public:
  explicit LabelLists(std::size_t labels) : lists_(labels) {}

  /// A label's values, of every type that with() takes, in place of what it had.
  template <class List>
  void set(std::size_t label, const List& values) {
    static_assert(IsList<List>::value,
                  "promlite: create_all() takes a list of values for each label: {\"GET\"} for one value");
    if constexpr (IsList<List>::value) {
      lists_[label].clear();
      for (const auto& value : values) append(label, LabelValue(value).text());
    }
  }

  bool operator==(const LabelLists& other) const { return lists_ == other.lists_; }

  PROMLITE_COLD void drop_repeats() {
    for (std::vector<std::string>& values : lists_) {
      std::size_t kept = 0;
      for (std::size_t i = 0; i < values.size(); ++i) {
        bool repeated = false;
        for (std::size_t k = 0; k < kept && !repeated; ++k) repeated = values[k] == values[i];
        if (repeated) continue;
        if (kept != i) values[kept] = std::move(values[i]);
        ++kept;
      }
      values.resize(kept);
    }
  }

  /// Throws Error when there are more combinations than the family may have series.
  PROMLITE_COLD void check_room(const Declaration& declared) const {
    std::string sizes;
    std::size_t room = declared.max_series;
    bool empty = false;
    for (const std::vector<std::string>& values : lists_) {
      sizes.append(sizes.empty() ? "" : " * ").append(std::to_string(values.size()));
      empty = empty || values.empty();
      if (!values.empty()) room /= values.size();
    }
    if (room == 0 && !empty) {
      fail(message_of("cannot create all series of ", describe(declared), ": ", sizes,
                      " are more than max_series, ", std::to_string(declared.max_series)));
    }
  }

  /// Calls `visit(context, values)` for every combination, the last label's values taking turns fastest.
  PROMLITE_COLD void for_each(void (*visit)(void* context, const std::string_view* values),
                              void* context) const {
    std::size_t combinations = 1;
    for (const std::vector<std::string>& values : lists_) combinations *= values.size();
    std::vector<std::string_view> chosen(lists_.size());
    for (std::size_t i = 0; i < combinations; ++i) {
      std::size_t rest = i;
      for (std::size_t label = lists_.size(); label-- > 0;) {
        chosen[label] = lists_[label][rest % lists_[label].size()];
        rest /= lists_[label].size();
      }
      visit(context, chosen.data());
    }
  }

 private:
  // Repaired here, so that two values with one repaired text are one.
  PROMLITE_COLD void append(std::size_t label, std::string_view value) {
    lists_[label].emplace_back();
    append_repaired_utf8(lists_[label].back(), value);
  }

  std::vector<std::vector<std::string>> lists_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_LABEL_LISTS_HPP
