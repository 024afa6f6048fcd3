// promlite: must not compile: a counter that falls.
// SPDX-License-Identifier: MIT
// expects: has no member named|no member named
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.counter("x_total", "").dec(); }
