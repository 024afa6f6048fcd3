// promlite: tests of callbacks and memberships: how they come, go, fail, and what they may do meanwhile.
// SPDX-License-Identifier: MIT
#include <promlite/callback.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/collector_errors.hpp"
#include "support/error_of.hpp"

using namespace promlite;
using test::error_of;
using test::errors;

TEST_CASE("a callback's value is asked for at each scrape, and it leaves with its membership") {
  Registry registry;
  int calls = 0;
  {
    const Membership membership = registry.gauge_callback("x", "Help.", [&] { return ++calls; });
    CHECK(calls == 0);
    CHECK(registry.has_collectors());
    CHECK(to_text(registry) == "# HELP x Help.\n# TYPE x gauge\nx 1\n");
    CHECK(to_text(registry) == "# HELP x Help.\n# TYPE x gauge\nx 2\n");
  }
  CHECK(to_text(registry).empty());
  CHECK(calls == 2);
}

TEST_CASE("callbacks return any arithmetic type; counters and labels, too") {
  Registry registry;
  std::vector<Membership> members;
  members.push_back(registry.counter_callback("a_total", "", [] { return ~std::uint64_t{0}; }));
  members.push_back(registry.gauge_callback("b", "", [] { return true; }));
  members.push_back(registry.gauge_callback("c", "", [] { return 0.5F; }));
  members.push_back(
      registry.gauge_callback("d", "", [] { return std::numeric_limits<double>::quiet_NaN(); }));
  members.push_back(registry.gauge_callback(
      "e_bytes", "", [] { return 2; }, const_labels({{"k", "2"}}), unit("bytes")));
  members.push_back(registry.gauge_callback(
      "e_bytes", "", [] { return 1; }, const_labels({{"k", "1"}}), unit("bytes")));
  registry.gauge("e_bytes", "", const_labels({{"k", "0"}}), unit("bytes")).set(-1);
  CHECK(to_text(registry) ==
        "# TYPE a_total counter\na_total 18446744073709551615\n# TYPE b gauge\nb 1\n# TYPE c gauge\nc 0.5\n# "
        "TYPE d "
        "gauge\nd NaN\n# TYPE e_bytes gauge\ne_bytes{k=\"0\"} -1\ne_bytes{k=\"1\"} 1\ne_bytes{k=\"2\"} 2\n");
}

TEST_CASE("a function that can only be moved") {
  Registry registry;
  auto value = std::make_unique<int>(7);
  const Membership membership =
      registry.gauge_callback("x", "", [value = std::move(value)] { return *value; });
  CHECK(to_text(registry) == "# TYPE x gauge\nx 7\n");
}

TEST_CASE("a callback that throws is left out of that scrape and counted") {
  Registry registry;
  int calls = 0;
  const Membership failing = registry.gauge_callback("x", "", [&]() -> int {
    if (++calls % 2 == 1) throw std::runtime_error("a secret");
    return calls;
  });
  const Membership fine = registry.gauge_callback("y", "", [] { return 1; });
  CHECK(to_text(registry) == errors(1) + "# TYPE y gauge\ny 1\n");
  CHECK(to_text(registry) == errors(1) + "# TYPE x gauge\nx 2\n# TYPE y gauge\ny 1\n");
  CHECK(to_text(registry) == errors(2) + "# TYPE y gauge\ny 1\n");
}

TEST_CASE("a counter's callback must not be negative or NaN") {
  Registry registry;
  double value = 1;
  const Membership membership = registry.counter_callback("x_total", "", [&] { return value; });
  CHECK(to_text(registry) == "# TYPE x_total counter\nx_total 1\n");
  value = -1;
  CHECK(to_text(registry) == errors(1));
  value = std::numeric_limits<double>::quiet_NaN();
  CHECK(to_text(registry) == errors(2));
  value = -0.0;
  CHECK(to_text(registry) == errors(2) + "# TYPE x_total counter\nx_total 0\n");
}

