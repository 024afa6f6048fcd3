// promlite: must not compile: a floating-point label value.
// SPDX-License-Identifier: MIT
// expects: promlite: a label value is a string, an integer, a bool, or an enumeration
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.counter("x_total", "", {"a"}).with(0.5).inc(); }
