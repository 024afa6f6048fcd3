// promlite: tests of the list of pointers.
// SPDX-License-Identifier: MIT
#include <promlite/detail/pointer_list.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using promlite::detail::PointerList;

struct Item {
  int key;
  int number;
};

static bool less(const void*, const void* a, const void* b) {
  return static_cast<const Item*>(a)->key < static_cast<const Item*>(b)->key;
}

TEST_CASE("a pointer list keeps what is inserted where it is inserted") {
  Item items[5] = {{0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 4}};
  PointerList<Item> list;
  CHECK(list.empty());
  for (Item& item : items) list.insert(0, &item);
  list.insert(2, &items[0]);
  std::vector<int> keys;
  for (std::size_t i = 0; i < list.size(); ++i) keys.push_back(list[i]->key);
  CHECK(keys == std::vector<int>{4, 3, 0, 2, 1, 0});

  PointerList<Item> other;
  other.push_back(&items[1]);
  other.append_all(list);
  other.append_all(PointerList<Item>());
  CHECK(other.size() == 7);
  CHECK(other[1]->key == 4);
  other.truncate(1);
  CHECK(other.size() == 1);
  other.reset();
  CHECK(other.empty());
  other.push_back(&items[2]);
  CHECK(other[0] == &items[2]);
}

TEST_CASE("a pointer list merges what is new into what is in order, stably") {
  std::uint32_t state = 7;
  const auto next = [&] { return state = state * 1664525 + 1013904223; };
  for (int round = 0; round < 200; ++round) {
    std::vector<Item> items(100);
    PointerList<Item> list;
    std::vector<const Item*> reference;
    std::size_t sorted = 0;
    for (std::size_t used = 0; used < items.size();) {
      for (std::uint32_t left = next() >> 27; left > 0 && used < items.size(); --left, ++used) {
        items[used] = {static_cast<int>(next() >> 27), static_cast<int>(used)};
        list.push_back(&items[used]);
        reference.push_back(&items[used]);
      }
      list.sort_in(sorted, &less, nullptr);
      sorted = list.size();
      std::sort(reference.begin(), reference.end(), [](const Item* a, const Item* b) {
        return a->key != b->key ? a->key < b->key : a->number < b->number;
      });
      std::vector<const Item*> got;
      for (std::size_t i = 0; i < list.size(); ++i) got.push_back(list[i]);
      REQUIRE(got == reference);
    }
  }
}
