// promlite: updates while the program's own allocation functions count, or fail.
// SPDX-License-Identifier: MIT
// alone: replaces operator new
#include "harness.hpp"
#include "support/catch.hpp"

#include <memory>
#include <new>

namespace {

/// What the allocation functions below do in this thread.
struct Allocations {
  bool fail = false;
  const promlite::Counter<>* counter = nullptr;
  const promlite::Summary* sizes = nullptr;
  int calls = 0;
};
thread_local Allocations allocations;

void* allocate(std::size_t size, std::size_t alignment) noexcept {
  Allocations& mine = allocations;
  ++mine.calls;
  if (mine.counter != nullptr) mine.counter->inc();
  if (mine.sizes != nullptr) mine.sizes->observe(static_cast<double>(size));
  if (mine.fail) return nullptr;
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

// Never inlined: g++ would take std::free for a mismatch of the new expressions that it sees.
PROMLITE_NOINLINE void release(void* room) noexcept { std::free(room); }

}  // namespace

// Weak, because clang's sanitizers come with functions of their own that are not to be replaced.
__attribute__((weak)) void* operator new(std::size_t size) {
  void* const room = allocate(size, alignof(std::max_align_t));
  if (room == nullptr) throw std::bad_alloc();
  return room;
}
__attribute__((weak)) void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size, alignof(std::max_align_t));
}
__attribute__((weak)) void* operator new[](std::size_t size) { return operator new(size); }
__attribute__((weak)) void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
__attribute__((weak)) void* operator new(std::size_t size, std::align_val_t alignment,
                                         const std::nothrow_t&) noexcept {
  return allocate(size, static_cast<std::size_t>(alignment));
}
__attribute__((weak)) void operator delete(void* room) noexcept { release(room); }
__attribute__((weak)) void operator delete(void* room, std::size_t) noexcept { release(room); }
__attribute__((weak)) void operator delete[](void* room) noexcept { release(room); }
__attribute__((weak)) void operator delete[](void* room, std::size_t) noexcept { release(room); }
__attribute__((weak)) void operator delete(void* room, std::align_val_t) noexcept { release(room); }
__attribute__((weak)) void operator delete(void* room, std::size_t, std::align_val_t) noexcept {
  release(room);
}

namespace {

bool allocation_functions_are_ours() {
  const int before = allocations.calls;
  ::operator delete(::operator new(16));
  if (allocations.calls != before) return true;
  WARN("not tested: this program's allocation functions are those of a sanitizer");
  return false;
}

}  // namespace

TEST_CASE("an allocation function may update metrics, from a thread's first allocation on") {
  if (!allocation_functions_are_ours()) return;
  promlite::Registry registry;
  const promlite::Counter<> count = registry.counter("allocations_total", "help");
  const promlite::Summary sizes = registry.summary("size_bytes", "help", promlite::quantiles({0.5}));
  std::atomic<int> calls{0};
  test::in_threads(4, [&](int thread) {
    Allocations& mine = allocations;
    if (thread % 2 == 0) mine.counter = &count;
    mine.sizes = &sizes;
    mine.calls = 0;
    for (int i = 0; i < 100; ++i) ::operator delete(::operator new(16));  // which no compiler leaves out
    sizes.observe(0x1p40);  // makes a page, which is one more allocation
    mine.counter = nullptr;
    mine.sizes = nullptr;
    calls.fetch_add(mine.calls);
  });
  const test::Scrape scrape = test::scrape(registry);
  CHECK(calls >= 400);
  CHECK(scrape.at("size_bytes_count") == calls + 4);
  CHECK(scrape.at("allocations_total") >= 200);
}

TEST_CASE("without any memory updates go on, and what they cannot keep does no harm") {
  if (!allocation_functions_are_ours()) return;
  // More chunks than the static reserve has room for, all without a slab of their own when they are updated.
  struct Metrics {
    promlite::Registry registry;
    promlite::Summary summary = registry.summary("summary", "help", promlite::quantiles({0.5}));
    promlite::Counter<> counter = registry.counter("counter_total", "help");
    promlite::Histogram histogram = registry.histogram("histogram", "help");
  };
  struct OtherOrder {
    promlite::Registry registry;
    promlite::Counter<> counter = registry.counter("counter_total", "help");
    promlite::Histogram histogram = registry.histogram("histogram", "help");
    promlite::Summary summary = registry.summary("summary", "help", promlite::quantiles({0.5}));
  };
  std::vector<std::unique_ptr<Metrics>> some;
  std::vector<std::unique_ptr<OtherOrder>> others;
  for (int i = 0; i < 60; ++i) {
    some.push_back(std::make_unique<Metrics>());
    others.push_back(std::make_unique<OtherOrder>());
  }
  const auto update = [](const auto& metrics) {
    metrics.counter.inc();
    metrics.counter.inc(0.5);
    metrics.histogram.observe(1);
    metrics.summary.observe(3);
  };
  std::thread([&] {
    allocations.fail = true;
    for (int round = 0; round < 3; ++round) {
      // By turns, so that both kinds are among those that the reserve has no room for.
      for (std::size_t i = 0; i < some.size(); ++i) {
        update(*others[i]);
        update(*some[i]);
      }
    }
    allocations.fail = false;
  }).join();
  // The first ones had the reserve; none shows more than it was told.
  CHECK(others.front()->counter.value() == 4.5);
  CHECK(others.front()->summary.count() == 3);
  int kept = 0;
  int too_much = 0;
  const auto look = [&](const auto& metrics) {
    kept += metrics.counter.value() == 4.5 ? 1 : 0;
    too_much +=
        metrics.counter.value() > 4.5 || metrics.summary.count() > 3 || metrics.histogram.count() > 3 ? 1 : 0;
  };
  for (const auto& metrics : others) look(*metrics);
  for (const auto& metrics : some) look(*metrics);
  CHECK(kept >= 16);
  CHECK(too_much == 0);
  // With memory again, everything counts.
  for (const auto& metrics : some) {
    const double before = metrics->counter.value();
    update(*metrics);
    CHECK(metrics->counter.value() == before + 1.5);
  }
}
