// promlite: load, scrapes and clients that come and go: memory, descriptors and threads stay as they are.
// SPDX-License-Identifier: MIT
//
// soak [short|normal|long]
#include <promlite/exposition/parser.hpp>
#include <promlite/promlite.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "concurrency/harness.hpp"
#include "reliability/reliability.hpp"
#include "support/http_client.hpp"

using reliability::demand;
using namespace std::chrono_literals;

class Load {
 public:
  /// One period: updates by threads that come and go, series that come and go, scrapes of every kind, clients
  /// that leave at every place.
  void run_for(std::chrono::steady_clock::duration time) {
    done_ = false;
    test::Threads threads;
    threads.start([this] { update(); });
    threads.start([this] { scrape(); });
    threads.start([this] { come_and_go(); });
    std::this_thread::sleep_for(time);
    done_ = true;
    threads.join();
  }
  const std::string& address() const { return server_.address(); }
  long scrapes() const { return scrapes_; }
  long clients() const { return clients_; }

 private:
  void update() {
    for (int i = 0; !done_; ++i) {
      std::thread([&] {
        for (int n = 0; n < 1000; ++n) {
          jobs_.with(n % 20, (i + n) % 30).inc();
          seconds_.with(n % 7).observe(0.001 * n);
          sizes_.observe(n);
        }
        jobs_.remove(i % 20, i % 30);
      }).join();
    }
  }
  void scrape() {
    std::string formats[] = {"", "Accept: application/openmetrics-text;version=1.0.0\r\n"};
    test::HttpClient kept(server_.address());
    for (long i = 0; !done_; ++i) {
      const std::string& accept = formats[i % 2];
      const test::Response response =
          i % 3 == 0 ? test::get(server_.address(), "/metrics", accept) : kept.get("/metrics", accept);
      demand(response.status == 200, "a scrape is answered");
      const auto parsed =
          i % 2 == 0 ? promlite::parse_text(response.body) : promlite::parse_openmetrics(response.body);
      demand(static_cast<bool>(parsed), "every scrape is read: " + parsed.message());
      ++scrapes_;
    }
  }
  void come_and_go() {
    while (!done_) {
      test::HttpClient client(server_.address());
      const long what = clients_++ % 4;
      if (what == 1) client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n");
      if (what == 2) client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
      if (what == 3) client.send("nonsense\r\n\r\n");
      if (what != 0) client.reset();
    }
  }

  promlite::Registry registry_;
  promlite::Family<promlite::Counter<>, 2> jobs_ =
      registry_.counter("jobs_total", "Jobs.", {"kind", "place"});
  promlite::Family<promlite::Histogram, 1> seconds_ =
      registry_.histogram("job_seconds", "Time of a job.", {"kind"});
  promlite::Summary sizes_ =
      registry_.summary("size_bytes", "Size of a job.", promlite::quantiles({0.5, 0.99}));
  promlite::MetricsServer server_{"127.0.0.1:0", registry_};
  std::atomic<bool> done_{false};
  std::atomic<long> scrapes_{0};
  std::atomic<long> clients_{0};
};

int main(int argc, char** argv) {
  const reliability::Size size(argc, argv);
  const int seconds = size.of(5, 90, 3600);
  constexpr int periods = 10;
  const auto period = std::chrono::milliseconds(1000 * seconds / periods);
  Load load;
  // Warm-up: the first three.
  for (int i = 0; i < 3; ++i) load.run_for(period);
  std::this_thread::sleep_for(50ms);
  demand(test::get(load.address()).status == 200, "a scrape is answered");
  // The server learns by itself of clients that have left.
  int descriptors = test::count_of("fd");
  for (int i = 0; i < 200; ++i) {
    std::this_thread::sleep_for(5ms);
    descriptors = std::min(descriptors, test::count_of("fd"));
  }
  const int threads = test::count_of("task");
  const long memory = reliability::of_status("VmRSS");
  long most = memory;
  for (int i = 3; i < periods; ++i) {
    load.run_for(period);
    demand(test::settles_at("fd", descriptors), "descriptors: " + std::to_string(descriptors) +
                                                    " after warm-up, now " +
                                                    std::to_string(test::count_of("fd")));
    demand(test::settles_at("task", threads), "threads: " + std::to_string(threads) + " after warm-up, now " +
                                                  std::to_string(test::count_of("task")));
    most = std::max(most, reliability::of_status("VmRSS"));
    demand(most < memory + 2048,
           "memory: " + std::to_string(memory) + " KiB after warm-up, now " + std::to_string(most));
  }
  std::printf(
      "%d s, %ld scrapes, all read, %ld other clients; after warm-up and at the end %d descriptors and %d "
      "threads; "
      "%ld KiB after warm-up, %ld at most\n",
      seconds, load.scrapes(), load.clients(), descriptors, threads, memory, most);
}
