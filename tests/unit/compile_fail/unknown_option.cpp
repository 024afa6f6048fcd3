// promlite: must not compile: something that is no option.
// SPDX-License-Identifier: MIT
// expects: promlite: this metric does not take this option
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.counter("x_total", "", 5); }
