// promlite: must not compile: enumerators that are too far apart for a table.
// SPDX-License-Identifier: MIT
// expects: promlite: the enumerators of a label lie too far apart for a table
#include <promlite/core.hpp>

#include <array>
enum class Color { red, blue = 1 << 20 };
std::string_view to_label(Color);
constexpr auto label_values(Color) { return std::array{Color::red, Color::blue}; }
void use(promlite::Registry& registry);
void use(promlite::Registry& registry) { (void)registry.counter("x_total", "", {"a"}).by_enum<Color>(); }
