// promlite: tests of the snapshot protocol, by one thread that plays both sides.
// SPDX-License-Identifier: MIT
#include <promlite/detail/snapshot.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

#include "support/catch.hpp"

using namespace promlite::detail;

TEST_CASE("16 bits count the updates under way, 48 those that are finished") {
  CHECK(Progress::started == 1);
  CHECK(Progress::finished == 0x10000);
  CHECK(Progress::under_way == 0xFFFF);
}

TEST_CASE("an owned update is under way from its construction to its destruction") {
  Cell progress{0};
  Cell count{0};
  Cell sum{0};
  for (std::uint64_t i = 1; i <= 3; ++i) {
    {
      const OwnedUpdate update(progress);
      CHECK((progress.load() & Progress::under_way) == 1);
      update.add(count, 2);
      update.add_real(sum, 0.25);
    }
    CHECK(progress.load() == i * Progress::finished);
    CHECK(count.load() == 2 * i);
    CHECK(double_of(sum.load()) == 0.25 * static_cast<double>(i));
  }
}

TEST_CASE("shared updates nest") {
  Cell progress{0};
  Cell count{0};
  Cell sum{0};
  {
    const SharedUpdate one(progress);
    const SharedUpdate two(progress);
    CHECK((progress.load() & Progress::under_way) == 2);
    one.add(count, 1);
    two.add(count, 1);
    one.add_real(sum, 1.5);
  }
  CHECK(progress.load() == 2 * Progress::finished);
  CHECK(count.load() == 2);
  CHECK(double_of(sum.load()) == 1.5);
}

TEST_CASE("the count of finished updates wraps at its end") {
  Cell progress{~std::uint64_t{0} - Progress::under_way};
  { const OwnedUpdate update(progress); }
  CHECK(progress.load() == 0);
  progress.store(~std::uint64_t{0} - Progress::under_way);
  { const SharedUpdate update(progress); }
  CHECK(progress.load() == 0);
}

TEST_CASE("a read that nothing disturbs happens once") {
  Cell progress{7 * Progress::finished};
  Patience patience;
  int reads = 0;
  read_snapshot(progress, patience, [&] { ++reads; });
  CHECK(reads == 1);
}

TEST_CASE("a read is repeated until no update came in between") {
  Cell progress{0};
  Cell one{0};
  Cell two{0};
  std::uint64_t seen_one = 0;
  std::uint64_t seen_two = 0;
  Patience patience;
  int reads = 0;
  read_snapshot(progress, patience, [&] {
    seen_one = one.load();
    if (++reads <= 3) {
      const OwnedUpdate update(progress);
      update.add(one, 1);
      update.add(two, 1);
    }
    seen_two = two.load();
  });
  CHECK(reads == 4);
  CHECK(seen_one == 3);
  CHECK(seen_two == 3);
}

TEST_CASE("an update that ends during the read makes it start again") {
  Cell progress{0};
  std::optional<SharedUpdate> update;
  Patience patience;
  int reads = 0;
  read_snapshot(progress, patience, [&] {
    if (++reads == 1) {
      update.emplace(progress);
      update.reset();
    }
  });
  CHECK(reads == 2);
}

TEST_CASE("an updater that never gets on does not hold the reader for ever") {
  Cell progress{0};
  const OwnedUpdate stopped(progress);
  Patience patience;
  int reads = 0;
  read_snapshot(progress, patience, [&] { ++reads; });
  CHECK(reads == 1);
}

TEST_CASE("the wait is one purse for all that a scrape reads") {
  using Clock = std::chrono::steady_clock;
  Cell progress{0};
  const OwnedUpdate stopped(progress);
  Patience patience;
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < 1000; ++i) {
    int reads = 0;
    read_snapshot(progress, patience, [&] { ++reads; });
    REQUIRE(reads == 1);
  }
  // 50 ms for all thousand together, not for each; the rest is room for a busy machine.
  CHECK(Clock::now() - start < std::chrono::seconds(10));
}

TEST_CASE("where updates never stop, the last of so many reads has to do") {
  for (const std::uint32_t most : {0U, 1U, 5U}) {
    Cell progress{0};
    Patience patience;
    std::uint32_t reads = 0;
    const auto read = [&] {
      ++reads;
      const OwnedUpdate update(progress);
    };
    read_snapshot(progress, patience, read, most);
    CHECK(reads == most + 1);
  }
}

TEST_CASE("spinning costs no patience; then a reader yields, then it sleeps, for 50 ms in all") {
  using Clock = std::chrono::steady_clock;
  using std::chrono::milliseconds;
  Patience patience;
  bool waits = true;
  for (int i = 0; i < 1000000; ++i) waits = patience.wait(255) && waits;
  CHECK(waits);
  const Clock::time_point start = Clock::now();
  std::uint64_t yielded = 0;
  while (patience.wait(256) && yielded < 100000000) ++yielded;
  CHECK(yielded > 0);
  CHECK(yielded < 100000000);
  CHECK(Clock::now() - start >= milliseconds(50));
  CHECK(patience.wait(15));
  CHECK_FALSE(patience.wait(16));
  CHECK_FALSE(patience.wait(255));
  CHECK_FALSE(patience.wait(1000));
  // Whether a wait is one that sleeps; a busy machine may make any of the others as long.
  const auto sleeps = [](std::uint32_t attempt) {
    for (int i = 0; i < 1000; ++i) {
      Patience fresh;
      const Clock::time_point before = Clock::now();
      if (!fresh.wait(attempt)) return false;
      if (Clock::now() - before < milliseconds(1)) return false;
      if (attempt > 263 && i == 9) return true;
    }
    return true;
  };
  CHECK_FALSE(sleeps(263));
  CHECK(sleeps(264));
  Patience sleeper;
  int slept = 0;
  while (sleeper.wait(1000)) ++slept;
  CHECK(slept > 0);
  CHECK(slept <= 50);
}

TEST_CASE("whether a group's updates have gone on, over all slabs, since it was last asked") {
  Chunk* const chunk = Chunk::make(8, true);
  const CellRange range{chunk, 2};
  std::uint64_t seen = 0;
  CHECK_FALSE(progressed_since(range, seen));
  { const SharedUpdate update(chunk->shared()[2]); }
  CHECK(progressed_since(range, seen));
  CHECK(seen == Progress::finished);
  CHECK_FALSE(progressed_since(range, seen));
  { const OwnedUpdate update(chunk->owned()[2]); }
  CHECK(progressed_since(range, seen));
  CHECK(seen == 2 * Progress::finished);
  chunk->shared()[3].store(1);
  CHECK_FALSE(progressed_since(range, seen));
  Chunk::destroy(chunk);
}

TEST_CASE("a mark is seen once") {
  Cell mark{0};
  CHECK_FALSE(marked_since(mark));
  mark.store(1);
  CHECK(marked_since(mark));
  CHECK(mark.load() == 0);
  CHECK_FALSE(marked_since(mark));
}

TEST_CASE("nobody asks a scrape for times of creation, unless he says so") {
  const ScrapeContext scrape;
  CHECK_FALSE(scrape.shows_created);
  CHECK(scrape.created == 0);
}
