// promlite: every allocation fails once, and from every allocation on all fail: declarations change all or
// nothing, updates are never lost, scrapes recover.
// SPDX-License-Identifier: MIT
#include <promlite/default_registry.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>
#include <promlite/transport/batch_job.hpp>
#include <promlite/transport/textfile.hpp>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "support/allocations.hpp"
#include "support/c_locale.hpp"
#include "support/catch.hpp"
#include "support/fake_server.hpp"
#include "support/sanitized.hpp"

using namespace promlite;
using namespace std::chrono_literals;

/// Calls `round()` with the first, the second, ... allocation failing, until none is left to fail; then again
/// with all failing from there on. `round(attempt)` calls `attempt(action)`, which says whether the action
/// was spared.
template <class Round>
static void at_every_allocation(Round&& round) {
  for (const bool all_after : {false, true}) {
    bool failed = true;
    std::size_t k = 1;
    for (; failed && k < 5000; ++k) {
      INFO("allocation " << k << (all_after ? " and all after it" : ""));
      const std::size_t last = all_after ? std::numeric_limits<std::size_t>::max() : k;
      round([&](auto&& action) {
        bool spared = true;
        test::fail_allocations(k, last);
        try {
          action();
        } catch (const std::bad_alloc&) {
          spared = false;
        }
        failed = test::allocation_failed();
        test::fail_no_allocation();
        return spared;
      });
    }
    CHECK_FALSE(failed);
    CHECK(k > 2);
  }
}

/// The sum of the values of all lines that begin with `prefix`.
static double sum_of(const std::string& text, const std::string& prefix) {
  double sum = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    if (line.compare(0, prefix.size(), prefix) == 0) sum += test::parsed(line.substr(line.rfind(' ')));
    at = end + 1;
  }
  return sum;
}

/// Without the families of the registry's own counts of problems.
static std::string without_problems(const std::string& text) {
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    const std::string line = text.substr(at, end - at);
    if (line.find("promlite_") == std::string::npos) kept += line;
    at = end;
  }
  return kept;
}

class OneGauge final : public Collector {
 public:
  void collect(Sink& sink) override {
    auto family = sink.gauge("collected", "Help.");
    for (int i = 0; i < 5; ++i) family.sample({{"i", std::to_string(i)}, {"bad", "\xFF"}}, i);
  }
};

TEST_CASE("a declaration that runs out of memory changes nothing") {
  using Declare = void (*)(Registry&, OneGauge&, std::vector<Membership>&);
  const std::vector<Declare> all = {
      [](Registry& r, OneGauge&, std::vector<Membership>&) {
        r.counter("c_total", "A help text that is not short.");
      },
      [](Registry& r, OneGauge&, std::vector<Membership>&) { r.gauge<std::int64_t>("g", ""); },
      [](Registry& r, OneGauge&, std::vector<Membership>&) {
        r.histogram("h", "", {"a", "b"}, buckets({1, 2}));
      },
      [](Registry& r, OneGauge&, std::vector<Membership>&) {
        r.histogram("h", "", const_labels({{"k", "v"}}));
      },
      [](Registry& r, OneGauge&, std::vector<Membership>&) {
        r.summary("s", "", quantiles({0.5, 0.9}));
      },
      [](Registry& r, OneGauge&, std::vector<Membership>&) { r.summary("s", "", {"a"}, quantiles({0.5})); },
      [](Registry& r, OneGauge&, std::vector<Membership>&) {
        r.info("i", "", {{"version", "1"}, {"empty", ""}});
      },
      [](Registry& r, OneGauge&, std::vector<Membership>& m) {
        m.push_back(r.gauge_callback("f", "", [] { return 1; }));
      },
      [](Registry& r, OneGauge& c, std::vector<Membership>& m) { m.push_back(r.add(c)); },
  };
  for (const Declare declare : all) {
    at_every_allocation([&](auto&& attempt) {
      Registry registry;
      OneGauge collector;
      std::vector<Membership> members;
      members.reserve(4);
      registry.counter("b_total", "").inc(3);
      registry.gauge("x", "", {"a"}).with(1).set(2);
      const std::string before = to_text(registry);
      const bool spared = attempt([&] { declare(registry, collector, members); });
      if (!spared) {
        REQUIRE(to_text(registry) == before);
        declare(registry, collector, members);
      }
      // It can be had now, and is the same as one that nothing disturbed.
      Registry other;
      OneGauge another;
      std::vector<Membership> more;
      other.counter("b_total", "").inc(3);
      other.gauge("x", "", {"a"}).with(1).set(2);
      declare(other, another, more);
      REQUIRE(to_text(registry) == to_text(other));
    });
  }
}

