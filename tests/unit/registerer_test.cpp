// promlite: tests of prefixes and labels for everything that is registered through a part of a registry.
// SPDX-License-Identifier: MIT
#include <promlite/exposition/text.hpp>
#include <promlite/registerer.hpp>
#include <promlite/registry.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/collector_errors.hpp"
#include "support/error_of.hpp"

using namespace promlite;
using test::error_of;
using test::errors;

/// Shows a counter, a gauge with labels, and an info.
class Various final : public Collector {
 public:
  void collect(Sink& sink) override {
    sink.counter("reads_total", "Reads.").sample(1);
    auto depth = sink.gauge("depth", "");
    depth.sample({{"zone", "z"}, {"at", "a"}}, 2);
    depth.sample({{"shard", "mine"}}, 3);
    sink.info("disk_info", "").sample({{"model", "m"}});
    sink.gauge("_x", "").sample(4);
  }
};

TEST_CASE("every kind of metric gets the prefix and the labels") {
  Registry registry;
  const Registerer shard = registry.with_prefix("db_").with_labels({{"shard", "1"}, {"a", "x\"y"}});
  Registerer copy = shard;
  copy.counter("reads_total", "Reads.").inc();
  copy.counter<std::uint64_t>("rows_total", "", {"b"}).with(1).inc(2);
  copy.gauge("g", "", const_labels({{"k", "v"}})).set(3);
  copy.histogram("h_seconds", "", {"z"}, buckets({1}), unit("seconds")).with(1).observe(4);
  copy.summary("s", "").observe(5);
  copy.info("build_info", "", {{"version", "1"}});
  const Membership gauge = copy.gauge_callback("ca", "", [] { return 6; });
  const Membership counter = copy.counter_callback(
      "cb_total", "", [] { return 7; }, const_labels({{"z", "0"}}));
  CHECK(
      to_text(registry) ==
      "# TYPE db_build_info gauge\ndb_build_info{a=\"x\\\"y\",shard=\"1\",version=\"1\"} 1\n"
      "# TYPE db_ca gauge\ndb_ca{a=\"x\\\"y\",shard=\"1\"} 6\n"
      "# TYPE db_cb_total counter\ndb_cb_total{a=\"x\\\"y\",shard=\"1\",z=\"0\"} 7\n"
      "# TYPE db_g gauge\ndb_g{a=\"x\\\"y\",k=\"v\",shard=\"1\"} 3\n"
      "# TYPE db_h_seconds histogram\ndb_h_seconds_bucket{a=\"x\\\"y\",shard=\"1\",z=\"1\",le=\"1\"} 0\n"
      "db_h_seconds_bucket{a=\"x\\\"y\",shard=\"1\",z=\"1\",le=\"+Inf\"} 1\n"
      "db_h_seconds_sum{a=\"x\\\"y\",shard=\"1\",z=\"1\"} 4\n"
      "db_h_seconds_count{a=\"x\\\"y\",shard=\"1\",z=\"1\"} 1\n"
      "# HELP db_reads_total Reads.\n# TYPE db_reads_total counter\n"
      "db_reads_total{a=\"x\\\"y\",shard=\"1\"} 1\n"
      "# TYPE db_rows_total counter\ndb_rows_total{a=\"x\\\"y\",b=\"1\",shard=\"1\"} 2\n"
      "# TYPE db_s summary\ndb_s_sum{a=\"x\\\"y\",shard=\"1\"} 5\ndb_s_count{a=\"x\\\"y\",shard=\"1\"} 1\n");
}

