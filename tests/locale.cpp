// promlite: the locale of a whole test program.
// SPDX-License-Identifier: MIT
#include <clocale>
#include <cstdio>
#include <cstdlib>

/// PROMLITE_TEST_LOCALE names it: no output of the library may change with it.
static bool set_locale() {
  const char* const name = std::getenv("PROMLITE_TEST_LOCALE");
  if (name == nullptr) return false;
  if (std::setlocale(LC_ALL, name) == nullptr) {
    std::fprintf(stderr, "PROMLITE_TEST_LOCALE: there is no locale named %s\n", name);
    std::_Exit(2);
  }
  // The system's own words for its errors are the user's language; the tests know but one.
  std::setlocale(LC_MESSAGES, "C");
  return true;
}

[[maybe_unused]] static const bool is_set = set_locale();
