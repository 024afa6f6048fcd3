// promlite: the registry that a program's metrics go to without further ado.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DEFAULT_REGISTRY_HPP
#define PROMLITE_DEFAULT_REGISTRY_HPP

#include <promlite/config.hpp>
#include <promlite/detail/fork_guard.hpp>
#include <promlite/process_collector.hpp>
#include <promlite/registry.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {

namespace detail {

/// The default registry as those who declare see it: what only scrapes need is not compiled into every file
/// that counts. Made on first use and never destroyed, so that metrics at namespace scope work before main()
/// and after it.
inline Registry& default_metrics() {
  const Undivided step;  // or the child of a fork might wait for a thread that it does not have
  static Registry* const made = [] {
    auto* const registry = new Registry();
    registry->expose_scrape_metrics(true);
    return registry;
  }();
  return *made;
}

/// The process metrics in the default registry, from the first use of default_registry() on.
struct DefaultProcessMetrics {
  ProcessCollector collector;
  Membership membership = default_metrics().share()->cores().front()->add(collector, nullptr, true);

  static DefaultProcessMetrics& instance() {
    const Undivided step;
    static auto* const made = new DefaultProcessMetrics();
    return *made;
  }
};

}  // namespace detail

/// The registry behind the functions below. It shows the process metrics and how its scrapes went, too.
inline Registry& default_registry() {
  detail::DefaultProcessMetrics::instance();
  return detail::default_metrics();
}

/// Takes the `process_*` metrics out of the default registry.
inline void leave_out_process_metrics() noexcept {
  detail::DefaultProcessMetrics::instance().membership.leave();
}

/// Declares in the default registry; see Registerer::counter.
template <class T = double, class... Options>
Counter<T> counter(MetricName<MetricType::counter> name, std::string_view help, const Options&... options) {
  return detail::default_metrics().counter<T>(name, help, options...);
}
template <class T = double, std::size_t N, class... Options>
Family<Counter<T>, N> counter(MetricName<MetricType::counter> name, std::string_view help,
                              const LabelName<MetricType::counter> (&labels)[N], const Options&... options) {
  return detail::default_metrics().counter<T>(name, help, labels, options...);
}

/// Declares in the default registry; see Registerer::gauge.
template <class T = double, class... Options>
Gauge<T> gauge(MetricName<MetricType::gauge> name, std::string_view help, const Options&... options) {
  return detail::default_metrics().gauge<T>(name, help, options...);
}
template <class T = double, std::size_t N, class... Options>
Family<Gauge<T>, N> gauge(MetricName<MetricType::gauge> name, std::string_view help,
                          const LabelName<MetricType::gauge> (&labels)[N], const Options&... options) {
  return detail::default_metrics().gauge<T>(name, help, labels, options...);
}

/// Declares in the default registry; see Registerer::histogram.
template <class... Options>
detail::HistogramOf<Options...> histogram(MetricName<MetricType::histogram> name, std::string_view help,
                                          const Options&... options) {
  return detail::default_metrics().histogram(name, help, options...);
}
template <std::size_t N, class... Options>
Family<detail::HistogramOf<Options...>, N> histogram(MetricName<MetricType::histogram> name,
                                                     std::string_view help,
                                                     const LabelName<MetricType::histogram> (&labels)[N],
                                                     const Options&... options) {
  return detail::default_metrics().histogram(name, help, labels, options...);
}

/// Declares in the default registry; see Registerer::native_histogram.
template <class... Options>
NativeHistogram native_histogram(MetricName<MetricType::histogram> name, std::string_view help,
                                 const Options&... options) {
  return detail::default_metrics().native_histogram(name, help, options...);
}
template <std::size_t N, class... Options>
Family<NativeHistogram, N> native_histogram(MetricName<MetricType::histogram> name, std::string_view help,
                                            const LabelName<MetricType::histogram> (&labels)[N],
                                            const Options&... options) {
  return detail::default_metrics().native_histogram(name, help, labels, options...);
}

/// Declares in the default registry; see Registerer::summary.
template <class... Options>
Summary summary(MetricName<MetricType::summary> name, std::string_view help, const Options&... options) {
  return detail::default_metrics().summary(name, help, options...);
}
template <std::size_t N, class... Options>
Family<Summary, N> summary(MetricName<MetricType::summary> name, std::string_view help,
                           const LabelName<MetricType::summary> (&labels)[N], const Options&... options) {
  return detail::default_metrics().summary(name, help, labels, options...);
}

/// Declares in the default registry; see Registerer::stateset.
template <class... Options>
Stateset stateset(MetricName<MetricType::stateset> name, std::string_view help, const States& states,
                  const Options&... options) {
  return detail::default_metrics().stateset(name, help, states, options...);
}
template <std::size_t N, class... Options>
Family<Stateset, N> stateset(MetricName<MetricType::stateset> name, std::string_view help,
                             const States& states, const LabelName<MetricType::stateset> (&labels)[N],
                             const Options&... options) {
  return detail::default_metrics().stateset(name, help, states, labels, options...);
}

/// Declares in the default registry; see Registerer::info.
inline Info info(MetricName<MetricType::info> name, std::string_view help, const Labels& labels) {
  return detail::default_metrics().info(name, help, labels);
}

/// Registers in the default registry; see Registerer::gauge_callback.
template <class Function, class... Options, class = std::enable_if_t<std::is_invocable_v<Function&>>>
Membership gauge_callback(MetricName<MetricType::gauge> name, std::string_view help, Function function,
                          const Options&... options) {
  return detail::default_metrics().gauge_callback(name, help, std::move(function), options...);
}
template <std::size_t N, class Function, class... Options>
Membership gauge_callback(MetricName<MetricType::gauge> name, std::string_view help,
                          const LabelName<MetricType::gauge> (&labels)[N], Function function,
                          const Options&... options) {
  return detail::default_metrics().gauge_callback(name, help, labels, std::move(function), options...);
}

/// Registers in the default registry; see Registerer::counter_callback.
template <class Function, class... Options, class = std::enable_if_t<std::is_invocable_v<Function&>>>
Membership counter_callback(MetricName<MetricType::counter> name, std::string_view help, Function function,
                            const Options&... options) {
  return detail::default_metrics().counter_callback(name, help, std::move(function), options...);
}
template <std::size_t N, class Function, class... Options>
Membership counter_callback(MetricName<MetricType::counter> name, std::string_view help,
                            const LabelName<MetricType::counter> (&labels)[N], Function function,
                            const Options&... options) {
  return detail::default_metrics().counter_callback(name, help, labels, std::move(function), options...);
}

/// Registers in the default registry; see Registerer::info_callback.
template <class Function, class... Options>
Membership info_callback(MetricName<MetricType::info> name, std::string_view help, Function function,
                         const Options&... options) {
  return detail::default_metrics().info_callback(name, help, std::move(function), options...);
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DEFAULT_REGISTRY_HPP
