// promlite: an exporter that goes wrong in every way that its tests ask for.
// SPDX-License-Identifier: MIT
// needs: promlite::exporter
// needs: promlite::gzip
#include <promlite/exporter.hpp>
#include <promlite/gzip.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

struct Settings {
  int length = 3;
  bool hang = false;
  bool refuse = false;
  bool fail = false;
  std::chrono::milliseconds timeout{500};
  std::chrono::milliseconds delay{0};
  std::vector<std::string> names{"orders"};
};

/// Lengths that are made up.
class QueueCollector : public promlite::Collector {
 public:
  explicit QueueCollector(const Settings& settings) : settings_(settings) {
    if (settings.refuse) throw std::runtime_error("there is no queue");
  }
  void collect(promlite::Sink& sink) override {
    for (std::atomic<bool> hang{settings_.hang}; hang.load(std::memory_order_relaxed);)
      std::this_thread::sleep_for(std::chrono::hours(1));
    if (settings_.delay.count() > 0) std::this_thread::sleep_for(settings_.delay);
    auto length = sink.gauge("small_queue_length", "Jobs waiting.");
    for (const std::string& name : settings_.names) length.sample({{"queue", name}}, settings_.length);
  }

 private:
  const Settings& settings_;
};

class IdleCollector : public promlite::Collector {
 public:
  void collect(promlite::Sink& sink) override { sink.gauge("small_idle", "Always 1.").sample(1); }
};

int main(int argc, char** argv) {
  Settings settings;
  promlite::Exporter exporter("small_exporter", "1.2.3", "Shows lengths that are made up.");
  exporter.default_address("127.0.0.1:0")
      .built_from("abc123", "main")
      .compression(promlite::gzip())
      .flag("queue.length", settings.length, "How long.")
      .flag("queue.names", settings.names, "Which queues.")
      .flag("queue.timeout", settings.timeout, "How long it may take.")
      .flag("queue.delay", settings.delay, "How long it takes.")
      .flag("queue.hang", settings.hang, "Never answers.")
      .flag("queue.refuse", settings.refuse, "Cannot be made.")
      .flag("queue.fail", settings.fail, "Cannot be started.");
  exporter.collector("queues", "Lengths of queues.",
                     [&] { return std::make_unique<QueueCollector>(settings); });
  exporter.collector("idle", "Of no use.", [] { return std::make_unique<IdleCollector>(); },
                     {/*enabled=*/false});
  exporter.probe([&](const promlite::ProbeRequest& request, promlite::Registry& registry) {
    if (request.target == "nowhere") throw promlite::Error("there is no such place");
    registry.gauge("probe_length", "Of the target's name.").set(static_cast<double>(request.target.size()));
    while (request.parameter("hang") == "yes") std::this_thread::sleep_for(std::chrono::hours(1));
  });
  const promlite::Counter<> reloads = exporter.registry().counter("small_reloads_total", "Reloads.");
  exporter.on_start([&] {
    if (settings.fail) throw promlite::Error("--queue.fail was given");
  });
  exporter.on_reload([&] {
    reloads.inc();
    if (settings.length == 13) throw promlite::Error("13 brings bad luck");
  });
  return exporter.run(argc, argv);
}
