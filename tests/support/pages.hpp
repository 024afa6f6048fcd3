// promlite: the memory of the test's process.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_PAGES_HPP
#define PROMLITE_TESTS_SUPPORT_PAGES_HPP

#include <fstream>

namespace test {

/// In pages, as Linux says; elsewhere 0.
struct Pages {
  long mapped = 0;
  long resident = 0;
};

inline Pages pages_of_process() {
  Pages pages;
  std::ifstream("/proc/self/statm") >> pages.mapped >> pages.resident;
  return pages;
}

}  // namespace test

#endif  // PROMLITE_TESTS_SUPPORT_PAGES_HPP
