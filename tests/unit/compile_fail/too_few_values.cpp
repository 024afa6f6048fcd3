// promlite: must not compile: a look-up with fewer values than labels.
// SPDX-License-Identifier: MIT
// expects: promlite: with[(][)] takes exactly one value for each label name of the family
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.counter("x_total", "", {"a", "b"}).with("1").inc(); }
