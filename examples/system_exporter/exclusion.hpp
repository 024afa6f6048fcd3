// system_exporter: the names that a flag leaves out.
// SPDX-License-Identifier: MIT
#ifndef SYSTEM_EXPORTER_EXCLUSION_HPP
#define SYSTEM_EXPORTER_EXCLUSION_HPP

#include <cstddef>
#include <regex>
#include <string>

namespace system_exporter {

/// A regular expression (ECMAScript) that is looked for anywhere in a name, unless it has anchors. The empty
/// one leaves out nothing.
class Exclusion {
 public:
  /// Throws std::regex_error when problem() has something to say.
  explicit Exclusion(const std::string& pattern)
      : empty_(pattern.empty()),
        regex_(pattern, std::regex::ECMAScript | std::regex::nosubs | std::regex::optimize) {}

  /// What is wrong with a pattern, or nothing.
  static std::string problem(const std::string& pattern) {
    try {
      const Exclusion exclusion(pattern);
      return "";
    } catch (const std::regex_error& error) {
      return "\"" + pattern + "\" is no regular expression: " + error.what();
    }
  }

  /// A name longer than any path may be is always left out: matching recurses once for a character.
  bool leaves_out(const std::string& name) const {
    constexpr std::size_t longest = 4096;
    return name.size() > longest || (!empty_ && std::regex_search(name, regex_));
  }

 private:
  bool empty_;
  std::regex regex_;
};

}  // namespace system_exporter

#endif  // SYSTEM_EXPORTER_EXCLUSION_HPP
