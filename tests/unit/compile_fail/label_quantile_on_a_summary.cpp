// promlite: must not compile: a label of a summary that its quantiles have.
// SPDX-License-Identifier: MIT
// standard: c++20
// expects: promlite(.*)label 'quantile' is reserved on a summary
#include <promlite/core.hpp>

auto summary = promlite::summary("x", "", {"quantile"});
