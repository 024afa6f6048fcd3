// log_exporter: what a restart goes on with, and its text. Pure.
// SPDX-License-Identifier: MIT
#ifndef LOG_EXPORTER_STATE_HPP
#define LOG_EXPORTER_STATE_HPP

#include "counts.hpp"
#include "fingerprint.hpp"

#include <promlite/error.hpp>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace log_exporter {

/// Where the reading of one file stood. The device is not kept: its number need not outlive a reboot.
struct SavedPosition {
  std::uint64_t inode = 0;
  std::uint64_t offset = 0;  ///< where the first line begins that is not counted
  Fingerprint fingerprint;
};

/// One path: what was counted for it, and the files that were read for it: its own, and those that were
/// renamed and may still be written to.
struct SavedFile {
  std::string path;
  Counts counts;  ///< but for `matches`, which are by name
  std::vector<std::pair<std::string, std::uint64_t>> matches;
  std::vector<SavedPosition> positions;
};

struct State {
  std::vector<std::string> patterns;  ///< whose files were followed
  std::vector<SavedFile> files;
};

namespace detail {

inline constexpr std::string_view state_title = "log_exporter state 1\n";

/// On one line, whatever is in it.
inline void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\') {
      out += "\\\\";
    } else {
      out += c;
    }
  }
}
inline std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    if (escape) ++i;
    out += escape && text[i] == 'n' ? '\n' : text[i];
  }
  return out;
}

inline std::string hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

/// Reads the lines of a state one after the other.
class StateReader {
 public:
  explicit StateReader(std::string_view text) : rest_(text) {}

  /// True when the next line begins with `key` and a blank, or is it; takes the key.
  bool take_key(std::string_view key) {
    const std::string_view line = rest_.substr(0, rest_.find('\n'));
    if (line.substr(0, key.size()) != key || (line.size() > key.size() && line[key.size()] != ' '))
      return false;
    line_ = line.substr(key.size());
    rest_.remove_prefix(line.size() < rest_.size() ? line.size() + 1 : line.size());
    return true;
  }
  bool take_number(std::uint64_t& value, int base = 10) {
    if (line_.empty() || line_[0] != ' ') return false;
    const auto end = std::from_chars(line_.data() + 1, line_.data() + line_.size(), value, base);
    if (end.ec != std::errc()) return false;
    line_.remove_prefix(static_cast<std::size_t>(end.ptr - line_.data()));
    return true;
  }
  template <class Numbers>
  bool take_numbers(Numbers& values) {
    for (std::uint64_t& value : values) {
      if (!take_number(value)) return false;
    }
    return at_end_of_line();
  }
  bool take_text(std::string& text) {
    if (line_.empty()) return false;
    text = unescape(line_.substr(1));
    line_ = {};
    return !text.empty();
  }
  bool at_end_of_line() const { return line_.empty(); }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  std::string_view line_;  // what is left of the line that was begun
};

inline bool read_file_line(StateReader& in, SavedFile& file) {
  if (in.take_key("lines")) return in.take_numbers(file.counts.lines);
  if (in.take_key("long")) return in.take_number(file.counts.long_lines) && in.at_end_of_line();
  if (in.take_key("bytes")) return in.take_number(file.counts.bytes) && in.at_end_of_line();
  if (in.take_key("rotations")) return in.take_numbers(file.counts.rotations);
  if (in.take_key("match")) {
    auto& match = file.matches.emplace_back();
    return in.take_number(match.second) && in.take_text(match.first);
  }
  if (in.take_key("position")) {
    SavedPosition& position = file.positions.emplace_back();
    return in.take_number(position.inode) && in.take_number(position.offset) &&
           in.take_number(position.fingerprint.length) && in.take_number(position.fingerprint.hash, 16) &&
           in.at_end_of_line() && position.fingerprint.length <= Fingerprint::longest;
  }
  return false;
}

}  // namespace detail

inline std::string write_state(const State& state) {
  std::string text(detail::state_title);
  for (const std::string& pattern : state.patterns) {
    text += "pattern ";
    detail::append_escaped(text, pattern);
    text += '\n';
  }
  for (const SavedFile& file : state.files) {
    text += "file ";
    detail::append_escaped(text, file.path);
    text += "\nlines";
    for (const std::uint64_t count : file.counts.lines) text += " " + std::to_string(count);
    text += "\nlong " + std::to_string(file.counts.long_lines);
    text += "\nbytes " + std::to_string(file.counts.bytes);
    text += "\nrotations";
    for (const std::uint64_t count : file.counts.rotations) text += " " + std::to_string(count);
    text += '\n';
    for (const auto& [name, count] : file.matches)
      text += "match " + std::to_string(count) + " " + name + "\n";
    for (const SavedPosition& position : file.positions) {
      text += "position " + std::to_string(position.inode) + " " + std::to_string(position.offset) + " " +
              std::to_string(position.fingerprint.length) + " " + detail::hex(position.fingerprint.hash) +
              "\n";
    }
  }
  return text + "end " + detail::hex(hash_bytes(text)) + "\n";
}

/// What write_state() wrote. The message of a failure says what is wrong with the text.
inline promlite::Expected<State> read_state(std::string_view text) {
  using Result = promlite::Expected<State>;
  if (text.substr(0, detail::state_title.size()) != detail::state_title)
    return Result::failure("it is not a state of log_exporter, version 1");
  const std::size_t end = text.rfind("end ");
  if (end == std::string_view::npos ||
      text.substr(end) != "end " + detail::hex(hash_bytes(text.substr(0, end))) + "\n")
    return Result::failure("it is cut short or was changed");
  detail::StateReader in(text.substr(detail::state_title.size(), end - detail::state_title.size()));
  State state;
  while (!in.at_end()) {
    bool fine = false;
    if (in.take_key("pattern")) {
      fine = in.take_text(state.patterns.emplace_back());
    } else if (in.take_key("file")) {
      fine = in.take_text(state.files.emplace_back().path);
    } else if (!state.files.empty()) {
      fine = detail::read_file_line(in, state.files.back());
    }
    if (!fine) return Result::failure("it has a line that cannot be read");
  }
  return state;
}

}  // namespace log_exporter

#endif  // LOG_EXPORTER_STATE_HPP
