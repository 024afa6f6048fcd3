// promlite: must not compile: a counter of a type that there is none of.
// SPDX-License-Identifier: MIT
// expects: promlite: a counter counts in double or in std::uint64_t
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.counter<int>("x_total", ""); }
