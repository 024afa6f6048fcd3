// promlite: what a reader's fuzz target checks beside its own format: the other reader, and the linter.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_FUZZ_BOTH_FORMATS_HPP
#define PROMLITE_TESTS_FUZZ_BOTH_FORMATS_HPP

#include <promlite/exposition/lint.hpp>
#include <promlite/exposition/parser.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "support/show_exposition.hpp"

namespace fuzz {

/// An error says where, and never grows with what it is about.
template <class T>
void check_error(const promlite::Expected<T>& read) {
  demand(read.message().compare(0, 5, "line ") == 0 && read.message().size() < 800,
         "an error is short and has a place");
}

/// Families differ between the formats (`jobs` and `jobs_total`), and so do units of timestamps; lines do
/// not.
inline std::vector<std::string> lines_of(const promlite::Exposition& exposition) {
  std::vector<std::string> lines;
  for (const auto& family : exposition.families) {
    for (const auto& sample : family.samples) {
      lines.push_back(sample.name + test::show(sample.labels) + " " + test::show(sample.value) +
                      (sample.timestamp ? " @" : ""));
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

/// What either reader takes, both understand alike.
inline void check_both(std::string_view text) {
  const auto plain = promlite::parse_text(text);
  const auto open = promlite::parse_openmetrics(text);
  if (plain && open) demand(lines_of(*plain) == lines_of(*open), "both readers find the same samples");
}

inline void check_lint(const promlite::Exposition& one, const promlite::Exposition& other) {
  const auto words = [](const promlite::Exposition& exposition) {
    std::vector<std::string> out;
    for (const auto& problem : promlite::lint(exposition)) out.push_back(problem.metric + " " + problem.text);
    return out;
  };
  demand(words(one) == words(other), "the linter says the same of the same");
}

}  // namespace fuzz

#endif  // PROMLITE_TESTS_FUZZ_BOTH_FORMATS_HPP
