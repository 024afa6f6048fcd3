// promlite: tests of cached collectors.
// SPDX-License-Identifier: MIT
#include <promlite/clock.hpp>
#include <promlite/exporter/cached_collector.hpp>
#include <promlite/exporter/collection.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/collector_errors.hpp"

using namespace promlite;
using namespace std::chrono_literals;

/// Opened by the test, once for all.
class Door {
 public:
  void open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_open_ = true;
    opened_.notify_all();
  }
  void pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    opened_.wait(lock, [&] { return is_open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool is_open_ = false;
};

/// Counts how often it is asked, and shows that.
class Source final : public Collector {
 public:
  void collect(Sink& sink) override {
    const int asked = ++asked_;
    deadline = scrape_deadline();
    if (inside != nullptr) inside->open();
    if (door != nullptr) door->pass();
    sink.gauge("asked", "").sample({{"a", "b"}}, asked);
    if (!problem.empty()) collection_problem(problem);
    if (throws) throw std::runtime_error("no such disk");
  }

  int asked() const { return asked_; }

  std::string problem;
  bool throws = false;
  Door* inside = nullptr;
  Door* door = nullptr;
  std::chrono::steady_clock::time_point deadline;

 private:
  std::atomic<int> asked_{0};
};

static std::string asked(int times) {
  return "# TYPE asked gauge\nasked{a=\"b\"} " + std::to_string(times) + "\n";
}

/// What a collector writes, or the reason that it throws, and the problem that it tells.
struct Outcome {
  std::string text;
  std::string problem;

  bool operator==(const Outcome& other) const { return text == other.text && problem == other.problem; }
};
static std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << outcome.text << "problem: " << outcome.problem;
}

static Outcome collected(Collector& collector, std::chrono::steady_clock::time_point deadline =
                                                   std::chrono::steady_clock::time_point::max()) {
  class Shown final : public Collector {
   public:
    explicit Shown(detail::Recording& kept) : kept_(kept) {}
    void collect(Sink& sink) override { kept_.write_to(sink); }

   private:
    detail::Recording& kept_;
  };
  const detail::CollectionScope scope(deadline);
  detail::Recording recording;
  try {
    collector.collect(recording.sink());
  } catch (const std::exception& thrown) {
    return {"threw: ", thrown.what()};
  }
  Shown shown(recording);
  Registry registry;
  const Membership member = registry.add(shown);
  return {to_text(registry), scope.problem()};
}

TEST_CASE("a cached collector asks its source again when the values are older than allowed") {
  ManualClock clock;
  clock.advance(1h);
  Source source;
  CachedCollector cached(source, {10s}, clock);
  CHECK(cached.age_seconds() == std::nullopt);
  CHECK(collected(cached) == Outcome{asked(1), ""});
  CHECK(cached.age_seconds() == 0);
  clock.advance(10s);
  CHECK(collected(cached) == Outcome{asked(1), ""});
  CHECK(cached.age_seconds() == 10);
  clock.advance(1ns);
  CHECK(collected(cached) == Outcome{asked(2), ""});
  CHECK(cached.age_seconds() == 0);
}

TEST_CASE("the age is counted from the begin of a refresh, and a step of the time of day is no age") {
  class Slow final : public Collector {
   public:
    explicit Slow(ManualClock& clock) : clock_(clock) {}
    void collect(Sink& sink) override {
      clock_.advance(3s);
      sink.gauge("slow", "").sample(1);
    }

   private:
    ManualClock& clock_;
  };
  ManualClock clock;
  Slow slow(clock);
  CachedCollector cached(slow, {10s}, clock);
  CHECK(collected(cached) == Outcome{"# TYPE slow gauge\nslow 1\n", ""});
  CHECK(cached.age_seconds() == 3);
  clock.set_system_time(std::chrono::system_clock::time_point(-1h));
  CHECK(cached.age_seconds() == 3);
}

TEST_CASE("an age is never negative, even by a clock that goes back") {
  class Back final : public Clock {
   public:
    std::chrono::steady_clock::time_point now() const noexcept override {
      return std::chrono::steady_clock::time_point(std::chrono::seconds(second));
    }
    std::chrono::system_clock::time_point system_now() const noexcept override { return {}; }
    int second = 100;
  } clock;
  Source source;
  CachedCollector cached(source, {10s}, clock);
  CHECK(collected(cached) == Outcome{asked(1), ""});
  clock.second = 50;
  CHECK(cached.age_seconds() == 0);
  CHECK(collected(cached) == Outcome{asked(1), ""});
}

TEST_CASE("a failed refresh: nothing is shown, and the next scrape tries again") {
  ManualClock clock;
  Source source;
  CachedCollector cached(source, {10s}, clock);
  CHECK(collected(cached) == Outcome{asked(1), ""});
  clock.advance(11s);
  source.throws = true;
  CHECK(collected(cached) == Outcome{"threw: ", "no such disk"});
  CHECK(cached.age_seconds() == std::nullopt);
  source.throws = false;
  source.problem = "half of it";
  CHECK(collected(cached) == Outcome{"threw: ", "half of it"});
  source.problem.clear();
  CHECK(collected(cached) == Outcome{asked(4), ""});
  CHECK(cached.age_seconds() == 0);
}

