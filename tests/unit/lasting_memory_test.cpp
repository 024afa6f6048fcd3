// promlite: tests of memory that goes back while its addresses stay, and of the pages of a slab.
// SPDX-License-Identifier: MIT
#include <promlite/detail/lasting_memory.hpp>
#include <promlite/detail/page_pool.hpp>

#include <cstdint>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/pages.hpp"
#include "support/sanitized.hpp"

using namespace promlite::detail;

static bool is_zero(const void* memory, std::size_t bytes) {
  const char* const at = static_cast<const char*>(memory);
  for (std::size_t i = 0; i < bytes; ++i) {
    if (at[i] != 0) return false;
  }
  return true;
}

TEST_CASE("forgotten memory reads as zeroes, and can be written") {
  const std::size_t bytes = 3 * LastingMemory::page;
  char* const memory = static_cast<char*>(LastingMemory::take(bytes));
  REQUIRE(memory != nullptr);
  CHECK(is_zero(memory, bytes));
  std::memset(memory, 7, bytes);
  LastingMemory::forget(memory, bytes);
#if defined(__linux__)
  CHECK(is_zero(memory, bytes));
#endif
  std::memset(memory, 8, bytes);
  CHECK(memory[bytes - 1] == 8);
  LastingMemory::release(memory, bytes);
}

TEST_CASE("what remains can be read and written as long as the list of remains") {
  Remains remains;
  std::vector<char*> all;
  for (std::size_t pages = 1; pages < 20; ++pages) {
    all.push_back(static_cast<char*>(LastingMemory::take(pages * LastingMemory::page)));
    std::memset(all.back(), 1, pages * LastingMemory::page);
    remains.forget(all.back(), pages * LastingMemory::page);
  }
  for (char* const memory : all) {
#if defined(__linux__)
    CHECK(memory[0] == 0);
#endif
    memory[0] = 2;
    CHECK(memory[0] == 2);
  }
}

TEST_CASE(
    "an arena gives records of zeroes, never one twice, and forgets a block when all of it was given back") {
  LastingArena arena;
  std::vector<LastingArena::Taken> taken;
  std::set<void*> places;
  for (std::size_t i = 0; i < 3000; ++i) {
    const std::size_t bytes = 1 + i * 37 % 300 + (i % 500 == 7 ? 20000 : 0);
    taken.push_back(arena.take(bytes));
    REQUIRE(is_zero(taken.back().memory, bytes));
    REQUIRE(reinterpret_cast<std::uintptr_t>(taken.back().memory) % 16 == 0);
    REQUIRE(places.insert(taken.back().memory).second);
    std::memset(taken.back().memory, 1, bytes);
  }
  // All but every hundredth: their blocks stay.
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (i % 100 != 0) arena.give_back(taken[i].block);
  }
  for (std::size_t i = 0; i < taken.size(); i += 100)
    REQUIRE(*static_cast<const char*>(taken[i].memory) == 1);
  for (std::size_t i = 0; i < taken.size(); i += 100) arena.give_back(taken[i].block);
  std::size_t forgotten = 0;
  for (const auto& one : taken) {
    forgotten += *static_cast<const char*>(one.memory) == 0 ? 1 : 0;
    *static_cast<char*>(one.memory) = 3;
  }
#if defined(__linux__)
  // All but what stands in the first, small blocks and in the last one.
  CHECK(forgotten > 2700);
#endif
  CHECK(is_zero(arena.take(100).memory, 100));
}

TEST_CASE("a slab's pages do not overlap, are zero, and end with the pool") {
  for (const bool lasting : {false, true}) {
    Cell pool{0};
    std::vector<std::pair<char*, std::size_t>> pages;
    for (std::size_t i = 0; i < 200; ++i) {
      const std::size_t bytes = i % 7 == 0 ? 1024 : 512;
      char* const page = static_cast<char*>(PagePool::take(pool, bytes, lasting));
      REQUIRE(page != nullptr);
      REQUIRE(reinterpret_cast<std::uintptr_t>(page) % alignof(Cell) == 0);
      REQUIRE(is_zero(page, bytes));
      std::memset(page, static_cast<int>(i + 1) & 0x7f, bytes);
      pages.emplace_back(page, bytes);
    }
    for (std::size_t i = 0; i < pages.size(); ++i) {
      REQUIRE(pages[i].first[0] == static_cast<char>((i + 1) & 0x7f));
      REQUIRE(pages[i].first[pages[i].second - 1] == static_cast<char>((i + 1) & 0x7f));
    }
    if (lasting) {
      Remains remains;
      PagePool::forget(pool, remains);
      for (const auto& page : pages) {
#if defined(__linux__)
        REQUIRE(is_zero(page.first, page.second));
#endif
        page.first[0] = 1;
      }
    } else {
      PagePool::release(pool, lasting);
    }
  }
}

