// promlite: other people's words in our messages.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_QUOTE_HPP
#define PROMLITE_TRANSPORT_QUOTE_HPP

#include <promlite/config.hpp>
#include <promlite/detail/utf8.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// The most that quote_words() returns.
constexpr std::size_t max_quoted_bytes = 256;

/// `text` as one line that a terminal and a log can take: white space becomes one blank, a control character
/// (C1 included) or a byte that is not UTF-8 a question mark; cut after 256 bytes, between two characters.
/// Throws std::bad_alloc.
PROMLITE_COLD inline std::string quote_words(std::string_view text) {
  std::string words;
  bool blank = false;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t bad = 0;
    const std::size_t length = utf8_sequence(text, i, bad);
    std::string_view piece = text.substr(i, length);
    i += length != 0 ? length : bad;
    if (piece == " " || piece == "\t" || piece == "\n" || piece == "\r") {
      blank = !words.empty();
      continue;
    }
    const bool control =
        length == 1 ? piece[0] < ' ' || piece[0] == '\x7f'
                    : length == 2 && piece[0] == '\xC2' && static_cast<unsigned char>(piece[1]) < 0xA0;
    if (length == 0 || control) piece = "?";
    if (words.size() + blank + piece.size() > max_quoted_bytes) break;
    if (blank) words += ' ';
    blank = false;
    words += piece;
  }
  return words;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_QUOTE_HPP