TEST_CASE("a failed refresh: the last good values are shown, and their age grows") {
  ManualClock clock;
  Source source;
  CachedCollector cached(source, {10s, OnFailure::keep_last}, clock);
  source.throws = true;
  CHECK(collected(cached) == Outcome{"threw: ", "no such disk"});
  source.throws = false;
  CHECK(collected(cached) == Outcome{asked(2), ""});
  clock.advance(11s);
  source.throws = true;
  CHECK(collected(cached) == Outcome{asked(2), "no such disk"});
  CHECK(cached.age_seconds() == 11);
  clock.advance(11s);
  source.throws = false;
  source.problem = "half of it";
  CHECK(collected(cached) == Outcome{asked(2), "half of it"});
  CHECK(cached.age_seconds() == 22);
  source.problem.clear();
  CHECK(collected(cached) == Outcome{asked(5), ""});
  CHECK(cached.age_seconds() == 0);
}

TEST_CASE("in a registry without the kit: dropped values are an error of a collector, kept ones are not") {
  for (const OnFailure on_failure : {OnFailure::drop, OnFailure::keep_last}) {
    ManualClock clock;
    Source source;
    CachedCollector cached(source, {10s, on_failure}, clock);
    Registry registry;
    const Membership member = registry.add(cached);
    CHECK(to_text(registry) == asked(1));
    CHECK(source.deadline == std::chrono::steady_clock::time_point::max());
    clock.advance(11s);
    source.problem = "half of it";
    if (on_failure == OnFailure::keep_last) {
      CHECK(to_text(registry) == asked(1));
    } else {
      CHECK(to_text(registry) == test::errors(1));
    }
  }
}

TEST_CASE("scrapes that come during a refresh wait for it and show what it gave") {
  ManualClock clock;
  Source source;
  Door inside;
  Door door;
  source.inside = &inside;
  source.door = &door;
  CachedCollector cached(source, {10s}, clock);
  std::vector<Outcome> outcomes(6);
  std::vector<std::thread> scrapes;
  scrapes.emplace_back([&] { outcomes[0] = collected(cached); });
  inside.pass();
  for (std::size_t i = 1; i < outcomes.size(); ++i) {
    scrapes.emplace_back([&, i] { outcomes[i] = collected(cached); });
  }
  clock.advance(5s);
  door.open();
  for (std::thread& scrape : scrapes) scrape.join();
  CHECK(outcomes == std::vector<Outcome>(6, Outcome{asked(1), ""}));
  CHECK(source.asked() == 1);
}

TEST_CASE("a refresh that fails has failed for all who waited for it") {
  ManualClock clock;
  Source source;
  Door inside;
  Door door;
  source.inside = &inside;
  source.door = &door;
  source.throws = true;
  CachedCollector cached(source, {1h}, clock);
  std::vector<Outcome> outcomes(2);
  std::thread first([&] { outcomes[0] = collected(cached); });
  inside.pass();
  std::atomic<bool> waits{false};
  std::thread second([&] {
    waits = true;
    outcomes[1] = collected(cached);
  });
  while (!waits) std::this_thread::yield();
  door.open();
  first.join();
  second.join();
  // The second one may have come too late, and asked for itself.
  CHECK(outcomes == std::vector<Outcome>(2, Outcome{"threw: ", "no such disk"}));
}

TEST_CASE("nobody waits for a refresh beyond the deadline of his scrape") {
  for (const OnFailure on_failure : {OnFailure::drop, OnFailure::keep_last}) {
    ManualClock clock;
    Source source;
    CachedCollector cached(source, {10s, on_failure}, clock);
    CHECK(collected(cached) == Outcome{asked(1), ""});
    clock.advance(11s);
    Door inside;
    Door door;
    source.inside = &inside;
    source.door = &door;
    Outcome refreshed;
    std::thread hanging([&] { refreshed = collected(cached); });
    inside.pass();
    const Outcome late = collected(cached, std::chrono::steady_clock::now() + 1ms);
    if (on_failure == OnFailure::keep_last) {
      CHECK(late == Outcome{asked(1), "a refresh did not finish in time"});
      CHECK(cached.kept().age == 11);
    } else {
      CHECK(late == Outcome{"threw: ", "a refresh did not finish in time"});
      CHECK(cached.kept().values == nullptr);
      CHECK(cached.kept().age == std::nullopt);
    }
    clock.advance(2s);
    door.open();
    hanging.join();
    CHECK(refreshed == Outcome{asked(2), ""});
    CHECK(cached.age_seconds() == 2);
  }
}

TEST_CASE("the source of a cached collector sees the deadline of the scrape that asks it") {
  Source source;
  CachedCollector cached(source, {0s});
  const auto deadline = std::chrono::steady_clock::now() + 1h;
  CHECK(collected(cached, deadline) == Outcome{asked(1), ""});
  CHECK(source.deadline == deadline);
}
