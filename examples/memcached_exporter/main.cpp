// memcached_exporter: serves the statistics of one memcached server to Prometheus.
// SPDX-License-Identifier: MIT
#include "address.hpp"
#include "memcached_collector.hpp"
#include "pid_file_collector.hpp"

#include <promlite/exporter.hpp>

#include <chrono>
#include <memory>
#include <string>

// A package sets these from its version control.
#ifndef PROMLITE_EXAMPLE_REVISION
#define PROMLITE_EXAMPLE_REVISION "unknown"
#endif
#ifndef PROMLITE_EXAMPLE_BRANCH
#define PROMLITE_EXAMPLE_BRANCH "unknown"
#endif

/// What is wrong with a flag's text, or nothing.
static std::string problem_of_address(const std::string& text) {
  const auto parsed = memcached_exporter::parse_address(text);
  return parsed ? "" : "\"" + text + "\": " + parsed.message();
}
static std::string problem_of_timeout(const std::string& text) {
  const auto parsed = promlite::parse_duration(text);
  if (parsed && parsed->count() > 0 && *parsed <= std::chrono::hours(1)) return "";
  return "\"" + text + "\" is not a duration such as 500ms or 1s, more than zero and at most 1h";
}

int main(int argc, char** argv) {
  std::string address = "localhost:11211";
  std::chrono::nanoseconds timeout = std::chrono::seconds(1);
  std::string pid_file;

  promlite::Exporter exporter("memcached_exporter", PROMLITE_VERSION,
                              "Answers scrapes of Prometheus with the statistics of one memcached server.");
  exporter.built_from(PROMLITE_EXAMPLE_REVISION, PROMLITE_EXAMPLE_BRANCH)
      .default_address("127.0.0.1:9150")
      .flag("memcached.address", address, "The server: HOST:PORT, [IPV6]:PORT, or the path of a unix socket.")
      .flag("memcached.timeout", timeout, "Time for everything that one scrape asks of the server.")
      .flag("memcached.pid-file", pid_file,
            "File with the server's process number; adds memcached_process_*.");
  exporter.command_line().get_option("--memcached.address")->check(problem_of_address);
  exporter.command_line().get_option("--memcached.timeout")->check(problem_of_timeout);

  exporter.collector("stats", "The server's statistics.", [&] {
    return std::make_unique<memcached_exporter::MemcachedCollector>(
        *memcached_exporter::parse_address(address), timeout);
  });
  exporter.collector("process", "The server's process, by --memcached.pid-file.",
                     [&] { return std::make_unique<memcached_exporter::PidFileCollector>(pid_file); });
  return exporter.run(argc, argv);
}
