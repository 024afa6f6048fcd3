// promlite: tests of registries: order, lifetimes, filters, self metrics, scrapes from everywhere.
// SPDX-License-Identifier: MIT
#include <promlite/exposition/openmetrics.hpp>
#include <promlite/exposition/protobuf.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace promlite;
using test::error_of;
using namespace std::chrono_literals;

TEST_CASE("an empty registry shows nothing") {
  Registry registry;
  CHECK(to_text(registry).empty());
  CHECK_FALSE(registry.has_collectors());
}

TEST_CASE("families are in the order of their names, whatever the order of declaration") {
  Registry registry;
  for (const char* name : {"m", "z", "a", "mm", "M", "_"}) registry.gauge(runtime_name(name), "");
  CHECK(to_text(registry) ==
        "# TYPE M gauge\nM 0\n# TYPE _ gauge\n_ 0\n# TYPE a gauge\na 0\n# TYPE m gauge\nm 0\n# TYPE mm "
        "gauge\nmm 0\n# "
        "TYPE z gauge\nz 0\n");
}

TEST_CASE("one exposition of everything") {
  Registry registry;
  const auto jobs = registry.counter("app_jobs_total", "Jobs finished, by outcome.", {"outcome"});
  jobs.with("ok").inc(1027000);
  jobs.with("a\\b\"c\nd").inc(3);
  registry.gauge("app_queue_length", "Items waiting. Backslash \\ and \"quotes\".\nSecond line.").set(17);
  const Histogram wait = registry.histogram("app_wait_seconds", "Time spent waiting.", buckets({0.005, 1}));
  wait.observe(0.25);
  wait.observe(0.5);
  wait.observe(12);
  registry.summary("app_run_seconds", "Run time.", quantiles({0.5}));
  registry.info("app_build", "What runs.", {{"version", "1.0"}});
  CHECK(to_text(registry) ==
        "# HELP app_build_info What runs.\n# TYPE app_build_info gauge\napp_build_info{version=\"1.0\"} 1\n"
        "# HELP app_jobs_total Jobs finished, by outcome.\n# TYPE app_jobs_total counter\n"
        "app_jobs_total{outcome=\"a\\\\b\\\"c\\nd\"} 3\napp_jobs_total{outcome=\"ok\"} 1027000\n"
        "# HELP app_queue_length Items waiting. Backslash \\\\ and \"quotes\".\\nSecond line.\n"
        "# TYPE app_queue_length gauge\napp_queue_length 17\n"
        "# HELP app_run_seconds Run time.\n# TYPE app_run_seconds summary\napp_run_seconds{quantile=\"0.5\"} "
        "NaN\n"
        "app_run_seconds_sum 0\napp_run_seconds_count 0\n"
        "# HELP app_wait_seconds Time spent waiting.\n# TYPE app_wait_seconds histogram\n"
        "app_wait_seconds_bucket{le=\"0.005\"} 0\napp_wait_seconds_bucket{le=\"1\"} "
        "2\napp_wait_seconds_bucket{le=\"+Inf\"} 3\napp_wait_seconds_sum 12.75\napp_wait_seconds_count 3\n");
}

TEST_CASE("registries know nothing of each other") {
  Registry one;
  Registry two;
  one.counter("x_total", "").inc();
  two.gauge("x_total", "").set(5);
  CHECK(to_text(one) == "# TYPE x_total counter\nx_total 1\n");
  CHECK(to_text(two) == "# TYPE x_total gauge\nx_total 5\n");
}

TEST_CASE("a refused declaration leaves everything as it was") {
  Registry registry;
  registry.gauge("x", "X.").set(1);
  const std::string before = to_text(registry);
  for (int i = 0; i < 10; ++i) {
    CHECK(error_of([&] { registry.counter(runtime_name("x"), ""); }) != "no error");
    CHECK(error_of([&] { registry.gauge("x", "Y."); }) != "no error");
    CHECK(error_of([&] { registry.gauge("y", "", {runtime_name("1")}); }) != "no error");
    CHECK(error_of([&] { registry.histogram("x", ""); }) != "no error");
  }
  CHECK(to_text(registry) == before);
  registry.gauge("y", "", {"ok"}).with(1);
}

TEST_CASE("a thousand families are found again") {
  Registry registry;
  for (int i = 0; i < 1000; ++i)
    registry.gauge(runtime_name("x" + std::to_string(i * 7919 % 1000)), "").set(i * 7919 % 1000);
  for (int i = 0; i < 1000; ++i)
    REQUIRE(registry.gauge(runtime_name("x" + std::to_string(i)), "").value() == i);
}

static std::string filtered(Registry& registry, const std::vector<std::string>& names) {
  NameFilter filter;
  filter.add_nothing();
  for (const std::string& name : names) filter.add(name);
  detail::ByteBuffer out;
  detail::TextEncoder encoder(out);
  registry.collect(encoder, filter);
  return std::string(out.view());
}

