// promlite: tests of callbacks that give several series: what they may give, and how they fail.
// SPDX-License-Identifier: MIT
#include <promlite/exposition/text.hpp>
#include <promlite/registries.hpp>
#include <promlite/registry.hpp>
#include <promlite/series_callback.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/collector_errors.hpp"
#include "support/error_of.hpp"

using namespace promlite;
using test::error_of;
using test::errors;

TEST_CASE("a callback with labels gives as many series as there are, sorted") {
  Registry registry;
  std::map<std::string, int> queues = {{"print", 7}, {"mail", 5}};
  Membership depth = registry.gauge_callback("queue_depth", "Jobs waiting.", {"queue"}, [&](auto& out) {
    for (auto queue = queues.rbegin(); queue != queues.rend(); ++queue) out.set(queue->second, queue->first);
  });
  CHECK(registry.has_collectors());
  const std::string head = "# HELP queue_depth Jobs waiting.\n# TYPE queue_depth gauge\n";
  CHECK(to_text(registry) == head + "queue_depth{queue=\"mail\"} 5\nqueue_depth{queue=\"print\"} 7\n");
  queues.erase("mail");
  queues["a\"b"] = 1;
  CHECK(to_text(registry) == head + "queue_depth{queue=\"a\\\"b\"} 1\nqueue_depth{queue=\"print\"} 7\n");
  queues.clear();
  CHECK(to_text(registry).empty());
  depth.leave();
  queues["mail"] = 1;
  CHECK(to_text(registry).empty());
}

TEST_CASE("every type of value, label and option, under a prefix and with constant labels") {
  Registry registry;
  const Registerer part = registry.with_prefix("p_").with_labels({{"b", "2"}});
  Registerer to = part;
  const Membership counter = to.counter_callback(
      "x_bytes_total", "", {"c", "a"},
      [](CallbackSeries<2>& out) {
        out.set(~std::uint64_t{0}, true, 'z');
        out.set(0.5, "\xFF", 1);
      },
      unit("bytes"), const_labels({{"d", "4"}}), max_series(2));
  const Membership facts = to.info_callback(
      "build_info", "What runs.",
      [](auto& out) {
        out.set({{"version", "2"}, {"a", ""}});
        out.set({{"version", "1"}});
        out.set({});
      },
      const_labels({{"z", "1"}}));
  CHECK(to_text(registry) ==
        "# HELP p_build_info What runs.\n# TYPE p_build_info "
        "gauge\np_build_info{b=\"2\",version=\"1\",z=\"1\"} 1\n"
        "p_build_info{b=\"2\",version=\"2\",z=\"1\"} 1\np_build_info{b=\"2\",z=\"1\"} 1\n"
        "# TYPE p_x_bytes_total counter\np_x_bytes_total{a=\"1\",b=\"2\",c=\"\xEF\xBF\xBD\",d=\"4\"} 0.5\n"
        "p_x_bytes_total{a=\"z\",b=\"2\",c=\"true\",d=\"4\"} 18446744073709551615\n");
}

TEST_CASE("what cannot be exposed is left out and counted, and the rest is shown") {
  Registry registry;
  std::vector<Membership> members;
  members.push_back(registry.counter_callback("a_total", "", {"l"}, [](auto& out) {
    out.set(-1, "negative");
    out.set(std::numeric_limits<double>::quiet_NaN(), "nan");
    out.set(1, "fine");
    out.set(2, "fine");
  }));
  members.push_back(registry.gauge_callback(
      "b", "", {"l"},
      [](auto& out) {
        for (int i = 0; i < 5; ++i) out.set(i, i);
      },
      max_series(3)));
  members.push_back(registry.info_callback("c", "", [](auto& out) {
    out.set({{"1", "invalid"}});
    out.set({{"l", "1"}, {"l", "2"}});
    out.set({{"fine", "1"}});
  }));
  const std::string shown =
      "# TYPE a_total counter\na_total{l=\"fine\"} 1\n# TYPE b gauge\nb{l=\"0\"} 0\nb{l=\"1\"} 1\nb{l=\"2\"} "
      "2\n"
      "# TYPE c_info gauge\nc_info{fine=\"1\"} 1\n";
  CHECK(to_text(registry) == shown + errors(7));
  CHECK(to_text(registry) == shown + errors(14));
}

