// log_exporter: what its flags say.
// SPDX-License-Identifier: MIT
#ifndef LOG_EXPORTER_OPTIONS_HPP
#define LOG_EXPORTER_OPTIONS_HPP

#include "match.hpp"

#include <promlite/error.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace log_exporter {

/// The flags, with their defaults.
struct Options {
  std::vector<std::string> files;                                          ///< --file
  std::vector<std::string> excluded = {"*.gz", "*.bz2", "*.xz", "*.zst"};  ///< --exclude
  std::vector<std::string> matches;                                        ///< --match
  std::string start = "end";                                               ///< --start
  std::string state_file;                                                  ///< --state.file
  std::chrono::nanoseconds poll_interval = std::chrono::seconds(1);        ///< --poll.interval
  std::size_t max_files = 100;                                             ///< --max-files
  std::chrono::nanoseconds forget_after = std::chrono::minutes(10);        ///< --forget-after
};

/// The expressions of --match. The message of a failure names the flag and what is wrong.
inline promlite::Expected<std::vector<Match>> parse_matches(const std::vector<std::string>& texts) {
  using Result = promlite::Expected<std::vector<Match>>;
  std::vector<Match> matches;
  for (const std::string& text : texts) {
    auto match = Match::parse(text);
    if (!match) return Result::failure("--match: " + match.message());
    for (const Match& other : matches) {
      if (other.name() == match->name())
        return Result::failure("--match: \"" + match->name() + "\" is there twice");
    }
    matches.push_back(std::move(*match));
  }
  return matches;
}

/// What the flags must hold to, but for --match.
inline promlite::Expected<void> check_options(const Options& options) {
  using Result = promlite::Expected<void>;
  if (options.files.empty()) return Result::failure("--file: at least one file or pattern is needed");
  for (const std::string& file : options.files) {
    if (file.empty()) return Result::failure("--file: the pattern is empty");
  }
  if (options.start != "beginning" && options.start != "end")
    return Result::failure("--start: \"" + options.start + "\" is neither beginning nor end");
  if (options.poll_interval < std::chrono::milliseconds(1) || options.poll_interval > std::chrono::hours(1))
    return Result::failure("--poll.interval: it is between 1ms and 1h");
  if (options.max_files < 1 || options.max_files > 10000)
    return Result::failure("--max-files: it is between 1 and 10000");
  return {};
}

}  // namespace log_exporter

#endif  // LOG_EXPORTER_OPTIONS_HPP