TEST_CASE("parts of a registry compose, and a registry is one that adds nothing") {
  Registry registry;
  const auto instrument = [](Registerer to) { to.counter("x_total", "", {"l"}).with(1).inc(); };
  instrument(registry);
  instrument(registry.with_prefix("a_").with_prefix("b_"));
  instrument(registry.with_labels({{"s", "1"}}).with_prefix("p_"));
  instrument(registry.with_prefix("p_").with_labels({{"s", "2"}}));
  instrument(registry.with_labels({{"r", "1"}}).with_labels({{"q", "2"}}).with_prefix("").with_prefix("r_"));
  const std::string text = to_text(registry);
  CHECK(text ==
        "# TYPE a_b_x_total counter\na_b_x_total{l=\"1\"} 1\n"
        "# TYPE p_x_total counter\np_x_total{l=\"1\",s=\"1\"} 1\np_x_total{l=\"1\",s=\"2\"} 1\n"
        "# TYPE r_x_total counter\nr_x_total{l=\"1\",q=\"2\",r=\"1\"} 1\n"
        "# TYPE x_total counter\nx_total{l=\"1\"} 1\n");
  // The same declaration gives the same series, whichever way it goes.
  registry.with_prefix("p_").counter("x_total", "", {"l"}, const_labels({{"s", "1"}})).with(1).inc();
  registry.counter("a_b_x_total", "", {"l"}).with(1).inc();
  CHECK(registry.with_prefix("a_b_").counter("x_total", "", {"l"}).with(1).value() == 2);
  CHECK(registry.with_labels({{"s", "1"}}).counter("p_x_total", "", {"l"}).with(1).value() == 2);
}

TEST_CASE("prefixes and labels that are refused, and why") {
  Registry registry;
  const auto prefix = [&](const char* text) {
    return error_of([&] { (void)registry.with_prefix(runtime_name(text)); });
  };
  CHECK(prefix("1") == "with_prefix '1': a metric name must match [a-zA-Z_][a-zA-Z0-9_]*");
  CHECK(prefix("a-") == "with_prefix 'a-': a metric name must match [a-zA-Z_][a-zA-Z0-9_]*");
  CHECK(prefix("a:") == "with_prefix 'a:': a colon is reserved for recording rules");
  CHECK(prefix("__") == "with_prefix '__': names that begin with two underscores are reserved");
  CHECK(error_of([&] { (void)registry.with_prefix("_").with_prefix("_"); }) ==
        "with_prefix '__': names that begin with two underscores are reserved");
  CHECK(error_of([&] { (void)registry.with_prefix("a").with_prefix(runtime_name("1")); }) ==
        "with_prefix '1': a metric name must match [a-zA-Z_][a-zA-Z0-9_]*");
  const auto label = [&](std::string_view name, std::string_view value) {
    return error_of([&] { (void)registry.with_labels({{name, value}}); });
  };
  CHECK(label("1", "") == "with_labels '1': a label name must match [a-zA-Z_][a-zA-Z0-9_]*");
  CHECK(label("__a", "") == "with_labels '__a': label names that begin with two underscores are reserved");
  CHECK(label("a", "\xFF") == "with_labels 'a': its value is not valid UTF-8");
  CHECK(error_of([&] {
          (void)registry.with_labels({{"a", "1"}}).with_labels({{"a", "1"}});
        }) == "with_labels 'a': it is there twice");
}

TEST_CASE("declarations are checked by themselves and as a whole, and leave nothing when refused") {
  Registry registry;
  Registerer part = registry.with_prefix("db_").with_labels({{"shard", "1"}});
  CHECK(error_of([&] { part.counter(runtime_name("x"), ""); }) ==
        "counter 'x': a counter's name ends in _total: call it 'x_total'");
  CHECK(error_of([&] { part.counter(runtime_name("_total"), ""); }) ==
        "counter '_total': nothing is left of the name without its suffix");
  CHECK(error_of([&] { part.gauge(runtime_name("1"), ""); }) ==
        "gauge '1': a metric name must match [a-zA-Z_][a-zA-Z0-9_]*");
  CHECK(error_of([&] { part.gauge("x", "", unit("bytes")); }) ==
        "gauge 'x': the name does not end in its unit 'bytes'");
  CHECK(error_of([&] { registry.with_prefix("_").gauge("_x", ""); }) ==
        "gauge '__x': names that begin with two underscores are reserved");
  CHECK(error_of([&] { part.gauge("x", "", {"shard"}); }) ==
        "gauge 'db_x': label 'shard' is one of the labels that everything registered here gets");
  CHECK(error_of([&] {
          part.gauge("x", "", const_labels({{"shard", "1"}}));
        }) == "gauge 'db_x': label 'shard' is one of the labels that everything registered here gets");
  CHECK(error_of([&] {
          part.info("x", "", {{"shard", "1"}});
        }) == "info 'db_x': label 'shard' is one of the labels that everything registered here gets");
  CHECK(error_of([&] {
          registry.with_labels({{"le", "1"}}).histogram("x", "");
        }) == "histogram 'x': label 'le' is reserved on a histogram");
  CHECK(error_of([&] {
          registry.with_labels({{"quantile", "1"}}).summary("x", "");
        }) == "summary 'x': label 'quantile' is reserved on a summary");
  CHECK(to_text(registry).empty());
  registry.gauge("db_y", "");
  CHECK(error_of([&] { part.gauge("y", ""); }) ==
        "cannot register gauge db_y{shard=\"1\"}: gauge db_y is registered already: other label names");
  CHECK(
      error_of([&] { part.counter("y_total", ""); }) ==
      "cannot register counter db_y_total{shard=\"1\"}: gauge db_y is registered already: they would share a "
      "sample name");
}

