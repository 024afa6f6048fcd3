// promlite: groups of collectors under many scrapes, with collectors that throw, hang, fail in part and
// declare. SPDX-License-Identifier: MIT
#include <promlite/exporter/collection.hpp>
#include <promlite/exporter/collector_group.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>

#include "harness.hpp"
#include "support/catch.hpp"

namespace {

using namespace std::chrono_literals;

/// Runs a function, notices a second call during one, and counts the living.
class Guarded final : public promlite::Collector {
 public:
  struct Counts {
    std::atomic<int> alive{0};
    std::atomic<int> calls{0};
    std::atomic<bool> overlap{false};
  };

  Guarded(std::function<void(promlite::Sink&, int)> work, std::shared_ptr<Counts> counts)
      : work_(std::move(work)), counts_(std::move(counts)) {
    ++counts_->alive;
  }
  ~Guarded() override { --counts_->alive; }

  void collect(promlite::Sink& sink) override {
    struct Inside {
      std::atomic<bool>& busy;
      ~Inside() { busy = false; }
    } inside{busy_};
    if (busy_.exchange(true)) counts_->overlap = true;
    work_(sink, ++counts_->calls);
  }

 private:
  const std::function<void(promlite::Sink&, int)> work_;
  const std::shared_ptr<Counts> counts_;
  std::atomic<bool> busy_{false};
};

/// Two gauges of one value: a reader must see both or none.
void write_pair(promlite::Sink& sink, const std::string& name, int value) {
  auto first = sink.gauge(name + "_a", "help");
  auto second = sink.gauge(name + "_b", "help");
  first.sample(value);
  second.sample(value);
}

/// What one collector of a scrape shows: whether it succeeded, and its pair; -1 for what is missing. -2:
/// half.
struct Seen {
  double success;
  double value;
};
Seen seen_of(const test::Scrape& scrape, const std::string& name) {
  const auto value = [&](const std::string& series) {
    const auto found = scrape.find(series);
    return found == scrape.end() ? -1 : found->second;
  };
  const double first = value(name + "_a");
  return {value("test_collector_success{collector=\"" + name + "\"}"),
          first == value(name + "_b") ? first : -2};
}

template <class Condition>
bool comes(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace

TEST_CASE(
    "many scrapes of a group see each collector whole or not at all, and none is called twice at once") {
  const auto counts = std::make_shared<Guarded::Counts>();
  std::atomic<bool> released{false};
  std::atomic<bool> done{false};
  promlite::Registry first;
  promlite::Registry second;
  const promlite::Counter<> declared = first.counter("declared_total", "help");
  {
    promlite::CollectorGroup group("test");
    const auto add = [&](const char* name, std::function<void(promlite::Sink&, int)> work,
                         promlite::CollectorOptions options = {}) {
      group.add(name, std::make_unique<Guarded>(std::move(work), counts), options);
    };
    add("works", [](promlite::Sink& sink, int call) { write_pair(sink, "works", call); });
    add("throws", [](promlite::Sink& sink, int call) {
      write_pair(sink, "throws", call);
      if (call % 5 == 0) throw std::runtime_error("broken");
      if (call % 5 == 1) throw call;
      if (call % 5 == 2) throw std::bad_alloc();
    });
    add("part", [](promlite::Sink& sink, int call) {
      write_pair(sink, "part", call);
      if (call % 2 == 0) promlite::collection_problem("call " + std::to_string(call));
    });
    add("declares", [&](promlite::Sink& sink, int call) {
      first.gauge("gauge_declared", "help", {"label"}).with(call % 10).set(call);
      const promlite::Membership brief = first.gauge_callback("brief", "help", [] { return 1; });
      declared.inc();
      write_pair(sink, "declares", call);
    });
    promlite::CollectorOptions options;
    options.timeout = 1ms;
    add(
        "hangs",
        [&](promlite::Sink& sink, int call) {
          write_pair(sink, "hangs", call);
          while (call % 3 != 0 && !released.exchange(false) && !done) std::this_thread::yield();
        },
        options);
    options = {};
    options.cache_for = 1us;
    options.on_failure = promlite::OnFailure::keep_last;
    add(
        "cached",
        [](promlite::Sink& sink, int call) {
          write_pair(sink, "cached", call);
          if (call % 3 == 0) throw std::runtime_error("broken");
        },
        options);
    const promlite::Membership one = first.add(group);
    const promlite::Membership other = second.add(group);

    std::atomic<int> half{0};
    std::atomic<int> wrong{0};
    std::atomic<int> late{0};
    test::in_threads(4, [&](int thread) {
      promlite::Registry& registry = thread % 2 == 0 ? first : second;
      for (int i = 0; i < test::times(300); ++i) {
        if (i % 7 == 0) released = true;
        const promlite::detail::CollectionScope scope(std::chrono::steady_clock::now() +
                                                      (i % 50 == 49 ? 0s : 60s));
        const test::Scrape scrape = test::scrape(registry);
        for (const char* const name : {"works", "throws", "part", "declares", "hangs", "cached"}) {
          const Seen seen = seen_of(scrape, name);
          if (seen.success == 0 && std::string(name) == "hangs") late.fetch_add(1);
          if (seen.value == -2) half.fetch_add(1);
          if (seen.success != 0 && seen.success != 1) wrong.fetch_add(1);
          if (seen.success == 1 && seen.value == -1) wrong.fetch_add(1);
          const bool keeps = std::string(name) == "part" || std::string(name) == "cached";
          if (seen.success == 0 && seen.value != -1 && !keeps) wrong.fetch_add(1);
        }
      }
    });
    CHECK(half == 0);
    CHECK(wrong == 0);
    CHECK(late > 0);
    CHECK_FALSE(counts->overlap);
    done = true;
    for (const char* const name : {"works", "declares", "hangs"}) {
      CHECK(comes([&] { return seen_of(test::scrape(first), name).success == 1; }));
    }
  }
  CHECK(counts->alive == 0);
  CHECK(test::scrape(second).empty());
}

TEST_CASE("groups that are stopped and destroyed under scrapes, with collectors that hang on") {
  const auto counts = std::make_shared<Guarded::Counts>();
  const auto released = std::make_shared<std::atomic<bool>>(false);
  for (int round = 0; round < test::times(15); ++round) {
    released->store(false);
    promlite::Registry registry;
    promlite::CollectorGroup group("test");
    group.add("hangs", std::make_unique<Guarded>(
                           [released](promlite::Sink&, int) {
                             while (!released->load()) std::this_thread::yield();
                           },
                           counts));
    for (const char* const name : {"a", "b"}) {
      group.add(name, std::make_unique<Guarded>(
                          [name](promlite::Sink& sink, int call) { write_pair(sink, name, call); }, counts));
    }
    promlite::Membership member = registry.add(group);
    std::atomic<bool> begun{false};
    test::Threads scraper;
    scraper.start([&] {
      begun = true;
      const promlite::detail::CollectionScope scope(std::chrono::steady_clock::now() + 1h);
      for (int i = 0; i < 3; ++i) test::scrape(registry);
    });
    while (!begun) std::this_thread::yield();
    if (round % 2 == 0) CHECK(comes([&] { return group.any_running(); }));
    group.stop();
    member.leave();
    // Every third time it hangs on beyond the end of the group.
    if (round % 3 != 0) released->store(true);
    scraper.join();
  }
  released->store(true);
  CHECK(comes([&] { return counts->alive == 0; }));
  CHECK_FALSE(counts->overlap);
}
