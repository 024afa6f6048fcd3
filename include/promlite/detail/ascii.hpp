// promlite: characters by code unit, never by the C locale.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_ASCII_HPP
#define PROMLITE_DETAIL_ASCII_HPP

#include <promlite/config.hpp>

#include <cstddef>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// Compares ASCII without regard to case; `lower` must be lower case.
constexpr bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (to_lower(text[i]) != lower[i]) return false;
  }
  return true;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_ASCII_HPP
