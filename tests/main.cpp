// promlite: the main function of every Catch2 program.
// SPDX-License-Identifier: MIT
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#endif

#include <clocale>
#include <cstdio>
#include <cstdlib>

/// PROMLITE_TEST_LOCALE names a locale that the whole program then runs under: no output of the library may
/// change.
int main(int argc, char** argv) {
  const char* name = std::getenv("PROMLITE_TEST_LOCALE");
  if (name != nullptr && std::setlocale(LC_ALL, name) == nullptr) {
    std::fprintf(stderr, "PROMLITE_TEST_LOCALE: there is no locale named %s\n", name);
    return 2;
  }
  // The system's own words for its errors are the user's language; the tests know but one.
  if (name != nullptr) std::setlocale(LC_MESSAGES, "C");
  return Catch::Session().run(argc, argv);
}
