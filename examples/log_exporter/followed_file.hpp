// log_exporter: one path that is followed, through all files that it becomes.
// SPDX-License-Identifier: MIT
#ifndef LOG_EXPORTER_FOLLOWED_FILE_HPP
#define LOG_EXPORTER_FOLLOWED_FILE_HPP

#include "counts.hpp"
#include "file_system.hpp"
#include "level.hpp"
#include "match.hpp"
#include "reader.hpp"
#include "state.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace log_exporter {

using SteadyTime = std::chrono::steady_clock::time_point;

/// A path, the file that is there now, and those that were there and may still be written to by a program
/// that has not noticed. What is in them is counted for the path.
class FollowedFile {
 public:
  /// How long a file that has lost its path is held open after it was last read from: writers take a while to
  /// change over, and a deleted file takes room on the disk as long as it is held.
  static constexpr std::chrono::seconds patience{30};
  static constexpr std::size_t most_former = 4;

  /// `matches` must live as long. `at_end`: what is there when the file is first opened is not counted.
  FollowedFile(std::string path, const std::vector<Match>& matches, bool at_end)
      : path_(std::move(path)), matches_(&matches), at_end_(at_end) {
    counts_.matches.resize(matches.size());
  }

  const std::string& path() const noexcept { return path_; }
  const Counts& counts() const noexcept { return counts_; }
  /// Why the file cannot be read; empty when it can.
  const std::string& problem() const noexcept { return problem_; }
  bool has_file() const noexcept { return current_.has_value(); }
  /// Of the file, in bytes; there must be one.
  std::uint64_t size() const noexcept { return current_->status().size; }
  /// Bytes behind the last line that was counted; there must be a file.
  std::uint64_t unread() const noexcept { return size() - std::min(size(), current_->position()); }
  /// When the last line was seen, in seconds since the epoch; before there was one, the file's mtime. 0 when
  /// there has been no file.
  double last_line() const noexcept { return last_line_; }

  /// Goes on where an earlier run stopped, with what is left of the files that it read. The one at the path
  /// may be unreadable for now: begin() sees whether it is still the same. False when one of them is not
  /// found.
  bool restore(const SavedFile& saved, InodeIndex& index) {
    bool whole = true;
    at_end_ = false;
    restore_counts(saved);
    for (std::size_t i = 0; i < saved.positions.size(); ++i) {
      std::optional<Reader> reader = find(saved.positions[i], index);
      whole = whole && reader;
      if (reader && i == 0) {
        current_ = std::move(reader);
        last_line_ = current_->status().changed;
      } else if (reader) {
        former_.push_back({std::move(*reader), std::chrono::steady_clock::now()});
      } else if (i == 0) {
        expected_ = saved.positions[i];
      }
    }
    return whole;
  }

  /// Files that were deleted are left out: nobody could find them again, and another may get the inode
  /// number.
  SavedFile save() const {
    SavedFile saved{path_, counts_, {}, {}};
    for (std::size_t i = 0; i < matches_->size(); ++i)
      saved.matches.emplace_back((*matches_)[i].name(), counts_.matches[i]);
    if (expected_) saved.positions.push_back(*expected_);
    if (current_ && current_->status().links != 0) saved.positions.push_back(current_->save());
    for (const Former& former : former_) {
      if (former.reader.status().links != 0) saved.positions.push_back(former.reader.save());
    }
    return saved;
  }

  /// Looks where the path leads now. When it is another file, the one before becomes a former one.
  void look(SteadyTime now) {
    const FileStatus status = status_of(path_);
    problem_ = status.error == 0 ? std::string() : describe(status.error);
    if (status.error != 0 || !current_ || current_->identity() == status.identity) return;
    current_->refresh();
    ++counts_.of(current_->status().links == 0 ? Rotation::recreate : Rotation::rename);
    if (former_.size() == most_former) former_.erase(former_.begin());
    former_.push_back({std::move(*current_), now});
    current_.reset();
  }

  /// There is a file at the path, and it is not open.
  bool needs_file() const noexcept { return !current_ && problem_.empty(); }

  /// The former reader of this file, to be another path's; nothing when it has none.
  std::optional<Reader> give(const Identity& identity) {
    for (std::size_t i = 0; i < former_.size(); ++i) {
      if (former_[i].reader.identity() != identity) continue;
      std::optional<Reader> given(std::move(former_[i].reader));
      former_.erase(former_.begin() + static_cast<std::ptrdiff_t>(i));
      return given;
    }
    return std::nullopt;
  }
  bool has_current(const Identity& identity) const noexcept {
    return current_ && current_->identity() == identity;
  }

