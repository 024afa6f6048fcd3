// log_exporter: follows all files that some patterns stand for.
// SPDX-License-Identifier: MIT
#ifndef LOG_EXPORTER_FOLLOWER_HPP
#define LOG_EXPORTER_FOLLOWER_HPP

#include "file_system.hpp"
#include "followed_file.hpp"
#include "match.hpp"
#include "options.hpp"
#include "state.hpp"

#include <promlite/exporter/log.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace log_exporter {

/// What a pattern stood for at the last look.
struct PatternStatus {
  std::string pattern;
  std::size_t files = 0;
  std::string problem;   ///< a folder that could not be read; empty: none
  std::string reported;  ///< what the log was told last
};

/// Finds files, follows each through its rotations, and counts its lines. Not thread safe.
class Follower {
 public:
  /// `log` must live as long.
  Follower(Options options, std::vector<Match> matches, promlite::Logger& log)
      : options_(std::move(options)), matches_(std::move(matches)), log_(log), buffer_(256 * 1024) {
    for (const std::string& pattern : options_.files) patterns_.push_back({pattern, 0, "", ""});
  }
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  /// Goes on where an earlier run stopped: before the first poll. A file that is not in the state, but of a
  /// pattern that was followed, is new: it was made while nobody looked.
  void restore(const State& state) {
    InodeIndex index;
    known_patterns_ = {state.patterns.begin(), state.patterns.end()};
    for (const SavedFile& saved : state.files) {
      if (files_.size() >= options_.max_files || !is_wanted(saved.path)) continue;
      if (!add(saved.path, false, std::chrono::steady_clock::now()).file.restore(saved, index))
        log_.warn("A file that was read before is not found: its last lines may be missing",
                  {{"path", saved.path}});
    }
  }
  State state() const {
    State state{options_.files, {}};
    for (const auto& [path, entry] : files_) state.files.push_back(entry.file.save());
    return state;
  }

  /// Looks for files and rotations, and counts all lines that are complete now, or as many as can be until
  /// the deadline; false when there are more.
  bool poll(SteadyTime deadline) {
    const SteadyTime now = std::chrono::steady_clock::now();
    find_files(now);
    // First every path lets go of the file that it does not lead to any more, then each takes its own: a file
    // may have gone from one to another.
    for (auto& [path, entry] : files_) entry.file.look(now);
    for (auto& [path, entry] : files_) {
      if (entry.file.needs_file()) open(entry.file);
    }
    for (auto& [path, entry] : files_) entry.file.refresh();
    const bool whole = read_all(now, deadline);
    for (auto& [path, entry] : files_) {
      entry.file.close_lost(now);
      report(entry);
    }
    return whole;
  }

  const std::vector<PatternStatus>& patterns() const noexcept { return patterns_; }
  const std::vector<Match>& matches() const noexcept { return matches_; }
  /// Files that are not followed because there are too many.
  std::size_t left_out() const noexcept { return left_out_.size(); }
  std::size_t size() const noexcept { return files_.size(); }

  /// Calls `take` with every FollowedFile, by the order of their paths.
  template <class Take>
  void for_each(Take&& take) const {
    for (const auto& [path, entry] : files_) take(entry.file);
  }

 private:
  struct Entry {
    FollowedFile file;
    SteadyTime last_found;
    std::string reported;  // what the log was told last
  };

  static constexpr std::uint64_t turn = 64 * 1024;  // bytes of one file before the next one has its turn

  bool is_wanted(const std::string& path) const {
    for (const std::string& pattern : options_.files) {
      if (pattern == path) return true;
      if (is_of_pattern(pattern, path) && !is_excluded(options_.excluded, path)) return true;
    }
    return false;
  }

  Entry& add(const std::string& path, bool at_end, SteadyTime now) {
    return files_.try_emplace(path, Entry{FollowedFile(path, matches_, at_end), now, ""}).first->second;
  }

