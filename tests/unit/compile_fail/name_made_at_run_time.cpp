// promlite: must not compile: a name made at run time, without a word about it.
// SPDX-License-Identifier: MIT
// standard: c++20
// expects: CheckedName(.*)promlite: say runtime_name[(]name[)]
#include <promlite/core.hpp>

#include <string>
void use(promlite::Registry& registry, const std::string& name) { registry.gauge(name, ""); }
