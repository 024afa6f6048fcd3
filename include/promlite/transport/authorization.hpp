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
    at = at + 1 < secret.size() ? at + 1 : 0;
  }
  return difference == 0;
}

/// True when `header`, the value of Authorization, carries `user_password` (`user:password`; RFC 7617) or
/// `token` (RFC 6750). An empty secret is never right. Throws std::bad_alloc.
PROMLITE_COLD inline bool is_authorized(std::string_view header, std::string_view user_password,
                                        std::string_view token) {
  const std::size_t space = header.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view scheme = header.substr(0, space);
  const std::string_view credentials = trim_blanks(header.substr(space));
  if (equals_ignoring_case(scheme, "basic") && !user_password.empty()) {
    std::string decoded;
    return base64_decode(credentials, decoded) && equals_in_constant_time(decoded, user_password);
  }
  if (equals_ignoring_case(scheme, "bearer") && !token.empty())
    return equals_in_constant_time(credentials, token);
  return false;
}

}  // namespace detail
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_AUTHORIZATION_HPP
