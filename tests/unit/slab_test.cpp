// promlite: tests of chunks of cells, and of the arena that hands them out.
// SPDX-License-Identifier: MIT
#include <promlite/detail/slab.hpp>

#include <cstdint>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/pages.hpp"
#include "support/sanitized.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

using namespace promlite::detail;

static std::uint64_t sum_at(Chunk& chunk, std::uint32_t offset) {
  std::uint64_t sum = 0;
  chunk.for_each_slab([&](Cell* slab) { sum += slab[offset].load(std::memory_order_relaxed); });
  return sum;
}

static int slabs_of(Chunk& chunk) {
  int count = 0;
  chunk.for_each_slab([&](Cell*) { ++count; });
  return count;
}

/// The calling thread's slab as an update gets it.
static Cell* slab_of(Chunk& chunk) {
  Cell* const slab = chunk.owned_already();
  return slab != nullptr ? slab : chunk.owned();
}

TEST_CASE("a chunk makes a slab per thread that writes, aligned and zeroed, and keeps it") {
  Chunk* const chunk = Chunk::make(13, true);
  CHECK(chunk->size() == 16);
  CHECK(slabs_of(*chunk) == 0);
  CHECK(chunk->owned_already() == nullptr);
  Cell* const mine = slab_of(*chunk);
  REQUIRE(mine != nullptr);
  CHECK(slabs_of(*chunk) == 1);
  CHECK(mine != chunk->shared());
  CHECK(chunk->shared() == chunk->shared());
  CHECK(chunk->owned_already() == mine);
  CHECK(chunk->owned() == mine);
  CHECK(slabs_of(*chunk) == 2);
  CHECK(reinterpret_cast<std::uintptr_t>(mine) % 64 == 0);
  CHECK(reinterpret_cast<std::uintptr_t>(chunk->shared()) % 64 == 0);
  for (std::uint32_t i = 0; i < chunk->size(); ++i) {
    CHECK(mine[i].load() == 0);
    CHECK(chunk->shared()[i].load() == 0);
  }
  mine[3].store(5);
  chunk->shared()[3].fetch_add(2);
  CHECK(sum_at(*chunk, 3) == 7);
  for (int round = 0; round < 100; ++round) {
    std::thread([&] {
      Cell* const other = slab_of(*chunk);
      REQUIRE(other != nullptr);
      CHECK(other != mine);
      other[3].store(other[3].load() + 1);
    }).join();
  }
  // The slot was handed over a hundred times; nothing was lost and one slab served all.
  CHECK(sum_at(*chunk, 3) == 107);
  CHECK(slabs_of(*chunk) == 3);
  Chunk::destroy(chunk);
  Chunk::destroy(nullptr);
}

TEST_CASE("a chunk without owned cells has the shared slab alone") {
  volatile bool owned = false;  // the compiler must not know that owned() finds no table here
  Chunk* const chunk = Chunk::make(8, owned);
  CHECK(slab_of(*chunk) == nullptr);
  CHECK(slab_of(*chunk) == nullptr);
  CHECK(chunk->size() == 8);
  std::thread([&] {
    CHECK(slab_of(*chunk) == nullptr);
    // Nor does it cost the thread a slot.
    CHECK(thread_slot.allocator == nullptr);
  }).join();
  chunk->shared()[1].fetch_add(1);
  CHECK(sum_at(*chunk, 1) == 1);
  CHECK(slabs_of(*chunk) == 1);
  Chunk::destroy(chunk);
}

TEST_CASE("a slot of another allocator owns nothing") {
  Chunk* const chunk = Chunk::make(8, true);
  std::thread([&] {
    SlotAllocator foreign;
    thread_slot.allocator = &foreign;
    thread_slot.slot = foreign.acquire();
    CHECK(slab_of(*chunk) == nullptr);
    CHECK(slabs_of(*chunk) == 0);
    thread_slot.allocator = nullptr;
    CHECK(slab_of(*chunk) != nullptr);
  }).join();
  Chunk::destroy(chunk);
}

