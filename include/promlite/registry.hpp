// promlite: where metrics are declared and scraped.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_REGISTRY_HPP
#define PROMLITE_REGISTRY_HPP

#include <promlite/collector.hpp>
#include <promlite/config.hpp>
#include <promlite/counter.hpp>
#include <promlite/desc.hpp>
#include <promlite/encoder.hpp>
#include <promlite/family.hpp>
#include <promlite/gauge.hpp>
#include <promlite/histogram.hpp>
#include <promlite/info.hpp>
#include <promlite/labels.hpp>
#include <promlite/membership.hpp>
#include <promlite/registry_core.hpp>
#include <promlite/summary.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace promlite {

namespace detail {

/// Which options a declaration takes.
template <class Metric, bool labelled, class Option>
constexpr bool takes_option = std::is_same_v<Option, Unit> || std::is_same_v<Option, ConstLabels> ||
                              (labelled && std::is_same_v<Option, MaxSeries>) ||
                              (std::is_same_v<Metric, Histogram> && std::is_same_v<Option, Buckets>) ||
                              (std::is_same_v<Metric, Summary> &&
                               (std::is_same_v<Option, Quantiles> || std::is_same_v<Option, MaxAge>));

PROMLITE_COLD inline Declaration make_declaration(MetricType type, const char* value_kind,
                                                  std::string_view name, std::string_view help,
                                                  const char* const* labels, std::size_t count) {
  Declaration declared;
  declared.type = type;
  declared.value_kind = value_kind;
  declared.name.assign(name);
  declared.help.assign(help);
  for (std::size_t i = 0; i < count; ++i) declared.label_names.emplace_back(labels[i]);
  return declared;
}

template <class Metric, bool labelled, class... Options>
Declaration declare_metric(std::string_view name, std::string_view help, const char* const* labels,
                           std::size_t count, const Options&... options) {
  static_assert(
      (takes_option<Metric, labelled, Options> && ...),
      "promlite: this metric does not take this option (max_series needs labels, buckets a histogram, "
      "quantiles and max_age a summary)");
  Declaration declared = make_declaration(MetricTraits<Metric>::type, MetricTraits<Metric>::value_kind, name,
                                          help, labels, count);
  (declared.apply(options), ...);
  return declared;
}

}  // namespace detail

/// Holds metrics and shows them to scrapes.
///
/// Declaring returns a handle that is valid as long as the registry. Declaring the same thing again gives the
/// same series; declaring something else under a name that is taken, or that would collide with one in an
/// exposition, throws Error naming both. Names, labels and options are checked then; updates never throw.
///
/// Thread safe throughout: metrics may be declared, updated and scraped by any thread at any time. Families
/// come out sorted by name, series by label values, labels by name.
class Registry {
 public:
  Registry() : core_(std::make_shared<detail::RegistryCore>()) {}
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// A counter; its name ends in `_total`. `T` is double or std::uint64_t.
  template <class T = double, class... Options>
  Counter<T> counter(std::string_view name, std::string_view help, const Options&... options) {
    return single<Counter<T>>(name, help, options...);
  }
  template <class T = double, std::size_t N, class... Options>
  Family<Counter<T>, N> counter(std::string_view name, std::string_view help, const char* const (&labels)[N],
                                const Options&... options) {
    return family<Counter<T>>(name, help, labels, options...);
  }

  /// A gauge; `T` is double or std::int64_t.
  template <class T = double, class... Options>
  Gauge<T> gauge(std::string_view name, std::string_view help, const Options&... options) {
    return single<Gauge<T>>(name, help, options...);
  }
  template <class T = double, std::size_t N, class... Options>
  Family<Gauge<T>, N> gauge(std::string_view name, std::string_view help, const char* const (&labels)[N],
                            const Options&... options) {
    return family<Gauge<T>>(name, help, labels, options...);
  }

  /// A histogram; without bounds it has default_buckets().
  template <class... Options>
  Histogram histogram(std::string_view name, std::string_view help, const Options&... options) {
    return single<Histogram>(name, help, options...);
  }
  template <std::size_t N, class... Options>
  Family<Histogram, N> histogram(std::string_view name, std::string_view help, const char* const (&labels)[N],
                                 const Options&... options) {
    return family<Histogram>(name, help, labels, options...);
  }