TEST_CASE("what a collector writes gets prefix and labels, and clashing samples are left out and counted") {
  Registry registry;
  Various various;
  {
    const Membership membership = registry.with_prefix("p_").with_labels({{"shard", "1"}}).add(various);
    const std::string shown =
        "# TYPE p__x gauge\np__x{shard=\"1\"} 4\n# TYPE p_depth gauge\n"
        "p_depth{at=\"a\",shard=\"1\",zone=\"z\"} 2\n# TYPE p_disk_info gauge\n"
        "p_disk_info{model=\"m\",shard=\"1\"} 1\n# HELP p_reads_total Reads.\n# TYPE p_reads_total counter\n"
        "p_reads_total{shard=\"1\"} 1\n";
    CHECK(to_text(registry) == shown);
    CHECK(to_text(registry) == shown + errors(1));
  }
  CHECK(to_text(registry) == errors(2));
}

TEST_CASE("a name that is reserved only with its prefix is left out, too") {
  Registry registry;
  Various various;
  const Membership membership = registry.with_prefix("_").add(various);
  CHECK(
      to_text(registry) ==
      "# TYPE _depth gauge\n_depth{at=\"a\",zone=\"z\"} 2\n_depth{shard=\"mine\"} 3\n# TYPE _disk_info "
      "gauge\n"
      "_disk_info{model=\"m\"} 1\n# HELP _reads_total Reads.\n# TYPE _reads_total counter\n_reads_total 1\n");
}

TEST_CASE("a collector may be in a registry several times with different prefixes or labels") {
  Registry registry;
  Various various;
  std::vector<Membership> members;
  members.push_back(registry.with_labels({{"n", "1"}}).add(various));
  members.push_back(registry.with_labels({{"n", "2"}}).add(various));
  members.push_back(registry.add(various));
  CHECK(error_of([&] {
          (void)registry.with_labels({{"n", "2"}}).add(various);
        }) == "this collector is in the registry already");
  CHECK(error_of([&] { (void)registry.add(various); }) == "this collector is in the registry already");
  const std::string text = to_text(registry);
  CHECK_THAT(text, ContainsSubstring("reads_total 1\nreads_total{n=\"1\"} 1\nreads_total{n=\"2\"} 1\n"));
  members.erase(members.begin());
  CHECK_THAT(to_text(registry), ContainsSubstring("reads_total 1\nreads_total{n=\"2\"} 1\n"));
}

TEST_CASE("a filter asks for the whole name") {
  Registry registry;
  Various various;
  registry.with_prefix("a_").gauge("x", "");
  const Membership membership = registry.with_prefix("a_").add(various);
  const auto filtered = [&](const char* name) {
    NameFilter filter;
    filter.add(name);
    detail::ByteBuffer out;
    detail::TextEncoder encoder(out);
    registry.collect(encoder, filter);
    return std::string(out.view());
  };
  CHECK(filtered("x").empty());
  CHECK(filtered("a_x") == "# TYPE a_x gauge\na_x 0\n");
  CHECK(filtered("reads_total").empty());
  CHECK(filtered("a_reads_total") ==
        "# HELP a_reads_total Reads.\n# TYPE a_reads_total counter\na_reads_total 1\n");
}

