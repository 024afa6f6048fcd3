// promlite: must not compile: a metric name that begins with two underscores.
// SPDX-License-Identifier: MIT
// standard: c++20
// expects: promlite(.*)names that begin with two underscores are reserved
#include <promlite/core.hpp>

auto histogram = promlite::histogram("__x", "");
