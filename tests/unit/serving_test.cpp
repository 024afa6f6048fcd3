// promlite: tests of an exporter's servers: scrapes with different timeouts while a collector hangs.
// SPDX-License-Identifier: MIT
#include <promlite/exporter/collector_group.hpp>
#include <promlite/exporter/serving.hpp>
#include <promlite/registry.hpp>
#include <promlite/sink.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "support/catch.hpp"
#include "support/http_client.hpp"

using namespace std::chrono_literals;

/// Opens once; who comes before waits.
struct Door {
  void open() {
    const std::lock_guard<std::mutex> lock(mutex);
    is_open = true;
    changed.notify_all();
  }
  void pass() {
    std::unique_lock<std::mutex> lock(mutex);
    ++came;
    changed.notify_all();
    changed.wait_for(lock, 60s, [&] { return is_open; });
  }
  void wait_for_somebody() {
    std::unique_lock<std::mutex> lock(mutex);
    CHECK(changed.wait_for(lock, 20s, [&] { return came > 0; }));
  }
  std::mutex mutex;
  std::condition_variable changed;
  bool is_open = false;
  int came = 0;
};

/// Shows its name, perhaps behind a door.
class Named final : public promlite::Collector {
 public:
  explicit Named(std::string name, Door* door = nullptr) : name_(std::move(name)), door_(door) {}
  void collect(promlite::Sink& sink) override {
    if (door_ != nullptr) door_->pass();
    sink.gauge(name_, "There.").sample(1);
  }

 private:
  const std::string name_;
  Door* const door_;
};

static std::string scrape_request(const std::string& timeout, const std::string& more = "") {
  return "GET /metrics HTTP/1.1\r\nHost: a\r\nX-Prometheus-Scrape-Timeout-Seconds: " + timeout + "\r\n" +
         more + "\r\n";
}

TEST_CASE("a scrape with less time does not wait for what one with more waits for") {
  Door door;
  promlite::Registry registry;
  promlite::CollectorGroup group("t");
  group.add("works", std::make_unique<Named>("works"));
  group.add("hangs", std::make_unique<Named>("hangs", &door));
  const auto membership = registry.add(group);
  promlite::ServerOptions options;
  options.max_scrape_timeout = 60s;
  promlite::detail::Servers servers(registry, options);
  const auto site = std::make_shared<const promlite::detail::Site>(options);
  servers.add("127.0.0.1:0", site);
  const std::string address = servers.addresses()[0];

  test::HttpClient patient(address);
  patient.send(scrape_request("60"));
  door.wait_for_somebody();
  // One for the same body, and one for another, which is made behind it.
  for (const char* const accept : {"", "Accept: application/openmetrics-text; version=1.0.0\r\n"}) {
    test::HttpClient client(address);
    client.send(scrape_request("3", accept));
    const test::Response response = client.read();
    CHECK(response.status == 200);
    CHECK_THAT(response.body, ContainsSubstring("\nworks 1"));
    CHECK_THAT(response.body, ContainsSubstring("\nt_collector_success{collector=\"hangs\"} 0"));
    CHECK_THAT(response.body, ContainsSubstring("\nt_collector_success{collector=\"works\"} 1"));
  }
  door.open();
  const test::Response response = patient.read();
  CHECK(response.status == 200);
  CHECK_THAT(response.body, ContainsSubstring("\nhangs 1\n"));
  CHECK_THAT(response.body, ContainsSubstring("\nt_collector_success{collector=\"hangs\"} 1\n"));
  CHECK(servers.stop());
}
