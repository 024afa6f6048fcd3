// promlite: must not compile: an enumeration that does not say its enumerators.
// SPDX-License-Identifier: MIT
// expects: promlite: an enumeration of by_enum[(][)] needs a constexpr function label_values[(]E[)] beside it
#include <promlite/core.hpp>

enum class Color { red };
std::string_view to_label(Color);
void use(promlite::Registry& registry);
void use(promlite::Registry& registry) { (void)registry.counter("x_total", "", {"a"}).by_enum<Color>(); }
