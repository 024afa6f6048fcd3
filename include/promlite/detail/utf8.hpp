// promlite: UTF-8 validation and repair.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_UTF8_HPP
#define PROMLITE_DETAIL_UTF8_HPP

#include <promlite/config.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Length of the well-formed sequence at `text[at]`, 1 to 4, or 0 when there is none; then `bad` is
/// the length of the maximal ill-formed subpart that one U+FFFD stands for
/// (Unicode 15, section 3.9, table 3-7 and "U+FFFD substitution of maximal subparts").
inline std::size_t utf8_sequence(std::string_view text, std::size_t at, std::size_t& bad) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  bad = 1;
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;   // no overlong forms
    if (lead == 0xED) high = 0x9F;  // no surrogates
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;   // no overlong forms
    if (lead == 0xF4) high = 0x8F;  // nothing above U+10FFFF
  } else {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (at + i >= text.size() || byte(at + i) < low || byte(at + i) > high) {
      bad = i;
      return 0;
    }
    low = 0x80;
    high = 0xBF;
  }
  return length;
}

/// True when every byte belongs to a well-formed sequence. Linear; ASCII is the fast case.
inline bool is_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0, bad = 0; i < text.size();) {
    const std::size_t length = utf8_sequence(text, i, bad);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

/// Appends `text` with each maximal ill-formed subpart replaced by U+FFFD.
PROMLITE_COLD inline void append_repaired_utf8(std::string& out, std::string_view text) {
  for (std::size_t i = 0, bad = 0; i < text.size();) {
    const std::size_t length = utf8_sequence(text, i, bad);
    if (length == 0) {
      out.append("\xEF\xBF\xBD");
      i += bad;
    } else {
      out.append(text, i, length);
      i += length;
    }
  }
}

/// A CR before a LF, or alone, may end a line for a lenient reader of an exposition.
PROMLITE_COLD inline void drop_carriage_returns(std::string& text) {
  std::size_t kept = 0;
  for (const char c : text) {
    if (c != '\r') text[kept++] = c;
  }
  text.resize(kept);
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_UTF8_HPP
