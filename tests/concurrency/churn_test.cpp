// promlite: no update is lost, whichever threads come, go, and are too many.
// SPDX-License-Identifier: MIT
#include "harness.hpp"
#include "support/catch.hpp"

#include <algorithm>

namespace {

/// One metric of every kind that counts in cells of a thread, and what they must say after `updates` calls of
/// update(). All amounts are sums of powers of two, so every sum of them is exact.
struct Metrics {
  promlite::Registry registry;
  promlite::Counter<> mixed = registry.counter("mixed_total", "help");
  promlite::Counter<std::uint64_t> whole = registry.counter<std::uint64_t>("whole_total", "help");
  promlite::Histogram histogram =
      registry.histogram("histogram", "help", promlite::Buckets{std::vector<double>{1, 2, 4}});
  promlite::Summary summary = registry.summary("summary", "help", promlite::quantiles({0.5}));
  promlite::Family<promlite::Counter<>, 1> family = registry.counter("family_total", "help", {"a"});

  void update() const noexcept {
    mixed.inc();
    mixed.inc(0.25);
    mixed.inc(3);
    whole.inc(7U);
    histogram.observe(0.5);
    histogram.observe(4);
    histogram.observe(8);
    summary.observe(2);
    family.with("x").inc();
    family.with("y").inc(0.5);
  }

  static test::Scrape expected(double updates) {
    return {{"mixed_total", 4.25 * updates},
            {"whole_total", 7 * updates},
            {"histogram_bucket{le=\"1\"}", updates},
            {"histogram_bucket{le=\"2\"}", updates},
            {"histogram_bucket{le=\"4\"}", 2 * updates},
            {"histogram_bucket{le=\"+Inf\"}", 3 * updates},
            {"histogram_sum", 12.5 * updates},
            {"histogram_count", 3 * updates},
            {"summary_sum", 2 * updates},
            {"summary_count", updates},
            {"family_total{a=\"x\"}", updates},
            {"family_total{a=\"y\"}", 0.5 * updates}};
  }
  test::Scrape scrape() {
    test::Scrape scrape = test::scrape(registry);
    scrape.erase("summary{quantile=\"0.5\"}");
    return scrape;
  }
};

/// Updates when the thread's objects are destroyed.
class Parting {
 public:
  Parting() = default;
  Parting(const Parting&) = delete;
  Parting& operator=(const Parting&) = delete;
  ~Parting() {
    if (metrics_ == nullptr) return;
    if (promlite::detail::thread_slot.ended) without_slot_->fetch_add(1);
    metrics_->update();
  }
  void set(const Metrics& metrics, std::atomic<int>& without_slot) {
    metrics_ = &metrics;
    without_slot_ = &without_slot;
  }

 private:
  const Metrics* metrics_ = nullptr;
  std::atomic<int>* without_slot_ = nullptr;
};
// Local to functions: the order of the first calls decides the order of destruction.
Parting& made_before_the_slot() {
  thread_local Parting parting;
  return parting;
}
Parting& made_after_the_slot() {
  thread_local Parting parting;
  return parting;
}

}  // namespace

TEST_CASE("thread churn: every update counts, also those of thread_local destructors") {
  Metrics metrics;
  std::atomic<int> late{0};
  const int spawners = 4;
  const int each = test::times(2500);
  const std::uint32_t slots_before = promlite::detail::slot_allocator.high_water();
  test::in_threads(spawners, [&](int) {
    for (int i = 0; i < each; ++i) {
      std::thread([&] {
        made_before_the_slot().set(metrics, late);
        metrics.update();
        made_after_the_slot().set(metrics, late);
        metrics.update();
      }).join();
    }
  });
  const int threads = spawners * each;
  CHECK(metrics.scrape() == Metrics::expected(4.0 * threads));
  // One of the two destructors ran without a slot: the shared cells have been at work.
  CHECK(late == threads);
  // The memory is that of the threads that lived together, however many there were. (A join() may return
  // before the slot is free.)
  CHECK(promlite::detail::slot_allocator.high_water() <= std::max(slots_before, 4U * spawners));
}

TEST_CASE("more live threads than slots: the others share cells, and nothing is lost") {
  Metrics metrics;
  const int threads = 400;
  const int updates = test::times(300);
  std::atomic<int> owners{0};
  test::StartLine all_have_begun(threads);
  test::in_threads(threads, [&](int) {
    metrics.update();
    if (promlite::detail::thread_slot.allocator != nullptr) owners.fetch_add(1);
    all_have_begun.wait();
    for (int i = 1; i < updates; ++i) metrics.update();
  });
  CHECK(owners == static_cast<int>(promlite::detail::max_slots));
  CHECK(metrics.scrape() == Metrics::expected(1.0 * threads * updates));

  SECTION("and slots are given out again") {
    bool owner = false;
    std::thread([&] {
      metrics.update();
      owner = promlite::detail::thread_slot.allocator != nullptr;
    }).join();
    CHECK(owner);
    CHECK(metrics.scrape() == Metrics::expected(1.0 * threads * updates + 1));
  }
}

TEST_CASE("threads without a slot that update the same cells without pause lose nothing") {
  const test::NoSlotsLeft all_taken;
  Metrics metrics;
  const int threads = 4;
  const int updates = test::times(100000);
  test::in_threads(threads, [&](int) {
    for (int i = 0; i < updates; ++i) metrics.update();
  });
  CHECK(metrics.scrape() == Metrics::expected(1.0 * threads * updates));
}

TEST_CASE("a thread without a slot takes the first one that becomes free, and its earlier updates stay") {
  Metrics metrics;
  bool owner_at_first = true;
  bool owner_at_last = false;
  test::Threads threads;
  {
    const test::NoSlotsLeft all_taken;
    std::atomic<bool> updated{false};
    std::atomic<bool> free{false};
    threads.start([&] {
      metrics.update();
      owner_at_first = promlite::detail::thread_slot.allocator != nullptr;
      updated = true;
      while (!free) std::this_thread::yield();
      metrics.update();
      owner_at_last = promlite::detail::thread_slot.allocator != nullptr;
    });
    while (!updated) std::this_thread::yield();
    promlite::detail::slot_allocator.release(promlite::detail::max_slots - 1);
    free = true;
    threads.join();
    CHECK(promlite::detail::slot_allocator.acquire() == promlite::detail::max_slots - 1);
  }
  CHECK_FALSE(owner_at_first);
  CHECK(owner_at_last);
  CHECK(metrics.scrape() == Metrics::expected(2));
}

TEST_CASE("a slot's next owner goes on where the last one stopped") {
  Metrics metrics;
  const int generations = test::times(2000);
  for (int i = 1; i <= generations; ++i) {
    std::uint32_t slot = promlite::detail::max_slots;
    std::thread([&] {
      metrics.update();
      slot = promlite::detail::thread_slot.slot;
    }).join();
    if (i % 100 != 0) continue;
    CHECK(slot < 8);
    CHECK(metrics.scrape() == Metrics::expected(i));
  }
}
