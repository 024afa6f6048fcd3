// promlite: must not compile: a look-up in a metric without labels.
// SPDX-License-Identifier: MIT
// expects: has no member named|no member named
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.counter("x_total", "").with("1").inc(); }
