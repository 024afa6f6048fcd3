// promlite: tests of recordings: what is written from one is what its collector writes itself.
// SPDX-License-Identifier: MIT
#include <promlite/collector.hpp>
#include <promlite/exporter/recording.hpp>
#include <promlite/exposition/openmetrics.hpp>
#include <promlite/exposition/protobuf.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registerer.hpp>
#include <promlite/registry.hpp>
#include <promlite/sink.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/collector_errors.hpp"

using namespace promlite;
using namespace std::chrono_literals;

static const CreatedAt created{1700000000s};

/// All that a sink takes.
static void write_everything(Sink& sink) {
  auto requests = sink.counter("requests_total", "Requests, \\ and\nmore.");
  requests.sample({{"path", "/a\"b\\c\nd"}, {"method", "get"}}, std::uint64_t{1} << 63, created);
  requests.sample({{"path", "bad \xFF"}, {"method", ""}}, 0.5);
  requests.sample(7);
  sink.gauge("temperature_celsius", "", unit("celsius")).sample(-0.0);
  sink.gauge("not_a_number", "").sample({{"zone", "a"}}, std::numeric_limits<double>::quiet_NaN());
  sink.untyped("other", "Other.").sample({{"a", "1"}, {"z", "2"}}, -3);
  auto sizes = sink.histogram("sizes_bytes", "Sizes.", unit("bytes"));
  sizes.sample(cumulative_counts({1, 2}, {3, 5, 7}, 12.5), created);
  sizes.sample({{"x", "y"}}, bucket_counts({0.5}, {1, 2}, 3));
  sink.gauge_histogram("ages_seconds", "Ages.").sample({{"b", "c"}}, cumulative_counts({1}, {2, 2}, 1));
  auto latencies = sink.summary("latencies_seconds", "Latencies.");
  latencies.sample({{0.5, 0.1}, {0.9, 0.3}}, 10, 2.5);
  latencies.sample({{"x", "y"}}, {}, 2, 4, created);
  auto state = sink.stateset("state", "The state.");
  state.sample({{"starting", false}, {"running", true}});
  state.sample({{"zone", "a"}, {"area", "b"}}, {{"up", true}, {"a\"b", false}});
  sink.info("build_info", "The build.").sample({{"version", "1.2"}});
  sink.gauge("without_samples", "");
  sink.gauge("temperature_celsius", "", unit("celsius")).sample({{"again", "1"}}, 2);
}

/// Nine problems.
static void write_wrong(Sink& sink) {
  sink.gauge("1st", "").sample(1);
  sink.gauge("seconds_of_it", "", unit("seconds")).sample(1);
  sink.counter("negative_total", "").sample(-1);
  sink.gauge("labels", "").sample({{"a", "1"}, {"a", "2"}}, 1);
  sink.gauge("labels", "").sample({{"bad-name", "1"}}, 1);
  sink.histogram("h", "").sample(cumulative_counts({2, 1}, {1, 2, 3}, 1));
  sink.stateset("s", "").sample({{"a", true}, {"a", true}});
  auto twice = sink.gauge("twice", "");
  twice.sample(1);
  twice.sample(2);
  sink.gauge("twice", "Other help.").sample({{"a", "1"}}, 3);
}

class Direct final : public Collector {
 public:
  explicit Direct(void (*write)(Sink&)) : write_(write) {}
  void collect(Sink& sink) override { write_(sink); }

 private:
  void (*const write_)(Sink&);
};

class Recorded final : public Collector {
 public:
  explicit Recorded(void (*write)(Sink&)) { write(recording_.sink()); }
  void collect(Sink& sink) override { recording_.write_to(sink); }

 private:
  detail::Recording recording_;
};

/// The second scrape of a registry, where `add` puts the collector: its problems are counted by then.
template <class Add>
static std::vector<std::string> scraped(Collector& collector, Add&& add) {
  Registry registry;
  const Membership member = add(registry, collector);
  static_cast<void>(to_text(registry));
  return {to_text(registry), to_openmetrics(registry, CreatedSamples::shown), to_protobuf(registry)};
}

template <class Add>
static void check_alike(Add&& add) {
  for (void (*const write)(Sink&) : {&write_everything, &write_wrong}) {
    Direct direct(write);
    Recorded recorded(write);
    const auto expected = scraped(direct, add);
    CHECK(scraped(recorded, add) == expected);
    CHECK(scraped(recorded, add) == expected);  // and again
  }
}

TEST_CASE("a recording is written as its collector writes") {
  check_alike([](Registry& registry, Collector& collector) { return registry.add(collector); });
}

TEST_CASE("a recording gets the prefix and the labels of where it is written") {
  check_alike(
      [](Registry& registry, Collector& collector) { return registry.with_prefix("app_").add(collector); });
  for (const char* label : {"a0", "instance_of", "zz", "method0"}) {
    check_alike([&](Registry& registry, Collector& collector) {
      return registry.with_prefix("app_")
          .with_labels({{label, "x\"y"}, {"m", "n"}, {"empty", ""}})
          .add(collector);
    });
  }
}

TEST_CASE("a recording that clashes with what is added to it loses the same samples") {
  for (const char* label : {"path", "le", "quantile", "version", "x", "b"}) {
    check_alike([&](Registry& registry, Collector& collector) {
      return registry.with_labels({{label, "l"}}).add(collector);
    });
    check_alike([&](Registry& registry, Collector& collector) {
      return registry.with_prefix("app_").with_labels({{label, "l"}}).add(collector);
    });
  }
}

TEST_CASE("no label of a stateset has the name that its family gets") {
  const auto write = [](Sink& sink) {
    auto state = sink.stateset("state", "");
    state.sample({{"up", true}, {"down", false}});
    state.sample({{"app_state", "a"}}, {{"up", true}});
  };
  Recorded recorded(write);
  Registry registry;
  const Membership member = registry.with_prefix("app_").add(recorded);
  static_cast<void>(to_text(registry));
  CHECK(to_text(registry) ==
        "# TYPE app_state gauge\napp_state{app_state=\"down\"} 0\napp_state{app_state=\"up\"} 1\n" +
            test::errors(1));
  Registry other;
  const Membership another = other.with_labels({{"state", "s"}}).add(recorded);
  static_cast<void>(to_text(other));
  CHECK(to_text(other) == test::errors(3));
}

TEST_CASE("what stands in a recording is whole by itself") {
  detail::Recording recording;
  {
    std::string name = "kept";
    std::string value = "some value that is not short";
    recording.sink().gauge(name, name).sample({{"label", value}}, 1);
    name.assign(4, 'x');
    value.assign(28, 'x');
  }
  class Two final : public Collector {
   public:
    explicit Two(const detail::Recording& kept) : kept_(kept) {}
    void collect(Sink& sink) override {
      sink.gauge("before", "").sample(0);
      kept_.write_to(sink);
      kept_.write_to(sink);
    }

   private:
    const detail::Recording& kept_;
  };
  Two two(recording);
  Registry registry;
  const Membership member = registry.add(two);
  static_cast<void>(to_text(registry));
  CHECK(to_text(registry) ==
        "# TYPE before gauge\nbefore 0\n# HELP kept kept\n# TYPE kept gauge\n"
        "kept{label=\"some value that is not short\"} 1\n" +
            test::errors(1));
}