  /// A summary; without quantiles() it shows sum and count.
  template <class... Options>
  Summary summary(std::string_view name, std::string_view help, const Options&... options) {
    return single<Summary>(name, help, options...);
  }
  template <std::size_t N, class... Options>
  Family<Summary, N> summary(std::string_view name, std::string_view help, const char* const (&labels)[N],
                             const Options&... options) {
    return family<Summary>(name, help, labels, options...);
  }

  /// Facts that do not change: shown as `NAME_info{...} 1`; `name` with or without `_info`.
  Info info(std::string_view name, std::string_view help, const Labels& labels) {
    ConstLabels facts;
    for (const Label& label : labels) facts.labels.emplace_back(label.name, label.value);
    return single<Info>(name, help, facts);
  }

  /// A gauge whose value `function()` gives when a scrape asks; it leaves the registry when the Membership
  /// dies. When it throws, its series is left out of that scrape and counted in
  /// `promlite_collector_errors_total`.
  template <class Function, class... Options>
  Membership gauge_callback(std::string_view name, std::string_view help, Function function,
                            const Options&... options) {
    return callback<Gauge<>>(name, help, std::move(function), options...);
  }
  /// The same for a counter: a value that never falls. Negative and NaN values are left out and counted.
  template <class Function, class... Options>
  Membership counter_callback(std::string_view name, std::string_view help, Function function,
                              const Options&... options) {
    return callback<Counter<>>(name, help, std::move(function), options...);
  }

  /// Adds a collector, which must live until the Membership dies. Throws Error when it is in this registry
  /// already.
  Membership add(Collector& collector) { return core_->add(collector, false); }

  /// Shows `promlite_scrapes_total`, `promlite_scrape_duration_seconds` and `promlite_scrape_body_bytes`. Off
  /// unless switched on, but in the default registry. What went wrong (`promlite_overflowed_updates_total`,
  /// `promlite_refused_updates_total`, `promlite_repaired_label_values_total` by family,
  /// `promlite_collector_errors_total`) shows in every registry as soon as it is not 0.
  void expose_scrape_metrics(bool on) noexcept { core_->expose_scrape_metrics(on); }

  /// One scrape into `encoder`, of the families that `filter` asks for. Scrapes are done one after the other;
  /// no update and no declaration waits for one. Throws std::bad_alloc; then the exposition is worthless, the
  /// registry is not.
  void collect(Encoder& encoder, const NameFilter& filter = {}) { core_->collect(encoder, filter); }

  /// True when a scrape runs code of the user's, which may take its time.
  bool has_collectors() const noexcept { return core_->has_collectors(); }

  /// The inside, for those who scrape on another thread: it stays scrapable when the Registry object is gone.
  std::shared_ptr<detail::RegistryCore> share() const noexcept { return core_; }

 private:
  template <class Metric, class... Options>
  Metric single(std::string_view name, std::string_view help, const Options&... options) {
    return core_->declare<Metric>(detail::declare_metric<Metric, false>(name, help, nullptr, 0, options...))
        .first();
  }
  template <class Metric, std::size_t N, class... Options>
  Family<Metric, N> family(std::string_view name, std::string_view help, const char* const (&labels)[N],
                           const Options&... options) {
    return Family<Metric, N>(
        core_->declare<Metric>(detail::declare_metric<Metric, true>(name, help, labels, N, options...)));
  }
  template <class Metric, class Function, class... Options>
  Membership callback(std::string_view name, std::string_view help, Function function,
                      const Options&... options) {
    static_assert(std::is_arithmetic_v<decltype(function())>, "promlite: a callback returns a number");
    return core_->add_callback(detail::declare_metric<Metric, false>(name, help, nullptr, 0, options...),
                               std::move(function));
  }

  std::shared_ptr<detail::RegistryCore> core_;
};

}  // namespace promlite

#endif  // PROMLITE_REGISTRY_HPP