  /// What stands at the path: a reader from the file's beginning, or one that has read some of it for another
  /// path.
  void begin(Reader reader, bool fresh) {
    current_ = std::move(reader);
    if (expected_) {
      if (fresh && !current_->go_on_at(*expected_)) {
        const bool same = current_->identity().inode == expected_->inode;
        ++counts_.of(same ? Rotation::truncate : Rotation::recreate);
      }
      expected_.reset();
    } else if (fresh && at_end_) {
      current_->skip_lines();
    }
    at_end_ = false;
    if (last_line_ == 0) last_line_ = current_->status().changed;
    if (std::exchange(deleted_, false)) ++counts_.of(Rotation::recreate);
  }
  void fail(int code) { problem_ = describe(code); }

  /// Finds how large the files are now.
  void refresh() {
    for (Former& former : former_) former.reader.refresh();
    if (!current_) return;
    if (current_->refresh()) ++counts_.of(Rotation::truncate);
    if (current_->error() != 0) fail(current_->error());
  }
  bool has_unread() const noexcept {
    for (const Former& former : former_) {
      if (!former.reader.at_end()) return true;
    }
    return current_ && !current_->at_end();
  }

  /// Counts what stands in at most about `most` bytes, of former files first.
  void read(std::vector<char>& buffer, std::uint64_t most, SteadyTime now) {
    for (Former& former : former_) {
      if (former.reader.at_end()) continue;
      former.last_read = now;
      count_lines(former.reader, buffer, most);
      return;
    }
    if (!current_) return;
    last_read_ = now;
    count_lines(*current_, buffer, most);
    if (current_->error() != 0) fail(current_->error());
  }

  /// Lets go of files that have lost their path and have been at their end for some time.
  void close_lost(SteadyTime now) {
    for (std::size_t i = former_.size(); i-- > 0;) {
      if (former_[i].reader.at_end() && now - former_[i].last_read > patience)
        former_.erase(former_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (!current_ || current_->status().links != 0) {
      last_there_ = now;
    } else if (current_->at_end() && now - last_there_ > patience && now - last_read_ > patience) {
      current_.reset();
      deleted_ = true;
    }
  }

 private:
  struct Former {
    Reader reader;
    SteadyTime last_read;
  };

  static std::string describe(int code) {
    return code == EINVAL ? "Not a regular file" : describe_errno(code);
  }

  void restore_counts(const SavedFile& saved) {
    counts_ = saved.counts;
    counts_.matches.assign(matches_->size(), 0);
    for (std::size_t i = 0; i < matches_->size(); ++i) {
      for (const auto& [name, count] : saved.matches) {
        if (name == (*matches_)[i].name()) counts_.matches[i] = count;
      }
    }
  }

  /// The file of a saved position: it may have another name in the same folder by now, or get it while it is
  /// looked for, which is why the path comes first and the search is repeated.
  std::optional<Reader> find(const SavedPosition& saved, InodeIndex& index) const {
    for (int attempt = 0; attempt < 3; ++attempt) {
      if (auto reader = open_at(path_, saved)) return reader;
      bool renamed = false;
      for (const std::string& path : index.find(folder_of(path_), saved.inode)) {
        if (auto reader = open_at(path, saved)) return reader;
        renamed = renamed || status_of(path).identity.inode != saved.inode;
      }
      if (!renamed) break;
      index.forget(folder_of(path_));
    }
    return std::nullopt;
  }
  /// Nothing when another file is there.
  static std::optional<Reader> open_at(const std::string& path, const SavedPosition& saved) {
    Descriptor file = open_to_read(path);
    const FileStatus status = status_of(file);
    if (status.error != 0) return std::nullopt;
    std::optional<Reader> reader(Reader(std::move(file), status));
    if (!reader->go_on_at(saved)) reader.reset();
    return reader;
  }

  void count_lines(Reader& reader, std::vector<char>& buffer, std::uint64_t most) {
    const std::uint64_t before = counts_.bytes;
    reader.read(buffer, most, [this](const Line& line) { count(line); });
    if (counts_.bytes == before) return;
    last_line_ = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  void count(const Line& line) {
    ++counts_.of(find_level({line.text, line.size}));
    for (std::size_t i = 0; i < matches_->size(); ++i) {
      if ((*matches_)[i].in(line.text)) ++counts_.matches[i];
    }
    counts_.long_lines += line.cut ? 1 : 0;
    counts_.bytes += line.bytes;
  }

  const std::string path_;
  const std::vector<Match>* matches_;
  bool at_end_;
  Counts counts_;
  std::string problem_;
  double last_line_ = 0;
  std::optional<Reader> current_;
  std::optional<SavedPosition> expected_;  // of an earlier run, in place of current_
  SteadyTime last_read_;                   // from it
  SteadyTime last_there_;                  // before it was deleted
  bool deleted_ = false;                   // it was, and let go of
  std::vector<Former> former_;             // oldest first
};

}  // namespace log_exporter

#endif  // LOG_EXPORTER_FOLLOWED_FILE_HPP
