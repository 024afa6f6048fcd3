// promlite: tests of the stable sort.
// SPDX-License-Identifier: MIT
#include <promlite/detail/sort.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using promlite::detail::stable_sort;

struct Item {
  int key = 0;
  int number = 0;
  bool operator==(const Item& other) const { return key == other.key && number == other.number; }
};

static bool by_key(const Item& a, const Item& b) { return a.key < b.key; }
// What a stable sort by key must give, since numbers ascend.
static bool by_key_and_number(const Item& a, const Item& b) {
  return a.key != b.key ? a.key < b.key : a.number < b.number;
}

TEST_CASE("every size up to 70 and every kind of order are sorted stably") {
  std::mt19937 random(1);
  for (std::size_t size = 0; size <= 70; ++size) {
    for (const int keys : {1, 2, 5, 1000}) {
      for (int order = 0; order < 3; ++order) {
        std::vector<Item> items;
        for (std::size_t i = 0; i < size; ++i) {
          const int key = static_cast<int>(random() % static_cast<unsigned>(keys));
          items.push_back({order == 0   ? key
                           : order == 1 ? static_cast<int>(i) / 2
                                        : -static_cast<int>(i) / 2,
                           static_cast<int>(i)});
        }
        std::vector<Item> expected = items;
        std::sort(expected.begin(), expected.end(), by_key_and_number);
        stable_sort(items, by_key);
        REQUIRE(items == expected);
      }
    }
  }
}

TEST_CASE("the part before `from` stays") {
  std::mt19937 random(2);
  for (std::size_t size = 0; size <= 40; ++size) {
    for (std::size_t from = 0; from <= size; ++from) {
      std::vector<Item> items;
      for (std::size_t i = 0; i < size; ++i)
        items.push_back({static_cast<int>(random() % 10), static_cast<int>(i)});
      std::vector<Item> expected = items;
      std::sort(expected.begin() + static_cast<std::ptrdiff_t>(from), expected.end(), by_key_and_number);
      stable_sort(items, by_key, from);
      REQUIRE(items == expected);
    }
  }
}

TEST_CASE("what can only be moved is sorted too") {
  std::vector<std::unique_ptr<int>> items;
  for (const int value : {3, 1, 2}) items.push_back(std::make_unique<int>(value));
  stable_sort(items, [](const auto& a, const auto& b) { return *a < *b; });
  CHECK(*items[0] == 1);
  CHECK(*items[1] == 2);
  CHECK(*items[2] == 3);
}

TEST_CASE("sorted input costs one comparison per element, any input n log n") {
  std::vector<int> items;
  for (int i = 0; i < 4096; ++i) items.push_back(i);
  std::size_t comparisons = 0;
  const auto counting = [&](int a, int b) {
    ++comparisons;
    return a < b;
  };
  stable_sort(items, counting);
  CHECK(comparisons == 4095);
  std::shuffle(items.begin(), items.end(), std::mt19937(3));
  comparisons = 0;
  stable_sort(items, counting);
  CHECK(comparisons <= 4096 * 13);
  CHECK(std::is_sorted(items.begin(), items.end()));
}
