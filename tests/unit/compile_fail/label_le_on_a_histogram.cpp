// promlite: must not compile: a label of a histogram that its buckets have.
// SPDX-License-Identifier: MIT
// standard: c++20
// expects: promlite(.*)label 'le' is reserved on a histogram
#include <promlite/core.hpp>

void use(promlite::Registerer to) { to.histogram("x", "", {"le"}); }