TEST_CASE("declarations of callbacks are checked as all others, and one is registered once") {
  Registry registry;
  const auto seven = [] { return 7; };
  registry.gauge("g", "");
  const Membership membership = registry.gauge_callback("x", "", seven);
  CHECK(error_of([&] { (void)registry.counter_callback(runtime_name("y"), "", seven); }) ==
        "counter 'y': a counter's name ends in _total: call it 'y_total'");
  CHECK(error_of([&] { (void)registry.gauge_callback(runtime_name("1y"), "", seven); }) ==
        "gauge '1y': a metric name must match [a-zA-Z_][a-zA-Z0-9_]*");
  CHECK(error_of([&] { (void)registry.gauge_callback("x", "", seven); }) ==
        "cannot register gauge x: gauge x is registered already: a callback is registered once");
  CHECK(error_of([&] { (void)registry.gauge_callback("g", "", seven); }) ==
        "cannot register gauge g: gauge g is registered already: a callback is registered once");
  CHECK(error_of([&] { registry.gauge("x", ""); }) ==
        "cannot register gauge x: gauge x is registered already: a callback is registered once");
  CHECK(error_of([&] { registry.histogram("x", ""); }) ==
        "cannot register histogram x: gauge x is registered already: another type");
  CHECK(to_text(registry) == "# TYPE g gauge\ng 0\n# TYPE x gauge\nx 7\n");
}

TEST_CASE("a name is free as soon as its callback has left, also for another type, also before a scrape") {
  const bool scraped = GENERATE(false, true);
  Registry registry;
  Membership membership = registry.gauge_callback("x", "Old.", [] { return 1; });
  if (scraped) to_text(registry);
  membership.leave();
  membership.leave();
  SECTION("the same again") {
    const Membership again = registry.gauge_callback("x", "Old.", [] { return 2; });
    CHECK(to_text(registry) == "# HELP x Old.\n# TYPE x gauge\nx 2\n");
  }
  SECTION("other help") {
    const Membership again = registry.gauge_callback("x", "New.", [] { return 2; });
    CHECK(to_text(registry) == "# HELP x New.\n# TYPE x gauge\nx 2\n");
  }
  SECTION("another type") {
    registry.histogram("x", "New.", buckets({1}));
    CHECK(to_text(registry) ==
          "# HELP x New.\n# TYPE x histogram\nx_bucket{le=\"1\"} 0\nx_bucket{le=\"+Inf\"} 0\nx_sum "
          "0\nx_count 0\n");
    CHECK(error_of([&] { registry.gauge("x_sum", ""); }) ==
          "cannot register gauge x_sum: histogram x is registered already: they would share a sample name");
  }
  SECTION("other label names") {
    registry.gauge("x", "Old.", {"a"}).with(1);
    CHECK(to_text(registry) == "# HELP x Old.\n# TYPE x gauge\nx{a=\"1\"} 0\n");
  }
  SECTION("a name that would have clashed") {
    registry.counter("x_total", "");
    CHECK(to_text(registry) == "# TYPE x_total counter\nx_total 0\n");
  }
}

TEST_CASE("one of several callbacks of a name leaves") {
  Registry registry;
  std::optional<Membership> one = registry.gauge_callback(
      "x", "", [] { return 1; }, const_labels({{"k", "1"}}));
  const Membership two = registry.gauge_callback(
      "x", "", [] { return 2; }, const_labels({{"k", "2"}}));
  std::optional<Membership> three = registry.gauge_callback(
      "x", "", [] { return 3; }, const_labels({{"k", "3"}}));
  one.reset();
  CHECK(to_text(registry) == "# TYPE x gauge\nx{k=\"2\"} 2\nx{k=\"3\"} 3\n");
  three.reset();
  CHECK(to_text(registry) == "# TYPE x gauge\nx{k=\"2\"} 2\n");
}

TEST_CASE("memberships move, and may outlive the registry") {
  Membership survivor;
  survivor.leave();
  {
    Registry registry;
    Membership one = registry.gauge_callback("x", "", [] { return 1; });
    Membership two = std::move(one);
    CHECK(to_text(registry) == "# TYPE x gauge\nx 1\n");
    Membership other = registry.gauge_callback("y", "", [] { return 2; });
    other = std::move(two);
    // What `other` kept has left; what it keeps now has not.
    CHECK(to_text(registry) == "# TYPE x gauge\nx 1\n");
    survivor = std::move(other);
    CHECK(to_text(registry) == "# TYPE x gauge\nx 1\n");
  }
  survivor.leave();
  static_assert(!std::is_copy_constructible_v<Membership>);
  static_assert(std::is_nothrow_move_constructible_v<Membership>);
}

/// Does what it is told.
class Collects final : public Collector {
 public:
  void collect(Sink& sink) override {
    ++calls;
    if (action) action(sink);
  }
  int calls = 0;
  std::function<void(Sink&)> action;
};

TEST_CASE("a collector is in a registry once at a time, and in as many registries as one likes") {
  Registry registry;
  Registry other;
  Collects collector;
  Membership one = registry.add(collector);
  const Membership two = other.add(collector);
  CHECK(error_of([&] { (void)registry.add(collector); }) == "this collector is in the registry already");
  to_text(registry);
  to_text(other);
  CHECK(collector.calls == 2);
  one.leave();
  to_text(registry);
  CHECK(collector.calls == 2);
  const Membership again = registry.add(collector);
  to_text(registry);
  CHECK(collector.calls == 3);
}