TEST_CASE("an arena's ranges never overlap, whatever their sizes, and start at zero") {
  for (const bool owned : {false, true}) {
    CellArena arena(owned);
    std::set<std::pair<Chunk*, std::uint32_t>> taken;
    std::uint32_t cells = 0;
    for (std::uint32_t i = 0; i < 500; ++i) {
      const std::uint32_t size = 1 + i * 7 % 30 + (i % 100 == 99 ? 5000 : 0);
      const CellRange range = arena.take(size);
      REQUIRE(range.offset + size <= range.chunk->size());
      for (std::uint32_t cell = 0; cell < size; ++cell) {
        REQUIRE(taken.insert({range.chunk, range.offset + cell}).second);
        REQUIRE(range.chunk->shared()[range.offset + cell].load() == 0);
      }
      cells += size;
    }
    std::uint64_t room = 0;
    arena.for_each_slab([&](Cell*, std::uint32_t size) { room += size; });
    CHECK(room >= cells);
    CHECK(room <= 2 * std::uint64_t{cells} + 2048);
  }
}

TEST_CASE("the memory for hard times is handed out once, and what is beyond it is lost and harmless") {
  // Memory is there in this program, so the reserve is not touched.
  Cell* const slab = SlabMemory::allocate_or_reserve(64, false);
  REQUIRE(slab != nullptr);
  for (int i = 0; i < 64; ++i) CHECK(slab[i].load() == 0);
  SlabMemory::release(slab, 64, false);
  SlabMemory::release(nullptr, 64, false);
  SlabMemory::lost()[largest_chunk - 1].fetch_add(1);
}

TEST_CASE("what was updated through no registry goes where nobody reads") {
  CHECK(vanishing_chunk() == vanishing_chunk());
  CHECK(CellRange().chunk == nullptr);
  CHECK(CellRange().offset == 0);
  CHECK(slab_of(*vanishing_chunk()) == nullptr);
}

TEST_CASE("a family's counts of what went wrong") {
  FamilyStats stats;
  stats.count(&FamilyStats::refused);
  stats.count(&FamilyStats::refused);
  stats.count(&FamilyStats::repaired);
  CHECK(stats.refused == 2);
  CHECK(stats.repaired == 1);
  CHECK(stats.overflowed == 0);
}

TEST_CASE("when all ranges of a lasting chunk were given back, it reads as zeroes and takes updates") {
  for (const bool owned : {false, true}) {
    CellArena arena(owned);
    std::vector<CellRange> ranges;
    for (int i = 0; i < 2000; ++i) {
      ranges.push_back(arena.take(3));
      const CellRange& range = ranges.back();
      Cell* const mine = slab_of(*range.chunk);
      (mine != nullptr ? mine : range.chunk->shared())[range.offset].store(1);
      REQUIRE(sum_at(*range.chunk, range.offset) == 1);
    }
    const CellRange kept = ranges[1000];
    for (const CellRange& range : ranges) {
      if (range.chunk != kept.chunk || range.offset != kept.offset) arena.give_back(range);
    }
    CHECK(sum_at(*kept.chunk, kept.offset) == 1);
    arena.give_back(kept);
#if defined(__linux__)
    CHECK(kept.chunk->size() == 0);
    CHECK(slabs_of(*kept.chunk) == 0);
    CHECK(kept.chunk->owned_already() == nullptr);
    CHECK(kept.chunk->owned() == nullptr);
    CHECK(kept.chunk->make_side() == nullptr);
    CHECK(kept.chunk->shared() == SlabMemory::lost());
#endif
    const CellRange next = arena.take(3);
    CHECK(sum_at(*next.chunk, next.offset) == 0);
  }
}

