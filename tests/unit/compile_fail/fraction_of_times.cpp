// promlite: must not compile: an observation that is made one and a half times.
// SPDX-License-Identifier: MIT
// expects: promlite: observe_n[(][)] takes a whole number of times
#include <promlite/core.hpp>

void use(promlite::Registry& registry) { registry.summary("x", "").observe_n(1, 1.5); }
