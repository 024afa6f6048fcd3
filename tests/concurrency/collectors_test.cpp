// promlite: callbacks and collectors that come, leave, die, scrape and fail while scrapes run.
// SPDX-License-Identifier: MIT
#include "harness.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <memory>
#include <optional>

namespace {

/// Something a callback reads and that dies with its owner. Freed memory would show under a sanitizer;
/// without one, its last value does.
struct Resource {
  std::atomic<int> value{1};
  ~Resource() { value = -1; }
};

class PairCollector final : public promlite::Collector {
 public:
  PairCollector(std::string name, std::atomic<bool>& dead_called)
      : name_(std::move(name)), dead_called_(dead_called) {}
  ~PairCollector() override { alive_ = false; }
  void collect(promlite::Sink& sink) override {
    if (!alive_) dead_called_ = true;
    auto first = sink.counter(name_ + "_a_total", "help");
    auto second = sink.counter(name_ + "_b_total", "help");
    first.sample(1);
    second.sample(2);
  }

 private:
  const std::string name_;
  std::atomic<bool>& dead_called_;
  std::atomic<bool> alive_{true};
};

}  // namespace

TEST_CASE("what a callback reads may be destroyed as soon as its membership is gone, whatever scrapes run") {
  promlite::Registry registry;
  std::atomic<bool> done{false};
  std::atomic<bool> dead_read{false};
  std::atomic<int> seen{0};
  test::Threads scrapers;
  for (int s = 0; s < 2; ++s) {
    scrapers.start([&] {
      while (!done) {
        for (const auto& sample : test::scrape(registry)) {
          if (sample.second != 1) dead_read = true;
          seen.fetch_add(1);
        }
      }
    });
  }
  test::in_threads(3, [&](int thread) {
    const std::string name = "gauge" + std::to_string(thread);
    for (int i = 0; i < test::times(1500); ++i) {
      auto resource = std::make_unique<Resource>();
      promlite::Membership membership = registry.gauge_callback(
          promlite::runtime_name(name), "help", [&place = *resource] { return place.value.load(); });
      if (i % 3 == 0) std::this_thread::yield();
      if (i % 2 == 0) membership.leave();
      membership = promlite::Membership();
      resource.reset();
    }
  });
  while (seen == 0) {  // by now nothing is registered: one more, for a slow machine
    const promlite::Membership one = registry.gauge_callback("one", "help", [] { return 1; });
    std::this_thread::yield();
  }
  done = true;
  scrapers.join();
  CHECK_FALSE(dead_read);
  CHECK(test::scrape(registry).empty());
}

TEST_CASE("the end of a membership waits for the call that runs, and for no other") {
  promlite::Registry registry;
  std::atomic<bool> in_call{false};
  std::atomic<bool> leaving{false};
  promlite::Membership member = registry.gauge_callback("slow", "help", [&] {
    in_call = true;
    while (!leaving) std::this_thread::yield();
    for (int i = 0; i < 2000; ++i) std::this_thread::yield();
    in_call = false;
    return 1;
  });
  promlite::Membership other = registry.gauge_callback("zz_other", "help", [] { return 1; });
  test::Threads scraper;
  test::Scrape seen;
  scraper.start([&] { seen = test::scrape(registry); });
  while (!in_call) std::this_thread::yield();
  other.leave();  // has not been called yet: nothing to wait for
  CHECK(in_call);
  leaving = true;
  member.leave();
  CHECK_FALSE(in_call);
  scraper.join();
  CHECK(seen == test::Scrape{{"slow", 1}});
  CHECK(test::scrape(registry).empty());
}

TEST_CASE("a callback may leave, scrape, declare and update from within its own scrape") {
  promlite::Registry registry;
  const promlite::Counter<> calls = registry.counter("calls_total", "help");
  std::optional<promlite::Membership> myself;
  test::Scrape inner;
  myself = registry.gauge_callback("once", "help", [&] {
    calls.inc();
    registry.counter("born_total", "help").inc(2);
    inner = test::scrape(registry);
    const promlite::Membership brief = registry.gauge_callback("brief", "help", [] { return 1; });
    myself.reset();
    return 5;
  });
  // Declared families are there for the inner scrape; callbacks are not called by it.
  CHECK(test::scrape(registry) == test::Scrape{{"calls_total", 1}, {"once", 5}});
  CHECK(inner == test::Scrape{{"born_total", 2}, {"calls_total", 1}});
  CHECK(test::scrape(registry) == test::Scrape{{"born_total", 2}, {"calls_total", 1}});
}

TEST_CASE("callbacks that scrape their own registry, from several threads at once") {
  promlite::Registry registry;
  const promlite::Histogram histogram = registry.histogram("histogram", "help");
  const promlite::Summary summary = registry.summary("summary", "help", promlite::quantiles({0.5}));
  std::atomic<int> bad{0};
  const promlite::Membership nested = registry.gauge_callback("gauge_nested", "help", [&] {
    const test::Scrape scrape = test::scrape(registry);
    if (scrape.count("gauge_nested") != 0 || scrape.count("histogram_count") != 1) bad.fetch_add(1);
    return scrape.at("histogram_count");
  });
  test::in_threads(4, [&](int) {
    test::Scrape before;
    for (int i = 0; i < test::times(200); ++i) {
      histogram.observe(1);
      summary.observe(1);
      test::Scrape now = test::scrape(registry);
      if (!test::fallen(before, now).empty() || now.at("gauge_nested") > now.at("histogram_count"))
        bad.fetch_add(1);
      before = std::move(now);
    }
  });
  CHECK(bad == 0);
}

