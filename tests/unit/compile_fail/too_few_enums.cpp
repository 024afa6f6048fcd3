// promlite: must not compile: fewer enumerations than labels.
// SPDX-License-Identifier: MIT
// expects: promlite: by_enum[(][)] takes exactly one enumeration for each label name
#include <promlite/core.hpp>

void use(promlite::Registry& registry);
void use(promlite::Registry& registry) { (void)registry.counter("x_total", "", {"a", "b"}).by_enum<bool>(); }
