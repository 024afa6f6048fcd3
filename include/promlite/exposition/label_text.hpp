// promlite: the labels of an escaped label text, one by one.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_LABEL_TEXT_HPP
#define PROMLITE_EXPOSITION_LABEL_TEXT_HPP

#include <promlite/config.hpp>
#include <promlite/encoder.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// The quotes in the first bytes of a text, looked for many at once: bit i speaks of byte i.
struct QuoteMask {
#if defined(__SSE2__) && defined(__GNUC__)
  // GNU vector types: <emmintrin.h> would cost every user some thousand lines.
  using Block __attribute__((vector_size(16))) = char;

  /// Nothing when there is a backslash: then a quote need not be what it seems. Reads whole blocks, as
  /// PaddedText allows.
  PROMLITE_ALWAYS_INLINE static std::uint64_t of(const char* text, std::size_t size) noexcept {
    Block backslashes{};
    std::uint64_t quotes = look(text, backslashes);
    if (size > 16) quotes |= look(text + 16, backslashes) << 16;
    if (size > 32) quotes |= look(text + 32, backslashes) << 32;
    if (size > 48) quotes |= look(text + 48, backslashes) << 48;
    if (!PROMLITE_LIKELY(__builtin_ia32_pmovmskb128(backslashes) == 0)) return 0;
    return size < 64 ? quotes & ~(~std::uint64_t{0} << size) : quotes;
  }
  PROMLITE_ALWAYS_INLINE static std::uint64_t look(const char* text, Block& backslashes) noexcept {
    Block block;
    std::memcpy(&block, text, sizeof block);
    backslashes |= reinterpret_cast<Block>(block == (Block{} + '\\'));
    const auto equal = reinterpret_cast<Block>(block == (Block{} + '"'));
    return static_cast<unsigned>(__builtin_ia32_pmovmskb128(equal));
  }
  PROMLITE_ALWAYS_INLINE static std::size_t first(std::uint64_t bits) noexcept {
    return static_cast<unsigned>(__builtin_ctzll(bits));
  }
#else
  static std::uint64_t of(const char*, std::size_t) noexcept { return 0; }
  static std::size_t first(std::uint64_t) noexcept { return 0; }
#endif
};

/// A label as it stands in a label text: still escaped.
struct LabelText {
  std::string_view name;
  std::string_view value;
  bool quoted_name = false;
  bool escaped = false;  ///< there is a backslash in the name or the value
};

/// Walks a text that promlite made, byte by byte: `a="x","b.c"="y\""`.
class LabelTexts {
 public:
  explicit LabelTexts(std::string_view text) noexcept : text_(text) {}

  PROMLITE_COLD bool next(LabelText& label) noexcept {
    if (at_ >= text_.size()) return false;
    label.escaped = false;
    label.quoted_name = text_[at_] == '"';
    if (label.quoted_name) {
      label.name = quoted(label.escaped);
    } else {
      const std::size_t from = at_;
      while (text_[at_] != '=') ++at_;
      label.name = text_.substr(from, at_ - from);
    }
    ++at_;  // the equals sign
    label.value = quoted(label.escaped);
    ++at_;  // the comma
    return true;
  }
  /// Of the next label.
  std::size_t position() const noexcept { return at_; }

 private:
  // What stands between the quote at at_ and its partner; leaves at_ behind that.
  std::string_view quoted(bool& escaped) noexcept {
    const std::size_t from = ++at_;
    for (; text_[at_] != '"'; ++at_) {
      if (text_[at_] != '\\') continue;
      escaped = true;
      ++at_;
    }
    return text_.substr(from, at_++ - from);
  }

  std::string_view text_;
  std::size_t at_ = 0;  // of the next label
};

/// Writes a name or value without its escapes, in no more bytes; returns the end.
PROMLITE_COLD inline char* unescape(char* to, std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      *to++ = text[i];
    } else {
      *to++ = text[++i] == 'n' ? '\n' : text[i];
    }
  }
  return to;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_LABEL_TEXT_HPP
