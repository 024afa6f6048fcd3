// system_exporter: what the memory is used for, from /proc/meminfo.
// SPDX-License-Identifier: MIT
#ifndef SYSTEM_EXPORTER_MEMORY_HPP
#define SYSTEM_EXPORTER_MEMORY_HPP

#include "files.hpp"
#include "text.hpp"

#include <promlite/collector.hpp>
#include <promlite/sink.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace system_exporter {

struct MemoryMetric {
  std::string_view key;  // in /proc/meminfo
  const char* name;
  const char* help;
};

/// Those that end in "_bytes" are given in kB by the kernel, the others are counts of pages. A key that the
/// kernel does not have is passed over, and so is one that is not here.
inline constexpr MemoryMetric memory_metrics[] = {
    {"MemTotal", "system_memory_total_bytes", "Memory that the kernel can use."},
    {"MemFree", "system_memory_free_bytes", "Memory that is used for nothing."},
    {"MemAvailable", "system_memory_available_bytes",
     "Estimate of the memory that programs can have without swapping."},
    {"Buffers", "system_memory_buffers_bytes", "Cache of the blocks of devices."},
    {"Cached", "system_memory_cached_bytes", "Cache of files, shared memory included."},
    {"SwapCached", "system_memory_swap_cached_bytes", "Memory that is in swap space as well."},
    {"Active", "system_memory_active_bytes", "Memory used recently."},
    {"Active(anon)", "system_memory_active_anonymous_bytes", "Memory of programs used recently."},
    {"Active(file)", "system_memory_active_file_bytes", "Cache of files used recently."},
    {"Inactive", "system_memory_inactive_bytes", "Memory not used recently."},
    {"Inactive(anon)", "system_memory_inactive_anonymous_bytes", "Memory of programs not used recently."},
    {"Inactive(file)", "system_memory_inactive_file_bytes", "Cache of files not used recently."},
    {"Unevictable", "system_memory_unevictable_bytes", "Memory that cannot be swapped out or dropped."},
    {"Mlocked", "system_memory_locked_bytes", "Memory that programs have locked."},
    {"SwapTotal", "system_memory_swap_total_bytes", "Swap space."},
    {"SwapFree", "system_memory_swap_free_bytes", "Swap space that is not used."},
    {"Zswap", "system_memory_zswap_bytes", "Memory that holds compressed swapped pages."},
    {"Zswapped", "system_memory_zswapped_bytes", "What the compressed swapped pages are uncompressed."},
    {"Dirty", "system_memory_dirty_bytes", "Memory that waits to be written to disk."},
    {"Writeback", "system_memory_writeback_bytes", "Memory that is being written to disk."},
    {"AnonPages", "system_memory_anonymous_bytes", "Memory of programs that belongs to no file."},
    {"Mapped", "system_memory_mapped_bytes", "Files mapped into programs."},
    {"Shmem", "system_memory_shared_bytes", "Shared memory and tmpfs."},
    {"KReclaimable", "system_memory_kernel_reclaimable_bytes",
     "Memory of the kernel that it can give back when there is little."},
    {"Slab", "system_memory_slab_bytes", "Data structures of the kernel."},
    {"SReclaimable", "system_memory_slab_reclaimable_bytes",
     "Data structures of the kernel that it can drop when there is little memory."},
    {"SUnreclaim", "system_memory_slab_unreclaimable_bytes", "Data structures of the kernel that must stay."},
    {"KernelStack", "system_memory_kernel_stack_bytes", "Stacks of tasks in the kernel."},
    {"PageTables", "system_memory_page_tables_bytes", "Page tables."},
    {"CommitLimit", "system_memory_commit_limit_bytes",
     "Memory that may be promised to programs under strict accounting."},
    {"Committed_AS", "system_memory_committed_bytes", "Memory promised to programs."},
    {"VmallocTotal", "system_memory_vmalloc_total_bytes", "Address space of vmalloc."},
    {"VmallocUsed", "system_memory_vmalloc_used_bytes", "Address space of vmalloc that is used."},
    {"Percpu", "system_memory_per_cpu_bytes", "Memory that the kernel has once for each processor."},
    {"AnonHugePages", "system_memory_anonymous_huge_pages_bytes",
     "Memory of programs in transparent huge pages."},
    {"HugePages_Total", "system_memory_huge_pages", "Huge pages in the pool."},
    {"HugePages_Free", "system_memory_huge_pages_free", "Huge pages in the pool that are not used."},
    {"HugePages_Rsvd", "system_memory_huge_pages_reserved", "Free huge pages that have been promised."},
    {"HugePages_Surp", "system_memory_huge_pages_surplus", "Huge pages beyond the size of the pool."},
    {"Hugepagesize", "system_memory_huge_page_size_bytes", "Size of a huge page of the pool."},
};

/// Key to value, in bytes or in pages, of the metrics above.
inline Reading<std::map<std::string_view, std::uint64_t>> parse_memory(std::string_view text) {
  Reading<std::map<std::string_view, std::uint64_t>> reading;
  std::map<std::string_view, std::string_view> lines;
  for (std::string_view line; take_line(text, line);) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) lines.emplace(line.substr(0, colon), line.substr(colon + 1));
  }
  for (const MemoryMetric& metric : memory_metrics) {
    const auto line = lines.find(metric.key);
    if (line == lines.end()) continue;
    const std::string_view name = metric.name;
    const bool bytes = name.substr(name.size() - 6) == "_bytes";
    auto value = parse_integer(take_word(line->second));
    if (take_word(line->second) != (bytes ? "kB" : "")) value.reset();
    if (value && bytes) value = times(*value, 1024);
    if (value) {
      reading.value.emplace(metric.key, *value);
    } else {
      reading.add_problem(std::string(metric.key) + (bytes ? " is no number of kB" : " is no number"));
    }
  }
  if (reading.value.empty()) reading.add_problem("nothing that is known is in it");
  return reading;
}

class MemoryCollector : public promlite::Collector {
 public:
  explicit MemoryCollector(const Paths& paths) : path_(paths.procfs + "/meminfo") {}

  void collect(promlite::Sink& sink) override {
    const auto text = read_or_tell(path_);
    if (!text) return;
    const auto reading = parse_memory(*text);
    tell(path_, reading);
    for (const MemoryMetric& metric : memory_metrics) {
      const auto value = reading.value.find(metric.key);
      if (value != reading.value.end()) sink.gauge(metric.name, metric.help).sample(value->second);
    }
  }

 private:
  const std::string path_;
};

}  // namespace system_exporter

#endif  // SYSTEM_EXPORTER_MEMORY_HPP
