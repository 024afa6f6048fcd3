// promlite: how names are written for readers that do not know all of UTF-8 in them.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_ESCAPING_HPP
#define PROMLITE_ESCAPING_HPP

#include <promlite/config.hpp>
#include <promlite/detail/utf8.hpp>
#include <promlite/naming.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {

/// The schemes of Prometheus for names beyond `[a-zA-Z_:][a-zA-Z0-9_:]*`, as a scrape asks for them. A name
/// within that set is the same in all of them.
enum class Escaping : unsigned char {
  underscores,  ///< `disk.free` is `disk_free`
  dots,         ///< `disk_dot_free`
  values,       ///< `U__disk_2e_free`
  allow_utf8    ///< as it is, in quotes
};

namespace detail {

inline bool is_legacy_char(char c, bool first) noexcept {
  return c == ':' || (first ? is_name_start(c) : is_name_char(c));
}

/// True for a name that all readers know.
inline bool is_legacy_name(std::string_view name) noexcept {
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_legacy_char(name[i], i == 0)) return false;
  }
  return !name.empty();
}

/// The code point of the well-formed sequence of `length` bytes at `text[at]`.
inline std::uint32_t code_point(std::string_view text, std::size_t at, std::size_t length) noexcept {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  if (length == 1) return byte(at);
  std::uint32_t point = byte(at) & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) point = point << 6 | (byte(at + i) & 0x3FU);
  return point;
}

PROMLITE_COLD inline void append_hex(std::string& out, std::uint32_t number) {
  unsigned shift = 0;
  while (shift < 28 && (number >> (shift + 4)) != 0) shift += 4;
  for (;; shift -= 4) {
    out.push_back("0123456789abcdef"[number >> shift & 0xFU]);
    if (shift == 0) return;
  }
}

/// Appends a name, which is UTF-8, as the scheme writes it.
PROMLITE_COLD inline void append_escaped_name(std::string& out, std::string_view name, Escaping scheme) {
  if (scheme == Escaping::allow_utf8 || is_legacy_name(name)) {
    out.append(name);
    return;
  }
  if (scheme == Escaping::values) out.append("U__");
  std::size_t bad = 0;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t length = utf8_sequence(name, at, bad);
    const bool legal = is_legacy_char(name[at], at == 0);
    if (scheme == Escaping::underscores) {
      out.push_back(legal ? name[at] : '_');
    } else if (name[at] == '_') {
      out.append("__");
    } else if (legal) {
      out.push_back(name[at]);
    } else if (scheme == Escaping::dots) {
      out.append(name[at] == '.' ? "_dot_" : "__");
    } else {
      out.push_back('_');
      append_hex(out, length == 0 ? 0xFFFD : code_point(name, at, length));
      out.push_back('_');
    }
    at += length == 0 ? bad : length;
  }
}

PROMLITE_COLD inline std::string escaped_name(std::string_view name, Escaping scheme) {
  std::string escaped;
  append_escaped_name(escaped, name, scheme);
  return escaped;
}

/// True when some scheme writes two different names alike.
PROMLITE_COLD inline bool escaped_alike(std::string_view one, std::string_view other) {
  for (const Escaping scheme : {Escaping::underscores, Escaping::dots, Escaping::values}) {
    if (escaped_name(one, scheme) == escaped_name(other, scheme)) return true;
  }
  return false;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_ESCAPING_HPP
