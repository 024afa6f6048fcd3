// promlite: UTF-8 checked and repaired by the rows of Unicode's table 3-7: a second, plain implementation.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_UTF8_REFERENCE_HPP
#define PROMLITE_TESTS_SUPPORT_UTF8_REFERENCE_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace test {

/// What a look-up makes of a label value: each maximal part of a sequence that is none becomes U+FFFD.
inline std::string repaired_utf8(std::string_view text) {
  struct Row {
    unsigned first, last;      // of the lead byte
    unsigned lowest, highest;  // of the byte behind it; the others are 80..BF
    std::size_t size;
  };
  static constexpr Row rows[] = {
      {0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
      {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
      {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
  const auto byte = [&](std::size_t at) {
    return static_cast<unsigned>(static_cast<unsigned char>(text[at]));
  };
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t good = 0, wanted = 0;
    for (const Row& row : rows) {
      if (byte(at) < row.first || byte(at) > row.last) continue;
      wanted = row.size;
      for (good = 1; good < wanted && at + good < text.size(); ++good) {
        const unsigned low = good == 1 ? row.lowest : 0x80, high = good == 1 ? row.highest : 0xBF;
        if (byte(at + good) < low || byte(at + good) > high) break;
      }
    }
    const bool whole = wanted != 0 && good == wanted;
    out += whole ? text.substr(at, wanted) : std::string_view("\xEF\xBF\xBD");
    at += good == 0 ? 1 : good;
  }
  return out;
}

inline bool is_utf8(std::string_view text) { return repaired_utf8(text) == text; }

/// What is not UTF-8, is at an end of its range, or has two meanings: cut and overlong sequences, surrogates,
/// what is beyond the last code point, escapes.
inline std::vector<std::string> awkward_sequences() {
  return {"\xC2",
          "\xC2\xC2",
          "\xE2\x82",
          "\xE2\x82\xE2",
          "\xE2\xE2\x82\xAC",
          "\xF0\x9F",
          "\xF0\x9F\x98",
          "\xF0\x9F\x98\xF0\x9F\x98\x80",
          "\xC0\x80",
          "\xC1\xBF",
          "\xE0\x80\x80",
          "\xE0\x9F\xBF",
          "\xF0\x80\x80\x80",
          "\xF0\x8F\xBF\xBF",
          "\xED\xA0\x80",
          "\xED\xBF\xBF",
          "\xED\xA0\x80\xED\xB0\x80",
          "\xF4\x90\x80\x80",
          "\xF5\x80\x80\x80",
          "\xF8\x88\x80\x80\x80",
          "\x80\xBF",
          "\xFE\xFF",
          "\xEE\x80\x80",
          "\xEF\xBF\xBE",
          "\xF4\x8F\xBF\xBF",
          "\xED\x9F\xBF",
          "\xDF\xBF",
          "\xE0\xA0\x80",
          "\xF0\x90\x80\x80",
          "\\\"",
          "\\\n",
          "\"\n",
          "\n\n",
          "\\\\\""};
}

}  // namespace test

#endif  // PROMLITE_TESTS_SUPPORT_UTF8_REFERENCE_HPP
