// http_service: what a service with metrics looks like. Its requests are made up, its metrics are real.
// SPDX-License-Identifier: MIT
#include <promlite/promlite.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <random>
#include <string>
#include <thread>
#include <vector>

// Metrics are declared once, where they are used; they register in the default registry before main().
static const auto requests = promlite::counter("http_requests_total", "HTTP requests served.",
                                               {"route", "method", "code"}, promlite::max_series(100));
static const auto duration = promlite::histogram("http_request_duration_seconds", "Time to serve a request.",
                                                 {"route"}, promlite::exponential_buckets(0.001, 2, 10));
static const auto response_size = promlite::summary("http_response_size_bytes", "Size of a response body.",
                                                    promlite::quantiles({0.5, 0.9, 0.99}));
static const auto in_flight = promlite::gauge("http_requests_in_flight", "Requests being served right now.");
static const auto jobs = promlite::counter("jobs_total", "Background jobs done.");
static const auto build =
    promlite::info("http_service_build", "What is running.", {{"version", PROMLITE_VERSION}});

static std::atomic<bool> stopping{false};
static std::atomic<int> queue_length{0};

extern "C" void stop_on_signal(int) { stopping.store(true); }

struct Route {
  const char* path;
  const char* method;
  int success;
  double typical_seconds;
  double typical_bytes;
  double failures;  // share of requests
};

static const Route routes[] = {
    {"/products", "GET", 200, 0.004, 12000, 0.001},
    {"/products/{id}", "GET", 200, 0.002, 1500, 0.03},
    {"/orders", "POST", 201, 0.015, 300, 0.02},
    {"/search", "GET", 200, 0.030, 6000, 0.005},
};

using Random = std::mt19937;

static void serve(const Route& route, Random& random) {
  const auto busy = in_flight.track();                  // one more until the end of the scope
  const auto timer = duration.with(route.path).time();  // observes the seconds until then
  std::lognormal_distribution<double> spread(0, 0.6);
  std::this_thread::sleep_for(std::chrono::duration<double>(route.typical_seconds * spread(random)));

  const bool failed = std::bernoulli_distribution(route.failures)(random);
  const int code = failed ? (route.success == 201 ? 500 : 404) : route.success;
  response_size.observe(failed ? 150 : route.typical_bytes * spread(random));
  requests.with(route.path, route.method, code).inc();
  if (!failed && route.success == 201) queue_length.fetch_add(1);
}

static void handle_requests(unsigned seed) {
  Random random(seed);
  std::discrete_distribution<std::size_t> choice({40, 30, 10, 20});
  std::exponential_distribution<double> pause(50);
  while (!stopping.load()) {
    serve(routes[choice(random)], random);
    std::this_thread::sleep_for(std::chrono::duration<double>(pause(random)));
  }
}

// Jobs are done in batches, so that the queue has something to show.
static void do_jobs() {
  while (!stopping.load()) {
    for (int i = 0; i < 10 && !stopping.load(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    jobs.inc(queue_length.exchange(0));
  }
}

static int run(const std::string& address, double seconds) {
  promlite::MetricsServer server{address};
  std::printf("http://%s/metrics\n", server.address().c_str());
  std::fflush(stdout);

  const auto queue = promlite::gauge_callback("jobs_queued", "Background jobs that wait.",
                                              [] { return static_cast<double>(queue_length.load()); });
  std::vector<std::thread> threads;
  for (unsigned seed = 1; seed <= 4; ++seed) threads.emplace_back(handle_requests, seed);
  threads.emplace_back(do_jobs);

  const auto start = std::chrono::steady_clock::now();
  while (!stopping.load()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    if (seconds > 0 && passed.count() >= seconds) stopping.store(true);
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}

static int usage(std::FILE* to, int result) {
  std::fputs(
      "Usage: http_service [--listen ADDRESS] [--seconds N]\n"
      "\n"
      "Serves made-up requests and their metrics.\n"
      "\n"
      "  --listen ADDRESS  Where /metrics is served; port 0 is any free one. Default: 127.0.0.1:9464\n"
      "  --seconds N       Ends after N seconds; without it, when interrupted.\n",
      to);
  return result;
}

int main(int argc, char** argv) {
  std::string address = "127.0.0.1:9464";
  double seconds = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--help") return usage(stdout, 0);
    if ((flag == "--listen" || flag == "--seconds") && i + 1 < argc) {
      const char* value = argv[++i];
      if (flag == "--listen") {
        address = value;
        continue;
      }
      char* end = nullptr;
      seconds = std::strtod(value, &end);
      if (end != value && *end == '\0' && seconds > 0) continue;
    }
    std::fprintf(stderr, "http_service: cannot use \"%s\"\n", argv[i]);
    return usage(stderr, 2);
  }
  std::signal(SIGINT, stop_on_signal);
  std::signal(SIGTERM, stop_on_signal);
  try {
    return run(address, seconds);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "http_service: %s\n", error.what());
    return 1;
  }
}