TEST_CASE("a part of a registry keeps it alive") {
  std::optional<Registry> registry(std::in_place);
  Registerer part = registry->with_prefix("p_");
  const auto inside = registry->share();
  registry.reset();
  part.counter("x_total", "").inc();
  CHECK(to_text(*inside) == "# TYPE p_x_total counter\np_x_total 1\n");
}

TEST_CASE("an unregistered name is free, and what is declared under it begins anew") {
  Registry registry;
  const Counter<> old = registry.counter("x_total", "", const_labels({{"k", "1"}}));
  registry.counter("x_total", "", const_labels({{"k", "2"}})).inc(2);
  const auto family = registry.histogram("h", "", {"l"}, buckets({1}), max_series(2));
  const Histogram series = family.with("a");
  old.inc(5);
  CHECK_FALSE(registry.unregister("x"));
  CHECK_FALSE(registry.unregister(""));
  CHECK(registry.unregister("x_total"));
  CHECK_FALSE(registry.unregister("x_total"));
  CHECK(registry.unregister("h"));
  CHECK(to_text(registry).empty());
  // Handles stay valid; what they update is not shown.
  old.inc();
  series.observe(1);
  family.with("b").observe(1);
  for (int i = 0; i < 10; ++i) family.with(i).observe(1);
  CHECK(to_text(registry).empty());
  CHECK(registry.counter("x_total", "", const_labels({{"k", "1"}})).value() == 0);
  registry.gauge("h", "Another type.").set(1);
  CHECK(to_text(registry) ==
        "# HELP h Another type.\n# TYPE h gauge\nh 1\n# TYPE x_total counter\nx_total{k=\"1\"} 0\n");
  for (int i = 0; i < 20; ++i) {
    registry.counter("again_total", "").inc();
    CHECK(registry.unregister("again_total"));
  }
  CHECK(registry.counter("again_total", "").value() == 0);
}

TEST_CASE(
    "unregistering ends callbacks and takes facts by either name; a part of a registry, what is its own") {
  Registry registry;
  Registerer part = registry.with_prefix("p_").with_labels({{"s", "1"}});
  registry.info("build", "", {{"v", "1"}});
  registry.info("other_info_info", "", {{"v", "1"}});
  int calls = 0;
  std::optional<Membership> callback = registry.gauge_callback("f", "", [&] { return ++calls; });
  CHECK(registry.unregister("f"));
  callback.reset();
  const Membership again = registry.gauge_callback("f", "", [&] { return calls; });
  CHECK(registry.unregister("build_info"));
  registry.info("build", "", {{"v", "2"}});
  CHECK(registry.unregister("build"));
  CHECK(registry.unregister("other_info"));
  part.gauge("x", "").set(1);
  registry.gauge("p_x", "", const_labels({{"s", "2"}})).set(2);
  CHECK_FALSE(part.unregister("p_x"));
  CHECK(part.unregister("x"));
  CHECK_FALSE(part.unregister("x"));
  CHECK(to_text(registry) == "# TYPE f gauge\nf 0\n# TYPE p_x gauge\np_x{s=\"2\"} 2\n");
  CHECK(registry.unregister("p_x"));
  CHECK(registry.unregister("f"));
  CHECK(to_text(registry).empty());
}

TEST_CASE("from inside a scrape a callback may unregister itself and others") {
  Registry registry;
  registry.counter("x_total", "").inc();
  const Membership later = registry.gauge_callback("z", "", [] { return 1; });
  const Membership own = registry.gauge_callback("f", "", [&] {
    registry.unregister("f");
    registry.unregister("z");
    registry.unregister("x_total");
    return 1;
  });
  CHECK(to_text(registry) == "# TYPE f gauge\nf 1\n# TYPE x_total counter\nx_total 1\n");
  CHECK(to_text(registry).empty());
}
