// promlite: must not compile: a metric name with a character that none has.
// SPDX-License-Identifier: MIT
// standard: c++20
// expects: promlite(.*)a metric name must match
#include <promlite/core.hpp>

auto gauge = promlite::gauge("queue-depth", "");
