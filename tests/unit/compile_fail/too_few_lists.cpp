// promlite: must not compile: fewer lists than labels.
// SPDX-License-Identifier: MIT
// expects: promlite: create_all[(][)] takes exactly one list for each label name
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.counter("x_total", "", {"a", "b"}).create_all({"GET"}); }