TEST_CASE("a clash that is found without memory for its message is a failure, too") {
  at_every_allocation([&](auto&& attempt) {
    Registry registry;
    registry.gauge("x", "").set(1);
    bool refused = false;
    const bool spared = attempt([&] {
      try {
        registry.counter("x_total", "");
      } catch (const Error&) {
        refused = true;
      }
    });
    REQUIRE(refused == spared);
    REQUIRE(to_text(registry) == "# TYPE x gauge\nx 1\n");
  });
}

TEST_CASE("a look-up without memory counts in the overflow series, which is shown") {
  at_every_allocation([&](auto&& attempt) {
    Registry registry;
    registry.max_series(6);  // all of them: what could not be made takes no room
    const auto family = registry.counter("x_total", "", {"a", "b"});
    for (int i = 0; i < 4; ++i) family.with(i, "a value that no small string optimisation could keep").inc();
    const bool spared = attempt([&] {
      family.with("new", "another value that no small string optimisation could keep").inc(10);
      family.with("\xFF", "").inc(100);
    });
    REQUIRE(spared);
    family.with("new", "another value that no small string optimisation could keep").inc(1000);
    REQUIRE(sum_of(to_text(registry), "x_total{") == 1114);
    // The series that could not be made then is there now.
    REQUIRE_THAT(to_text(registry), ContainsSubstring("a=\"new\""));
  });
}

TEST_CASE("a full family without memory still loses nothing") {
  at_every_allocation([&](auto&& attempt) {
    Registry registry;
    const auto family = registry.counter("x_total", "", {"a"}, max_series(1));
    family.with(1).inc();
    REQUIRE(attempt([&] {
      family.with(2).inc(10);
      family.with(3).inc(10);
    }));
    REQUIRE(sum_of(to_text(registry), "x_total{") == 21);
    family.with(4).inc(10);
    REQUIRE(sum_of(to_text(registry), "x_total{") == 31);
  });
}

TEST_CASE("a chunk of cells is made whole or not at all") {
  using detail::Chunk;
  // With its shared slab from the start: that is the first allocation, the chunk itself the second.
  for (const auto& [cells, owned] : {std::pair<std::uint32_t, bool>{8, false}, {5000, true}}) {
    for (const std::size_t fails : {1U, 2U}) {
      test::fail_allocations(fails, fails);
      CHECK_THROWS_AS(Chunk::make(cells, owned), std::bad_alloc);
      CHECK(test::allocation_failed());
      test::fail_no_allocation();
    }
    Chunk* const chunk = Chunk::make(cells, owned);
    CHECK(chunk->size() == cells);
    Chunk::destroy(chunk);
  }
  Chunk* const chunk = Chunk::make(8, true);
  test::fail_allocations(1, 2);
  CHECK(chunk->owned() == nullptr);
  CHECK(chunk->make_side() == nullptr);
  test::fail_no_allocation();
  CHECK(chunk->side() == nullptr);
  CHECK(chunk->owned_already() == nullptr);
  CHECK(chunk->owned() != nullptr);
  CHECK(chunk->make_side() != nullptr);
  Chunk::destroy(chunk);
}

TEST_CASE("an arena of cells that cannot grow stays as it is") {
  bool failed = true;
  for (std::size_t fails = 1; failed; ++fails) {
    detail::CellArena arena(false);
    test::fail_allocations(fails, fails);
    try {
      arena.take(3);
    } catch (const std::bad_alloc&) {
    }
    failed = test::allocation_failed();
    test::fail_no_allocation();
    const detail::CellRange range = arena.take(3);
    int slabs = 0;
    arena.for_each_slab([&](detail::Cell* slab, std::uint32_t) {
      ++slabs;
      CHECK(slab == range.chunk->shared());
    });
    CHECK(slabs == 1);
  }
}

