// promlite: must not compile: a binding that leaves no label.
// SPDX-License-Identifier: MIT
// expects: promlite: curry[(][)] binds at least one label and leaves at least one
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { (void)registry.counter("x_total", "", {"a"}).curry("GET"); }
