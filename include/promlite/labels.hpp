// promlite: label pairs, label values, and their text.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_LABELS_HPP
#define PROMLITE_LABELS_HPP

#include <promlite/config.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/utf8.hpp>
#include <promlite/escaping.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

/// One label. A view: what it names must outlive the call that it is given to.
struct Label {
  std::string_view name;
  std::string_view value;
};

/// A view of some labels, made from `{{"method", "GET"}, {"code", "200"}}` or from a vector. Their order has
/// no meaning: a series is identified by names and values.
class Labels {
 public:
  constexpr Labels() noexcept = default;
  constexpr Labels(std::initializer_list<Label> labels) noexcept : size_(labels.size()) {
    data_ = labels.begin();
  }
  Labels(const std::vector<Label>& labels) noexcept  // NOLINT(google-explicit-constructor): a view
      : data_(labels.data()), size_(labels.size()) {}

  constexpr const Label* begin() const noexcept { return data_; }
  constexpr const Label* end() const noexcept { return data_ + size_; }
  constexpr std::size_t size() const noexcept { return size_; }

 private:
  const Label* data_ = nullptr;
  std::size_t size_ = 0;
};

namespace detail {

/// Found by argument-dependent look-up, `to_label(E)` gives the text of an enumerator.
template <class E, class = void>
struct HasToLabel : std::false_type {};
template <class E>
struct HasToLabel<E, std::void_t<decltype(to_label(std::declval<const E&>()))>> : std::true_type {};

/// What `with()` accepts for one label: any string type, any integer, bool (`true`, `false`), char, and
/// enumerations that have a `to_label(E)` returning a `std::string_view` or a `const char*` beside them.
/// A view of the argument; an integer's digits are kept inside.
class LabelValue {
 public:
  template <class T>
  explicit LabelValue(const T& value) noexcept {
    if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      const std::string_view text = value;
      data_ = text.data();
      size_ = text.size();
    } else if constexpr (std::is_enum_v<T>) {
      static_assert(
          HasToLabel<T>::value,
          "promlite: an enumeration used as a label value needs a function to_label(E) beside it that "
          "returns a std::string_view");
      using Text = decltype(to_label(value));
      static_assert(
          std::is_same_v<Text, std::string_view> || std::is_convertible_v<Text, const char*>,
          "promlite: to_label(E) must return a std::string_view or a const char*: a std::string would die");
      const std::string_view text = to_label(value);
      data_ = text.data();
      size_ = text.size();
    } else if constexpr (std::is_same_v<T, bool>) {
      data_ = value ? "true" : "false";
      size_ = value ? 4 : 5;
    } else if constexpr (std::is_same_v<T, char>) {
      digits_[0] = value;
      size_ = 1;
    } else {
      static_assert(
          std::is_integral_v<T>,
          "promlite: a label value is a string, an integer, a bool, or an enumeration with to_label(E)");
      using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
      size_ = static_cast<std::size_t>(write_number(digits_, static_cast<Wide>(value)) - digits_);
    }
  }
  LabelValue(const LabelValue&) = delete;
  LabelValue& operator=(const LabelValue&) = delete;

  std::string_view text() const noexcept { return {data_, size_}; }

 private:
  char digits_[max_number_chars];
  const char* data_ = digits_;
  std::size_t size_ = 0;
};

/// Appends `text` as a label value of the text formats: backslash, quote and line feed escaped, nothing else
/// (text format 0.0.4; OpenMetrics 1.0.0 is the same). `text` must be UTF-8.
inline void append_escaped_label_value(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c == '\n') {
      out.append("\\n");
    } else {
      out.push_back(c);
    }
  }
}

/// Appends `name="value"`, or `"na.me"="value"` where not all readers know the name, with a comma before it
/// when `out` is not empty.
inline void append_label(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out.push_back(',');
  if (is_legacy_name(name)) {
    out.append(name);
  } else {
    out.push_back('"');
    append_escaped_label_value(out, name);
    out.push_back('"');
  }
  out.append("=\"");
  append_escaped_label_value(out, value);
  out.push_back('"');
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_LABELS_HPP
