// promlite: the memory of a series, by the allocator's own count, with one writing thread.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>

#ifdef PROMLITE_BENCH_PROMETHEUS_CPP
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#endif

#include <malloc.h>

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>

namespace {

// Bytes in use, the allocator's own overhead included.
std::size_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::string route(int i) { return "/api/v1/item/" + std::to_string(i); }

template <class Fill>
void report(const char* name, int series, const Fill& fill) {
  const std::size_t before = allocated();
  const auto kept = fill(series);
  std::printf("%-28s %8.1f bytes per series\n", name, static_cast<double>(allocated() - before) / series);
}

}  // namespace

int main() {
  // A scrape's body is not a series' memory: it is written into a buffer that exists already.
  promlite::detail::ByteBuffer body;
  body.reserve(8 << 20);
  promlite::detail::TextEncoder encoder(body);

  report("counter", 10000, [&](int series) {
    auto registry = std::make_unique<promlite::Registry>();
    const auto family = registry->counter("http_requests_total", "Requests.", {"method", "code", "route"},
                                          promlite::max_series(10000));
    for (int i = 0; i < series; ++i) family.with("GET", 200, route(i)).inc();
    registry->collect(encoder);
    return registry;
  });
  report("histogram", 1000, [&](int series) {
    auto registry = std::make_unique<promlite::Registry>();
    const auto family = registry->histogram("http_seconds", "Time.", {"route"});
    for (int i = 0; i < series; ++i) family.with(route(i)).observe(0.01 * i);
    registry->collect(encoder);
    return registry;
  });
  report("unused_family", 100, [&](int families) {
    auto registry = std::make_unique<promlite::Registry>();
    for (int i = 0; i < families; ++i) {
      (void)registry->counter(promlite::runtime_name("family_" + std::to_string(i) + "_total"), "Never used.",
                              {"a", "b"});
    }
    return registry;
  });
#ifdef PROMLITE_BENCH_PROMETHEUS_CPP
  report("peer_counter", 10000, [&](int series) {
    auto registry = std::make_unique<prometheus::Registry>();
    auto& family =
        prometheus::BuildCounter().Name("http_requests_total").Help("Requests.").Register(*registry);
    for (int i = 0; i < series; ++i) {
      family.Add({{"method", "GET"}, {"code", "200"}, {"route", route(i)}}).Increment();
    }
    return registry;
  });
  report("peer_histogram", 1000, [&](int series) {
    auto registry = std::make_unique<prometheus::Registry>();
    auto& family = prometheus::BuildHistogram().Name("http_seconds").Help("Time.").Register(*registry);
    const prometheus::Histogram::BucketBoundaries bounds{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
    for (int i = 0; i < series; ++i) family.Add({{"route", route(i)}}, bounds).Observe(0.01 * i);
    return registry;
  });
#endif
}
