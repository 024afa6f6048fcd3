// promlite: must not compile: a bound for the series of a metric that has one.
// SPDX-License-Identifier: MIT
// expects: promlite: this metric does not take this option
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.counter("x_total", "", promlite::max_series(5)); }
