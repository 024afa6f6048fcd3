// promlite: base64, as credentials and grouping keys need it.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_BASE64_HPP
#define PROMLITE_TRANSPORT_BASE64_HPP

#include <promlite/config.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// RFC 4648: section 4 with padding, or section 5, whose digits need no escape in a URL, without.
enum class Base64 : bool { padded, url };

/// Appends `bytes` in base64. Throws std::bad_alloc.
PROMLITE_COLD inline void append_base64(std::string& out, std::string_view bytes, Base64 kind) {
  const char* const last = kind == Base64::url ? "-_" : "+/";
  const auto digit = [last](std::uint32_t value) {
    value &= 63;
    if (value < 26) return static_cast<char>('A' + value);
    if (value < 52) return static_cast<char>('a' + (value - 26));
    if (value < 62) return static_cast<char>('0' + (value - 52));
    return last[value - 62];
  };
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < count + 1; ++j) out += digit(bits >> (18 - 6 * j));
    if (kind == Base64::padded) out.append(3 - count, '=');
  }
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_BASE64_HPP
