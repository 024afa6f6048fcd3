// promlite: who may read the metrics: the Authorization header, compared in constant time.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_AUTHORIZATION_HPP
#define PROMLITE_TRANSPORT_AUTHORIZATION_HPP

#include <promlite/config.hpp>
#include <promlite/transport/http_message.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// The value of a base64 digit (RFC 4648 section 4), or -1.
constexpr int base64_value(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/// Decodes padded base64 to `decoded`; false for anything else.
PROMLITE_COLD inline bool base64_decode(std::string_view text, std::string& decoded) {
  decoded.clear();
  if (text.empty() || text.size() % 4 != 0) return false;
  const std::size_t padding = text.back() != '=' ? 0 : text[text.size() - 2] == '=' ? 2 : 1;
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < text.size() - padding; ++i) {
    const int value = base64_value(text[i]);
    if (value < 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (i % 4 != 0) decoded += static_cast<char>(bits >> (6 - i % 4 * 2) & 0xff);
  }
  return true;
}

/// Compares in a time that depends on the length of `given` alone: not on where the two differ, nor on
/// `secret`'s length.
inline bool equals_in_constant_time(std::string_view given, std::string_view secret) noexcept {
  std::size_t difference = given.size() ^ secret.size();
  std::size_t at = 0;
  for (const char c : given) {
    const char other = secret.empty() ? '\0' : secret[at];
    difference |= static_cast<unsigned char>(c ^ other);
    at = (at + 1) * static_cast<std::size_t>(at + 1 < secret.size());  // without a branch
  }
  return difference == 0;
}

/// What follows `scheme` in `header`, the value of Authorization; empty when that is of another scheme.
/// `scheme` is of lower case and ends with a blank.
inline std::string_view credentials_of(std::string_view header, std::string_view scheme) noexcept {
  if (!equals_ignoring_case(header.substr(0, scheme.size()), scheme)) return {};
  return trim_blanks(header.substr(scheme.size()));
}

/// Decodes `user:password` (RFC 7617) from `header`; false when there is none. Throws std::bad_alloc.
PROMLITE_COLD inline bool decode_basic_auth(std::string_view header, std::string& user_password) {
  return base64_decode(credentials_of(header, "basic "), user_password) &&
         user_password.find(':') != std::string::npos;
}

/// True when `header`, the value of Authorization, carries `user_password` (`user:password`; RFC 7617) or
/// `token` (RFC 6750). An empty secret is never right. Throws std::bad_alloc.
PROMLITE_COLD inline bool is_authorized(std::string_view header, std::string_view user_password,
                                        std::string_view token) {
  std::string decoded;
  if (!user_password.empty() && decode_basic_auth(header, decoded)) {
    return equals_in_constant_time(decoded, user_password);
  }
  return !token.empty() && equals_in_constant_time(credentials_of(header, "bearer "), token);
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_AUTHORIZATION_HPP
