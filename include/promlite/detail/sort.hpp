// promlite: a stable sort without the weight of <algorithm>.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_SORT_HPP
#define PROMLITE_DETAIL_SORT_HPP

#include <promlite/config.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Bottom-up merge sort from `from` on: linear when that part is sorted already, n log n moves otherwise.
/// Throws std::bad_alloc before anything has moved.
template <class T, class Less>
PROMLITE_COLD void stable_sort(std::vector<T>& items, const Less& less, std::size_t from = 0) {
  std::size_t sorted = from + 1;
  while (sorted < items.size() && !less(items[sorted], items[sorted - 1])) ++sorted;
  if (sorted >= items.size()) return;
  std::vector<T> merged(items.size());
  for (std::size_t width = 1; width < items.size() - from; width *= 2) {
    for (std::size_t low = from; low < items.size(); low += 2 * width) {
      const std::size_t middle = low + width < items.size() ? low + width : items.size();
      const std::size_t high = middle + width < items.size() ? middle + width : items.size();
      std::size_t left = low;
      std::size_t right = middle;
      for (std::size_t to = low; to < high; ++to) {
        const bool take_right = left == middle || (right < high && less(items[right], items[left]));
        merged[to] = std::move(items[take_right ? right++ : left++]);
      }
    }
    for (std::size_t i = from; i < items.size(); ++i) items[i] = std::move(merged[i]);
  }
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_SORT_HPP
