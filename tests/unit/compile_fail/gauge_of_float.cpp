// promlite: must not compile: a gauge of a type that there is none of.
// SPDX-License-Identifier: MIT
// expects: promlite: a gauge holds a double or a std::int64_t
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.gauge<float>("x", ""); }