TEST_CASE("a callback that throws shows nothing of what it gave before, and is asked again") {
  Registry registry;
  int calls = 0;
  const Membership failing = registry.gauge_callback("x", "", {"l"}, [&](auto& out) {
    out.set(1, "before");
    if (++calls == 1) throw std::runtime_error("a secret");
    out.set(2, "after");
  });
  const Membership fine = registry.gauge_callback("y", "", {"l"}, [](auto& out) { out.set(1, ""); });
  CHECK(to_text(registry) == errors(1) + "# TYPE y gauge\ny 1\n");
  CHECK(to_text(registry) ==
        errors(1) + "# TYPE x gauge\nx{l=\"after\"} 2\nx{l=\"before\"} 1\n# TYPE y gauge\ny 1\n");
}

TEST_CASE("their declarations are checked as all others, and share a name as all others") {
  Registry registry;
  const auto nothing = [](auto&) {};
  const Membership one = registry.gauge_callback("x", "", {"l"}, nothing, const_labels({{"k", "1"}}));
  const Membership two = registry.gauge_callback(
      "x", "", {"l"}, [](auto& out) { out.set(2, "a"); }, const_labels({{"k", "2"}}));
  registry.gauge("x", "", {"l"}, const_labels({{"k", "3"}})).with("a").set(3);
  CHECK(to_text(registry) == "# TYPE x gauge\nx{k=\"2\",l=\"a\"} 2\nx{k=\"3\",l=\"a\"} 3\n");
  CHECK(error_of([&] {
          (void)registry.gauge_callback("x", "", {"l"}, nothing, const_labels({{"k", "1"}}));
        }) ==
        "cannot register gauge x{l,k=\"1\"}: gauge x{l,k=\"1\"} is registered already: a callback is "
        "registered "
        "once");
  CHECK(error_of([&] { (void)registry.gauge_callback("x", "", {"m"}, nothing); }) ==
        "cannot register gauge x{m}: gauge x{l,k=\"1\"} is registered already: other label names");
  CHECK(error_of([&] {
          (void)registry.gauge_callback("y", "", {"l", "l"}, nothing);
        }) == "gauge 'y': label 'l' is there twice");
  CHECK(error_of([&] { (void)registry.counter_callback(runtime_name("y"), "", {"l"}, nothing); }) ==
        "counter 'y': a counter's name ends in _total: call it 'y_total'");
  CHECK(error_of([&] { (void)registry.info_callback("y", "", nothing, unit("s")); }) ==
        "info 'y': an info has no unit");
}

TEST_CASE("facts that are declared and facts that are given are shown once") {
  Registry registry;
  registry.info("i", "", {{"a", "1"}});
  const Membership given = registry.info_callback("i", "", [](auto& out) {
    out.set({{"b", "1"}});
    out.set({{"a", "1"}});
  });
  CHECK(to_text(registry) == "# TYPE i_info gauge\ni_info{a=\"1\"} 1\ni_info{b=\"1\"} 1\n");
  CHECK(to_text(registry) == "# TYPE i_info gauge\ni_info{a=\"1\"} 1\ni_info{b=\"1\"} 1\n" + errors(1));
}

TEST_CASE("their series are merged with those of other registries") {
  Registry a;
  Registry b;
  a.gauge("x", "", {"l"}).with("2").set(2);
  const Membership given = b.gauge_callback("x", "", {"l"}, [](auto& out) {
    out.set(3, "3");
    out.set(9, "2");
    out.set(1, "1");
  });
  Registries all{a, b};
  CHECK(to_text(all) == "# TYPE x gauge\nx{l=\"1\"} 1\nx{l=\"2\"} 2\nx{l=\"3\"} 3\n");
  CHECK_THAT(to_text(all), ContainsSubstring("promlite_collector_errors_total 1\n"));
}

TEST_CASE("from inside its call a callback with labels may register, update, read, scrape, and leave") {
  Registry registry;
  const Counter<> calls = registry.counter("calls_total", "");
  std::optional<Membership> own;
  std::string inner;
  own = registry.gauge_callback("x", "", {"l"}, [&, keeps = std::make_unique<int>(5)](auto& out) {
    out.set(*keeps, "kept");
    calls.inc();
    registry.gauge("born", "", {"l"}).with(1).set(2);
    inner = to_text(registry);
    own.reset();
    out.set(calls.value(), "calls");
  });
  CHECK(to_text(registry) ==
        "# TYPE calls_total counter\ncalls_total 1\n# TYPE x gauge\nx{l=\"calls\"} 1\nx{l=\"kept\"} 5\n");
  CHECK(inner == "# TYPE born gauge\nborn{l=\"1\"} 2\n# TYPE calls_total counter\ncalls_total 1\n");
  CHECK(to_text(registry) == inner);
}
