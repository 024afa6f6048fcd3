// promlite: a server with a given number of series, for a load generator. The goal, side by side with
// http_responder in one run of `wrk -t1 -c4`: 0.7 of its requests per second with 100 series, 0.5 with
// 10,000.
//
//   http_server PORT SERIES      prints its address and serves 127.0.0.1:PORT until its input ends
//   wrk -t1 -c4 -d5s http://127.0.0.1:PORT/metrics
// SPDX-License-Identifier: MIT
#include <promlite/promlite.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "http_series.hpp"

int main(int argc, char** argv) {
  const int count = argc > 2 ? std::atoi(argv[2]) : 100;
  promlite::Registry registry;
  auto requests = registry.counter("http_requests_total", bench::series_help, {"method", "code", "route"},
                                   promlite::max_series(static_cast<std::size_t>(count)));
  for (int i = 0; i < count; ++i) requests.with("GET", 200, bench::route_of(i)).inc(1000 + i);
  const promlite::MetricsServer server{"127.0.0.1:" + std::string(argc > 1 ? argv[1] : "0"), registry};
  std::printf("http://%s/metrics\n", server.address().c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}
