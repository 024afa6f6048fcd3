// promlite: tests of the version macros.
// SPDX-License-Identifier: MIT
#include <promlite/version.hpp>

#include <string>

#include "support/catch.hpp"

TEST_CASE("the version's text is made of its numbers") {
  CHECK(std::string(PROMLITE_VERSION) == std::to_string(PROMLITE_VERSION_MAJOR) + "." +
                                             std::to_string(PROMLITE_VERSION_MINOR) + "." +
                                             std::to_string(PROMLITE_VERSION_PATCH));
}
