// promlite: must not compile: a duration for a gauge of integers.
// SPDX-License-Identifier: MIT
// expects: promlite: a duration in seconds needs a gauge of double
#include <promlite/core.hpp>

#include <cstdint>
void use(promlite::Registry& registry) { const auto timer = registry.gauge<std::int64_t>("x", "").time(); }
