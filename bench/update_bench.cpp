// promlite: what an update costs, beside the raw limits and prometheus-cpp, by one and two threads.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>

#include <benchmark/benchmark.h>

#ifdef PROMLITE_BENCH_PROMETHEUS_CPP
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>
#endif

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "measure.hpp"

namespace {

const std::vector<double>& bounds() {
  static const std::vector<double> all{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
  return all;
}

// Unpredictable values over all buckets.
double value(std::size_t i) {
  static const std::vector<double> values = [] {
    std::vector<double> made(4096);
    std::uint32_t state = 1;
    for (double& one : made) {
      state = state * 1664525 + 1013904223;
      one = static_cast<double>(state >> 8) / (1 << 24) * 12;
    }
    return made;
  }();
  return values[i & 4095];
}

const std::string& route(std::size_t i) {
  static const std::vector<std::string> routes = [] {
    std::vector<std::string> made;
    for (int r = 0; r < 64; ++r) made.push_back("/api/v1/item/" + std::to_string(r));
    return made;
  }();
  return routes[i & 63];
}

enum class Kind { first, second, third, count };
const char* to_label(Kind kind) {
  return kind == Kind::first ? "first" : kind == Kind::second ? "second" : "third";
}
constexpr auto label_values(Kind) { return promlite::enumerators_below<Kind::count>(); }

// Unpredictable enumerators.
Kind kind(std::size_t i) {
  static const std::vector<Kind> kinds = [] {
    std::vector<Kind> made(4096);
    for (std::size_t k = 0; k < made.size(); ++k) made[k] = static_cast<Kind>(static_cast<int>(value(k)) % 3);
    return made;
  }();
  return kinds[i & 4095];
}

// Runs `update(i)` once per iteration. The counter "processors" says how many of them all threads had
// together: near 1 with two threads, they took turns, and no contention was measured.
template <class Update>
void loop(benchmark::State& state, const Update& update) {
  bench::pin(static_cast<std::size_t>(state.thread_index()));
  std::size_t i = 0;
  // The threads wait for each other before and after the loop, so this is the time of both of them.
  const bench::Share share;
  for (auto _ : state) update(i++);
  state.counters["processors"] = share.processors();
}

struct alignas(64) RawCell {
  std::atomic<std::uint64_t> count{0};
};
RawCell shared_cell;
std::array<RawCell, 64> owned_cells;

void raw_fetch_add(benchmark::State& state) {
  loop(state, [](std::size_t) { shared_cell.count.fetch_add(1, std::memory_order_relaxed); });
}
void raw_owned_cell(benchmark::State& state) {
  std::atomic<std::uint64_t>& cell = owned_cells[static_cast<std::size_t>(state.thread_index()) % 64].count;
  loop(state,
       [&](std::size_t) { cell.store(cell.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); });
}

promlite::Registry& registry() {
  static promlite::Registry made;
  return made;
}

void counter_inc(benchmark::State& state) {
  const auto counter = registry().counter("bench_total", "");
  loop(state, [&](std::size_t) { counter.inc(); });
}
void counter_inc_four_in_turn(benchmark::State& state) {
  const promlite::Counter<> counters[4] = {
      registry().counter("bench_a_total", ""), registry().counter("bench_b_total", ""),
      registry().counter("bench_c_total", ""), registry().counter("bench_d_total", "")};
  loop(state, [&](std::size_t i) { counters[i & 3].inc(); });
}
void counter_inc_uint64(benchmark::State& state) {
  const auto counter = registry().counter<std::uint64_t>("bench_uint_total", "");
  loop(state, [&](std::size_t) { counter.inc(); });
}
void counter_inc_whole_double(benchmark::State& state) {
  const auto counter = registry().counter("bench_whole_total", "");
  loop(state, [&](std::size_t) { counter.inc(2.0); });
}
void counter_inc_fraction(benchmark::State& state) {
  const auto counter = registry().counter("bench_fraction_total", "");
  loop(state, [&](std::size_t) { counter.inc(0.5); });
}
void gauge_set(benchmark::State& state) {
  const auto gauge = registry().gauge("bench_gauge", "");
  loop(state, [&](std::size_t i) { gauge.set(static_cast<double>(i)); });
}
void with_three_labels(benchmark::State& state) {
  const auto family = registry().counter("bench_requests_total", "", {"method", "code", "route"});
  loop(state, [&](std::size_t i) { family.with("GET", 200, route(i)).inc(); });
}
void with_curried(benchmark::State& state) {
  const auto family =
      registry().counter("bench_curried_total", "", {"method", "code", "route"}).curry("GET", 200);
  loop(state, [&](std::size_t i) { family.with(route(i)).inc(); });
}
void with_enums(benchmark::State& state) {
  const auto family = registry().counter("bench_enums_total", "", {"a", "b"}).by_enum<Kind, Kind>();
  loop(state, [&](std::size_t i) { family.with(kind(i), kind(i + 1)).inc(); });
}
void histogram_observe(benchmark::State& state) {
  const auto histogram = registry().histogram("bench_seconds", "", promlite::buckets(bounds()));
  loop(state, [&](std::size_t i) { histogram.observe(value(i)); });
}
void histogram_observe_n(benchmark::State& state) {
  const auto histogram = registry().histogram("bench_n_seconds", "", promlite::buckets(bounds()));
  loop(state, [&](std::size_t i) { histogram.observe_n(value(i), 10); });
}
void native_histogram_observe(benchmark::State& state) {
  const auto histogram = registry().native_histogram("bench_native_seconds", "");
  loop(state, [&](std::size_t i) { histogram.observe(value(i)); });
}
void native_and_classic_observe(benchmark::State& state) {
  const auto histogram =
      registry().histogram("bench_both_seconds", "", promlite::native(), promlite::buckets(bounds()));
  loop(state, [&](std::size_t i) { histogram.observe(value(i)); });
}
void summary_observe(benchmark::State& state) {
  const auto summary = registry().summary("bench_summary", "", promlite::quantiles({0.5, 0.9, 0.99}));
  loop(state, [&](std::size_t i) { summary.observe(value(i)); });
}

#define PROMLITE_BENCH(function) BENCHMARK(function)->Threads(1)->Threads(2)->UseRealTime()
PROMLITE_BENCH(raw_fetch_add);
PROMLITE_BENCH(raw_owned_cell);
PROMLITE_BENCH(counter_inc);
PROMLITE_BENCH(counter_inc_four_in_turn);
PROMLITE_BENCH(counter_inc_uint64);
PROMLITE_BENCH(counter_inc_whole_double);
PROMLITE_BENCH(counter_inc_fraction);
PROMLITE_BENCH(gauge_set);
PROMLITE_BENCH(with_three_labels);
PROMLITE_BENCH(with_curried);
PROMLITE_BENCH(with_enums);
PROMLITE_BENCH(histogram_observe);
PROMLITE_BENCH(histogram_observe_n);
PROMLITE_BENCH(native_histogram_observe);
PROMLITE_BENCH(native_and_classic_observe);
PROMLITE_BENCH(summary_observe);

#ifdef PROMLITE_BENCH_PROMETHEUS_CPP
prometheus::Registry& peer() {
  static prometheus::Registry made;
  return made;
}

void peer_counter_inc(benchmark::State& state) {
  auto& counter = prometheus::BuildCounter().Name("bench_total").Register(peer()).Add({});
  loop(state, [&](std::size_t) { counter.Increment(); });
}
void peer_gauge_set(benchmark::State& state) {
  auto& gauge = prometheus::BuildGauge().Name("bench_gauge").Register(peer()).Add({});
  loop(state, [&](std::size_t i) { gauge.Set(static_cast<double>(i)); });
}
void peer_with_three_labels(benchmark::State& state) {
  auto& family = prometheus::BuildCounter().Name("bench_requests_total").Register(peer());
  loop(state, [&](std::size_t i) {
    family.Add({{"method", "GET"}, {"code", "200"}, {"route", route(i)}}).Increment();
  });
}
void peer_histogram_observe(benchmark::State& state) {
  auto& histogram = prometheus::BuildHistogram().Name("bench_seconds").Register(peer()).Add({}, bounds());
  loop(state, [&](std::size_t i) { histogram.Observe(value(i)); });
}
void peer_summary_observe(benchmark::State& state) {
  auto& summary = prometheus::BuildSummary()
                      .Name("bench_summary")
                      .Register(peer())
                      .Add({}, prometheus::Summary::Quantiles{{0.5, 0.05}, {0.9, 0.01}, {0.99, 0.001}});
  loop(state, [&](std::size_t i) { summary.Observe(value(i)); });
}
PROMLITE_BENCH(peer_counter_inc);
PROMLITE_BENCH(peer_gauge_set);
PROMLITE_BENCH(peer_with_three_labels);
PROMLITE_BENCH(peer_histogram_observe);
PROMLITE_BENCH(peer_summary_observe);
#endif

}  // namespace

BENCHMARK_MAIN();
