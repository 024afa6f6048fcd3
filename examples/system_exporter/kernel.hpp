// system_exporter: what runs and since when, from /proc/stat and uname(2).
// SPDX-License-Identifier: MIT
#ifndef SYSTEM_EXPORTER_KERNEL_HPP
#define SYSTEM_EXPORTER_KERNEL_HPP

#include "files.hpp"
#include "text.hpp"

#include <promlite/collector.hpp>
#include <promlite/sink.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <sys/utsname.h>

namespace system_exporter {

struct KernelMetric {
  std::string_view key;  // in /proc/stat
  const char* name;
  bool counter;
  const char* help;
};

inline constexpr KernelMetric kernel_metrics[] = {
    {"btime", "system_boot_time_seconds", false, "When the machine started, in seconds since the epoch."},
    {"ctxt", "system_context_switches_total", true, "Context switches."},
    {"intr", "system_interrupts_total", true, "Interrupts served."},
    {"processes", "system_forks_total", true, "Processes and threads started."},
    {"procs_running", "system_processes_running", false, "Tasks that run or could."},
    {"procs_blocked", "system_processes_blocked", false, "Tasks that wait for a disk."},
};

/// Key to value of the metrics above; a key that the kernel does not have is passed over.
inline Reading<std::map<std::string_view, std::uint64_t>> parse_kernel(std::string_view text) {
  Reading<std::map<std::string_view, std::uint64_t>> reading;
  for (std::string_view line; take_line(text, line);) {
    const std::string_view key = take_word(line);
    for (const KernelMetric& metric : kernel_metrics) {
      if (key != metric.key) continue;
      if (const auto value = parse_integer(take_word(line))) {
        reading.value.emplace(metric.key, *value);
      } else {
        reading.add_problem(std::string(key) + " is no number");
      }
    }
  }
  if (reading.value.empty()) reading.add_problem("nothing that is known is in it");
  return reading;
}

class KernelCollector : public promlite::Collector {
 public:
  explicit KernelCollector(const Paths& paths) : path_(paths.procfs + "/stat") {}

  void collect(promlite::Sink& sink) override {
    const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
    sink.gauge("system_time_seconds", "The machine's clock, in seconds since the epoch.").sample(now.count());
    ::utsname name{};
    if (::uname(&name) == 0) {
      sink.info("system_uname", "The kernel and the machine, as uname(2) names them.")
          .sample({{"sysname", name.sysname},
                   {"release", name.release},
                   {"version", name.version},
                   {"machine", name.machine},
                   {"nodename", name.nodename},
                   {"domainname", name.domainname}});
    }
    const auto text = read_or_tell(path_);
    if (!text) return;
    const auto reading = parse_kernel(*text);
    tell(path_, reading);
    for (const KernelMetric& metric : kernel_metrics) {
      const auto value = reading.value.find(metric.key);
      if (value == reading.value.end()) continue;
      if (metric.counter) {
        sink.counter(metric.name, metric.help).sample(value->second);
      } else {
        sink.gauge(metric.name, metric.help).sample(value->second);
      }
    }
  }

 private:
  const std::string path_;
};

}  // namespace system_exporter

#endif  // SYSTEM_EXPORTER_KERNEL_HPP
