// promlite: what a line of a scrape costs, beside copying it ready-made and prometheus-cpp.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>

#include <benchmark/benchmark.h>

#ifdef PROMLITE_BENCH_PROMETHEUS_CPP
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#endif

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr int counters = 10000;
constexpr int histograms = 1000;
constexpr int lines_of_histogram = 14;  // 11 bounds, +Inf, sum, count

std::string route(int i) { return "/api/v1/item/" + std::to_string(i); }
std::uint64_t count(int i) { return 1000 + static_cast<std::uint64_t>(i) * 7; }

// Reports the time of one line.
void per_line(benchmark::State& state, int lines) {
  state.counters["line"] =
      benchmark::Counter(static_cast<double>(lines),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void limit_prefix_and_to_chars(benchmark::State& state) {
  std::vector<std::string> prefixes;
  std::size_t room = 0;
  for (int i = 0; i < counters; ++i) {
    prefixes.push_back("http_requests_total{code=\"200\",method=\"GET\",route=\"" + route(i) + "\"} ");
    room += prefixes.back().size() + 32;
  }
  std::string body(room, '\0');
  for (auto _ : state) {
    char* to = &body[0];
    for (int i = 0; i < counters; ++i) {
      const std::string& prefix = prefixes[static_cast<std::size_t>(i)];
      std::memcpy(to, prefix.data(), prefix.size());
      to = std::to_chars(to + prefix.size(), to + prefix.size() + 20, count(i)).ptr;
      *to++ = '\n';
    }
    benchmark::DoNotOptimize(to);
    benchmark::ClobberMemory();
  }
  per_line(state, counters);
}

// Scrapes into one buffer again and again.
template <class Encoder>
void scrape(benchmark::State& state, promlite::Registry& registry, int lines) {
  promlite::detail::ByteBuffer body;
  Encoder encoder(body);
  for (auto _ : state) {
    body.clear();
    registry.collect(encoder);
    benchmark::DoNotOptimize(body.data());
  }
  per_line(state, lines);
}

template <class Encoder>
void counters_as(benchmark::State& state) {
  promlite::Registry registry;
  const auto family = registry.counter("http_requests_total", "HTTP requests served.",
                                       {"method", "code", "route"}, promlite::max_series(counters));
  for (int i = 0; i < counters; ++i) family.with("GET", 200, route(i)).inc(count(i));
  scrape<Encoder>(state, registry, counters);
}
template <class Encoder>
void histograms_as(benchmark::State& state) {
  promlite::Registry registry;
  const auto family = registry.histogram("http_seconds", "Time to serve.", {"route"});
  for (int i = 0; i < histograms; ++i) family.with(route(i)).observe(0.01 * i);
  scrape<Encoder>(state, registry, histograms * lines_of_histogram);
}

BENCHMARK(limit_prefix_and_to_chars);

// A series or bucket counts as the line that it is in the text format.
using promlite::detail::OpenMetricsEncoder;
using promlite::detail::ProtobufEncoder;
using promlite::detail::TextEncoder;
BENCHMARK(counters_as<TextEncoder>)->Name("text_counters");
BENCHMARK(counters_as<OpenMetricsEncoder>)->Name("openmetrics_counters");
BENCHMARK(counters_as<ProtobufEncoder>)->Name("protobuf_counters");
BENCHMARK(histograms_as<TextEncoder>)->Name("text_histograms");
BENCHMARK(histograms_as<OpenMetricsEncoder>)->Name("openmetrics_histograms");
BENCHMARK(histograms_as<ProtobufEncoder>)->Name("protobuf_histograms");

#ifdef PROMLITE_BENCH_PROMETHEUS_CPP
void peer_scrape(benchmark::State& state, const prometheus::Registry& registry, int lines) {
  const prometheus::TextSerializer serializer;
  for (auto _ : state) benchmark::DoNotOptimize(serializer.Serialize(registry.Collect()).size());
  per_line(state, lines);
}
void peer_text_counters(benchmark::State& state) {
  prometheus::Registry registry;
  auto& family =
      prometheus::BuildCounter().Name("http_requests_total").Help("HTTP requests served.").Register(registry);
  for (int i = 0; i < counters; ++i) {
    family.Add({{"method", "GET"}, {"code", "200"}, {"route", route(i)}})
        .Increment(static_cast<double>(count(i)));
  }
  peer_scrape(state, registry, counters);
}
void peer_text_histograms(benchmark::State& state) {
  prometheus::Registry registry;
  auto& family = prometheus::BuildHistogram().Name("http_seconds").Help("Time to serve.").Register(registry);
  const prometheus::Histogram::BucketBoundaries bounds{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
  for (int i = 0; i < histograms; ++i) family.Add({{"route", route(i)}}, bounds).Observe(0.01 * i);
  peer_scrape(state, registry, histograms * lines_of_histogram);
}
BENCHMARK(peer_text_counters);
BENCHMARK(peer_text_histograms);
#endif

}  // namespace

BENCHMARK_MAIN();