TEST_CASE("an arena's blocks double up to four pages, from where on they are forgotten when they are full") {
  LastingArena arena;
  std::vector<LastingArena::Block*> blocks;
  std::vector<LastingArena::Taken> taken;
  const auto take = [&](std::size_t bytes) {
    taken.push_back(arena.take(bytes));
    if (blocks.empty() || taken.back().block != blocks.back()) blocks.push_back(taken.back().block);
    return taken.back();
  };
  // Each filled to its last byte.
  for (int i = 0; i < 3 * 32 + 63; ++i) take(512);
  using Facts = std::vector<std::size_t>;
  const auto facts = [](const LastingArena::Block& block) {
    return Facts{block.size, block.used, block.index, block.live, block.lasting ? 1U : 0U};
  };
  REQUIRE(blocks.size() == 9);
  CHECK(facts(*blocks[0]) == Facts{512, 512, 0, 1, 0});
  CHECK(facts(*blocks[1]) == Facts{1024, 1024, 1, 2, 0});
  CHECK(facts(*blocks[2]) == Facts{2048, 2048, 2, 4, 0});
  CHECK(facts(*blocks[3]) == Facts{4096, 4096, 3, 8, 0});
  CHECK(facts(*blocks[4]) == Facts{8192, 8192, 4, 16, 0});
  for (std::size_t i = 5; i < 9; ++i) CHECK(facts(*blocks[i]) == Facts{16384, 16384, i, 32, 1});
  // A record of more than a page has a block for itself, of whole pages.
  const LastingArena::Taken large = take(LastingMemory::page + 1);
  CHECK(facts(*large.block) == Facts{2 * LastingMemory::page, 0, 9, 1, 1});
  CHECK(facts(*take(2 * LastingMemory::page).block) == Facts{2 * LastingMemory::page, 0, 10, 1, 1});
  // One of a page has not.
  const LastingArena::Taken page = take(LastingMemory::page);
  CHECK(facts(*page.block) == Facts{16384, LastingMemory::page, 11, 1, 1});
  // The last one takes the place of the one that goes.
  std::memset(large.memory, 1, 2 * LastingMemory::page);
  arena.give_back(large.block);
  CHECK(page.block->index == 9);
#if defined(__linux__)
  CHECK(is_zero(large.memory, 2 * LastingMemory::page));
#endif
  // What is small stays, and so does the block that is not full.
  arena.give_back(blocks[0]);
  CHECK(facts(*blocks[0]) == Facts{512, 512, 0, 0, 0});
  std::memset(page.memory, 1, LastingMemory::page);
  arena.give_back(page.block);
  CHECK(facts(*page.block) == Facts{16384, LastingMemory::page, 9, 0, 1});
  // Until it is full.
  for (int i = 0; i < 3; ++i) arena.give_back(arena.take(LastingMemory::page).block);
  CHECK(*static_cast<const char*>(page.memory) == 1);
  arena.take(1);
#if defined(__linux__)
  CHECK(is_zero(page.memory, LastingMemory::page));
#endif
}

TEST_CASE("an arena leaves no address behind") {
  const auto use = [] {
    LastingArena arena;
    for (int i = 0; i < 40; ++i) {
      const auto small = arena.take(LastingMemory::page);
      arena.take(4 * LastingMemory::page);
      if (i % 2 == 0) arena.give_back(small.block);
    }
  };
  use();
  const long before = test::pages_of_process().mapped;
  for (int i = 0; i < 20; ++i) use();
  // Of the larger records alone that would be 3,200 pages; the heap may grow by a few.
  if (!test::sanitized) CHECK(test::pages_of_process().mapped < before + 500);
}

TEST_CASE("an arena's first block is large enough for its first record") {
  LastingArena arena;
  const LastingArena::Taken first = arena.take(513);
  CHECK(first.block->size == 1024);
  CHECK(first.block->used == 528);
  const LastingArena::Taken second = arena.take(16);
  CHECK(second.block == first.block);
  CHECK(static_cast<char*>(second.memory) - static_cast<char*>(first.memory) == 528);
  CHECK(arena.take(1).block->used == 560);
}

/// How many pages of 512 bytes stand behind one another in each of the first blocks.
static std::vector<int> runs_of(Cell& pool, bool lasting, int pages) {
  std::vector<int> runs;
  const char* end = nullptr;
  for (int i = 0; i < pages; ++i) {
    char* const page = static_cast<char*>(PagePool::take(pool, 512, lasting));
    REQUIRE(page != nullptr);
    // A block's head stands before its first page.
    if (page != end) runs.push_back(0);
    ++runs.back();
    end = page + 512;
  }
  return runs;
}

TEST_CASE("a slab's blocks of pages double up to 16 KiB, those of lasting memory have that from the start") {
  for (const bool lasting : {false, true}) {
    Cell pool{0};
    CHECK(runs_of(pool, lasting, 90) ==
          (lasting ? std::vector<int>{31, 31, 28} : std::vector<int>{4, 8, 16, 31, 31}));
    PagePool::release(pool, lasting);
  }
  CHECK(PagePool::largest == 2048);
}