TEST_CASE("a forgotten chunk makes no slab any more, where its pages stay as well") {
  CellArena arena(true, largest_chunk);
  // A series of more cells than those that nobody reads, and the common case.
  for (const std::uint32_t cells : {5000U, 1000U}) {
    const CellRange range = arena.take(cells);
    arena.take(1000);
    Cell* const slab = slab_of(*range.chunk);
    REQUIRE(slab != nullptr);
    Cell* const shared = range.chunk->shared();
#if defined(__linux__)
    // Locked pages are not given back.
    REQUIRE(::mlock(range.chunk, LastingMemory::page) == 0);
#endif
    arena.give_back(range);
    CHECK(range.chunk->size() == 0);
    CHECK(slabs_of(*range.chunk) == 0);
    CHECK(slab_of(*range.chunk) == nullptr);
    CHECK(range.chunk->side() == nullptr);
    CHECK(range.chunk->make_side() == nullptr);
    std::thread([&] {
      CHECK(slab_of(*range.chunk) == nullptr);
      CHECK(thread_slot.allocator == nullptr);
    }).join();
    CHECK(range.chunk->shared() == SlabMemory::lost());
    // Who had the slabs at hand may go on.
    slab[range.offset + cells - 1].store(1);
    shared[range.offset + cells - 1].store(1);
  }
}

TEST_CASE("a chunk whose ranges are given back while it hands out more is forgotten when it is full") {
  CellArena arena(true, largest_chunk);
  const CellRange range = arena.take(1000);
  arena.give_back(range);
  CHECK(range.chunk->size() == largest_chunk);
  arena.take(1000);
  CHECK(range.chunk->size() == 0);
}

TEST_CASE("a chunk's cells fill whole lines, a lasting one's whole pages") {
  const auto sizes = [](std::uint32_t cells, bool owned, bool lasting) {
    Chunk* const chunk = Chunk::make(cells, owned, lasting);
    const std::pair<std::uint32_t, int> made{chunk->size(), slabs_of(*chunk)};
    CHECK(chunk->lasting() == lasting);
    CHECK(chunk->side() == nullptr);
    Cell* const shared = chunk->shared();
    for (std::uint32_t i = 0; i < chunk->size(); ++i)
      REQUIRE(shared[i].exchange(i == PagePool::cell ? 0 : 1) == 0);
    Chunk::destroy(chunk);
    return made;
  };
  using Made = std::pair<std::uint32_t, int>;
  CHECK(sizes(1, true, false) == Made(8, 0));
  CHECK(sizes(8, true, false) == Made(8, 0));
  CHECK(sizes(9, true, false) == Made(16, 0));
  CHECK(sizes(1, true, true) == Made(512, 0));
  CHECK(sizes(512, true, true) == Made(512, 0));
  CHECK(sizes(513, true, true) == Made(1024, 0));
  // What is larger than the memory for hard times may be asked for has its shared slab from the start, and so
  // has what nobody owns cells of.
  CHECK(sizes(1024, true, false) == Made(1024, 0));
  CHECK(sizes(1025, true, false) == Made(1032, 1));
  CHECK(sizes(1025, true, true) == Made(1536, 1));
  CHECK(sizes(1, false, false) == Made(8, 1));
  CHECK(sizes(1, false, true) == Made(512, 1));
}

TEST_CASE(
    "an arena's chunks have room for what is taken and the pool's cell, and are filled to the last cell") {
  for (std::uint32_t cells = 1; cells < 80; ++cells) {
    CellArena arena(false);
    const CellRange range = arena.take(cells);
    CHECK(range.offset == PagePool::cell + 1);
    CHECK(range.chunk->size() == (cells < 32 ? 32 : (cells + 1 + 7) / 8 * 8));
    std::vector<std::uint32_t> sizes;
    arena.for_each_slab([&](Cell*, std::uint32_t size) { sizes.push_back(size); });
    CHECK(sizes == std::vector<std::uint32_t>{range.chunk->size()});
  }
  CellArena arena(false);
  const CellRange first = arena.take(15);
  const CellRange last = arena.take(16);
  CHECK(last.chunk == first.chunk);
  CHECK(last.offset + 16 == last.chunk->size());
  CHECK(arena.take(1).chunk != first.chunk);
}

TEST_CASE("a side slab is made once, of zeroes, and is none of those that are summed") {
  for (const bool lasting : {false, true}) {
    Chunk* const chunk = Chunk::make(8, true, lasting);
    Cell* const side = chunk->make_side();
    REQUIRE(side != nullptr);
    CHECK(chunk->make_side() == side);
    CHECK(chunk->side() == side);
    for (std::uint32_t i = 0; i < chunk->size(); ++i)
      REQUIRE(side[i].exchange(i == PagePool::cell ? 0 : 1) == 0);
    CHECK(slabs_of(*chunk) == 0);
    Chunk::destroy(chunk);
  }
}

