// promlite: must not compile: a timer for what takes no seconds.
// SPDX-License-Identifier: MIT
// expects: promlite: a timer records in what has observe[(]double[)] or set[(]double[)], or calls a function
#include <promlite/core.hpp>

#include <string>
void use();
void use() {
  const promlite::Timer timer([](const std::string&) {});
}
