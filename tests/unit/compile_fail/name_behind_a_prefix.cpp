// promlite: must not compile: a name that is none by itself, behind a prefix.
// SPDX-License-Identifier: MIT
// standard: c++20
// expects: promlite(.*)a metric name must match
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.with_prefix("a_").gauge("1", ""); }
