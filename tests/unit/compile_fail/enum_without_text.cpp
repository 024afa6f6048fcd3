// promlite: must not compile: an enumeration that says nothing about its text.
// SPDX-License-Identifier: MIT
// expects: promlite: an enumeration used as a label value needs a function to_label[(]E[)]
#include <promlite/core.hpp>

enum class Color { red };
void use(promlite::Registry& registry) { registry.counter("x_total", "", {"color"}).with(Color::red).inc(); }
