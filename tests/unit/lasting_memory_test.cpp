// promlite: tests of memory that goes back while its addresses stay, and of the pages of a slab.
// SPDX-License-Identifier: MIT
#include <promlite/detail/lasting_memory.hpp>
#include <promlite/detail/page_pool.hpp>

#include <cstdint>
#include <cstring>
#include <set>
#include <vector>

#include "support/catch.hpp"

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
