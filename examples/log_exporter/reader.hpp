// log_exporter: reads one file, from where it was read before.
// SPDX-License-Identifier: MIT
#ifndef LOG_EXPORTER_READER_HPP
#define LOG_EXPORTER_READER_HPP

#include "file_system.hpp"
#include "fingerprint.hpp"
#include "line_splitter.hpp"
#include "state.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace log_exporter {

/// Holds a file open, so that it is read to its end whatever becomes of its name, and knows how far it was
/// read.
class Reader {
 public:
  /// From the beginning. `status` is that of the file, without an error.
  Reader(Descriptor file, const FileStatus& status) : file_(std::move(file)), status_(status) {}

  const Identity& identity() const noexcept { return status_.identity; }
  /// As refresh() found it.
  const FileStatus& status() const noexcept { return status_; }
  /// An errno, of the last call of refresh() or read(); 0: none.
  int error() const noexcept { return error_; }
  /// Where the first line begins that was not given out.
  std::uint64_t position() const noexcept { return offset_ - splitter_.pending(); }
  bool at_end() const noexcept { return offset_ >= status_.size; }

  SavedPosition save() const { return {status_.identity.inode, position(), fingerprint_}; }

  /// Goes on where `saved` says; false, and changes nothing, when that is of another file, or of one that was
  /// truncated since.
  bool go_on_at(const SavedPosition& saved) {
    if (saved.inode != status_.identity.inode || saved.offset > status_.size || !begins_as(saved.fingerprint))
      return false;
    offset_ = saved.offset;
    fingerprint_ = saved.fingerprint;
    return true;
  }

  /// Passes over all lines that are there. One whose newline has not come is still given out whole, unless it
  /// is longer than 64 KiB.
  void skip_lines() {
    std::vector<char> tail(std::min<std::uint64_t>(status_.size, LineSplitter::longest_text));
    const std::uint64_t begin = status_.size - tail.size();
    const ssize_t size = read_at(file_, tail.data(), tail.size(), begin);
    while (!tail.empty() && tail.back() != '\n') tail.pop_back();
    offset_ = tail.empty() && begin != 0 ? status_.size : begin + tail.size();
    std::array<char, Fingerprint::longest> head;
    const ssize_t length = read_at(file_, head.data(), std::min<std::uint64_t>(head.size(), offset_), 0);
    if (size < 0 || length < 0) {
      error_ = errno;
      return;
    }
    fingerprint_.extend(0, std::string_view(head.data(), static_cast<std::size_t>(length)));
  }

  /// Looks at the file anew; true when it was truncated, and is read from its beginning now. That shows by
  /// its size or by its first bytes.
  bool refresh() {
    const FileStatus now = status_of(file_);
    error_ = now.error;
    if (error_ != 0) return false;
    status_ = now;
    if (offset_ <= status_.size && begins_as(fingerprint_)) return false;
    if (error_ != 0) return false;
    offset_ = 0;
    fingerprint_ = {};
    splitter_.clear();
    return true;
  }

  /// Reads up to the size that refresh() found, but at most about `most` bytes, and calls `take` with every
  /// Line that ends there. `buffer` is room for what is read at once.
  template <class Take>
  void read(std::vector<char>& buffer, std::uint64_t most, Take&& take) {
    for (std::uint64_t end = std::min(status_.size, offset_ + most); offset_ < end;) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - offset_));
      const ssize_t got = read_at(file_, buffer.data(), size, offset_);
      if (got < 0) error_ = errno;
      if (got <= 0) {
        status_.size = offset_;  // it was truncated just now: the next refresh() sees it
        return;
      }
      fingerprint_.extend(offset_, std::string_view(buffer.data(), static_cast<std::size_t>(got)));
      offset_ += static_cast<std::uint64_t>(got);
      splitter_.add(buffer.data(), static_cast<std::size_t>(got), take);
    }
  }

 private:
  bool begins_as(const Fingerprint& fingerprint) {
    std::array<char, Fingerprint::longest> head;
    const ssize_t size = read_at(file_, head.data(), static_cast<std::size_t>(fingerprint.length), 0);
    if (size < 0) error_ = errno;
    return size >= 0 && fingerprint.matches(std::string_view(head.data(), static_cast<std::size_t>(size)));
  }

  Descriptor file_;
  FileStatus status_;
  std::uint64_t offset_ = 0;  // of the next byte to read
  int error_ = 0;
  Fingerprint fingerprint_;
  LineSplitter splitter_;
};

}  // namespace log_exporter

#endif  // LOG_EXPORTER_READER_HPP
