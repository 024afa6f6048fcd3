// promlite: the series that the HTTP benchmarks expose, as a scrape shows them.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_BENCH_HTTP_SERIES_HPP
#define PROMLITE_BENCH_HTTP_SERIES_HPP

#include <string>

namespace bench {

constexpr const char* series_help = "HTTP requests served.";

/// The value of one of the three labels of series `i`.
inline std::string route_of(int i) { return "/api/v1/resource" + std::to_string(i); }

/// The exposition of `count` series with three labels each.
inline std::string series_text(int count) {
  std::string text = "# HELP http_requests_total HTTP requests served.\n# TYPE http_requests_total counter\n";
  for (int i = 0; i < count; ++i) {
    text += "http_requests_total{method=\"GET\",code=\"200\",route=\"" + route_of(i) + "\"} " +
            std::to_string(1000 + i) + "\n";
  }
  return text;
}

}  // namespace bench

#endif  // PROMLITE_BENCH_HTTP_SERIES_HPP
