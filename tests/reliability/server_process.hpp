// promlite: a process that starts and stops servers when it is told to, and what can be seen of it from
// outside. SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_RELIABILITY_SERVER_PROCESS_HPP
#define PROMLITE_TESTS_RELIABILITY_SERVER_PROCESS_HPP

#include <promlite/promlite.hpp>

#include <atomic>
#include <chrono>
#include <clocale>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <dirent.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "support/http_client.hpp"

namespace reliability {

/// What the two processes share: whoever waits for the other makes no call that a fault could be meant for.
struct Page {
  std::atomic<int> asked{0};  ///< steps that the process may take
  std::atomic<int> done{0};   ///< steps that it has taken
  std::atomic<int> listener{-1};
  char address[64] = "";
  char reasons[512] = "";  ///< of starts that failed, a line each
  double stop_seconds = 0;
  bool locale_kept = true;
};

struct Stock : promlite::Collector {
  void collect(promlite::Sink& sink) override {
    const std::unique_ptr<char[]> memory(new char[8192]);  // what the C library asks the kernel for each time
    sink.gauge("stock", "Stock.").sample({{"hall", "A"}}, 7 + (memory != nullptr ? 0 : 1));
  }
};

inline constexpr const char* any_port = "127.0.0.1:0";

/// The process that is hit: starts and stops servers, every second one with a collector.
[[noreturn]] inline void serve(Page& page, const std::function<int()>& prepare) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Every larger piece of memory is a system call, on every thread.
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_THRESHOLD, 2048);
  ::mallopt(M_TRIM_THRESHOLD, 0);
  ::mallopt(M_TOP_PAD, 0);
  static std::vector<std::unique_ptr<char[]>> free_memory;  // is used up, and the end of the heap comes near
  for (int i = 0; i < 1000; ++i) free_memory.emplace_back(new char[1000]);
  ::malloc_trim(0);
  promlite::Registry registry;
  registry.counter("jobs_total", "Jobs done.").inc();
  const auto sizes = registry.histogram("job_size_bytes", "Size of a job.", {"kind"});
  for (int kind = 0; kind < 20; ++kind) sizes.with(kind).observe(kind);
  Stock stock;
  const std::string locale = std::setlocale(LC_ALL, nullptr);
  const auto await = [&page](int step) {
    while (page.asked < step) ::usleep(200);
  };
  promlite::ServerOptions options;
  options.scrape_timeout = std::chrono::milliseconds(2000);  // long before the clients lose patience
  page.listener = prepare();
  page.done = 1;
  for (int step = 2;; step += 2) {
    await(step);
    std::optional<promlite::Membership> membership;
    if (step % 4 == 2) membership.emplace(registry.add(stock));
    auto server = promlite::MetricsServer::start(any_port, registry, options);
    for (int i = 0; i < 3 && !server; ++i) {
      std::strncat(page.reasons, (server.message() + "\n").c_str(),
                   sizeof page.reasons - std::strlen(page.reasons) - 1);
      server = promlite::MetricsServer::start(any_port, registry, options);
    }
    std::strncpy(page.address, server ? server->address().c_str() : "", sizeof page.address - 1);
    page.done = step;
    await(step + 1);
    if (server) page.stop_seconds = test::seconds_of([&] { server->stop(); });
    page.locale_kept = page.locale_kept && locale == std::setlocale(LC_ALL, nullptr);
    page.done = step + 1;
  }
}

inline std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::set<std::string> entries(const std::string& path) {
  std::set<std::string> found;
  DIR* const folder = ::opendir(path.c_str());
  while (const dirent* const entry = folder != nullptr ? ::readdir(folder) : nullptr) {
    if (entry->d_name[0] != '.') found.insert(entry->d_name);
  }
  if (folder != nullptr) ::closedir(folder);
  return found;
}

/// The process as others see it.
class Process {
 public:
  explicit Process(pid_t id) : id_(id), folder_("/proc/" + std::to_string(id)) {}

  int descriptors() const { return static_cast<int>(entries(folder_ + "/fd").size()); }
  std::size_t threads() const { return entries(folder_ + "/task").size(); }
  /// Signals, umask and standard streams.
  std::string state() const {
    std::string found;
    std::istringstream status(content(folder_ + "/status"));
    for (std::string line; std::getline(status, line);) {
      if (line.rfind("Sig", 0) == 0 && line.rfind("SigQ", 0) != 0) {
        const unsigned long long of_c_library = 0x180000000;  // 32 and 33: its own, from the first thread on
        const unsigned long long mask = std::strtoull(line.c_str() + 7, nullptr, 16) & ~of_c_library;
        found += line.substr(0, 7) + std::to_string(mask) + "\n";
      } else if (line.rfind("Umask:", 0) == 0) {
        found += line + "\n";
      }
    }
    for (const char* stream : {"0", "1", "2"}) found += content(folder_ + "/fdinfo/" + stream);
    return found;
  }
  /// How often its other threads have waited: a thread that spins around its calls does nothing but that.
  long waits() const {
    long total = 0;
    for (const std::string& thread : entries(folder_ + "/task")) {
      const std::string status = content(folder_ + "/task/" + thread + "/status");
      const std::size_t at = status.find("voluntary_ctxt_switches:");
      if (thread != std::to_string(id_) && at != std::string::npos)
        total += std::atol(status.c_str() + at + 24);
    }
    return total;
  }

 private:
  pid_t id_;
  std::string folder_;
};

}  // namespace reliability

#endif  // PROMLITE_TESTS_RELIABILITY_SERVER_PROCESS_HPP
