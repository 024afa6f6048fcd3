// promlite: must not compile: an amount that is no number.
// SPDX-License-Identifier: MIT
// expects: promlite: a counter is incremented by a number
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.counter("x_total", "").inc("1"); }
