// promlite: must not compile: bucket bounds on a gauge.
// SPDX-License-Identifier: MIT
// expects: promlite: this metric does not take this option
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.gauge("x", "", promlite::buckets({1})); }
