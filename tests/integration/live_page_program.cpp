// promlite: serves the live page and metrics that it is told about, for the test that looks at the page.
//   live_page_program PORT [TOKEN]
// Prints its address. Then every line of standard input is a command, answered with a line:
//   add N           counts N
//   set X           sets the gauge
//   observe X N     observes X, N times
//   series NAME N   a gauge of N series
//   hostile         metrics whose texts are meant to harm a page
//   hang | go       collections do not end, or end again
// SPDX-License-Identifier: MIT
// unsanitized: what looks at it is a browser, whose time it is
#include <promlite/exporter/live_page.hpp>
#include <promlite/promlite.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <iostream>
#include <mutex>
#include <sstream>
#include <string>

/// What collections wait for while it is closed.
class Gate {
 public:
  void close(bool closed) {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = closed;
    changed_.notify_all();
  }
  double pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return !closed_; });
    return 1;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
};

static void declare_hostile(promlite::Registry& registry) {
  const std::string script = "<script>window.hit = 1</script>",
                    image = "<img src=x onerror='window.hit = 2'>";
  registry
      .gauge(promlite::runtime_name("hostile" + script), "Help " + image + script + "\n\\ \"}",
             promlite::utf8_names())
      .set(1);
  auto family = registry.gauge("hostile_texts", image, {"text"});
  family.with(image).set(1);
  family.with("\"}" + script).set(2);
  family.with("a\\b\nc,d={e} f").set(3);
  family.with("\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D \xE2\x80\xAE right to left").set(4);
  family.with(std::string(10'000, 'x')).set(5);
}

static void declare_series(promlite::Registry& registry, const std::string& name, int count) {
  const std::size_t room = static_cast<std::size_t>(count) + 1;
  auto family = registry.gauge(promlite::runtime_name(name), "Very many.", {"shard", "zone"},
                               promlite::max_series(room));
  for (int i = 0; i < count; ++i) family.with("shard-" + std::to_string(i), i % 2 ? "north" : "south").set(i);
}

static int serve(const std::string& port, const std::string& token) {
  promlite::Registry registry;
  auto jobs = registry.counter("jobs_total", "Jobs done, by queue.", {"queue", "outcome"});
  auto sent = registry.counter("sent_bytes_total", "Bytes sent.");
  auto depth = registry.gauge("queue_depth", "Jobs waiting.");
  auto took = registry.histogram("job_duration_seconds", "Time of a job.", {"queue"},
                                 promlite::linear_buckets(1, 1, 4));
  auto size = registry.summary("job_size_bytes", "Size of a job.", promlite::quantiles({0.5, 0.99}));
  registry.info("queue_build", "What runs.", {{"version", "1.4.2"}, {"revision", "d9b2c70"}});
  auto dotted = registry.gauge(promlite::runtime_name("queue.age.seconds"), "Age of the oldest job.",
                               promlite::utf8_names());
  Gate gate;
  const auto waiting = registry.gauge_callback("queue_gate", "Waited for.", [&gate] { return gate.pass(); });
  jobs.with("mail", "done").inc(1000);
  jobs.with("mail", "failed").inc(2);
  dotted.set(90);

  promlite::ServerOptions options;
  options.landing_page = promlite::live_page("Queue <exporter> & \"co\"");
  options.scrape_timeout = std::chrono::milliseconds(300);
  options.bearer_token = token;
  promlite::MetricsServer server("127.0.0.1:" + port, registry, options);
  std::cout << server.address() << std::endl;

  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command, name;
    double number = 0;
    int count = 0;
    words >> command;
    if (command == "add" && words >> number) {
      jobs.with("mail", "done").inc(number);
      sent.inc(number * 1024);
    } else if (command == "set" && words >> number) {
      depth.set(number);
    } else if (command == "observe" && words >> number >> count) {
      for (int i = 0; i < count; ++i) {
        took.with("mail").observe(number);
        size.observe(number * 1000);
      }
    } else if (command == "series" && words >> name >> count) {
      declare_series(registry, name, count);
    } else if (command == "hostile") {
      declare_hostile(registry);
    } else if (command == "hang" || command == "go") {
      gate.close(command == "hang");
    } else {
      std::cerr << "live_page_program: what is '" << line << "'?\n";
      return 2;
    }
    std::cout << "ok" << std::endl;
  }
  gate.close(false);
  return 0;
}

int main(int argc, char** argv) {
  try {
    return argc < 2 ? 2 : serve(argv[1], argc > 2 ? argv[2] : "");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "live_page_program: %s\n", error.what());
    return 1;
  }
}
