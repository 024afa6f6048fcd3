// promlite: a stable sort without the weight of <algorithm>.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_SORT_HPP
#define PROMLITE_DETAIL_SORT_HPP

#include <promlite/config.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace promlite {
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

/// Sorts items of which the first `sorted` are in order: what is new is sorted and merged in, so that a few
/// new ones among many cost one pass. Throws std::bad_alloc; then all items are there, in some order behind
/// the first `sorted`.
template <class T, class Less>
PROMLITE_COLD void sort_in(std::vector<T>& items, const Less& less, std::size_t sorted) {
  stable_sort(items, less, sorted);
  std::vector<T> added(items.begin() + static_cast<std::ptrdiff_t>(sorted), items.end());
  std::size_t old = sorted;
  for (std::size_t left = added.size(), to = items.size(); left > 0;) {
    const bool take_old = old > 0 && less(added[left - 1], items[old - 1]);
    items[--to] = std::move(take_old ? items[--old] : added[--left]);
  }
}

}  // namespace detail
}  // namespace promlite

#endif  // PROMLITE_DETAIL_SORT_HPP
