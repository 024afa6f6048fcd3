// promlite: must not compile: a callback that returns no number.
// SPDX-License-Identifier: MIT
// expects: promlite: a callback returns a number
#include <promlite/core.hpp>

void use(promlite::Registry& registry) {
  const auto membership = registry.gauge_callback("x", "", [] { return "1"; });
}