#if defined(__linux__) && !PROMLITE_TEST_SANITIZED  // a sanitizer needs addresses, too
TEST_CASE("without addresses a lasting chunk is not made, and what is there goes on") {
  // In a process of its own, which has no room for another page.
  const pid_t child = ::fork();
  if (child == 0) {
    detail::Chunk* const chunk = detail::Chunk::make(8, true, true);
    const rlimit none = {0, 0};
    ::setrlimit(RLIMIT_AS, &none);
    int thrown = 0;
    for (const bool owned : {false, true}) {
      try {
        detail::Chunk::make(8, owned, true);
      } catch (const std::bad_alloc&) {
        ++thrown;
      }
    }
    const bool good = thrown == 2 && chunk->owned() == nullptr && chunk->make_side() == nullptr &&
                      detail::SlabMemory::is_reserve(chunk->shared());
    ::_exit(good ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}
#endif

TEST_CASE("a thread's first updates without memory are counted all the same") {
  at_every_allocation([&](auto&& attempt) {
    Registry registry;
    const Counter<> counter = registry.counter("c_total", "");
    const auto whole = registry.counter<std::uint64_t>("d_total", "");
    const Gauge<> gauge = registry.gauge("g", "");
    const Histogram histogram = registry.histogram("h", "", buckets({1, 2}));
    const Summary summary = registry.summary("s", "", quantiles({0.5}));
    const auto family = registry.histogram("l", "", {"a"}, buckets({1}));
    const Histogram child = family.with(1);
    std::thread([&] {
      REQUIRE(attempt([&] {
        for (int i = 0; i < 3; ++i) {
          counter.inc();
          counter.inc(0.5);
          whole.inc(2);
          gauge.inc();
          histogram.observe(1.5);
          summary.observe(1.5);
          child.observe(1);
        }
      }));
      for (int i = 0; i < 3; ++i) {
        counter.inc();
        histogram.observe(1.5);
        summary.observe(1.5);
        child.observe(1);
      }
    }).join();
    const std::string text = to_text(registry);
    // Without memory an observation is in no quantile; sum and count have it.
    const std::string quantile =
        text.substr(text.find("s{quantile"), text.find("\ns_sum") - text.find("s{quantile"));
    REQUIRE(text ==
            "# TYPE c_total counter\nc_total 7.5\n# TYPE d_total counter\nd_total 6\n# TYPE g gauge\ng 3\n"
            "# TYPE h histogram\nh_bucket{le=\"1\"} 0\nh_bucket{le=\"2\"} 6\nh_bucket{le=\"+Inf\"} 6\nh_sum "
            "9\nh_count 6\n# TYPE l histogram\nl_bucket{a=\"1\",le=\"1\"} 6\nl_bucket{a=\"1\",le=\"+Inf\"} "
            "6\nl_sum{a=\"1\"} 6\nl_count{a=\"1\"} 6\n# TYPE s summary\n" +
                quantile + "\ns_sum 9\ns_count 6\n");
  });
}

TEST_CASE("a scrape that runs out of memory makes nothing expire") {
  at_every_allocation([&](auto&& attempt) {
    Registry registry;
    ManualClock clock;
    registry.use_clock(clock);
    clock.advance(24h);
    const auto counters = registry.counter("c_total", "", {"a"}, expire_after(1min));
    const auto summaries = registry.summary("s", "", {"a"}, quantiles({0.5}), expire_after(1min));
    for (const char* value : {"1", "2", "3"}) {
      counters.with(value);
      summaries.with(value);
    }
    attempt([&] { to_text(registry); });
    to_text(registry);
    REQUIRE(counters.size() + summaries.size() == 6);
    clock.advance(1min);
    to_text(registry);
    REQUIRE(counters.size() + summaries.size() == 0);
  });
}

TEST_CASE("to unregister without memory takes all of a name, or nothing") {
  at_every_allocation([&](auto&& attempt) {
    Registry registry;
    registry.max_series(3);
    for (const char* zone : {"a", "b", "c"})
      registry.gauge("x", "", {"i"}, const_labels({{"zone", zone}})).with(1).set(1);
    const std::string before = to_text(registry);
    if (attempt([&] { registry.unregister("x"); })) {
      REQUIRE(to_text(registry).empty());
    } else {
      REQUIRE(to_text(registry) == before);
      REQUIRE(registry.unregister("x"));
    }
    const auto others = registry.gauge("y", "", {"i"});
    for (int i = 0; i < 3; ++i) others.with(i);
    REQUIRE(others.size() == 3);
  });
}

TEST_CASE("a native histogram without memory refuses what has no bucket yet, and counts it as refused") {
  std::size_t refused_once = 0;
  at_every_allocation([&](auto&& attempt) {
    Registry registry;
    const NativeHistogram histogram = registry.histogram("n", "", native(), buckets({1, 2}));
    std::thread([&] {
      REQUIRE(attempt([&] {
        for (const double value : {0.25, 1.0, 1e9, -1e9, 0.0}) histogram.observe(value);
      }));
      histogram.observe_n(0.25, 5);
    }).join();
    const std::string text = to_text(registry);
    const double refused = sum_of(text, "promlite_refused_updates_total");
    refused_once += refused > 0 ? 1 : 0;
    REQUIRE(sum_of(text, "n_count") + refused == 10);
    REQUIRE(sum_of(text, "n_bucket{le=\"+Inf\"}") + refused == 10);
    REQUIRE(static_cast<double>(histogram.count()) + refused == 10);
  });
  CHECK(refused_once > 0);
}

TEST_CASE("however values are spread, the memory of a native histogram is bounded") {
  const auto bytes_at = [](int schema, std::size_t most_buckets) {
    Registry registry;
    const NativeHistogram histogram =
        registry.native_histogram("n", "", native_schema(schema), max_buckets(most_buckets));
    histogram.observe(0);
    const std::size_t before = test::allocations.bytes;
    for (int sign = -1; sign <= 1; sign += 2) {
      for (int exponent = -1022; exponent <= 1023; ++exponent) {
        for (int part = 0; part < 8; ++part) histogram.observe(sign * std::ldexp(1 + part / 8.0, exponent));
      }
    }
    return test::allocations.bytes - before;
  };
  // As the interface says, and what a pool keeps in reserve besides.
  constexpr std::size_t reserve = 20 * 1024;
  CHECK(bytes_at(3, 160) <= 160 * 512 + 40 * 1024 + reserve);
  CHECK(bytes_at(0, 160) <= 40 * 1024 + reserve);
  CHECK(bytes_at(8, 160) <= 2 * 160 * 512 + 40 * 1024 + reserve);
  CHECK(bytes_at(8, 1000) <= 2 * 1000 * 512 + 40 * 1024 + reserve);
  CHECK(bytes_at(8, 1000) > bytes_at(8, 160));
}

TEST_CASE("a scrape without memory fails, and the next one shows everything in order") {
  at_every_allocation([&](auto&& attempt) {
    Registry registry;
    OneGauge collector;
    const Membership one = registry.add(collector);
    std::optional<Membership> gone[3];
    gone[0] = registry.gauge_callback(
        "a", "", [] { return 1; }, const_labels({{"k", "1"}}));
    gone[1] = registry.gauge_callback("b", "", [] { return 1; });
    gone[2] = registry.gauge_callback(
        "a", "", [] { return 3; }, const_labels({{"k", "3"}}));
    const Membership stays = registry.gauge_callback(
        "a", "", [] { return 2; }, const_labels({{"k", "2"}}));
    const auto family = registry.counter("x_total", "", {"a"});
    for (const char* value : {"9", "3", "7", "1"}) family.with(value).inc();
    to_text(registry);
    for (const char* value : {"8", "2", "6"}) family.with(value).inc();
    registry.summary("s", "", quantiles({0.5})).observe(0);
    for (auto& membership : gone) membership.reset();
    attempt([&] { to_text(registry); });
    const std::string expected =
        "# TYPE a gauge\na{k=\"2\"} 2\n# HELP collected Help.\n# TYPE collected gauge\n"
        "collected{bad=\"\xEF\xBF\xBD\",i=\"0\"} 0\ncollected{bad=\"\xEF\xBF\xBD\",i=\"1\"} 1\n"
        "collected{bad=\"\xEF\xBF\xBD\",i=\"2\"} 2\ncollected{bad=\"\xEF\xBF\xBD\",i=\"3\"} 3\n"
        "collected{bad=\"\xEF\xBF\xBD\",i=\"4\"} 4\n"
        "# TYPE s summary\ns{quantile=\"0.5\"} 0\ns_sum 0\ns_count 1\n"
        "# TYPE x_total counter\nx_total{a=\"1\"} 1\nx_total{a=\"2\"} 1\nx_total{a=\"3\"} "
        "1\nx_total{a=\"6\"} "
        "1\nx_total{a=\"7\"} 1\nx_total{a=\"8\"} 1\nx_total{a=\"9\"} 1\n";
    REQUIRE(without_problems(to_text(registry)) == expected);
    REQUIRE(without_problems(to_text(registry)) == expected);
  });
}

TEST_CASE("without memory a push, a file and the end of a job fail by value, and the next one works") {
  test::FakeServer server([](const test::FakeServer::Call& call) { call.answer("200 OK"); });
  const std::string path = "/tmp/promlite_out_of_memory_" + std::to_string(::getpid()) + ".prom";
  Registry registry;
  registry.counter("x_total", "", {"a"}).with("b").inc();
  const Pushgateway gateway = Pushgateway(server.address(), "a/b").group("c", "").bearer_token("secret");
  REQUIRE(write_textfile(registry, path));
  const auto fails_by_value = [](auto&& action) {
    at_every_allocation([&](auto&& attempt) {
      std::optional<decltype(action())> result;
      REQUIRE(attempt([&] { result.emplace(action()); }));
      REQUIRE(static_cast<bool>(*result) == result->message().empty());
    });
  };
  fails_by_value([&] { return gateway.push(registry); });
  fails_by_value([&] { return gateway.remove(); });
  fails_by_value([&] { return write_textfile(registry, path); });
  at_every_allocation([&](auto&& attempt) {
    BatchJob job(gateway);
    REQUIRE(attempt([&] { job.finish(); }));
    REQUIRE(static_cast<bool>(job.finish()) == job.finish().message().empty());
  });
  REQUIRE(gateway.push(registry));
  REQUIRE(write_textfile(registry, path));
  CHECK(std::remove(path.c_str()) == 0);
}
