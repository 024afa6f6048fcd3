// promlite: tests of the default registry.
// SPDX-License-Identifier: MIT
// alone: declares metrics before main()
#include <promlite/default_registry.hpp>
#include <promlite/exposition/text.hpp>

#include <cstdint>
#include <string>

#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace promlite;

// Before main().
static auto at_start = counter("start_total", "Counted before main().", {"a"}, max_series(7));
static const bool counted = [] {
  at_start.with(1).inc();
  return true;
}();

/// The lines of the default registry that begin with `prefix`, comments included.
static std::string shown(const std::string& prefix) {
  const std::string text = to_text(default_registry());
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    std::string line = text.substr(at, end - at);
    const std::size_t name = line[0] == '#' ? 7 : 0;
    if (line.compare(name, prefix.size(), prefix) == 0) kept += line;
    at = end;
  }
  return kept;
}

TEST_CASE("there is one default registry") {
  CHECK(&default_registry() == &default_registry());
  CHECK(counted);
  at_start.with(1).inc();
  CHECK(shown("start_") ==
        "# HELP start_total Counted before main().\n# TYPE start_total counter\nstart_total{a=\"1\"} 2\n");
}

TEST_CASE("the functions declare in the default registry, with and without labels, with every option") {
  counter("t_a_total", "").inc();
  counter<std::uint64_t>("t_b_total", "", {"x"}, const_labels({{"k", "v"}})).with(1).inc(2);
  gauge("t_c", "").set(3);
  gauge<std::int64_t>("t_d_bytes", "", {"x"}, unit("bytes")).with(1).set(4);
  histogram("t_e", "", buckets({1})).observe(1);
  histogram("t_f", "", {"x"}, buckets({1})).with(1).observe(2);
  summary("t_g", "", quantiles({0})).observe(0);
  summary("t_h", "", {"x"}).with(1).observe(3);
  info("t_i", "", {{"x", "1"}});
  const Membership one = gauge_callback("t_j", "", [] { return 5; });
  const Membership two = counter_callback("t_k_total", "", [] { return 6; });
  const Membership three = gauge_callback("t_l", "", {"x"}, [](auto& out) { out.set(7, 1); });
  const Membership four = counter_callback("t_m_total", "", {"x"}, [](auto& out) { out.set(8, 1); });
  const Membership five = info_callback("t_n", "", [](auto& out) { out.set({{"x", "1"}}); });
  CHECK(shown("t_") ==
        "# TYPE t_a_total counter\nt_a_total 1\n# TYPE t_b_total counter\nt_b_total{k=\"v\",x=\"1\"} 2\n"
        "# TYPE t_c gauge\nt_c 3\n# TYPE t_d_bytes gauge\nt_d_bytes{x=\"1\"} 4\n"
        "# TYPE t_e histogram\nt_e_bucket{le=\"1\"} 1\nt_e_bucket{le=\"+Inf\"} 1\nt_e_sum 1\nt_e_count 1\n"
        "# TYPE t_f histogram\nt_f_bucket{x=\"1\",le=\"1\"} 0\nt_f_bucket{x=\"1\",le=\"+Inf\"} "
        "1\nt_f_sum{x=\"1\"} "
        "2\nt_f_count{x=\"1\"} 1\n"
        "# TYPE t_g summary\nt_g{quantile=\"0\"} 0\nt_g_sum 0\nt_g_count 1\n"
        "# TYPE t_h summary\nt_h_sum{x=\"1\"} 3\nt_h_count{x=\"1\"} 1\n"
        "# TYPE t_i_info gauge\nt_i_info{x=\"1\"} 1\n# TYPE t_j gauge\nt_j 5\n# TYPE t_k_total "
        "counter\nt_k_total 6\n"
        "# TYPE t_l gauge\nt_l{x=\"1\"} 7\n# TYPE t_m_total counter\nt_m_total{x=\"1\"} 8\n"
        "# TYPE t_n_info gauge\nt_n_info{x=\"1\"} 1\n");
  CHECK(test::error_of([] { gauge("t_a_total", ""); }) ==
        "cannot register gauge t_a_total: counter t_a_total is registered already: another type");
}

TEST_CASE("it shows how its scrapes went, and the process until it is left out") {
  CHECK_THAT(shown("promlite_"), ContainsSubstring("promlite_scrapes_total "));
  CHECK_THAT(shown("promlite_"), ContainsSubstring("promlite_scrape_duration_seconds "));
  CHECK_THAT(shown("promlite_"), ContainsSubstring("promlite_scrape_body_bytes "));
#if defined(__linux__)
  CHECK_THAT(shown("process_"), ContainsSubstring("# TYPE process_cpu_seconds_total counter\n"));
#endif
  leave_out_process_metrics();
  CHECK(shown("process_").empty());
  leave_out_process_metrics();
}