TEST_CASE("who is getting memory for an update already gets none for another") {
  Chunk* const chunk = Chunk::make(8, true);
  {
    const Allocating outer;
    CHECK(outer.outermost());
    CHECK(chunk->owned() == nullptr);
    CHECK(chunk->make_side() == nullptr);
    CHECK(slabs_of(*chunk) == 0);
    CHECK(SlabMemory::is_reserve(chunk->shared()));
    CHECK(slabs_of(*chunk) == 1);
  }
  CHECK(chunk->owned() != nullptr);
  CHECK(chunk->make_side() != nullptr);
  {
    // What is there is given in any case.
    const Allocating outer;
    CHECK(chunk->make_side() == chunk->side());
  }
  Chunk::destroy(chunk);
}

#if defined(__linux__) && !PROMLITE_TEST_SANITIZED
TEST_CASE("an arena leaves no address behind, and a forgotten chunk no memory") {
  const auto fill = [](bool forget) {
    CellArena arena(true, largest_chunk);
    std::vector<CellRange> ranges;
    for (int i = 0; i < 64; ++i) {
      ranges.push_back(arena.take(1000));
      Chunk& chunk = *ranges.back().chunk;
      Cell* of_other = nullptr;
      std::thread([&] { of_other = slab_of(chunk); }).join();
      for (Cell* const slab : {slab_of(chunk), of_other, chunk.shared(), chunk.make_side()}) {
        for (std::uint32_t cell = 1; cell < 1000; ++cell) slab[cell].store(cell);
        PagePool::take(slab[PagePool::cell], 64, chunk.lasting());
      }
    }
    const long before = test::pages_of_process().resident;
    if (forget) {
      for (const CellRange& range : ranges) arena.give_back(range);
      // Of each chunk but the current one: four slabs of two pages, four pools, and the chunk itself.
      CHECK(before - test::pages_of_process().resident >= 63 * 13);
    }
  };
  fill(false);
  const long before = test::pages_of_process().mapped;
  for (int round = 0; round < 20; ++round) fill(round % 2 == 0);
  CHECK(test::pages_of_process().mapped == before);
}
#endif

TEST_CASE("the memory for hard times is 16 large chunks, handed out to the last cell") {
  const Allocating outer;
  Cell* const first = SlabMemory::allocate_or_reserve(8, false);
  REQUIRE(SlabMemory::is_reserve(first));
  Cell* begin = first;
  while (SlabMemory::is_reserve(begin - 1)) --begin;
  Cell* end = first;
  while (SlabMemory::is_reserve(end)) ++end;
  CHECK(end - begin == 16 * largest_chunk);
  CHECK_FALSE(SlabMemory::is_reserve(SlabMemory::lost()));
  CHECK_FALSE(SlabMemory::is_reserve(nullptr));
  Cell* next = first + 8;
  while (end - next >= largest_chunk) {
    REQUIRE(SlabMemory::allocate_or_reserve(largest_chunk, true) == next);
    // Nobody gives it back.
    SlabMemory::release(next, largest_chunk, true);
    SlabMemory::release(next, largest_chunk, false);
    next += largest_chunk;
  }
  CHECK(SlabMemory::allocate_or_reserve(largest_chunk, false) == nullptr);
  const auto rest = static_cast<std::uint32_t>(end - next);
  CHECK(SlabMemory::allocate_or_reserve(rest + 1, false) == nullptr);
  CHECK(SlabMemory::allocate_or_reserve(rest, false) == next);
  CHECK(SlabMemory::allocate_or_reserve(1, false) == nullptr);
  // A chunk that is made now shares cells that nobody reads.
  Chunk* const chunk = Chunk::make(8, true);
  CHECK(chunk->shared() == SlabMemory::lost());
  CHECK(slabs_of(*chunk) == 0);
  Chunk::destroy(chunk);
}
