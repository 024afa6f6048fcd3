// memcached_exporter: serves the statistics of one memcached server to Prometheus.
// SPDX-License-Identifier: MIT
#include "address.hpp"
#include "flags.hpp"
#include "memcached_collector.hpp"
#include "pid_file_collector.hpp"

#include <promlite/promlite.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

// A package sets these from its version control.
#ifndef PROMLITE_EXAMPLE_REVISION
#define PROMLITE_EXAMPLE_REVISION "unknown"
#endif
#ifndef PROMLITE_EXAMPLE_BRANCH
#define PROMLITE_EXAMPLE_BRANCH "unknown"
#endif

#if defined(__clang__)
static const std::string compiler =
    "clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__);
#elif defined(__GNUC__)
static const std::string compiler = "gcc " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__);
#else
static const std::string compiler = "unknown";
#endif

namespace memcached_exporter {

static sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

static bool machine_has_ipv6() {
  const int probe = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe >= 0) ::close(probe);
  return probe >= 0;
}

/// Serves until SIGINT or SIGTERM, which end the program.
[[noreturn]] static void run(const Flags& flags, const Address& memcached) {
  promlite::Registry registry;
  registry.info("memcached_exporter_build", "What is running.",
                {{"version", PROMLITE_VERSION},
                 {"revision", PROMLITE_EXAMPLE_REVISION},
                 {"branch", PROMLITE_EXAMPLE_BRANCH},
                 {"compiler", compiler},
                 {"cxx_standard", std::to_string(__cplusplus)}});
  promlite::ProcessCollector own_process;
  MemcachedCollector statistics(flags.memcached_address, memcached, flags.memcached_timeout);
  PidFileCollector memcached_process(flags.memcached_pid_file);
  std::vector<promlite::Membership> members;
  members.push_back(registry.add(own_process));
  members.push_back(registry.add(statistics));
  members.push_back(registry.add(memcached_process));

  promlite::ServerOptions options;
  options.metrics_path = flags.telemetry_path;
  options.name = "memcached exporter";
  // The answer of a scrape that had to wait for memcached in vain still tells memcached_up 0.
  options.scrape_timeout =
      std::chrono::ceil<std::chrono::milliseconds>(flags.memcached_timeout) + std::chrono::seconds(5);
  promlite::MetricsServer server{listen_address(flags.listen_address, machine_has_ipv6()), registry, options};
  std::fprintf(stderr, "memcached_exporter: serving %s on %s for memcached at %s\n",
               flags.telemetry_path.c_str(), server.address().c_str(), flags.memcached_address.c_str());

  const sigset_t signals = ending_signals();
  int received = 0;
  sigwait(&signals, &received);
  server.stop();
  // A scrape under way may still be waiting for memcached or for a name server; nobody waits for it any more.
  std::_Exit(0);
}

static int main(const std::vector<std::string>& arguments) {
  const auto flags = parse_flags(arguments);
  if (!flags) {
    std::fprintf(stderr, "memcached_exporter: %s; --help shows what there is\n", flags.message().c_str());
    return 2;
  }
  if (flags->help) {
    std::fwrite(usage.data(), 1, usage.size(), stdout);
    return 0;
  }
  if (flags->version) {
    std::printf("memcached_exporter %s (revision %s, %s)\n", PROMLITE_VERSION, PROMLITE_EXAMPLE_REVISION,
                compiler.c_str());
    return 0;
  }
  const auto memcached = parse_address(flags->memcached_address);
  if (!memcached) {
    std::fprintf(stderr, "memcached_exporter: --memcached.address: \"%s\": %s\n",
                 flags->memcached_address.c_str(), memcached.message().c_str());
    return 2;
  }
  // Before any thread starts, so that none of them takes the signals.
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  try {
    run(*flags, *memcached);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "memcached_exporter: %s\n", error.what());
  }
  return 1;
}

}  // namespace memcached_exporter

int main(int argc, char** argv) {
  return memcached_exporter::main(std::vector<std::string>(argv + 1, argv + argc));
}
