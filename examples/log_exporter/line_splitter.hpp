// log_exporter: cuts what was read into lines. Pure; its memory is bounded.
// SPDX-License-Identifier: MIT
#ifndef LOG_EXPORTER_LINE_SPLITTER_HPP
#define LOG_EXPORTER_LINE_SPLITTER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace log_exporter {

/// A line whose newline has come. Valid during the call that it is given to.
struct Line {
  const char* text;     ///< at most 64 KiB of it; a NUL follows, and none is inside
  std::size_t size;     ///< of `text`
  std::uint64_t bytes;  ///< of the line in the file, with its newline
  bool cut;             ///< it was longer
};

/// Takes a file's bytes in any portions and gives its lines, each when its newline comes. Only the first 64
/// KiB of a line are kept. The newline and a carriage return before it are left out; so are NULs at the
/// beginning, which are the hole that a file has when its writer did not notice that it was truncated. Every
/// other NUL becomes a blank, because a regular expression takes it for the end.
class LineSplitter {
 public:
  static constexpr std::size_t longest_text = 64 * 1024;

  /// Changes the bytes. `take` is called with a Line.
  template <class Take>
  void add(char* bytes, std::size_t size, Take&& take) {
    char* const end = bytes + size;
    while (bytes != end) {
      char* const newline =
          static_cast<char*>(std::memchr(bytes, '\n', static_cast<std::size_t>(end - bytes)));
      if (newline == nullptr) {
        keep(bytes, end);
        return;
      }
      if (pending_ == 0) {
        take(finish(bytes, newline, static_cast<std::uint64_t>(newline - bytes)));
      } else {
        keep(bytes, newline);
        take(finish(head_.data(), head_.data() + head_.size(), pending_));
        clear();
      }
      bytes = newline + 1;
    }
  }

  /// Bytes of the line whose newline has not come.
  std::uint64_t pending() const noexcept { return pending_; }

  /// Forgets that line.
  void clear() noexcept {
    head_.clear();
    pending_ = 0;
  }

 private:
  static char* skip_nuls(char* begin, char* end) noexcept {
    return std::find_if(begin, end, [](char c) { return c != '\0'; });
  }

  // One byte more than a text may have shows that it was longer.
  void keep(char* begin, char* end) {
    pending_ += static_cast<std::uint64_t>(end - begin);
    if (head_.empty()) begin = skip_nuls(begin, end);
    const std::size_t room = longest_text + 1 - head_.size();
    head_.append(begin, std::min(static_cast<std::size_t>(end - begin), room));
  }

  // `end` is where the NUL goes.
  static Line finish(char* begin, char* end, std::uint64_t bytes) noexcept {
    begin = skip_nuls(begin, end);
    auto size = static_cast<std::size_t>(end - begin);
    const bool cut = size > longest_text + (size != 0 && begin[size - 1] == '\r' ? 1 : 0);
    if (size > longest_text) {
      size = longest_text;
    } else if (size != 0 && begin[size - 1] == '\r') {
      --size;
    }
    std::replace(begin, begin + size, '\0', ' ');
    begin[size] = '\0';
    return {begin, size, bytes + 1, cut};
  }

  std::string head_;  // of the line whose newline has not come, without NULs at its beginning
  std::uint64_t pending_ = 0;
};

}  // namespace log_exporter

#endif  // LOG_EXPORTER_LINE_SPLITTER_HPP
