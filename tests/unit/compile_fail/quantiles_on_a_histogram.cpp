// promlite: must not compile: quantiles on a histogram.
// SPDX-License-Identifier: MIT
// expects: promlite: this metric does not take this option
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.histogram("x", "", {"a"}, promlite::quantiles({0.5})); }
