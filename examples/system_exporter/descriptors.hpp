// system_exporter: how many file descriptors the machine has in use, from /proc/sys/fs/file-nr.
// SPDX-License-Identifier: MIT
#ifndef SYSTEM_EXPORTER_DESCRIPTORS_HPP
#define SYSTEM_EXPORTER_DESCRIPTORS_HPP

#include "files.hpp"
#include "text.hpp"

#include <promlite/collector.hpp>
#include <promlite/sink.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace system_exporter {

struct Descriptors {
  std::optional<std::uint64_t> allocated;
  std::optional<std::uint64_t> maximum;
};

/// "1031\t0\t2466183": allocated, a column that has been 0 since Linux 2.6, and the most there may be.
inline Reading<Descriptors> parse_descriptors(std::string_view text) {
  Reading<Descriptors> reading;
  text = text.substr(0, text.find('\n'));
  reading.value.allocated = parse_integer(take_word(text));
  take_word(text);
  reading.value.maximum = parse_integer(take_word(text));
  if (!reading.value.allocated || !reading.value.maximum) reading.add_problem("a column is no number");
  return reading;
}

class DescriptorCollector : public promlite::Collector {
 public:
  explicit DescriptorCollector(const Paths& paths) : path_(paths.procfs + "/sys/fs/file-nr") {}

  void collect(promlite::Sink& sink) override {
    const auto text = read_or_tell(path_);
    if (!text) return;
    const auto reading = parse_descriptors(*text);
    tell(path_, reading);
    if (reading.value.allocated) {
      sink.gauge("system_file_descriptors_allocated", "Open files of all processes.")
          .sample(*reading.value.allocated);
    }
    if (reading.value.maximum) {
      sink.gauge("system_file_descriptors_maximum", "Open files that all processes may have.")
          .sample(*reading.value.maximum);
    }
  }

 private:
  const std::string path_;
};

}  // namespace system_exporter

#endif  // SYSTEM_EXPORTER_DESCRIPTORS_HPP
