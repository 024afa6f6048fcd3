// promlite: how a scrape shows what was left out of it.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_COLLECTOR_ERRORS_HPP
#define PROMLITE_TESTS_SUPPORT_COLLECTOR_ERRORS_HPP

#include <string>

namespace test {

/// The whole family `promlite_collector_errors_total`.
inline std::string errors(int count) {
  return "# HELP promlite_collector_errors_total Collectors and callbacks that failed, and families and "
         "samples of theirs that were invalid.\n"
         "# TYPE promlite_collector_errors_total counter\npromlite_collector_errors_total " +
         std::to_string(count) + "\n";
}

}  // namespace test

#endif  // PROMLITE_TESTS_SUPPORT_COLLECTOR_ERRORS_HPP
