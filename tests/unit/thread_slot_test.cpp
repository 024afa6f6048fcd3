// promlite: tests of slots: handed out lowest first, one owner each, given back at thread exit.
// SPDX-License-Identifier: MIT
#include <promlite/detail/thread_slot.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "support/catch.hpp"

using namespace promlite::detail;

TEST_CASE("slots are handed out lowest first until none is left") {
  SlotAllocator slots;
  CHECK(slots.high_water() == 0);
  for (std::uint32_t expected = 0; expected < max_slots; ++expected) {
    REQUIRE(slots.acquire() == expected);
    REQUIRE(slots.high_water() == expected + 1);
  }
  CHECK(slots.acquire() == max_slots);
  CHECK(slots.acquire() == max_slots);
  CHECK(slots.high_water() == max_slots);
  for (const std::uint32_t slot : {255U, 0U, 64U, 63U, 128U}) slots.release(slot);
  for (const std::uint32_t slot : {0U, 63U, 64U, 128U, 255U}) CHECK(slots.acquire() == slot);
  CHECK(slots.acquire() == max_slots);
}

TEST_CASE("the high water mark stays when slots come back") {
  SlotAllocator slots;
  for (int round = 0; round < 10; ++round) {
    CHECK(slots.acquire() == 0);
    CHECK(slots.acquire() == 1);
    slots.release(0);
    slots.release(1);
    CHECK(slots.high_water() == 2);
  }
}

TEST_CASE("an allocator is constant initialised and trivially destroyed") {
  static_assert(std::is_trivially_destructible_v<SlotAllocator>);
  static_assert(std::is_trivially_destructible_v<ThreadSlot>);
  SUCCEED();
}

TEST_CASE("a thread keeps its slot, and the next thread gets it") {
  const auto slot_of_new_thread = [] {
    std::uint32_t slot = max_slots;
    std::thread([&] {
      ThreadSlot& mine = thread_slot;
      CHECK(mine.allocator == nullptr);
      REQUIRE(take_thread_slot(mine));
      slot = mine.slot;
      CHECK(mine.allocator == &slot_allocator);
      REQUIRE(take_thread_slot(mine));
      CHECK(mine.slot == slot);
    }).join();
    return slot;
  };
  const std::uint32_t first = slot_of_new_thread();
  for (int i = 0; i < 50; ++i) CHECK(slot_of_new_thread() == first);
}

TEST_CASE("threads beyond the last slot get none, and get one once there is one") {
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::uint32_t> slots;
  std::uint32_t without = 0;
  std::uint32_t arrived = 0;
  bool leave = false;
  std::vector<std::thread> threads;
  constexpr std::uint32_t more = 8;
  for (std::uint32_t i = 0; i < max_slots + more; ++i) {
    threads.emplace_back([&] {
      const bool owner = take_thread_slot(thread_slot);
      std::unique_lock<std::mutex> lock(mutex);
      if (owner) {
        CHECK(slots.insert(thread_slot.slot).second);
      } else {
        ++without;
      }
      ++arrived;
      changed.notify_all();
      changed.wait(lock, [&] { return leave; });
    });
  }
  {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return arrived == max_slots + more; });
    // The main thread has no slot in this program, so all of them went to the threads.
    CHECK(slots.size() == max_slots);
    CHECK(without == more);
    leave = true;
    changed.notify_all();
  }
  for (std::thread& thread : threads) thread.join();
  std::thread([] { CHECK(take_thread_slot(thread_slot)); }).join();
}

TEST_CASE("of threads that come at once the last one too raises the high water mark") {
  // Both stand at a round's start, so that in some rounds one raises the mark between another's two steps.
  constexpr int rounds = 5000;
  std::vector<SlotAllocator> slots(rounds);
  std::atomic<int> arrived{0};
  const auto take_all = [&] {
    for (int round = 0; round < rounds; ++round) {
      ++arrived;
      while (arrived < 2 * (round + 1)) std::this_thread::yield();
      slots[static_cast<std::size_t>(round)].acquire();
    }
  };
  std::thread other(take_all);
  take_all();
  other.join();
  int too_low = 0;
  for (const SlotAllocator& each : slots) too_low += each.high_water() == 2 ? 0 : 1;
  CHECK(too_low == 0);
}

TEST_CASE("what is destroyed after a thread's slot was given back finds none and gets none") {
  struct Late {
    ThreadSlot* slot = nullptr;
    bool* found_none = nullptr;
    ~Late() {
      *found_none = slot->allocator == nullptr && !take_thread_slot(*slot) && slot->allocator == nullptr;
    }
  };
  bool found_none = false;
  std::thread([&] {
    static thread_local Late late;  // before the slot, and so destroyed after it
    late.slot = &thread_slot;
    late.found_none = &found_none;
    REQUIRE(take_thread_slot(thread_slot));
  }).join();
  CHECK(found_none);
}

TEST_CASE("a thread that has given its slot back for good takes none") {
  ThreadSlot gone;
  gone.ended = true;
  CHECK_FALSE(take_thread_slot(gone));
  CHECK(gone.allocator == nullptr);
}
