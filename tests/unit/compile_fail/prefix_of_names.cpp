// promlite: must not compile: a prefix that no name can begin with.
// SPDX-License-Identifier: MIT
// standard: c++20
// expects: promlite(.*)a metric name must match
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.with_prefix("1_").gauge("x", ""); }
