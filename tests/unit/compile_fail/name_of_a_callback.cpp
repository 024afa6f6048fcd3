// promlite: must not compile: a callback whose name is none.
// SPDX-License-Identifier: MIT
// standard: c++20
// expects: promlite(.*)a colon is reserved for recording rules
#include <promlite/core.hpp>

auto member = promlite::gauge_callback("job:depth", "", [] { return 1; });
