// http_service: what a service with metrics looks like: a small shop.
// SPDX-License-Identifier: MIT
#include "customers.hpp"
#include "metrics.hpp"
#include "shop.hpp"
#include "web.hpp"

#include <promlite/promlite.hpp>

#include <time.h>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace http_service {

struct Flags {
  std::string metrics = "127.0.0.1:9464";
  int port = 8080;
  long threads = 16;
  long connections = 4;
  long delay = 0;
  long stock = 1000000;
  long customers = 0;
  double seconds = 0;
};

static constexpr const char* usage =
    "Usage: http_service [FLAG VALUE]...\n"
    "\n"
    "A small shop over HTTP, and its metrics.\n"
    "\n"
    "  --listen ADDRESS   Where /metrics is served; port 0 is any free one. Default: 127.0.0.1:9464\n"
    "  --port N           Where the shop is, on 127.0.0.1; 0 is any free one. Default: 8080\n"
    "  --threads N        Threads that serve the shop. Default: 16\n"
    "  --connections N    Connections to the made-up database. Default: 4\n"
    "  --delay N          Milliseconds that every statement of the database takes longer. Default: 0\n"
    "  --stock N          Items of each product. Default: 1000000\n"
    "  --customers N      Made-up customers that visit the shop. Default: 0\n"
    "  --seconds N        Ends after N seconds; without it, when interrupted.\n";

/// The signals that end the program. Blocked in all threads, and waited for by one.
static sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

static void wait_for_the_end(double seconds) {
  const sigset_t signals = ending_signals();
  if (seconds == 0) {
    int received = 0;
    sigwait(&signals, &received);
    return;
  }
  timespec left{};
  left.tv_sec = static_cast<time_t>(seconds);
  left.tv_nsec = static_cast<long>((seconds - static_cast<double>(left.tv_sec)) * 1e9);
  sigtimedwait(&signals, nullptr, &left);
}

static void run(const Flags& flags) {
  Shop shop(static_cast<std::size_t>(flags.connections), std::chrono::milliseconds(flags.delay), flags.stock);
  httplib::Server web;
  web.new_task_queue = [&] { return new MeasuredThreads(static_cast<std::size_t>(flags.threads)); };
  web.set_keep_alive_max_count(1000000);
  web.set_tcp_nodelay(true);
  add_routes(web, shop);
  const int port = flags.port == 0                             ? web.bind_to_any_port("127.0.0.1")
                   : web.bind_to_port("127.0.0.1", flags.port) ? flags.port
                                                               : -1;
  if (port < 0) throw std::runtime_error("cannot serve the shop on 127.0.0.1:" + std::to_string(flags.port));
  promlite::MetricsServer server{flags.metrics};
  std::thread shop_thread([&] { web.listen_after_bind(); });
  // Before it runs, stop() does nothing.
  while (!web.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));

  std::printf("http://%s/metrics\nhttp://127.0.0.1:%d/\n", server.address().c_str(), port);
  std::fflush(stdout);
  {
    const Customers customers(port, static_cast<unsigned>(flags.customers));
    wait_for_the_end(flags.seconds);
  }
  web.stop();
  shop_thread.join();
}

/// Puts one value where it belongs; false when it is none.
static bool set_flag(Flags& flags, const std::string& name, const std::string& text) {
  if (name == "--listen") {
    flags.metrics = text;
    return true;
  }
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value >= 0 && value <= 1e9)) return false;
  if (name == "--seconds") {
    flags.seconds = value;
    return value > 0;
  }
  const long number = static_cast<long>(value);
  if (static_cast<double>(number) != value) return false;
  if (name == "--port") {
    flags.port = static_cast<int>(number);
    return number <= 65535;
  }
  struct Count {
    const char* name;
    long* value;
    long least;
    long most;
  };
  for (const Count& count :
       {Count{"--threads", &flags.threads, 1, 1000}, Count{"--connections", &flags.connections, 1, 1000},
        Count{"--customers", &flags.customers, 0, 1000}, Count{"--delay", &flags.delay, 0, 60000},
        Count{"--stock", &flags.stock, 0, 1000000000}}) {
    if (name != count.name || number < count.least || number > count.most) continue;
    *count.value = number;
    return true;
  }
  return false;
}

static int main(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i < argc; i += 2) {
    if (argv[i] == std::string("--help")) {
      std::fputs(usage, stdout);
      return 0;
    }
    if (i + 1 < argc && set_flag(flags, argv[i], argv[i + 1])) continue;
    std::fprintf(stderr, "http_service: cannot use \"%s%s%s\"\n\n%s", argv[i], i + 1 < argc ? " " : "",
                 i + 1 < argc ? argv[i + 1] : "", usage);
    return 2;
  }
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  try {
    run(flags);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "http_service: %s\n", error.what());
    return 1;
  }
}

}  // namespace http_service

int main(int argc, char** argv) { return http_service::main(argc, argv); }
