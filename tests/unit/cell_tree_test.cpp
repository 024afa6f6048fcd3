// promlite: tests of the sparse array of cells.
// SPDX-License-Identifier: MIT
#include <promlite/detail/cell_tree.hpp>

#include <cstdint>
#include <map>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace promlite::detail;

/// A tree in a chunk of its own.
struct Tree {
  Tree() = default;
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree() { Chunk::destroy(chunk); }
  Cell* find(std::uint32_t key) { return CellTree::find_or_make(root, key, slab, *chunk); }

  Chunk* chunk = Chunk::make(8, false);
  Cell* slab = chunk->shared();
  Cell& root = slab[1];
};

static std::vector<std::pair<std::uint32_t, std::uint64_t>> content(const Cell& root) {
  std::vector<std::pair<std::uint32_t, std::uint64_t>> all;
  CellTree::for_each(root, [&](std::uint32_t key, std::uint64_t count) { all.emplace_back(key, count); });
  return all;
}

TEST_CASE("an empty tree has no pages") {
  Tree tree;
  CHECK(content(tree.root).empty());
}

TEST_CASE("every key has a cell of its own, which stays where it is") {
  constexpr std::uint32_t keys = 1U << CellTree::key_bits;
  Tree tree;
  // The edges of pages, and a stride that is no multiple of them.
  std::map<std::uint32_t, Cell*> cells;
  for (std::uint32_t key = 0; key < keys; key += 61) cells[key] = nullptr;
  for (const std::uint32_t key : {0U, 63U, 64U, 4095U, 4096U, keys / 2 - 1, keys / 2, keys - 1})
    cells[key] = nullptr;
  std::uint64_t number = 0;
  for (auto& [key, cell] : cells) {
    cell = tree.find(key);
    REQUIRE(cell != nullptr);
    REQUIRE(cell->load() == 0);
    cell->store(++number);
  }
  std::vector<std::pair<std::uint32_t, std::uint64_t>> expected;
  number = 0;
  for (const auto& [key, cell] : cells) {
    REQUIRE(tree.find(key) == cell);
    expected.emplace_back(key, ++number);
  }
  CHECK(content(tree.root) == expected);
}

TEST_CASE("cells at zero are not visited") {
  Tree tree;
  tree.find(5);
  tree.find(7)->store(1);
  CHECK(content(tree.root) == std::vector<std::pair<std::uint32_t, std::uint64_t>>{{7, 1}});
}

TEST_CASE("threads that make the same pages at once agree on them") {
  for (int round = 0; round < 50; ++round) {
    Tree tree;
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; ++t) {
      threads.emplace_back([&tree, t] {
        std::mt19937 random(t);
        for (int i = 0; i < 300; ++i) {
          const auto key = static_cast<std::uint32_t>(random() % 16 * 4099 + random() % 3 * 64);
          tree.find(key)->fetch_add(1);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::uint64_t total = 0;
    for (const auto& item : content(tree.root)) total += item.second;
    REQUIRE(total == 1200);
  }
}
