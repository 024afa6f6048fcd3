// promlite: what new label values from outside do to a family that is full: to the speed of the series that
// it has, to memory, and to the sum.
//
//   flood_of_labels [SECONDS [VALUES]]    SECONDS of each measurement of speed; VALUES, 10,000,000, for
//   memory and sum
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>

#ifdef PROMLITE_BENCH_PROMETHEUS_CPP
#include <prometheus/counter.h>
#include <prometheus/registry.h>
#endif

#include <atomic>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "measure.hpp"

namespace {

constexpr std::size_t bound = 1000;
constexpr int rounds = 7;

const std::vector<std::string>& admitted() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> made;
    for (std::size_t i = 0; i < bound; ++i) made.push_back("/api/v1/item/" + std::to_string(i));
    return made;
  }();
  return all;
}

// Label values that nobody has seen before.
class Unseen {
 public:
  std::string_view next() {
    const auto end = std::to_chars(text_ + 1, text_ + sizeof text_, ++number_).ptr;
    return {text_, static_cast<std::size_t>(end - text_)};
  }

 private:
  char text_[24] = {'x'};
  std::uint64_t number_ = 0;
};

// Nanoseconds of one update of the series that were there first, by wall clock, since who waits for a lock
// uses no processor; and the share of a processor that they had.
struct Speed {
  std::vector<double> nanoseconds;
  std::vector<double> processors;
};

// `other` runs on a processor of its own meanwhile.
template <class Update, class Other>
void measure(Speed& speed, double for_seconds, const Update& update, const Other& other) {
  std::atomic<bool> done{false};
  std::atomic<bool> started{false};
  std::thread thread([&] {
    bench::pin(1);
    while (!done.load(std::memory_order_relaxed)) {
      for (int i = 0; i < 100; ++i) other();
      started.store(true, std::memory_order_relaxed);
    }
  });
  while (!started.load(std::memory_order_relaxed)) {
  }
  const bench::Share share;
  const double begin = bench::seconds(CLOCK_MONOTONIC);
  double end = begin;
  std::size_t count = 0;
  while (end - begin < for_seconds) {
    for (int i = 0; i < 1000; ++i, ++count) update(admitted()[count & 63]);
    end = bench::seconds(CLOCK_MONOTONIC);
  }
  speed.nanoseconds.push_back((end - begin) * 1e9 / static_cast<double>(count));
  speed.processors.push_back(share.processors());
  done.store(true, std::memory_order_relaxed);
  thread.join();
}

void print(const char* name, Speed& speed) {
  std::printf("%-22s %9.1f ns, %.2f processors\n", name, bench::quantile(speed.nanoseconds, 0.5),
              bench::quantile(speed.processors, 0.5));
}

std::atomic<std::uint64_t> of_its_own{0};

// As much work as a flood, on memory that nobody else uses: what the other processor's mere running costs.
void unrelated(Unseen& unseen) {
  const std::string_view text = unseen.next();
  of_its_own.store(of_its_own.load(std::memory_order_relaxed) + text.size(), std::memory_order_relaxed);
}

double sum_of(const std::string& text) {
  double sum = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    const std::size_t end = text.find('\n', at);
    if (text.compare(at, 20, "http_requests_total{") != 0) continue;
    sum += std::strtod(text.c_str() + text.rfind(' ', end) + 1, nullptr);
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const double for_seconds = (argc > 1 ? std::atof(argv[1]) : 1) / rounds;
  const long values = argc > 2 ? std::atol(argv[2]) : 10000000;
  bench::pin(0);
  {
    promlite::Registry registry;
    const auto requests =
        registry.counter("http_requests_total", "Requests.", {"route"}, promlite::max_series(bound));
    for (const std::string& route : admitted()) requests.with(route).inc();
    (void)promlite::to_text(registry);
    Unseen unseen;
    requests.with(unseen.next()).inc();
    const double before = bench::resident();
    const double start = bench::seconds(CLOCK_MONOTONIC);
    for (long i = 1; i < values; ++i) requests.with(unseen.next()).inc();
    const double time = bench::seconds(CLOCK_MONOTONIC) - start;
    const double after = bench::resident();
    const double wanted = static_cast<double>(values) + static_cast<double>(bound);
    std::printf("%-22s %9.0f bytes more, %.1f ns each, %ld values, sum %s\n", "memory", after - before,
                time * 1e9 / static_cast<double>(values), values,
                sum_of(promlite::to_text(registry)) == wanted ? "exact" : "WRONG");
  }
  promlite::Registry registry;
  const auto requests =
      registry.counter("http_requests_total", "Requests.", {"route"}, promlite::max_series(bound));
  const auto update = [&](const std::string& route) { requests.with(route).inc(); };
  for (const std::string& route : admitted()) update(route);
  Unseen unseen;
  const auto flood = [&] { requests.with(unseen.next()).inc(); };
  const auto spin = [&] { unrelated(unseen); };
  flood();
  Speed calm, flooded;
#ifdef PROMLITE_BENCH_PROMETHEUS_CPP
  prometheus::Registry peer_registry;
  auto& peer =
      prometheus::BuildCounter().Name("http_requests_total").Help("Requests.").Register(peer_registry);
  const auto peer_update = [&](const std::string& route) { peer.Add({{"route", route}}).Increment(); };
  for (const std::string& route : admitted()) peer_update(route);
  const auto peer_flood = [&] { peer.Add({{"route", std::string(unseen.next())}}).Increment(); };
  Speed peer_calm, peer_flooded;
#endif
  for (int round = 0; round < rounds; ++round) {
    measure(calm, for_seconds, update, spin);
    measure(flooded, for_seconds, update, flood);
#ifdef PROMLITE_BENCH_PROMETHEUS_CPP
    // Shorter, because this one keeps what it is sent.
    measure(peer_calm, for_seconds / 4, peer_update, spin);
    measure(peer_flooded, for_seconds / 4, peer_update, peer_flood);
#endif
  }
  print("calm", calm);
  print("flooded", flooded);
#ifdef PROMLITE_BENCH_PROMETHEUS_CPP
  print("peer_calm", peer_calm);
  print("peer_flooded", peer_flooded);
  const double before = bench::resident();
  for (int i = 0; i < 100000; ++i) peer_flood();
  std::printf("%-22s %9.0f bytes more for each value\n", "peer_memory",
              (bench::resident() - before) / 100000);
#endif
}