TEST_CASE("from inside a scrape one may register, update, read and scrape") {
  Registry registry;
  const Counter<> counter = registry.counter("a_total", "");
  Collects collector;
  std::string inner;
  int round = 0;
  collector.action = [&](Sink& sink) {
    counter.inc();
    registry.counter(runtime_name("b" + std::to_string(round++) + "_total"), "").inc();
    registry.histogram("h", "", {"r"}, buckets({1})).with(round).observe(1);
    inner = to_text(registry);
    sink.gauge("value", "").sample(counter.value());
  };
  const Membership one = registry.add(collector);
  const Membership two = registry.gauge_callback("f", "", [&] {
    counter.inc(10);
    return static_cast<double>(to_text(registry).size());
  });
  to_text(registry);
  CHECK(inner ==
        "# TYPE a_total counter\na_total 11\n# TYPE b0_total counter\nb0_total 1\n# TYPE h "
        "histogram\nh_bucket{r=\"1\",le=\"1\"} 1\nh_bucket{r=\"1\",le=\"+Inf\"} 1\nh_sum{r=\"1\"} "
        "1\nh_count{r=\"1\"} 1\n");
  const std::string outer = to_text(registry);
  CHECK_THAT(outer, ContainsSubstring("a_total 22\n"));
  CHECK_THAT(outer, ContainsSubstring("b0_total 1\n"));
  CHECK_THAT(outer, ContainsSubstring("# TYPE value gauge\nvalue 22\n"));
  CHECK_THAT(outer, ContainsSubstring("# TYPE f gauge\nf "));
}

TEST_CASE("from inside a scrape one may leave, and bring others in and out") {
  Registry registry;
  Collects first;
  Collects second;
  Collects third;
  std::optional<Membership> own = registry.add(first);
  std::optional<Membership> others;
  std::optional<Membership> callback;
  callback = registry.gauge_callback("f", "", [&] {
    callback.reset();
    return 1;
  });
  others = registry.add(second);
  std::optional<Membership> late;
  first.action = [&](Sink& sink) {
    sink.gauge("first", "").sample(1);
    own.reset();
    others.reset();
    late = registry.add(third);
  };
  to_text(registry);
  CHECK(first.calls == 1);
  CHECK(second.calls == 0);
  CHECK(third.calls == 0);
  CHECK(to_text(registry).empty());
  CHECK(first.calls == 1);
  CHECK(third.calls == 1);
}

TEST_CASE("leaving waits for a call that runs on another thread, and only for that") {
  Registry registry;
  std::mutex mutex;
  std::condition_variable changed;
  bool inside = false;
  bool go_on = false;
  std::atomic<bool> finished{false};
  std::optional<Membership> membership = registry.gauge_callback("x", "", [&] {
    std::unique_lock<std::mutex> lock(mutex);
    inside = true;
    changed.notify_all();
    changed.wait(lock, [&] { return go_on; });
    finished = true;
    return 1;
  });
  std::optional<Membership> other = registry.gauge_callback("y", "", [] { return 1; });
  std::thread scraper([&] { to_text(registry); });
  {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return inside; });
  }
  // The scrape is stuck in x. Updates, declarations and the leaving of others go on.
  registry.counter("z_total", "").inc();
  other.reset();
  CHECK_FALSE(finished);
  std::thread leaver([&] {
    membership.reset();
    CHECK(finished);
  });
  {
    const std::lock_guard<std::mutex> lock(mutex);
    go_on = true;
    changed.notify_all();
  }
  leaver.join();
  scraper.join();
  CHECK(to_text(registry) == "# TYPE z_total counter\nz_total 1\n");
}

TEST_CASE("what a callback holds dies with it, and may then use the registry") {
  auto registry = std::make_unique<Registry>();
  struct Uses {
    Registry* registry;
    bool* done;
    Uses(Registry* r, bool* d) : registry(r), done(d) {}
    Uses(const Uses&) = delete;
    Uses& operator=(const Uses&) = delete;
    ~Uses() {
      registry->counter("z_total", "").inc();
      *done = true;
    }
  };
  bool done = false;
  {
    const auto uses = std::make_shared<Uses>(registry.get(), &done);
    const Membership membership = registry->gauge_callback("x", "", [uses] { return 1; });
  }
  to_text(*registry);
  CHECK(done);
  CHECK(to_text(*registry) == "# TYPE z_total counter\nz_total 1\n");
}
