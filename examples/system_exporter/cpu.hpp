// system_exporter: what the processors spend their time on, from /proc/stat.
// SPDX-License-Identifier: MIT
#ifndef SYSTEM_EXPORTER_CPU_HPP
#define SYSTEM_EXPORTER_CPU_HPP

#include "files.hpp"
#include "text.hpp"

#include <promlite/collector.hpp>
#include <promlite/sink.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

namespace system_exporter {

/// The columns of a processor's line in their order (proc(5)); older kernels lack the last ones.
inline constexpr std::array<std::string_view, 10> cpu_modes = {
    "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice"};
inline constexpr std::size_t first_guest_mode = 8;

/// Clock ticks since the start of the machine, by mode.
using CpuTicks = std::vector<std::uint64_t>;

/// The lines "cpu0 4705 356 ..." by the processor's number; the line "cpu", their sum, is passed over.
inline Reading<std::map<std::string, CpuTicks>> parse_cpu_ticks(std::string_view text) {
  Reading<std::map<std::string, CpuTicks>> reading;
  for (std::string_view line; take_line(text, line);) {
    const std::string_view name = take_word(line);
    if (name.substr(0, 3) != "cpu" || name == "cpu") continue;
    if (!parse_integer(name.substr(3))) {
      reading.add_problem(quote(name) + " is no processor");
      continue;
    }
    CpuTicks ticks;
    while (ticks.size() < cpu_modes.size()) {
      const std::string_view word = take_word(line);
      if (word.empty()) break;
      const auto count = parse_integer(word);
      if (!count) {
        reading.add_problem("the " + std::string(cpu_modes[ticks.size()]) + " time of " + std::string(name) +
                            " is no number");
        break;
      }
      ticks.push_back(*count);
    }
    reading.value.emplace(name.substr(3), std::move(ticks));
  }
  if (reading.value.empty()) reading.add_problem("no processor is in it");
  return reading;
}

/// Keeps counters from stepping back. The kernel makes idle and iowait of several clocks, so that they may
/// fall by a few ticks (proc(5)), and Prometheus would take that for a restart.
class SteadyTicks {
 public:
  /// What to show for one processor. After a fall by more than `tolerated` it has been off meanwhile: then it
  /// starts anew.
  const CpuTicks& update(const std::string& cpu, const CpuTicks& ticks, std::uint64_t tolerated) {
    CpuTicks& shown = shown_[cpu];
    bool restarted = shown.size() != ticks.size();
    for (std::size_t i = 0; !restarted && i < ticks.size(); ++i) {
      restarted = ticks[i] < shown[i] && shown[i] - ticks[i] > tolerated;
    }
    for (std::size_t i = 0; !restarted && i < ticks.size(); ++i) {
      if (ticks[i] > shown[i]) shown[i] = ticks[i];
    }
    if (restarted) shown = ticks;
    return shown;
  }

 private:
  std::map<std::string, CpuTicks> shown_;
};

class CpuCollector : public promlite::Collector {
 public:
  explicit CpuCollector(const Paths& paths) : path_(paths.procfs + "/stat") {}

  void collect(promlite::Sink& sink) override {
    const auto text = read_or_tell(path_);
    if (!text) return;
    const auto reading = parse_cpu_ticks(*text);
    tell(path_, reading);
    auto seconds = sink.counter("system_cpu_seconds_total", "Seconds the processors spent in each mode.");
    auto guest_seconds = sink.counter(
        "system_cpu_guest_seconds_total",
        "Seconds the processors spent in virtual machines, which are in the user and nice modes too.");
    const auto ticks_per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    for (const auto& [cpu, ticks] : reading.value) {
      const CpuTicks& shown = steady_.update(cpu, ticks, 3 * ticks_per_second);
      for (std::size_t i = 0; i < shown.size(); ++i) {
        const double value = static_cast<double>(shown[i]) / static_cast<double>(ticks_per_second);
        if (i < first_guest_mode) {
          seconds.sample({{"cpu", cpu}, {"mode", cpu_modes[i]}}, value);
        } else {
          guest_seconds.sample({{"cpu", cpu}, {"mode", i == first_guest_mode ? "user" : "nice"}}, value);
        }
      }
    }
  }

 private:
  const std::string path_;
  SteadyTicks steady_;
};

}  // namespace system_exporter

#endif  // SYSTEM_EXPORTER_CPU_HPP
