// promlite: must not compile: a to_label() that returns a string, which would die before it is used.
// SPDX-License-Identifier: MIT
// expects: promlite: to_label[(]E[)] must return a std::string_view or a const char
#include <promlite/core.hpp>

#include <string>
enum class Color { red };
std::string to_label(Color);
void use(promlite::Registry& registry) { registry.counter("x_total", "", {"color"}).with(Color::red).inc(); }
