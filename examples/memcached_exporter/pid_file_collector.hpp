// memcached_exporter: memcached_process_*, for the process whose number stands in a file.
// SPDX-License-Identifier: MIT
#ifndef MEMCACHED_EXPORTER_PID_FILE_COLLECTOR_HPP
#define MEMCACHED_EXPORTER_PID_FILE_COLLECTOR_HPP

#include "stats_reply.hpp"

#include <promlite/collector.hpp>
#include <promlite/process_collector.hpp>
#include <promlite/sink.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace memcached_exporter {

/// Reads the file at every scrape, because a restarted server has another number. Without a path, a file, or
/// a process there are no values.
class PidFileCollector : public promlite::Collector {
 public:
  explicit PidFileCollector(std::string path) : path_(std::move(path)) {}

  void collect(promlite::Sink& sink) override {
    const std::string process = read_process();
    if (process.empty()) return;
    if (collector_ == nullptr || process != process_) {
      collector_ = std::make_unique<promlite::ProcessCollector>(
          promlite::ProcessCollectorOptions{"memcached", "/proc", process});
      process_ = process;
    }
    collector_->collect(sink);
  }

 private:
  /// The number in the file; empty when there is none.
  std::string read_process() const {
    std::FILE* const file = path_.empty() ? nullptr : std::fopen(path_.c_str(), "re");
    if (file == nullptr) return "";
    char buffer[32];
    std::string_view text(buffer, std::fread(buffer, 1, sizeof buffer, file));
    std::fclose(file);
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ' || text.back() == '\r'))
      text.remove_suffix(1);
    return parse_integer(text) ? std::string(text) : "";
  }

  const std::string path_;
  std::string process_;
  std::unique_ptr<promlite::ProcessCollector> collector_;
};

}  // namespace memcached_exporter

#endif  // MEMCACHED_EXPORTER_PID_FILE_COLLECTOR_HPP
