// promlite: the query of a scrape: percent-decoding and the `name[]` filter.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_QUERY_HPP
#define PROMLITE_TRANSPORT_QUERY_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// As many `name[]` as one scrape may ask for.
constexpr std::size_t max_filter_names = 64;

/// The digit's value, or -1.
constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Decodes application/x-www-form-urlencoded text: `%41` and `+` for a space. An escape that is none stays as
/// it is.
PROMLITE_COLD inline std::string percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low >= 0) {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

/// Takes the first parameter from `query`: its name decoded, and its value as it came. Throws std::bad_alloc.
PROMLITE_COLD inline std::pair<std::string, std::string_view> take_parameter(std::string_view& query) {
  const std::size_t end = query.find('&');
  const std::string_view pair = query.substr(0, end);
  query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
  const std::size_t equals = pair.find('=');
  return {percent_decode(pair.substr(0, equals)),
          equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1)};
}

/// Adds the `name[]` parameters of `query` to `filter`; other parameters are passed over. False when there
/// are too many. Throws std::bad_alloc.
PROMLITE_COLD inline bool parse_filter(std::string_view query, NameFilter& filter) {
  std::size_t names = 0;
  while (!query.empty()) {
    const auto [parameter, value] = take_parameter(query);
    if (parameter != "name[]") continue;
    if (++names > max_filter_names) return false;
    std::string name = percent_decode(value);
    if (name.empty()) {
      filter.add_nothing();
    } else {
      filter.add(std::move(name));
    }
  }
  return true;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_QUERY_HPP
