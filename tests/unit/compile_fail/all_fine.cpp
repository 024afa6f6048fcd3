// promlite: the control: what its neighbours do wrong, done right, compiles.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

enum class Color { red };
inline std::string_view to_label(Color) { return "red"; }
constexpr auto label_values(Color) { return std::array{Color::red}; }

void use(promlite::Registry& registry);
void use(promlite::Registry& registry) {
  registry.counter("a_total", "", {"a", "b"}, promlite::max_series(5)).with("1", 2).inc();
  registry.counter<std::uint64_t>("b_total", "", {"color"}).with(Color::red).inc(1);
  registry.gauge<std::int64_t>("c", "").set(1);
  registry.histogram("d", "", {"a"}, promlite::buckets({1})).with('x').observe(1);
  registry.summary("e", "", promlite::quantiles({0.5})).observe(1);
  registry.counter("h_total", "", {"a", "b"}).create_all({"GET"}, {200});
  registry.counter("i_total", "", {"a", "b"}).curry("GET").with(1).inc();
  registry.counter("j_total", "", {"a", "b"}).curry({{"b", 1}}).with("GET").inc(std::chrono::seconds(1));
  registry.counter("l_total", "", {"a", "b"}).by_enum<Color, bool>().with(Color::red, true).inc();
  registry.histogram("k", "").observe_n(1.5, 2);
  const auto timer = registry.gauge("f", "").time();
  const auto membership = registry.gauge_callback("g", "", [] { return 1; });
}
