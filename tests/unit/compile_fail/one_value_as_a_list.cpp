// promlite: must not compile: a value where a list of values is asked for.
// SPDX-License-Identifier: MIT
// expects: promlite: create_all[(][)] takes a list of values for each label
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.counter("x_total", "", {"a"}).create_all("GET"); }
