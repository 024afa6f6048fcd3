// promlite: a program built without exceptions and run-time type information counts, observes and collects.
// SPDX-License-Identifier: MIT
#include <promlite/promlite.hpp>
#include <promlite/testing.hpp>

#include <cstdio>
#include <string>

class Stock : public promlite::Collector {
 public:
  void collect(promlite::Sink& sink) override {
    sink.gauge("stock", "Parcels in store.").sample({{"hall", "A"}}, 7);
  }
};

static constexpr int waiting_time = 3;

int main() {
  promlite::Registry registry;
  auto parcels = registry.counter("parcels_total", "Parcels delivered.", {"town"});
  parcels.with("Ulm").inc(3);
  auto waiting = registry.gauge("waiting", "Parcels waiting.");
  waiting.set(-1.5);
  auto weight =
      registry.histogram("weight_kilograms", "Weight of a parcel.", promlite::linear_buckets(1, 1, 2));
  weight.observe(1.5);
  const auto failures = registry.counter("failures_total", "Nothing here can fail so.");
  const auto guard = failures.count_exceptions();
  if (failures.count_exceptions<int>([] { return waiting_time; }) != waiting_time) return 2;
  Stock stock;
  auto membership = registry.add(stock);

  const std::string expected =
      "# HELP failures_total Nothing here can fail so.\n"
      "# TYPE failures_total counter\n"
      "failures_total 0\n"
      "# HELP parcels_total Parcels delivered.\n"
      "# TYPE parcels_total counter\n"
      "parcels_total{town=\"Ulm\"} 3\n"
      "# HELP stock Parcels in store.\n"
      "# TYPE stock gauge\n"
      "stock{hall=\"A\"} 7\n"
      "# HELP waiting Parcels waiting.\n"
      "# TYPE waiting gauge\n"
      "waiting -1.5\n"
      "# HELP weight_kilograms Weight of a parcel.\n"
      "# TYPE weight_kilograms histogram\n"
      "weight_kilograms_bucket{le=\"1\"} 0\n"
      "weight_kilograms_bucket{le=\"2\"} 1\n"
      "weight_kilograms_bucket{le=\"+Inf\"} 1\n"
      "weight_kilograms_sum 1.5\n"
      "weight_kilograms_count 1\n";
  // Failures of input and output are values, too.
  if (promlite::Pushgateway("https://gateway", "job").push(registry)) return 1;
  if (promlite::write_textfile(registry, "/nowhere/job.prom")) return 1;

  const std::string text = promlite::to_text(registry);
  if (text == expected && promlite::testing::compare(registry, expected).empty()) return 0;
  std::printf("expected\n%s\ngot\n%s", expected.c_str(), text.c_str());
  return 1;
}