  void find_files(SteadyTime now) {
    std::set<std::string> left_out;
    for (PatternStatus& each : patterns_) {
      GlobResult found;
      if (has_wildcard(each.pattern)) {
        found = expand_glob(each.pattern);
      } else {
        found.paths = {each.pattern};
      }
      each.problem = found.problem;
      each.files = 0;
      for (const std::string& path : found.paths) {
        if (take(path, each.pattern, now, left_out)) ++each.files;
      }
      report(each);
    }
    if (left_out.size() > left_out_.size())
      log_.warn("There are more files than --max-files", {{"left_out", left_out.size()}});
    forget(now);
    // Of those that were there at the start, these still wait.
    for (auto path = waiting_.begin(); path != waiting_.end();)
      path = left_out.count(*path) == 0 ? waiting_.erase(path) : std::next(path);
    if (first_) waiting_ = left_out;
    left_out_ = std::move(left_out);
    first_ = false;
  }

  /// Whether there is a file that the pattern means; it is followed if there is room.
  bool take(const std::string& path, const std::string& pattern, SteadyTime now,
            std::set<std::string>& left_out) {
    const bool named = path == pattern;
    if (!named && is_excluded(options_.excluded, path)) return false;
    const auto followed = files_.find(path);
    const bool there = status_of(path).error == 0;
    if (followed != files_.end()) {
      followed->second.last_found = now;
      return there;
    }
    // A pattern means what is a file; a name has to be one.
    if (!there && !named) return false;
    if (files_.size() >= options_.max_files) {
      left_out.insert(path);
      return there;
    }
    const bool old = waiting_.count(path) != 0 || (first_ && known_patterns_.count(pattern) == 0);
    add(path, there && old && options_.start == "end", now);
    return there;
  }

  void forget(SteadyTime now) {
    for (auto each = files_.begin(); each != files_.end();)
      each = now - each->second.last_found > options_.forget_after ? files_.erase(each) : std::next(each);
  }

  void open(FollowedFile& file) {
    Descriptor descriptor = open_to_read(file.path());
    if (!descriptor) return file.fail(errno);
    const FileStatus status = status_of(descriptor);
    if (status.error != 0) return file.fail(status.error);
    if (auto reader = claim(status.identity)) {
      file.begin(std::move(*reader), false);
    } else {
      file.begin(Reader(std::move(descriptor), status), true);
    }
  }

  /// The reader of a file that was another path's until it was renamed.
  std::optional<Reader> claim(const Identity& identity) {
    for (auto& [path, entry] : files_) {
      // It may have been renamed since that path was looked at.
      if (entry.file.has_current(identity)) entry.file.look(std::chrono::steady_clock::now());
      if (auto reader = entry.file.give(identity)) return reader;
    }
    return std::nullopt;
  }

  /// By turns, so that no file waits for the end of another. The next call goes on where the deadline came.
  bool read_all(SteadyTime now, SteadyTime deadline) {
    bool more = true;
    for (auto each = files_.lower_bound(next_); more; each = files_.begin()) {
      more = each != files_.begin();
      for (; each != files_.end(); ++each) {
        if (!each->second.file.has_unread()) continue;
        if (std::chrono::steady_clock::now() >= deadline) {
          next_ = each->first;
          return false;
        }
        each->second.file.read(buffer_, turn, now);
        more = more || each->second.file.has_unread();
      }
    }
    return true;
  }

  void report(Entry& entry) {
    const std::string& problem = entry.file.problem();
    if (problem == entry.reported) return;
    if (problem.empty()) {
      log_.info("The file can be read again", {{"file", entry.file.path()}});
    } else {
      log_.warn("The file cannot be read", {{"file", entry.file.path()}, {"reason", problem}});
    }
    entry.reported = problem;
  }
  void report(PatternStatus& each) {
    std::string problem = each.problem;
    if (problem.empty() && each.files == 0) problem = "It matches no file";
    if (problem == each.reported) return;
    if (problem.empty()) {
      log_.info("The pattern matches files now", {{"pattern", each.pattern}, {"files", each.files}});
    } else {
      log_.warn("The pattern finds no file, or not all", {{"pattern", each.pattern}, {"reason", problem}});
    }
    each.reported = problem;
  }

  const Options options_;
  const std::vector<Match> matches_;
  promlite::Logger& log_;
  std::vector<char> buffer_;
  std::vector<PatternStatus> patterns_;
  std::set<std::string> known_patterns_;  // of the earlier run
  std::map<std::string, Entry> files_;
  std::set<std::string> left_out_;
  std::set<std::string> waiting_;  // of those, the ones that were there at the start
  std::string next_;
  bool first_ = true;
};

}  // namespace log_exporter

#endif  // LOG_EXPORTER_FOLLOWER_HPP