TEST_CASE("a filter asks for families by their own names and by those of their samples") {
  Registry registry;
  registry.counter("a_total", "");
  registry.histogram("h", "", buckets({1}));
  registry.summary("s", "");
  registry.info("i", "", {});
  registry.gauge("g", "");
  const std::string a = "# TYPE a_total counter\na_total 0\n";
  const std::string g = "# TYPE g gauge\ng 0\n";
  const std::string h =
      "# TYPE h histogram\nh_bucket{le=\"1\"} 0\nh_bucket{le=\"+Inf\"} 0\nh_sum 0\nh_count 0\n";
  const std::string i = "# TYPE i_info gauge\ni_info 1\n";
  const std::string s = "# TYPE s summary\ns_sum 0\ns_count 0\n";
  CHECK(filtered(registry, {}).empty());
  CHECK(filtered(registry, {"unknown"}).empty());
  CHECK(filtered(registry, {""}).empty());
  CHECK(filtered(registry, {"a_total"}) == a);
  CHECK(filtered(registry, {"a"}) == a);
  for (const char* name : {"h", "h_bucket", "h_sum", "h_count"}) CHECK(filtered(registry, {name}) == h);
  for (const char* name : {"s", "s_sum", "s_count"}) CHECK(filtered(registry, {name}) == s);
  for (const char* name : {"i", "i_info"}) CHECK(filtered(registry, {name}) == i);
  CHECK(filtered(registry, {"s_bucket"}).empty());
  CHECK(filtered(registry, {"g_total"}).empty());
  CHECK(filtered(registry, {"g", "unknown", "g", "h_sum", "a_total"}) == a + g + h);
  CHECK(to_text(registry) == a + g + h + i + s);
}

/// Shows one gauge.
class OneGauge final : public Collector {
 public:
  explicit OneGauge(std::string name) : name_(std::move(name)) {}
  void collect(Sink& sink) override { sink.gauge(name_, "").sample(1); }

 private:
  std::string name_;
};

TEST_CASE("a filter asks for collected families, callbacks and self metrics, too") {
  Registry registry;
  OneGauge collector("c");
  const Membership one = registry.add(collector);
  const Membership two = registry.gauge_callback("f", "", [] { return 2; });
  registry.counter("x_total", "").inc(-1);
  CHECK(filtered(registry, {"c"}) == "# TYPE c gauge\nc 1\n");
  CHECK(filtered(registry, {"f"}) == "# TYPE f gauge\nf 2\n");
  CHECK(filtered(registry, {"c", "f"}) == "# TYPE c gauge\nc 1\n# TYPE f gauge\nf 2\n");
  CHECK(filtered(registry, {"promlite_refused_updates_total"}) ==
        "# HELP promlite_refused_updates_total Updates with a value that the metric cannot take.\n"
        "# TYPE promlite_refused_updates_total counter\npromlite_refused_updates_total{family=\"x_total\"} "
        "1\n");
}

TEST_CASE("filters are equal when they ask for the same") {
  NameFilter all;
  NameFilter none;
  none.add_nothing();
  NameFilter some;
  some.add("a");
  NameFilter same;
  same.add("a");
  CHECK(all == NameFilter());
  CHECK_FALSE(all == none);
  CHECK_FALSE(none == some);
  CHECK(some == same);
  CHECK(all.all());
  CHECK_FALSE(none.all());
}

TEST_CASE("how scrapes went is shown where that is asked for") {
  Registry registry;
  registry.gauge("x", "");
  registry.expose_scrape_metrics(true);
  const std::string first = to_text(registry);
  CHECK_THAT(first, ContainsSubstring("# TYPE promlite_scrapes_total counter\npromlite_scrapes_total 0\n"));
  CHECK_THAT(first,
             ContainsSubstring(
                 "# TYPE promlite_scrape_duration_seconds gauge\npromlite_scrape_duration_seconds 0\n"));
  CHECK_THAT(first,
             ContainsSubstring("# TYPE promlite_scrape_body_bytes gauge\npromlite_scrape_body_bytes 0\n"));
  const std::string second = to_text(registry);
  CHECK_THAT(second, ContainsSubstring("promlite_scrapes_total 1\n"));
  CHECK_THAT(second, ContainsSubstring("promlite_scrape_body_bytes " + std::to_string(first.size()) + "\n"));
  registry.expose_scrape_metrics(false);
  CHECK(to_text(registry) == "# TYPE x gauge\nx 0\n");
}

