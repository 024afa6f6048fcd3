// promlite: must not compile: a duration for a counter of integers.
// SPDX-License-Identifier: MIT
// expects: promlite: a duration in seconds needs a counter of double
#include <promlite/core.hpp>

#include <chrono>
#include <cstdint>
void use(promlite::Registry& registry) {
  registry.counter<std::uint64_t>("x_total", "").inc(std::chrono::seconds(1));
}
