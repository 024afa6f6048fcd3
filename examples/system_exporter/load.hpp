// system_exporter: how many tasks run or wait to, from /proc/loadavg.
// SPDX-License-Identifier: MIT
#ifndef SYSTEM_EXPORTER_LOAD_HPP
#define SYSTEM_EXPORTER_LOAD_HPP

#include "files.hpp"
#include "text.hpp"

#include <promlite/collector.hpp>
#include <promlite/sink.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace system_exporter {

/// The averages of 1, 5 and 15 minutes: "3.39 2.54 2.45 7/300 1234".
inline Reading<std::array<std::optional<double>, 3>> parse_load(std::string_view text) {
  Reading<std::array<std::optional<double>, 3>> reading;
  for (auto& average : reading.value) {
    average = parse_decimal(take_word(text));
    if (!average) reading.add_problem("an average is no number");
  }
  return reading;
}

class LoadCollector : public promlite::Collector {
 public:
  explicit LoadCollector(const Paths& paths) : path_(paths.procfs + "/loadavg") {}

  void collect(promlite::Sink& sink) override {
    const auto text = read_or_tell(path_);
    if (!text) return;
    const auto reading = parse_load(*text);
    tell(path_, reading);
    constexpr const char* names[] = {"system_load1", "system_load5", "system_load15"};
    constexpr const char* helps[] = {"Tasks that run or wait to, averaged over a minute.",
                                     "Tasks that run or wait to, averaged over 5 minutes.",
                                     "Tasks that run or wait to, averaged over 15 minutes."};
    for (std::size_t i = 0; i < reading.value.size(); ++i) {
      if (reading.value[i]) sink.gauge(names[i], helps[i]).sample(*reading.value[i]);
    }
  }

 private:
  const std::string path_;
};

}  // namespace system_exporter

#endif  // SYSTEM_EXPORTER_LOAD_HPP
