// promlite: must not compile: a look-up with more values than labels.
// SPDX-License-Identifier: MIT
// expects: promlite: with[(][)] takes exactly one value for each label name of the family
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.gauge("x", "", {"a"}).with("1", 2).set(1); }
