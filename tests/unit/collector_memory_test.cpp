// promlite: groups of collectors where memory ends: at every allocation of a scrape, and of a collector's
// thread. SPDX-License-Identifier: MIT
#include <promlite/exporter/cached_collector.hpp>
#include <promlite/exporter/collector_group.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <thread>

#include "support/allocations.hpp"
#include "support/catch.hpp"

using namespace promlite;

static constexpr std::size_t and_all_after = std::numeric_limits<std::size_t>::max();

/// Writes some samples, and lets allocations of its thread fail meanwhile, and until the next call.
class Starving final : public Collector {
 public:
  void collect(Sink& sink) override {
    test::fail_no_allocation();
    if (first != 0) test::fail_allocations(first, last);
    auto gauge = sink.gauge("a_gauge_with_a_long_name", "A help text that is not short.");
    for (int i = 0; i < 5; ++i) gauge.sample({{"i", std::to_string(i)}}, i);
    if (says) collection_problem("a reason that is too long to be held without memory");
  }

  // Told while it does not run.
  static inline std::size_t first = 0;
  static inline std::size_t last = 0;
  static inline bool says = false;
};

/// The text of a scrape without the durations, ages and counts of errors, whose values vary.
static std::string scrape(Registry& registry) {
  const std::string text = to_text(registry);
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    const std::string line = text.substr(at, end - at);
    at = end;
    if (line.find("_seconds") == std::string::npos && line.find("promlite_") == std::string::npos)
      kept += line;
  }
  return kept;
}

static std::string shown(bool success) {
  return (success ? "# HELP a_gauge_with_a_long_name A help text that is not short.\n# TYPE "
                    "a_gauge_with_a_long_name gauge\n"
                    "a_gauge_with_a_long_name{i=\"0\"} 0\na_gauge_with_a_long_name{i=\"1\"} 1\n"
                    "a_gauge_with_a_long_name{i=\"2\"} 2\na_gauge_with_a_long_name{i=\"3\"} 3\n"
                    "a_gauge_with_a_long_name{i=\"4\"} 4\n"
                  : std::string()) +
         "# HELP test_collector_success Whether the collector succeeded: 0 when it failed, gave a part, or "
         "took too "
         "long.\n# TYPE test_collector_success gauge\ntest_collector_success{collector=\"starving\"} " +
         (success ? "1\n" : "0\n");
}

TEST_CASE("a collector whose thread has no memory has failed, and that is all") {
  for (const bool cached : {false, true}) {
    for (const bool several : {false, true}) {
      CollectorOptions options;
      options.cache_for = std::chrono::nanoseconds(cached ? 1 : 0);
      Registry registry;
      CollectorGroup group("test");
      group.add("starving", std::make_unique<Starving>(), options);
      const Membership member = registry.add(group);
      bool failed = true;
      std::size_t k = 1;
      for (; failed && k < 500; ++k) {
        INFO("allocation " << k << (several ? " and those after it" : "") << (cached ? ", cached" : ""));
        Starving::first = k;
        Starving::last = several ? k + 10 : k;
        const std::string text = scrape(registry);
        failed = text == shown(false);
        if (!failed) REQUIRE(text == shown(true));
        Starving::first = 0;
        // It is not told so before its thread has memory enough to call it.
        bool works = false;
        for (int i = 0; i < 50 && !works; ++i) works = scrape(registry) == shown(true);
        REQUIRE(works);
      }
      CHECK(k > 5);
      CHECK(k < 500);
    }
  }
}

TEST_CASE("a scrape of a group that runs out of memory leaves it able to work") {
  for (const bool all_after : {false, true}) {
    bool failed = true;
    std::size_t k = 1;
    for (; failed && k < 500; ++k) {
      INFO("allocation " << k << (all_after ? " and all after it" : ""));
      Starving::first = 0;
      Registry registry;
      CollectorGroup group("test");
      group.add("starving", std::make_unique<Starving>());
      const Membership member = registry.add(group);
      test::fail_allocations(k, all_after ? and_all_after : k);
      try {
        static_cast<void>(to_text(registry));
      } catch (const std::bad_alloc&) {
      }
      failed = test::allocation_failed();
      test::fail_no_allocation();
      while (group.any_running()) std::this_thread::yield();
      REQUIRE(scrape(registry) == shown(true));
    }
    CHECK(k > 5);
    CHECK(k < 500);
  }
}

TEST_CASE("a reason that there is no memory for is still a problem") {
  Registry registry;
  CollectorGroup group("test");
  group.add("starving", std::make_unique<Starving>());
  const Membership member = registry.add(group);
  Starving::says = true;
  for (std::size_t k = 1; k < 60; ++k) {
    Starving::first = Starving::last = k;
    const std::string text = scrape(registry);
    CHECK(text.find("test_collector_success{collector=\"starving\"} 0") != std::string::npos);
  }
  Starving::says = false;
  Starving::first = 0;
}
