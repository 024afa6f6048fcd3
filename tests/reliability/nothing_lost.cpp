// promlite: no increment is lost and no value falls while threads come and go; every histogram is one moment.
// SPDX-License-Identifier: MIT
//
// nothing_lost [short|normal|long]
#include <promlite/core.hpp>
#include <promlite/exposition/parser.hpp>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "concurrency/harness.hpp"
#include "reliability/reliability.hpp"

using reliability::demand;

/// `exits` threads, four at a time, make `increments` of each kind while another scrapes. The scrapes.
static std::uint64_t count_increments(std::uint64_t increments, std::uint64_t exits) {
  constexpr std::uint64_t spawners = 4;
  const std::uint64_t each = increments / exits;
  promlite::Registry registry;
  const auto real = registry.counter("real_total", "Whole amounts in a double.");
  const auto whole = registry.counter<std::uint64_t>("whole_total", "Whole amounts.");
  const auto family = registry.counter<std::uint64_t>("family_total", "By label.", {"spawner"});
  std::atomic<std::uint64_t> running{spawners};
  test::Threads threads;
  for (std::uint64_t s = 0; s < spawners; ++s) {
    threads.start([&, s] {
      for (std::uint64_t i = 0; i < exits / spawners; ++i) {
        std::thread([&] {
          const auto series = family.with(s);
          for (std::uint64_t n = 0; n < each; ++n) {
            real.inc();
            whole.inc();
            series.inc();
          }
        }).join();
      }
      running.fetch_sub(1, std::memory_order_release);  // the watcher's last scrape sees all of it
    });
  }
  std::uint64_t scrapes = 0;
  test::Scrape before;
  for (bool last = false; !last; ++scrapes) {
    last = running.load(std::memory_order_acquire) == 0;  // as above
    test::Scrape now = test::scrape(registry);
    const std::string fallen = test::fallen(before, now);
    demand(fallen.empty(), "no value falls: " + fallen);
    before = std::move(now);
  }
  threads.join();
  const auto all = static_cast<double>(increments);
  demand(before.at("real_total") == all, "real_total is exact");
  demand(before.at("whole_total") == all, "whole_total is exact");
  for (std::uint64_t s = 0; s < spawners; ++s) {
    const std::string name = "family_total{spawner=\"" + std::to_string(s) + "\"}";
    demand(before.at(name) == all / spawners, name + " is exact");
  }
  return scrapes;
}

struct Histogram {
  double count = -1;
  double sum = -1;
  double sum_of_buckets = 0;  // what was observed were the bounds, so that the buckets give the sum
};

static Histogram histogram_of(const promlite::Exposition& exposition, const std::vector<double>& bounds) {
  Histogram found;
  double below = 0;
  std::size_t bucket = 0;
  for (const auto& sample : exposition.families.at(0).samples) {
    if (sample.name == "h_sum") found.sum = sample.value;
    if (sample.name == "h_count") found.count = sample.value;
    if (sample.name != "h_bucket") continue;
    demand(sample.value >= below, "buckets are cumulative");
    if (bucket < bounds.size()) {
      found.sum_of_buckets += bounds[bucket] * (sample.value - below);
    } else {
      demand(sample.value == below, "nothing is beyond the last bound");
    }
    below = sample.value;
    ++bucket;
  }
  demand(bucket == bounds.size() + 1, "every bucket is there");
  demand(found.count == below, "_count is the bucket of +Inf");
  return found;
}

struct Snapshots {
  double observed = 0;
  int given_up = 0;
};

/// Snapshots of a histogram that three threads observe.
static Snapshots read_histograms(std::uint64_t snapshots) {
  constexpr std::size_t writers = 3;
  const std::vector<double> bounds = {1, 2, 4, 8, 16, 32, 64};
  promlite::Registry registry;
  const auto histogram = registry.histogram("h", "Powers of two.", promlite::buckets(bounds));
  std::atomic<bool> done{false};
  test::Threads threads;
  for (std::size_t t = 0; t < writers; ++t) {
    threads.start([&, t] {
      for (std::size_t i = t; !done; ++i) histogram.observe(bounds[i % bounds.size()]);
    });
  }
  Snapshots result;
  for (std::uint64_t i = 0; i < snapshots; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const std::string text = promlite::to_text(registry);
    const double seconds = reliability::seconds_since(start);
    const auto exposition = promlite::parse_text(text);
    demand(static_cast<bool>(exposition), "the scrape is read");
    const Histogram now = histogram_of(*exposition, bounds);
    demand(now.count >= result.observed, "the count does not fall");
    result.observed = now.count;
    if (now.sum == now.sum_of_buckets) continue;
    // A scrape waits 50 ms for threads that the system has stopped in the middle of an observation, and then
    // shows that one half (docs/design.md, "Snapshots").
    demand(seconds > 0.04, "sum and buckets are of the same observations");
    demand(std::abs(now.sum - now.sum_of_buckets) <= bounds.back() * writers,
           "at most one of each thread is half");
    ++result.given_up;
  }
  done = true;
  threads.join();
  const Histogram last = histogram_of(*promlite::parse_text(promlite::to_text(registry)), bounds);
  demand(last.sum == last.sum_of_buckets, "at rest sum and buckets are of the same observations");
  return result;
}

int main(int argc, char** argv) {
  const reliability::Size size(argc, argv);
  const std::uint64_t increments = size.of<std::uint64_t>(10'000'000, 1'000'000'000, 10'000'000'000);
  const std::uint64_t exits = size.of<std::uint64_t>(2'000, 100'000, 1'000'000);
  const std::uint64_t snapshots = size.of<std::uint64_t>(10'000, 1'000'000, 10'000'000);
  const std::uint64_t scrapes = count_increments(increments, exits);
  const Snapshots read = read_histograms(snapshots);
  std::printf(
      "%.0e increments of each of 3 counters, %llu thread exits, %llu scrapes: exact, nothing fell; "
      "%.0e histograms during %.1e observations: each of one moment but %d, whose updaters stood still "
      "for 50 ms\n",
      static_cast<double>(increments), static_cast<unsigned long long>(exits),
      static_cast<unsigned long long>(scrapes), static_cast<double>(snapshots), read.observed, read.given_up);
}
