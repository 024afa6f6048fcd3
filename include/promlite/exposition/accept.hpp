// promlite: the header Accept, read clause by clause.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_ACCEPT_HPP
#define PROMLITE_EXPOSITION_ACCEPT_HPP

#include <promlite/config.hpp>
#include <promlite/detail/ascii.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

inline std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Takes what stands before the next `separator` outside of quotes off `rest`, with the separator (RFC 9110
/// section 5.6).
PROMLITE_COLD inline std::string_view take_until(std::string_view& rest, char separator) noexcept {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < rest.size() && (quoted || rest[at] != separator); ++at) {
    if (rest[at] == '"') quoted = !quoted;
    if (rest[at] == '\\' && quoted) ++at;
  }
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(at < rest.size() ? at + 1 : rest.size());
  return trim(taken);
}

/// A parameter's value as it stands: a token, or a quoted string, which means the same without its quotes.
class ParameterValue {
 public:
  ParameterValue() = default;
  explicit ParameterValue(std::string_view text) noexcept : text_(text), there_(true) {
    quoted_ = text_.size() >= 2 && text_.front() == '"' && text_.back() == '"';
    if (quoted_) text_ = text_.substr(1, text_.size() - 2);
  }

  bool is_there() const noexcept { return there_; }
  PROMLITE_COLD bool operator==(std::string_view wanted) const noexcept {
    std::size_t at = 0;
    for (std::size_t i = 0; i < text_.size(); ++i) {
      if (quoted_ && text_[i] == '\\' && i + 1 < text_.size()) ++i;
      if (at == wanted.size() || wanted[at++] != text_[i]) return false;
    }
    return at == wanted.size();
  }
  /// As it stands, without quotes.
  std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
  bool there_ = false;
  bool quoted_ = false;
};

/// One clause of Accept or Accept-Encoding: `type/subtype;name=value;q=0.5`.
class AcceptClause {
 public:
  PROMLITE_COLD explicit AcceptClause(std::string_view clause) noexcept
      : name_(take_until(clause, ';')), parameters_(clause) {
    const ParameterValue q = parameter("q");
    if (q.is_there()) weight_ = weight_of(q.text());
    for (std::string_view rest = parameters_; !rest.empty();) {
      const std::string_view one = take_until(rest, ';');
      if (!one.empty() && !names(one, "q")) specific_ = true;
    }
  }

  /// A media range, or an encoding.
  bool is(std::string_view lower) const noexcept { return equals_ignoring_case(name_, lower); }
  /// The first parameter of this name, which must be lower case.
  PROMLITE_COLD ParameterValue parameter(std::string_view lower) const noexcept {
    for (std::string_view rest = parameters_; !rest.empty();) {
      const std::string_view one = take_until(rest, ';');
      if (names(one, lower)) return ParameterValue(trim(one.substr(one.find('=') + 1)));
    }
    return {};
  }
  bool has_parameters() const noexcept { return specific_; }

  /// What q says, in billionths; 0 excludes, and so does what cannot be read.
  std::uint32_t weight() const noexcept { return weight_; }

 private:
  static constexpr std::uint32_t most = 1'000'000'000;

  static bool names(std::string_view parameter, std::string_view lower) noexcept {
    const std::size_t equals = parameter.find('=');
    return equals != std::string_view::npos && equals_ignoring_case(trim(parameter.substr(0, equals)), lower);
  }

  // RFC 9110 section 12.4.2: from 0 to 1; any number of digits.
  PROMLITE_COLD static std::uint32_t weight_of(std::string_view text) noexcept {
    if (text.empty() || (text[0] != '0' && text[0] != '1') || (text.size() > 1 && text[1] != '.')) return 0;
    std::uint64_t weight = text[0] == '1' ? most : 0;
    std::uint32_t unit = most / 10;
    for (const char digit : text.substr(text.size() > 1 ? 2 : 1)) {
      if (!is_digit(digit)) return 0;
      weight += static_cast<std::uint64_t>(digit - '0') * unit;
      unit /= 10;
    }
    return weight <= most ? static_cast<std::uint32_t>(weight) : 0;
  }

  std::string_view name_;
  std::string_view parameters_;
  std::uint32_t weight_ = most;
  bool specific_ = false;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_ACCEPT_HPP
