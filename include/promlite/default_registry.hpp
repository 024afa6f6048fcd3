// promlite: the registry that a program's metrics go to without further ado.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DEFAULT_REGISTRY_HPP
#define PROMLITE_DEFAULT_REGISTRY_HPP

#include <promlite/config.hpp>
#include <promlite/process_collector.hpp>
#include <promlite/registry.hpp>

#include <cstddef>
#include <string_view>
#include <utility>

namespace promlite {

namespace detail {

struct DefaultRegistry {
  DefaultRegistry() {
    registry.expose_scrape_metrics(true);
    process_membership = registry.share()->add(process, true);
  }
  Registry registry;
  ProcessCollector process;
  Membership process_membership;

  // Made on first use and never destroyed: metrics at namespace scope work before main() and after it.
  static DefaultRegistry& instance() {
    static DefaultRegistry* const made = new DefaultRegistry();
    return *made;
  }
};

}  // namespace detail

/// The registry behind the functions below. It shows the process metrics and how its scrapes went, too.
inline Registry& default_registry() { return detail::DefaultRegistry::instance().registry; }

/// Takes the `process_*` metrics out of the default registry.
inline void leave_out_process_metrics() noexcept {
  detail::DefaultRegistry::instance().process_membership.leave();
}

/// Declares in the default registry; see Registry::counter.
template <class T = double, class... Options>
Counter<T> counter(std::string_view name, std::string_view help, const Options&... options) {
  return default_registry().counter<T>(name, help, options...);
}
template <class T = double, std::size_t N, class... Options>
Family<Counter<T>, N> counter(std::string_view name, std::string_view help, const char* const (&labels)[N],
                              const Options&... options) {
  return default_registry().counter<T>(name, help, labels, options...);
}

/// Declares in the default registry; see Registry::gauge.
template <class T = double, class... Options>
Gauge<T> gauge(std::string_view name, std::string_view help, const Options&... options) {
  return default_registry().gauge<T>(name, help, options...);
}
template <class T = double, std::size_t N, class... Options>
Family<Gauge<T>, N> gauge(std::string_view name, std::string_view help, const char* const (&labels)[N],
                          const Options&... options) {
  return default_registry().gauge<T>(name, help, labels, options...);
}

/// Declares in the default registry; see Registry::histogram.
template <class... Options>
Histogram histogram(std::string_view name, std::string_view help, const Options&... options) {
  return default_registry().histogram(name, help, options...);
}
template <std::size_t N, class... Options>
Family<Histogram, N> histogram(std::string_view name, std::string_view help, const char* const (&labels)[N],
                               const Options&... options) {
  return default_registry().histogram(name, help, labels, options...);
}

/// Declares in the default registry; see Registry::summary.
template <class... Options>
Summary summary(std::string_view name, std::string_view help, const Options&... options) {
  return default_registry().summary(name, help, options...);
}
template <std::size_t N, class... Options>
Family<Summary, N> summary(std::string_view name, std::string_view help, const char* const (&labels)[N],
                           const Options&... options) {
  return default_registry().summary(name, help, labels, options...);
}

/// Declares in the default registry; see Registry::info.
inline Info info(std::string_view name, std::string_view help, const Labels& labels) {
  return default_registry().info(name, help, labels);
}

/// Registers in the default registry; see Registry::gauge_callback.
template <class Function, class... Options>
Membership gauge_callback(std::string_view name, std::string_view help, Function function,
                          const Options&... options) {
  return default_registry().gauge_callback(name, help, std::move(function), options...);
}

/// Registers in the default registry; see Registry::counter_callback.
template <class Function, class... Options>
Membership counter_callback(std::string_view name, std::string_view help, Function function,
                            const Options&... options) {
  return default_registry().counter_callback(name, help, std::move(function), options...);
}

}  // namespace promlite

#endif  // PROMLITE_DEFAULT_REGISTRY_HPP
