// promlite: must not compile: a look-up with a value for a label that is bound.
// SPDX-License-Identifier: MIT
// expects: promlite: with[(][)] takes exactly one value for each label name that is not bound
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.gauge("x", "", {"a", "b"}).curry(1).with(1, 2).set(1); }