TEST_CASE("collectors come and go during scrapes: whole or not at all, and none is called when it is gone") {
  promlite::Registry registry;
  std::atomic<bool> dead_called{false};
  std::atomic<bool> half{false};
  std::atomic<bool> done{false};
  test::Threads scrapers;
  for (int s = 0; s < 2; ++s) {
    scrapers.start([&] {
      while (!done) {
        const test::Scrape scrape = test::scrape(registry);
        for (int thread = 0; thread < 3; ++thread) {
          const std::string name = "c" + std::to_string(thread);
          if (scrape.count(name + "_a_total") != scrape.count(name + "_b_total")) half = true;
        }
      }
    });
  }
  test::in_threads(3, [&](int thread) {
    for (int i = 0; i < test::times(1000); ++i) {
      auto collector = std::make_unique<PairCollector>("c" + std::to_string(thread), dead_called);
      promlite::Membership membership = registry.add(*collector);
      if (i % 3 == 0) std::this_thread::yield();
      membership.leave();
    }
  });
  done = true;
  scrapers.join();
  CHECK_FALSE(dead_called);
  CHECK_FALSE(half);
  CHECK(test::scrape(registry).empty());
}

TEST_CASE("a collector that throws loses its own families, and no other scrape notices") {
  class Thrower final : public promlite::Collector {
   public:
    void collect(promlite::Sink& sink) override {
      sink.gauge("gauge_thrower", "help").sample(1);
      throw 42;
    }
  };
  promlite::Registry registry;
  Thrower thrower;
  std::atomic<bool> dead_called{false};
  PairCollector pair("pair", dead_called);
  const promlite::Membership first = registry.add(thrower);
  const promlite::Membership second = registry.add(pair);
  const promlite::Counter<> updates = registry.counter("updates_total", "help");
  const int threads = 4;
  const int scrapes = test::times(100);
  std::atomic<int> wrong{0};
  test::in_threads(threads, [&](int) {
    for (int i = 0; i < scrapes; ++i) {
      updates.inc();
      test::Scrape scrape = test::scrape(registry);
      scrape.erase("updates_total");
      scrape.erase("promlite_collector_errors_total");
      if (scrape != test::Scrape{{"pair_a_total", 1}, {"pair_b_total", 2}}) wrong.fetch_add(1);
    }
  });
  CHECK(wrong == 0);
  const test::Scrape last = test::scrape(registry);
  CHECK(last.at("updates_total") == threads * scrapes);
  CHECK(last.at("promlite_collector_errors_total") == threads * scrapes + 1);
}

TEST_CASE("a scrape under way outlives its Registry object") {
  std::atomic<bool> in_call{false};
  std::atomic<bool> go_on{false};
  std::optional<promlite::Registry> registry(std::in_place);
  registry->counter("counted_total", "help").inc(3);
  const promlite::Membership member = registry->gauge_callback("slow", "help", [&] {
    in_call = true;
    while (!go_on) std::this_thread::yield();
    return 1;
  });
  test::Threads scraper;
  std::string text;
  scraper.start([&text, core = registry->share()] { text = promlite::to_text(*core); });
  while (!in_call) std::this_thread::yield();
  registry.reset();
  go_on = true;
  scraper.join();
  CHECK(test::parse(text) == test::Scrape{{"counted_total", 3}, {"slow", 1}});
}

TEST_CASE("callbacks and collectors that come and go where nobody scrapes leave little behind") {
  promlite::Registry registry;
  std::atomic<bool> dead_called{false};
  const auto token = std::make_shared<int>(1);
  long most = 0;
  // The end of what a callback holds is user code, too: it scrapes and registers.
  struct Parting {
    explicit Parting(promlite::Registry& of) : registry(of) {}
    Parting(const Parting&) = delete;
    Parting& operator=(const Parting&) = delete;
    promlite::Registry& registry;
    ~Parting() {
      static_cast<void>(promlite::to_text(registry));
      const promlite::Membership brief = registry.gauge_callback("brief", "help", [] { return 1; });
    }
  };
  for (int i = 0; i < 2000; ++i) {
    const auto parting = std::make_shared<Parting>(registry);
    const promlite::Membership callback = registry.gauge_callback(
        promlite::runtime_name("gone" + std::to_string(i)), "help", [token, parting] { return *token; });
    PairCollector collector("pair", dead_called);
    const promlite::Membership member = registry.add(collector);
    most = std::max(most, token.use_count());
  }
  CHECK(most < 200);
  CHECK(test::scrape(registry).empty());
  CHECK(token.use_count() == 1);
}
