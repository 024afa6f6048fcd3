// promlite: tests of one registry behind several servers.
// SPDX-License-Identifier: MIT
#include <promlite/exporter/shared_source.hpp>
#include <promlite/registry.hpp>
#include <promlite/sink.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "support/catch.hpp"

using promlite::detail::ByteBuffer;
using promlite::detail::now;
using promlite::detail::ScrapeKey;
using promlite::detail::SharedSource;

/// Counts its collections, and does what a test wants.
struct Counting : promlite::Collector {
  void collect(promlite::Sink& sink) override {
    const int count = ++collections;
    if (meanwhile) meanwhile();
    sink.gauge("collections", "So far.").sample(count);
  }
  std::atomic<int> collections{0};
  std::function<void()> meanwhile;
};

struct Served {
  promlite::Registry registry;
  Counting counting;
  promlite::Membership member = registry.add(counting);
  SharedSource source{registry.share(), promlite::CreatedSamples::hidden, {}};

  std::string render(const ScrapeKey& key = {}, promlite::detail::Instant patience = 20'000) {
    ByteBuffer out;
    source.render(key, now() + patience, out);
    return std::string(out.view());
  }
  void wait_for_waiting() const {
    const auto end = now() + 20'000;
    while (source.waiting() == 0 && now() < end) std::this_thread::yield();
    CHECK(source.waiting() == 1);
  }
};

static std::string exposition(int count) {
  return "# HELP collections So far.\n# TYPE collections gauge\ncollections " + std::to_string(count) + "\n";
}

TEST_CASE("what took its time does for those who have no more of it") {
  const promlite::detail::ScrapeTime time{1000, 500};
  CHECK(time.will_do(1500, 1490));
  CHECK(time.will_do(1990, 1490));
  CHECK_FALSE(time.will_do(1991, 1490));
  CHECK(time.will_do(9000, 1100));  // it was done early
  CHECK_FALSE(promlite::detail::ScrapeTime{1000, 1}.will_do(9000, 1000));
}

TEST_CASE("a scrape that comes while the same is made gets that") {
  Served served;
  std::string second;
  std::thread other;
  served.counting.meanwhile = [&] {
    other = std::thread([&] { second = served.render(); });
    served.wait_for_waiting();
  };
  CHECK(served.render() == exposition(1));
  other.join();
  CHECK(second == exposition(1));
  CHECK(served.counting.collections == 1);
  served.counting.meanwhile = nullptr;
  CHECK(served.render() == exposition(2));
  CHECK(served.source.waiting() == 0);
}

TEST_CASE("a scrape that asks for something else is made for itself") {
  Served served;
  ScrapeKey nothing;
  nothing.filter.add_nothing();
  std::string second = "not made";
  std::thread other;
  served.counting.meanwhile = [&] {
    if (served.counting.collections == 1) other = std::thread([&] { second = served.render(nothing); });
  };
  CHECK(served.render() == exposition(1));
  other.join();
  CHECK(second.empty());
}

TEST_CASE("a scrape does not wait for another one beyond its deadline") {
  Served served;
  served.counting.meanwhile = [&] {
    ByteBuffer out;
    CHECK_THROWS_AS(served.source.render({}, now() + 20, out), promlite::Error);
  };
  CHECK(served.render() == exposition(1));
}

TEST_CASE("collectors are told a deadline that leaves time to write what they told") {
  Served served;
  promlite::detail::Instant left = 0;
  served.counting.meanwhile = [&] {
    left = std::chrono::duration_cast<std::chrono::milliseconds>(promlite::scrape_deadline() -
                                                                 std::chrono::steady_clock::now())
               .count();
  };
  served.render({}, 100'000);
  CHECK(left <= 99'750);
  CHECK(left > 79'000);
}

TEST_CASE("a scrape that has less time brings the deadline forward for the one that is made") {
  Served served;
  const auto comes_forward = [&](const std::function<void()>& hurry) {
    promlite::detail::Instant before = 0;
    bool forward = false;
    std::thread other;
    served.counting.meanwhile = [&] {
      if (other.joinable()) return;
      before = std::chrono::duration_cast<std::chrono::milliseconds>(
                   promlite::scrape_deadline().time_since_epoch())
                   .count();
      other = std::thread(hurry);
      const auto end = now() + 20'000;
      const auto soon = promlite::detail::CollectionScope::TimePoint(std::chrono::milliseconds(before)) -
                        std::chrono::seconds(10);
      while (!forward && now() < end) forward = promlite::scrape_deadline() < soon;
    };
    served.render({}, 60'000);
    other.join();
    served.counting.meanwhile = nullptr;
    return forward;
  };
  CHECK(comes_forward([&] { served.source.hurry({}, now() + 30'000); }));
  CHECK(comes_forward([&] { served.render({}, 30'000); }));
  served.source.hurry({}, now());  // nothing is being made
  const int so_far = served.counting.collections;
  CHECK(served.render() == exposition(so_far + 1));
}
