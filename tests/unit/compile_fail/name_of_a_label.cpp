// promlite: must not compile: a label name with a character that none has.
// SPDX-License-Identifier: MIT
// standard: c++20
// expects: promlite(.*)a label name must match
#include <promlite/core.hpp>

auto gauge = promlite::gauge("x", "", {"fine", "not fine"});
