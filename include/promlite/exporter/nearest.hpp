// promlite: the name that was probably meant by one that there is not.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_NEAREST_HPP
#define PROMLITE_EXPORTER_NEAREST_HPP

#include <promlite/config.hpp>
#include <promlite/detail/ascii.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// How many characters have to be inserted, removed, replaced or swapped with their neighbour to make one
/// text of the other, without regard to case (the restricted Damerau-Levenshtein distance).
PROMLITE_COLD inline std::size_t edit_distance(std::string_view from, std::string_view to) {
  // Three rows of the table [i][j]: the distance between the first i and the first j characters.
  std::vector<std::size_t> before_last(to.size() + 1), last(to.size() + 1), row(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const auto same = [&](std::size_t a, std::size_t b) {
        return to_lower(from[a - 1]) == to_lower(to[b - 1]);
      };
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same(i, j) ? 0 : 1)});
      if (i > 1 && j > 1 && same(i, j - 1) && same(i - 1, j))
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[to.size()];
}

/// The one of `known` that was most likely meant by `written`: it differs in a third of its characters at
/// most, or `written` is its beginning or its end. Empty where nothing is near.
PROMLITE_COLD inline std::string nearest(std::string_view written, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = std::string::npos;
  for (const std::string& name : known) {
    const bool part = written.size() >= 3 && written.size() < name.size() &&
                      (name.compare(0, written.size(), written) == 0 ||
                       name.compare(name.size() - written.size(), written.size(), written) == 0);
    const std::size_t distance = edit_distance(written, name);
    if ((part || distance <= name.size() / 3) && distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_NEAREST_HPP
