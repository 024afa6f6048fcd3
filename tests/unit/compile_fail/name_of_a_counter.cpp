// promlite: must not compile: a counter whose name does not end in _total.
// SPDX-License-Identifier: MIT
// standard: c++20
// expects: promlite(.*)a counter's name ends in _total
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.counter("requests", ""); }
