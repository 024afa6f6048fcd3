// system_exporter: what the disks do, from /proc/diskstats.
// SPDX-License-Identifier: MIT
#ifndef SYSTEM_EXPORTER_DISK_HPP
#define SYSTEM_EXPORTER_DISK_HPP

#include "exclusion.hpp"
#include "files.hpp"
#include "text.hpp"

#include <promlite/collector.hpp>
#include <promlite/sink.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace system_exporter {

enum class DiskUnit { count, sectors, milliseconds, now };

struct DiskMetric {
  const char* name;
  DiskUnit unit;
  const char* help;
};

/// The columns behind a device's name in their order (the kernel's Documentation/admin-guide/iostats.rst);
/// older kernels lack the last ones.
inline constexpr DiskMetric disk_metrics[] = {
    {"system_disk_reads_completed_total", DiskUnit::count, "Reads completed."},
    {"system_disk_reads_merged_total", DiskUnit::count, "Reads merged with one next to them."},
    {"system_disk_read_bytes_total", DiskUnit::sectors, "Bytes read."},
    {"system_disk_read_time_seconds_total", DiskUnit::milliseconds, "Seconds that all reads took together."},
    {"system_disk_writes_completed_total", DiskUnit::count, "Writes completed."},
    {"system_disk_writes_merged_total", DiskUnit::count, "Writes merged with one next to them."},
    {"system_disk_written_bytes_total", DiskUnit::sectors, "Bytes written."},
    {"system_disk_write_time_seconds_total", DiskUnit::milliseconds,
     "Seconds that all writes took together."},
    {"system_disk_io_now", DiskUnit::now, "Reads and writes in progress."},
    {"system_disk_io_time_seconds_total", DiskUnit::milliseconds,
     "Seconds in which there was something in progress."},
    {"system_disk_io_time_weighted_seconds_total", DiskUnit::milliseconds,
     "Seconds in which there was something in progress, times how much it was."},
    {"system_disk_discards_completed_total", DiskUnit::count, "Discards completed."},
    {"system_disk_discards_merged_total", DiskUnit::count, "Discards merged with one next to them."},
    {"system_disk_discarded_bytes_total", DiskUnit::sectors, "Bytes discarded."},
    {"system_disk_discard_time_seconds_total", DiskUnit::milliseconds,
     "Seconds that all discards took together."},
    {"system_disk_flush_requests_total", DiskUnit::count, "Flushes completed."},
    {"system_disk_flush_requests_time_seconds_total", DiskUnit::milliseconds,
     "Seconds that all flushes took together."},
};
inline constexpr std::size_t fewest_disk_columns = 11;  // since Linux 2.6.25

struct Disk {
  std::string device;
  std::vector<std::uint64_t> columns;
};

/// A line that is damaged is left out whole.
inline Reading<std::vector<Disk>> parse_disks(std::string_view text) {
  Reading<std::vector<Disk>> reading;
  for (std::string_view line; take_line(text, line);) {
    const bool numbers = parse_integer(take_word(line)) && parse_integer(take_word(line));
    Disk disk{std::string(take_word(line)), {}};
    bool valid = numbers && !disk.device.empty();
    while (valid && disk.columns.size() < std::size(disk_metrics)) {
      const std::string_view word = take_word(line);
      if (word.empty()) break;
      const auto column = parse_integer(word);
      const bool sectors = disk_metrics[disk.columns.size()].unit == DiskUnit::sectors;
      valid = column && (!sectors || times(*column, 512));
      if (valid) disk.columns.push_back(*column);
    }
    if (valid && disk.columns.size() >= fewest_disk_columns) {
      reading.value.push_back(std::move(disk));
    } else {
      reading.add_problem("the line of " + quote(disk.device) + " cannot be read");
    }
  }
  return reading;
}

class DiskCollector : public promlite::Collector {
 public:
  DiskCollector(const Paths& paths, Exclusion devices)
      : path_(paths.procfs + "/diskstats"), devices_(std::move(devices)) {}

  void collect(promlite::Sink& sink) override {
    const auto text = read_or_tell(path_);
    if (!text) return;
    const auto reading = parse_disks(*text);
    tell(path_, reading);
    for (const Disk& disk : reading.value) {
      if (devices_.leaves_out(disk.device)) continue;
      for (std::size_t i = 0; i < disk.columns.size(); ++i)
        show(sink, disk.device, disk_metrics[i], disk.columns[i]);
    }
  }

 private:
  static void show(promlite::Sink& sink, const std::string& device, const DiskMetric& metric,
                   std::uint64_t value) {
    switch (metric.unit) {
      case DiskUnit::count:
        return sink.counter(metric.name, metric.help).sample({{"device", device}}, value);
      case DiskUnit::sectors:  // of 512 bytes, whatever the device's are
        return sink.counter(metric.name, metric.help).sample({{"device", device}}, value * 512);
      case DiskUnit::milliseconds:
        return sink.counter(metric.name, metric.help)
            .sample({{"device", device}}, static_cast<double>(value) / 1000);
      case DiskUnit::now:
        return sink.gauge(metric.name, metric.help).sample({{"device", device}}, value);
    }
  }

  const std::string path_;
  const Exclusion devices_;
};

}  // namespace system_exporter

#endif  // SYSTEM_EXPORTER_DISK_HPP
