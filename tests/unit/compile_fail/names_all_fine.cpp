// promlite: the control: names that are checked when compiling, and one that cannot be, compile.
// SPDX-License-Identifier: MIT
// standard: c++20
#include <promlite/core.hpp>

#include <string>
#include <string_view>

constexpr std::string_view name_in_a_view = "f_total";
static auto at_namespace_scope =
    promlite::counter("a_total", "", {"method", "code"}, promlite::max_series(5));

promlite::Counter<> passes_on(promlite::Registerer to,
                              promlite::MetricName<promlite::MetricType::counter> name);
promlite::Counter<> passes_on(promlite::Registerer to,
                              promlite::MetricName<promlite::MetricType::counter> name) {
  return to.counter(name, "");
}

void use(promlite::Registry& registry, const std::string& name);
void use(promlite::Registry& registry, const std::string& name) {
  registry.gauge(promlite::runtime_name(name + "_x"), "", {"fine", promlite::runtime_name(name)});
  registry.summary("le", "", {"le"});
  registry.histogram("quantile", "", {"quantile"});
  registry.info("build_info", "", {{"version", "1"}});
  registry.counter(name_in_a_view, "");
  passes_on(registry.with_prefix("p_"), "b_total");
  const auto member =
      registry.with_prefix(promlite::runtime_name(name)).gauge_callback("g", "", [] { return 1; });
}
