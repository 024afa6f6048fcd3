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

/// The expressions of --match. Throws promlite::Error, which names the flag and what is wrong.
inline std::vector<Match> parse_matches(const std::vector<std::string>& texts) {
  std::vector<Match> matches;
  for (const std::string& text : texts) {
    auto match = Match::parse(text);
    if (!match) throw promlite::Error("--match: " + match.message());
    for (const Match& other : matches) {
      if (other.name() == match->name())
        throw promlite::Error("--match: \"" + other.name() + "\" is there twice");
    }
    matches.push_back(std::move(*match));
  }
  return matches;
}

}  // namespace log_exporter

#endif  // LOG_EXPORTER_OPTIONS_HPP
