// system_exporter: how full the file systems are.
// SPDX-License-Identifier: MIT
#ifndef SYSTEM_EXPORTER_FILESYSTEM_HPP
#define SYSTEM_EXPORTER_FILESYSTEM_HPP

#include "exclusion.hpp"
#include "file_system_asker.hpp"
#include "files.hpp"
#include "mounts.hpp"

#include <promlite/collector.hpp>
#include <promlite/exporter/collection.hpp>
#include <promlite/sink.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace system_exporter {

class FileSystemCollector : public promlite::Collector {
 public:
  FileSystemCollector(const Paths& paths, Exclusion points, Exclusion types, FileSystemAsker asker)
      : procfs_(paths.procfs),
        rootfs_(paths.rootfs == "/" ? "" : paths.rootfs),
        points_(std::move(points)),
        types_(std::move(types)),
        asker_(std::move(asker)) {}

  void collect(promlite::Sink& sink) override {
    const auto text = read_of_first_process(procfs_, "mounts");
    if (!text) return;
    auto reading = parse_mounts(*text);
    tell(procfs_ + "/1/mounts", reading);
    std::vector<Mount> mounts;
    std::vector<std::string> paths;
    for (Mount& mount : reading.value) {
      if (points_.leaves_out(mount.point) || types_.leaves_out(mount.type)) continue;
      paths.push_back(rootfs_ + mount.point);
      mounts.push_back(std::move(mount));
    }
    const auto deadline = promlite::scrape_deadline();
    const auto answers = asker_.ask(paths, deadline);
    if (std::chrono::steady_clock::now() >= deadline)
      promlite::collection_problem("there was no time to ask all file systems");
    for (std::size_t i = 0; i < mounts.size(); ++i) show(sink, mounts[i], answers[i]);
  }

 private:
  static void show(promlite::Sink& sink, const Mount& mount, const FileSystemAsker::Answer& use) {
    const auto gauge = [&](const char* name, const char* help, promlite::Number value) {
      sink.gauge(name, help)
          .sample({{"device", mount.device}, {"mountpoint", mount.point}, {"fstype", mount.type}}, value);
    };
    gauge("system_filesystem_device_error", "1 if the file system does not say how full it is.", use ? 0 : 1);
    gauge("system_filesystem_readonly", "1 if the file system is mounted for reading only.",
          mount.read_only ? 1 : 0);
    if (!use) return;
    gauge("system_filesystem_size_bytes", "Size of the file system.", use->size);
    gauge("system_filesystem_free_bytes", "Free space, that reserved for root included.", use->free);
    gauge("system_filesystem_available_bytes", "Free space that everybody can use.", use->available);
    gauge("system_filesystem_files", "Files that the file system can have.", use->files);
    gauge("system_filesystem_files_free", "Files that the file system can have in addition.",
          use->files_free);
  }

  const std::string procfs_;
  const std::string rootfs_;
  const Exclusion points_;
  const Exclusion types_;
  FileSystemAsker asker_;
};

}  // namespace system_exporter

#endif  // SYSTEM_EXPORTER_FILESYSTEM_HPP
