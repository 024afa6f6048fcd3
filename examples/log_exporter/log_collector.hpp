// log_exporter: the counts as metrics, up to date at every scrape.
// SPDX-License-Identifier: MIT
#ifndef LOG_EXPORTER_LOG_COLLECTOR_HPP
#define LOG_EXPORTER_LOG_COLLECTOR_HPP

#include "counts.hpp"
#include "followed_file.hpp"
#include "follower.hpp"
#include "level.hpp"
#include "options.hpp"
#include "state.hpp"
#include "state_file.hpp"

#include <promlite/collector.hpp>
#include <promlite/error.hpp>
#include <promlite/exporter/collection.hpp>
#include <promlite/exporter/log.hpp>
#include <promlite/sink.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace log_exporter {

/// Polls the files on a thread of its own, and once more for each scrape. What a scrape is shown has been
/// saved before, so that a program that is killed goes on with nothing less.
class LogCollector : public promlite::Collector {
 public:
  /// Begins to follow. Throws promlite::Error for an expression of --match that is not one, and when the
  /// state file cannot be written or is another process'. `log` must live as long.
  LogCollector(const Options& options, promlite::Logger& log)
      : state_file_(options.state_file),
        poll_interval_(
            std::max<std::chrono::nanoseconds>(options.poll_interval, std::chrono::milliseconds(1))),
        log_(log),
        lock_(state_file_.empty() ? Descriptor() : lock_file(state_file_)),
        follower_(options, parse_matches(options.matches), log) {
    load();
    follower_.poll(std::chrono::steady_clock::now() + longest_poll);
    if (const std::string problem = save(); !problem.empty())
      throw promlite::Error("--state.file: " + problem);
    thread_ = std::thread([this] { run(); });
  }
  LogCollector(const LogCollector&) = delete;
  LogCollector& operator=(const LogCollector&) = delete;
  ~LogCollector() override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
    save();
  }

  /// Takes at most half of the time that the scrape has.
  void collect(promlite::Sink& sink) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    const auto deadline = promlite::scrape_deadline();
    const bool bounded = deadline != std::chrono::steady_clock::time_point::max();
    const bool whole = follower_.poll(now + (bounded ? (deadline - now) / 2 : std::chrono::seconds(5)));
    save();
    if (!whole) promlite::collection_problem("there is more to read than a scrape has time for");
    write(sink, whole);
  }

 private:
  static constexpr std::chrono::milliseconds longest_poll{100};  // of the thread: a scrape waits for it
  static constexpr std::chrono::seconds save_interval{10};       // of the thread

  void load() {
    if (state_file_.empty()) return;
    const auto text = read_whole_file(state_file_);
    if (text && text->empty()) return;
    const auto state = text ? read_state(*text) : promlite::Expected<State>::failure(text.message());
    if (!state) {
      log_.warn("The state file cannot be used: files are begun as --start says",
                {{"file", state_file_}, {"reason", state.message()}});
      return;
    }
    follower_.restore(*state);
  }

  /// The reason for a failure; empty: none.
  std::string save() {
    if (state_file_.empty()) return "";
    std::string text = write_state(follower_.state());
    last_save_ = std::chrono::steady_clock::now();
    if (text == saved_) return "";
    ++writes_;
    const auto written = replace_file(state_file_, text);
    if (!written) ++write_failures_;
    if (written.message() != save_problem_) {
      if (written) {
        log_.info("The state file is written again", {{"file", state_file_}});
      } else {
        log_.warn("The state file cannot be written", {{"reason", written.message()}});
      }
    }
    save_problem_ = written.message();
    saved_ = written ? std::move(text) : std::string();
    return save_problem_;
  }

  void run() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!stopping_) {
      bool whole = true;
      try {
        const auto now = std::chrono::steady_clock::now();
        whole = follower_.poll(now + longest_poll);
        if (now - last_save_ >= save_interval) save();
      } catch (const std::exception& error) {
        log_.error("The files cannot be polled", {{"reason", error.what()}});
      }
      // A pause even when there is more to read: a scrape that waits comes in here.
      wake_.wait_for(lock, whole ? poll_interval_ : std::chrono::milliseconds(1),
                     [this] { return stopping_; });
    }
  }

  void write(promlite::Sink& sink, bool whole) {
    bool up = whole && save_problem_.empty() && follower_.left_out() == 0;
    auto matching = sink.gauge("log_matching_files", "Files that a pattern of --file stands for now.");
    auto readable =
        sink.gauge("log_glob_up", "1 if every folder that a pattern of --file needs can be read.");
    for (const PatternStatus& each : follower_.patterns()) {
      up = up && each.problem.empty() && each.files != 0;
      matching.sample({{"glob", each.pattern}}, each.files);
      readable.sample({{"glob", each.pattern}}, each.problem.empty());
    }
    follower_.for_each([&up](const FollowedFile& file) { up = up && file.problem().empty(); });
    sink.gauge("log_up",
               "1 if every file is followed and read, every pattern finds some, and the state is saved.")
        .sample(up);
    sink.gauge("log_followed_files", "Files that are followed.").sample(follower_.size());
    sink.gauge("log_left_out_files", "Files that are not followed because there are more than --max-files.")
        .sample(follower_.left_out());
    if (!state_file_.empty()) {
      sink.counter("log_state_writes_total", "Times that the state file was to be written.").sample(writes_);
      sink.counter("log_state_write_failures_total", "Times that the state file could not be written.")
          .sample(write_failures_);
    }
    write_positions(sink);
    write_counts(sink);
  }

  void write_positions(promlite::Sink& sink) {
    auto up = sink.gauge("log_file_up", "1 if the file is there and can be read.");
    auto size = sink.gauge("log_file_size_bytes", "Size of the file.", promlite::Unit{"bytes"});
    auto unread =
        sink.gauge("log_file_unread_bytes",
                   "Bytes behind the last line that was counted: a line that has no end yet, or a backlog.",
                   promlite::Unit{"bytes"});
    auto last =
        sink.gauge("log_last_line_timestamp_seconds",
                   "When the last line was seen; before there was one, when the file was last changed.",
                   promlite::Unit{"seconds"});
    follower_.for_each([&](const FollowedFile& file) {
      const promlite::Label label{"file", file.path()};
      up.sample({label}, file.problem().empty());
      if (file.has_file()) {
        size.sample({label}, file.size());
        unread.sample({label}, file.unread());
      }
      if (file.last_line() != 0) last.sample({label}, file.last_line());
    });
  }

  void write_counts(promlite::Sink& sink) {
    auto lines = sink.counter("log_lines_total", "Lines, by how serious they say they are.");
    auto long_lines = sink.counter("log_long_lines_total",
                                   "Lines longer than 64 KiB: only that much of them was looked at.");
    auto bytes = sink.counter("log_file_read_bytes_total", "Bytes of all lines that were counted.",
                              promlite::Unit{"bytes"});
    auto rotations = sink.counter("log_file_rotations_total",
                                  "Times that another file, or an empty one, was found at the path.");
    auto matches = sink.counter("log_matches_total", "Lines that an expression of --match was found in.");
    follower_.for_each([&](const FollowedFile& file) {
      const promlite::Label label{"file", file.path()};
      const Counts& counts = file.counts();
      for (std::size_t i = 0; i < level_count; ++i)
        lines.sample({label, {"level", level_names[i]}}, counts.lines[i]);
      long_lines.sample({label}, counts.long_lines);
      bytes.sample({label}, counts.bytes);
      for (std::size_t i = 0; i < rotation_names.size(); ++i)
        rotations.sample({label, {"kind", rotation_names[i]}}, counts.rotations[i]);
      for (std::size_t i = 0; i < follower_.matches().size(); ++i)
        matches.sample({label, {"match", follower_.matches()[i].name()}}, counts.matches[i]);
    });
  }

  const std::string state_file_;
  const std::chrono::nanoseconds poll_interval_;
  promlite::Logger& log_;
  const Descriptor lock_;  // of the state file

  std::mutex mutex_;  // of everything below
  std::condition_variable wake_;
  Follower follower_;
  std::string saved_;  // what stands in the state file
  std::string save_problem_;
  std::chrono::steady_clock::time_point last_save_;
  std::uint64_t writes_ = 0;
  std::uint64_t write_failures_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace log_exporter

#endif  // LOG_EXPORTER_LOG_COLLECTOR_HPP
