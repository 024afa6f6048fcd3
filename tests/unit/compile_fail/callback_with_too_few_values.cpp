// promlite: must not compile: a callback with labels that gives a series without a value for each of them.
// SPDX-License-Identifier: MIT
// expects: promlite: set[(][)] takes a number and exactly one value for each label name of the callback
#include <promlite/core.hpp>

void use(promlite::Registry& registry) {
  const auto member = registry.gauge_callback("x", "", {"a", "b"}, [](auto& out) { out.set(1, "a"); });
}