TEST_CASE("what went wrong is shown by family, over all its declarations") {
  Registry registry;
  const auto one = registry.counter("x_total", "", {"a"}, const_labels({{"k", "1"}}), max_series(1));
  const auto two = registry.counter("x_total", "", {"a"}, const_labels({{"k", "2"}}), max_series(1));
  one.with("1").inc(-1);
  two.with("1").inc(-1);
  two.with("2").inc();
  registry.histogram("h", "", buckets({1})).observe(-std::numeric_limits<double>::quiet_NaN());
  CHECK(to_text(registry) ==
        "# TYPE h histogram\nh_bucket{le=\"1\"} 0\nh_bucket{le=\"+Inf\"} 0\nh_sum 0\nh_count 0\n"
        "# HELP promlite_overflowed_updates_total Look-ups in a full family that got its overflow series.\n"
        "# TYPE promlite_overflowed_updates_total "
        "counter\npromlite_overflowed_updates_total{family=\"x_total\"} 1\n"
        "# HELP promlite_refused_updates_total Updates with a value that the metric cannot take.\n"
        "# TYPE promlite_refused_updates_total counter\npromlite_refused_updates_total{family=\"h\"} 1\n"
        "promlite_refused_updates_total{family=\"x_total\"} 2\n"
        "# TYPE x_total counter\nx_total{a=\"1\",k=\"1\"} 0\nx_total{a=\"1\",k=\"2\"} 0\n"
        "x_total{a=\"promlite_overflow\",k=\"2\"} 1\n");
}

TEST_CASE("the inside of a registry can be scraped when the registry is gone") {
  auto registry = std::make_unique<Registry>();
  registry->gauge("x", "").set(1);
  const auto inside = registry->share();
  registry.reset();
  CHECK(to_text(*inside) == "# TYPE x gauge\nx 1\n");
  CHECK_FALSE(inside->has_collectors());
}

TEST_CASE("threads may declare, update and scrape at once") {
  Registry registry;
  std::atomic<bool> stop{false};
  std::thread scraper([&] {
    while (!stop) to_text(registry);
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        registry.counter(runtime_name("x" + std::to_string(i) + "_total"), "").inc();
        registry.counter("family_total", "", {"i"}).with(i % 20).inc();
        registry.histogram("h", "", {"i"}).with(i % 5).observe(i);
        registry.summary("s", "", quantiles({0.5})).observe(i);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  stop = true;
  scraper.join();
  for (int i = 0; i < 200; ++i)
    REQUIRE(registry.counter(runtime_name("x" + std::to_string(i) + "_total"), "").value() == 4);
  for (int i = 0; i < 20; ++i) REQUIRE(registry.counter("family_total", "", {"i"}).with(i).value() == 40);
  CHECK(registry.summary("s", "", quantiles({0.5})).count() == 800);
}

TEST_CASE("OpenMetrics, when asked to, and protobuf show when a series was created") {
  Registry registry;
  ManualClock clock(std::chrono::system_clock::time_point(1700000000500ms));
  registry.use_clock(clock);
  registry.counter("a_total", "").inc();
  const auto family = registry.counter<std::uint64_t>("b_total", "", {"l"});
  family.with(1).inc(1, {{"id", "x"}}, std::chrono::system_clock::time_point(5s));
  clock.advance(1s);
  family.with(2);
  registry.histogram("c", "", buckets({1}));
  registry.native_histogram("d", "");
  registry.summary("e", "").observe(1);
  registry.gauge("f", "");
  family.remove(1);
  clock.advance(1s);
  family.with(1);
  CHECK(to_openmetrics(registry, CreatedSamples::shown) ==
        "# TYPE a counter\na_total 1.0\na_created 1700000000.5\n"
        "# TYPE b counter\nb_total{l=\"1\"} 0.0\nb_created{l=\"1\"} 1700000002.5\n"
        "b_total{l=\"2\"} 0.0\nb_created{l=\"2\"} 1700000001.5\n"
        "# TYPE c histogram\nc_bucket{le=\"1.0\"} 0\nc_bucket{le=\"+Inf\"} 0\nc_count 0\nc_sum 0.0\n"
        "c_created 1700000001.5\n"
        "# TYPE d histogram\nd_bucket{le=\"+Inf\"} 0\nd_count 0\nd_sum 0.0\nd_created 1700000001.5\n"
        "# TYPE e summary\ne_count 1\ne_sum 1.0\ne_created 1700000001.5\n# TYPE f gauge\nf 0.0\n# EOF\n");
  CHECK(to_openmetrics(registry).find("_created") == std::string::npos);
  CHECK(to_text(registry).find("_created") == std::string::npos);
  // Family a: a counter of 1, created at 1700000000 seconds and 500000000 nanoseconds.
  const char protobuf[] =
      "\x26\x0a\x07"
      "a_"
      "total\x18\x00\x22\x19\x1a\x17\x09\x00\x00\x00\x00\x00\x00\xf0\x3f\x1a\x0c\x08\x80\xe2\xcf\xaa\x06\x10"
      "\x80\xca\xb5\xee\x01";
  const std::string encoded = to_protobuf(registry);
  CHECK(encoded.substr(0, sizeof protobuf - 1) == std::string(protobuf, sizeof protobuf - 1));
}
