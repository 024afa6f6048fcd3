// promlite: what it takes to remove 32,000 series one by one, and what a family that always has some series,
// never the same ones for long, does to memory.
//
//   removal_of_series [CHURNED]    CHURNED, 1,000,000: how many series come and go
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>

#ifdef PROMLITE_BENCH_PROMETHEUS_CPP
#include <prometheus/counter.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#endif

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <vector>

#include "measure.hpp"

namespace {

constexpr int series = 32000;
constexpr long alive = 500;
constexpr long scrape_after = 100000;  // series that came and went

std::string route(long i) { return "/api/v1/item/" + std::to_string(i); }

// What stands in the text of a scrape when all has gone.
void print_removal(const char* name, double seconds, bool all_gone) {
  std::printf("%-22s %9.2f ms for %d series, %s\n", name, seconds * 1e3, series,
              all_gone ? "all gone" : "NOT GONE");
}

// `step(i)` makes series i and removes the one that has been there for longest. Memory is compared with that
// after the first tenth, when buffers have their size.
template <class Step, class Scrape>
void churn(const char* name, long count, const Step& step, const Scrape& scrape) {
  double settled = 0;
  const double start = bench::seconds(CLOCK_THREAD_CPUTIME_ID);
  for (long i = 0; i < count; ++i) {
    step(i);
    if (i % scrape_after == scrape_after - 1) scrape();
    if (i == count / 10) settled = bench::resident();
  }
  const double time = bench::seconds(CLOCK_THREAD_CPUTIME_ID) - start;
  std::printf("%-22s %9.0f bytes more, %.0f ns each, %ld series\n", name, bench::resident() - settled,
              time * 1e9 / static_cast<double>(count), count);
}

}  // namespace

int main(int argc, char** argv) {
  const long churned = argc > 1 ? std::atol(argv[1]) : 1000000;
  bench::pin(0);
  std::vector<std::string> routes;
  for (int i = 0; i < series; ++i) routes.push_back(route(i));

  for (int round = 0; round < 3; ++round) {
    promlite::Registry registry;
    const auto requests =
        registry.counter("http_requests_total", "Requests.", {"route"}, promlite::max_series(series));
    for (const std::string& one : routes) requests.with(one).inc();
    (void)promlite::to_text(registry);
    const double start = bench::seconds(CLOCK_THREAD_CPUTIME_ID);
    // Not in the order in which they were made.
    for (int i = 0; i < series; ++i) requests.remove(routes[static_cast<std::size_t>(i * 7919L % series)]);
    const double time = bench::seconds(CLOCK_THREAD_CPUTIME_ID) - start;
    print_removal("removal", time,
                  promlite::to_text(registry).find("http_requests_total{") == std::string::npos);
  }
  {
    promlite::Registry registry;
    const auto requests =
        registry.counter("http_requests_total", "Requests.", {"route"}, promlite::max_series(1000));
    const auto scrape = [&] { (void)promlite::to_text(registry); };
    churn(
        "churn", churned,
        [&](long i) {
          requests.with(route(i)).inc();
          if (i >= alive) requests.remove(route(i - alive));
        },
        scrape);
  }
#ifdef PROMLITE_BENCH_PROMETHEUS_CPP
  {
    prometheus::Registry registry;
    auto& requests =
        prometheus::BuildCounter().Name("http_requests_total").Help("Requests.").Register(registry);
    std::vector<prometheus::Counter*> made;
    for (const std::string& one : routes) made.push_back(&requests.Add({{"route", one}}));
    const double start = bench::seconds(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < series; ++i) requests.Remove(made[static_cast<std::size_t>(i * 7919L % series)]);
    const double time = bench::seconds(CLOCK_THREAD_CPUTIME_ID) - start;
    print_removal("peer_removal", time,
                  prometheus::TextSerializer().Serialize(registry.Collect()).find("http_requests_total{") ==
                      std::string::npos);
  }
  {
    prometheus::Registry registry;
    auto& requests =
        prometheus::BuildCounter().Name("http_requests_total").Help("Requests.").Register(registry);
    std::deque<prometheus::Counter*> made;
    const auto scrape = [&] { (void)prometheus::TextSerializer().Serialize(registry.Collect()); };
    churn(
        "peer_churn", churned / 10,
        [&](long i) {
          made.push_back(&requests.Add({{"route", route(i)}}));
          made.back()->Increment();
          if (i < alive) return;
          requests.Remove(made.front());
          made.pop_front();
        },
        scrape);
  }
#endif
}
