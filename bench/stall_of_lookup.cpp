// promlite: how long a look-up of one of 10,000 series takes at worst while another thread scrapes them all,
// again and again; the same look-ups without scrapes; and what the clock and the machine do to a measurement
// of nothing.
//
//   stall_of_lookup [SECONDS]    of each of the measurements
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>

#ifdef PROMLITE_BENCH_PROMETHEUS_CPP
#include <prometheus/counter.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#endif

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "measure.hpp"

namespace {

constexpr int series = 10000;
constexpr int rounds = 5;

// An atomic, because the compiler must not leave the body out.
std::atomic<std::size_t> size_of_body{0};

const std::vector<std::string>& routes() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> made;
    for (int i = 0; i < series; ++i) made.push_back("/api/v1/item/" + std::to_string(i));
    return made;
  }();
  return all;
}

std::uint64_t now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1000000000 + static_cast<std::uint64_t>(time.tv_nsec);
}

constexpr double parts[] = {0.5, 0.99, 0.9999, 1};

// The quantiles of each round, and the share of a processor that the look-ups had.
struct Result {
  const char* name;
  std::vector<std::uint64_t> quantiles[std::size(parts)];
  std::vector<double> processors;

  void print() {
    std::printf("%-22s", name);
    for (auto& of_rounds : quantiles) {
      // Of the longest ones the longest: a stall that only some rounds see is a stall.
      const bool longest = &of_rounds == std::end(quantiles) - 1;
      std::printf(" %9llu", static_cast<unsigned long long>(bench::quantile(of_rounds, longest ? 1 : 0.5)));
    }
    std::printf(" ns, %.2f processors\n", bench::quantile(processors, 0.5));
  }
};

template <class Lookup>
void measure(Result& result, double for_seconds, const Lookup& look_up) {
  static std::vector<std::uint32_t> times(std::size_t{1} << 25);  // touched now, not while measuring
  std::size_t count = 0;
  const bench::Share share;
  const std::uint64_t end = now() + static_cast<std::uint64_t>(for_seconds * 1e9);
  for (std::uint64_t before = now(); before < end && count < times.size(); ++count) {
    look_up(routes()[count * 7919 % series]);
    const std::uint64_t after = now();
    times[count] = static_cast<std::uint32_t>(std::min<std::uint64_t>(after - before, 0xffffffff));
    before = now();
  }
  result.processors.push_back(share.processors());
  std::vector<std::uint32_t> measured(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(count));
  for (std::size_t i = 0; i < std::size(parts); ++i) {
    result.quantiles[i].push_back(bench::quantile(measured, parts[i]));
  }
}

// The look-ups on one processor, scrapes without a break on another.
template <class Lookup, class Scrape>
void measure_scraped(Result& result, double for_seconds, const Lookup& look_up, const Scrape& scrape) {
  std::atomic<bool> done{false};
  std::atomic<int> scrapes{0};
  std::thread scraper([&] {
    bench::pin(1);
    while (!done.load(std::memory_order_relaxed)) {
      scrape();
      scrapes.fetch_add(1, std::memory_order_relaxed);
    }
  });
  while (scrapes.load(std::memory_order_relaxed) == 0) {
  }
  measure(result, for_seconds, look_up);
  done.store(true, std::memory_order_relaxed);
  scraper.join();
}

}  // namespace

int main(int argc, char** argv) {
  const double for_seconds = (argc > 1 ? std::atof(argv[1]) : 1) / rounds;
  bench::pin(0);

  promlite::Registry registry;
  const auto requests = registry.counter("http_requests_total", "Requests.", {"method", "code", "route"},
                                         promlite::max_series(series));
  const auto look_up = [&](const std::string& route) { requests.with("GET", 200, route).inc(); };
  std::string text;
  const auto scrape = [&] {
    text = promlite::to_text(registry);
    size_of_body.store(text.size(), std::memory_order_relaxed);
  };
  for (const std::string& route : routes()) look_up(route);
  Result nothing{"nothing", {}, {}}, alone{"promlite_alone", {}, {}}, scraped{"promlite_scraped", {}, {}};

#ifdef PROMLITE_BENCH_PROMETHEUS_CPP
  prometheus::Registry peer_registry;
  auto& peer =
      prometheus::BuildCounter().Name("http_requests_total").Help("Requests.").Register(peer_registry);
  const auto peer_look_up = [&](const std::string& route) {
    peer.Add({{"method", "GET"}, {"code", "200"}, {"route", route}}).Increment();
  };
  const auto peer_scrape = [&] {
    const std::string body = prometheus::TextSerializer().Serialize(peer_registry.Collect());
    size_of_body.store(body.size(), std::memory_order_relaxed);
  };
  for (const std::string& route : routes()) peer_look_up(route);
  Result peer_alone{"peer_alone", {}, {}}, peer_scraped{"peer_scraped", {}, {}};
#endif

  for (int round = 0; round < rounds; ++round) {
    measure(nothing, for_seconds, [](const std::string&) {});
    measure(alone, for_seconds, look_up);
    measure_scraped(scraped, for_seconds, look_up, scrape);
#ifdef PROMLITE_BENCH_PROMETHEUS_CPP
    measure(peer_alone, for_seconds, peer_look_up);
    measure_scraped(peer_scraped, for_seconds, peer_look_up, peer_scrape);
#endif
  }
  std::printf("%-22s %9s %9s %9s %9s\n", "", "p50", "p99", "p99.99", "longest");
  nothing.print();
  alone.print();
  scraped.print();
#ifdef PROMLITE_BENCH_PROMETHEUS_CPP
  peer_alone.print();
  peer_scraped.print();
#endif
}
