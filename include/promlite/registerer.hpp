// promlite: where metrics are declared.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_REGISTERER_HPP
#define PROMLITE_REGISTERER_HPP

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
#include <promlite/metric_name.hpp>
#include <promlite/native_buckets.hpp>
#include <promlite/native_histogram.hpp>
#include <promlite/registry_core.hpp>
#include <promlite/scope.hpp>
#include <promlite/series_callback.hpp>
#include <promlite/stateset.hpp>
#include <promlite/summary.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {

namespace detail {

/// What a declaration of a histogram with these options gives.
template <class... Options>
using HistogramOf = std::conditional_t<(std::is_same_v<Options, Native> || ...), NativeHistogram, Histogram>;

template <class Option>
constexpr bool is_native_option = std::is_same_v<Option, Native> || std::is_same_v<Option, BucketFactor> ||
                                  std::is_same_v<Option, NativeSchema> ||
                                  std::is_same_v<Option, MaxBuckets> || std::is_same_v<Option, ZeroThreshold>;

/// Which options a declaration takes.
template <class Metric, bool labelled, class Option>
constexpr bool takes_option = std::is_same_v<Option, Unit> || std::is_same_v<Option, ConstLabels> ||
                              std::is_same_v<Option, Utf8Names> ||
                              (labelled &&
                               (std::is_same_v<Option, MaxSeries> || std::is_same_v<Option, ExpireAfter>)) ||
                              (std::is_same_v<Metric, Histogram> && std::is_same_v<Option, Buckets>) ||
                              (std::is_same_v<Metric, Stateset> && std::is_same_v<Option, States>) ||
                              (std::is_same_v<Metric, NativeHistogram> &&
                               (std::is_same_v<Option, Buckets> || is_native_option<Option>)) ||
                              (std::is_same_v<Metric, Summary> &&
                               (std::is_same_v<Option, Quantiles> || std::is_same_v<Option, MaxAge>));

PROMLITE_COLD inline Declaration make_declaration(MetricType type, const char* value_kind,
                                                  std::string_view name, std::string_view help,
                                                  const std::string_view* labels, std::size_t count) {
  Declaration declared;
  declared.type = type;
  declared.value_kind = value_kind;
  declared.name.assign(name);
  declared.help.assign(help);
  for (std::size_t i = 0; i < count; ++i) declared.label_names.emplace_back(labels[i]);
  return declared;
}

template <class Metric, bool labelled, class... Options>
Declaration declare_metric(std::string_view name, std::string_view help, const std::string_view* labels,
                           std::size_t count, const Options&... options) {
  static_assert(
      (takes_option<Metric, labelled, Options> && ...),
      "promlite: this metric does not take this option (max_series and expire_after need labels, buckets "
      "a histogram, bucket_factor, native_schema, max_buckets and zero_threshold a native one, quantiles and "
      "max_age a summary)");
  Declaration declared = make_declaration(MetricTraits<Metric>::type, MetricTraits<Metric>::value_kind, name,
                                          help, labels, count);
  (declared.apply(options), ...);
  return declared;
}

}  // namespace detail

/// Where metrics are declared: a Registry, or one with a prefix and labels for everything that goes through
/// it.
///
///     promlite::Registerer shard = registry.with_prefix("db_").with_labels({{"shard", "1"}});
///     shard.counter("reads_total", "Reads.").inc();   // db_reads_total{shard="1"}
///
/// A value, cheap to copy, that keeps the inside of the registry alive: code that declares metrics takes one,
/// and gets a Registry or a part of one. All of it is thread safe.
///
/// Declaring returns a handle that is valid as long as the registry. Declaring the same thing again gives the
/// same series; declaring something else under a name that is taken, or that would collide with one in an
/// exposition, throws Error naming both. Names, labels and options are checked then, by themselves and with
/// prefix and labels; updates never throw.
///
/// From C++20 on, names are literals or runtime_name(text), and a literal that cannot be a name does not
/// compile.
class Registerer {
 public:
  /// The same registry, where names begin with `prefix`; behind the prefix of this one, when it has one. What
  /// a collector writes gets it as well, and a NameFilter asks for whole names. Throws Error when no name can
  /// begin so.
  PROMLITE_COLD Registerer with_prefix(NamePrefix prefix) const {
    detail::Scope scope = this->scope();
    scope.add_prefix(prefix.text());
    return Registerer(core_, std::move(scope));
  }
  /// The same registry, where every series has these labels, besides those of this one. Throws Error when
  /// they are invalid or there already; a declaration that has one of the names itself is refused, a
  /// collector's sample is left out and counted.
  PROMLITE_COLD Registerer with_labels(const Labels& labels) const {
    detail::Scope scope = this->scope();
    for (const Label& label : labels) scope.add_label(label.name, label.value);
    return Registerer(core_, std::move(scope));
  }

  /// A counter; its name ends in `_total`. `T` is double or std::uint64_t.
  template <class T = double, class... Options>
  Counter<T> counter(MetricName<MetricType::counter> name, std::string_view help, const Options&... options) {
    return single<Counter<T>>(name, help, options...);
  }
  template <class T = double, std::size_t N, class... Options>
  Family<Counter<T>, N> counter(MetricName<MetricType::counter> name, std::string_view help,
                                const LabelName<MetricType::counter> (&labels)[N],
                                const Options&... options) {
    return family<Counter<T>>(name, help, labels, options...);
  }

  /// A gauge; `T` is double or std::int64_t.
  template <class T = double, class... Options>
  Gauge<T> gauge(MetricName<MetricType::gauge> name, std::string_view help, const Options&... options) {
    return single<Gauge<T>>(name, help, options...);
  }
  template <class T = double, std::size_t N, class... Options>
  Family<Gauge<T>, N> gauge(MetricName<MetricType::gauge> name, std::string_view help,
                            const LabelName<MetricType::gauge> (&labels)[N], const Options&... options) {
    return family<Gauge<T>>(name, help, labels, options...);
  }

  /// A histogram; without bounds it has default_buckets(). With the option native() it is a NativeHistogram
  /// that has these classic buckets as well.
  template <class... Options>
  detail::HistogramOf<Options...> histogram(MetricName<MetricType::histogram> name, std::string_view help,
                                            const Options&... options) {
    return single<detail::HistogramOf<Options...>>(name, help, options...);
  }
  template <std::size_t N, class... Options>
  Family<detail::HistogramOf<Options...>, N> histogram(MetricName<MetricType::histogram> name,
                                                       std::string_view help,
                                                       const LabelName<MetricType::histogram> (&labels)[N],
                                                       const Options&... options) {
    return family<detail::HistogramOf<Options...>>(name, help, labels, options...);
  }

  /// A native histogram; with bounds it has classic buckets as well.
  template <class... Options>
  NativeHistogram native_histogram(MetricName<MetricType::histogram> name, std::string_view help,
                                   const Options&... options) {
    return single<NativeHistogram>(name, help, options...);
  }
  template <std::size_t N, class... Options>
  Family<NativeHistogram, N> native_histogram(MetricName<MetricType::histogram> name, std::string_view help,
                                              const LabelName<MetricType::histogram> (&labels)[N],
                                              const Options&... options) {
    return family<NativeHistogram>(name, help, labels, options...);
  }

  /// A summary; without quantiles() it shows sum and count.
  template <class... Options>
  Summary summary(MetricName<MetricType::summary> name, std::string_view help, const Options&... options) {
    return single<Summary>(name, help, options...);
  }
  template <std::size_t N, class... Options>
  Family<Summary, N> summary(MetricName<MetricType::summary> name, std::string_view help,
                             const LabelName<MetricType::summary> (&labels)[N], const Options&... options) {
    return family<Summary>(name, help, labels, options...);
  }

  /// Which of some states something is in: `stateset("door", "The door.", {"open", "closed"})`; with labels,
  /// these stand behind the states.
  template <class... Options>
  Stateset stateset(MetricName<MetricType::stateset> name, std::string_view help, const States& states,
                    const Options&... options) {
    return single<Stateset>(name, help, states, options...);
  }
  template <std::size_t N, class... Options>
  Family<Stateset, N> stateset(MetricName<MetricType::stateset> name, std::string_view help,
                               const States& states, const LabelName<MetricType::stateset> (&labels)[N],
                               const Options&... options) {
    return family<Stateset>(name, help, labels, states, options...);
  }

  /// Facts that do not change: shown as `NAME_info{...} 1`; `name` with or without `_info`.
  Info info(MetricName<MetricType::info> name, std::string_view help, const Labels& labels) {
    ConstLabels facts;
    for (const Label& label : labels) facts.labels.emplace_back(label.name, label.value);
    return single<Info>(name, help, facts);
  }

  /// A gauge whose value `function()` gives when a scrape asks; it leaves the registry when the Membership
  /// dies. When it throws, its series is left out of that scrape and counted in
  /// `promlite_collector_errors_total`.
  template <class Function, class... Options, class = std::enable_if_t<std::is_invocable_v<Function&>>>
  Membership gauge_callback(MetricName<MetricType::gauge> name, std::string_view help, Function function,
                            const Options&... options) {
    return callback<Gauge<>>(name, help, std::move(function), options...);
  }
  /// With labels, `function(out)` gives as many series as there are when a scrape asks, at most max_series:
  ///
  ///     registry.gauge_callback("queue_depth", "Jobs waiting.", {"queue"}, [&](auto& out) {
  ///       for (const auto& queue : queues) out.set(queue.size(), queue.name());
  ///     });
  ///
  /// `out` is a CallbackSeries. When the function throws, none of its series is shown in that scrape.
  template <std::size_t N, class Function, class... Options>
  Membership gauge_callback(MetricName<MetricType::gauge> name, std::string_view help,
                            const LabelName<MetricType::gauge> (&labels)[N], Function function,
                            const Options&... options) {
    return series_callback<Gauge<>>(name, help, labels, std::move(function), options...);
  }
  /// The same for a counter: a value that never falls. Negative and NaN values are left out and counted.
  template <class Function, class... Options, class = std::enable_if_t<std::is_invocable_v<Function&>>>
  Membership counter_callback(MetricName<MetricType::counter> name, std::string_view help, Function function,
                              const Options&... options) {
    return callback<Counter<>>(name, help, std::move(function), options...);
  }
  template <std::size_t N, class Function, class... Options>
  Membership counter_callback(MetricName<MetricType::counter> name, std::string_view help,
                              const LabelName<MetricType::counter> (&labels)[N], Function function,
                              const Options&... options) {
    return series_callback<Counter<>>(name, help, labels, std::move(function), options...);
  }
  /// Facts that `function(out)` gives when a scrape asks: `out.set({{"version", plugin.version()}})`, any
  /// number of times. `out` is a CallbackFacts.
  template <class Function, class... Options>
  Membership info_callback(MetricName<MetricType::info> name, std::string_view help, Function function,
                           const Options&... options) {
    static_assert((!std::is_same_v<Options, ExpireAfter> && ...),
                  "promlite: a callback's series do not expire");
    return core_->add_callback<detail::FillingCallback<CallbackFacts, Function>>(
        detail::declare_metric<Info, true>(name.text(), help, nullptr, 0, options...), std::move(function),
        scope_.get());
  }

  /// Adds a collector, which must live until the Membership dies. Throws Error when it is in this registry
  /// already, with the same prefix and labels.
  Membership add(Collector& collector) { return core_->add(collector, scope_, false); }

  /// Takes the metrics of this name out, with or without an info's suffix, whatever their constant labels; of
  /// a part of a registry, those with its prefix and labels. False when there was none. The next scrape does
  /// not show them, and the name is free: declared again, even as another type, it begins anew. A callback is
  /// ended as by its Membership. What a collector writes has no name here.
  ///
  /// Handles stay valid as long as the registry; what they update is not shown any more. So the registry
  /// keeps what belongs to a name, less its series with labels, each time that it is taken out: this is for
  /// a plugin that is unloaded, not for every request.
  bool unregister(std::string_view name) { return core_->unregister(name, scope_.get()); }

 protected:
  explicit Registerer(std::shared_ptr<detail::RegistryCore> core) noexcept : core_(std::move(core)) {}
  const std::shared_ptr<detail::RegistryCore>& core() const noexcept { return core_; }

 private:
  PROMLITE_COLD Registerer(std::shared_ptr<detail::RegistryCore> core, detail::Scope scope)
      : core_(std::move(core)), scope_(std::make_shared<const detail::Scope>(std::move(scope))) {}

  PROMLITE_COLD detail::Scope scope() const { return scope_ == nullptr ? detail::Scope() : *scope_; }

  template <class Metric>
  static constexpr MetricType type_of = detail::MetricTraits<Metric>::type;

  template <class Metric, class... Options>
  Metric single(MetricName<type_of<Metric>> name, std::string_view help, const Options&... options) {
    detail::FamilyOf<Metric>& declared = core_->declare<Metric>(
        detail::declare_metric<Metric, false>(name.text(), help, nullptr, 0, options...), scope_.get());
    return declared.first();
  }
  template <class Metric, std::size_t N, class... Options>
  Family<Metric, N> family(MetricName<type_of<Metric>> name, std::string_view help,
                           const LabelName<type_of<Metric>> (&labels)[N], const Options&... options) {
    std::string_view names[N];
    for (std::size_t i = 0; i < N; ++i) names[i] = labels[i].text();
    return Family<Metric, N>(core_->declare<Metric>(
        detail::declare_metric<Metric, true>(name.text(), help, names, N, options...), scope_.get()));
  }
  template <class Metric, class Function, class... Options>
  Membership callback(MetricName<type_of<Metric>> name, std::string_view help, Function function,
                      const Options&... options) {
    static_assert(std::is_arithmetic_v<decltype(function())>, "promlite: a callback returns a number");
    return core_->add_callback<detail::ValueCallback<Function>>(
        detail::declare_metric<Metric, false>(name.text(), help, nullptr, 0, options...), std::move(function),
        scope_.get());
  }
  template <class Metric, std::size_t N, class Function, class... Options>
  Membership series_callback(MetricName<type_of<Metric>> name, std::string_view help,
                             const LabelName<type_of<Metric>> (&labels)[N], Function function,
                             const Options&... options) {
    static_assert((!std::is_same_v<Options, ExpireAfter> && ...),
                  "promlite: a callback's series do not expire");
    std::string_view names[N];
    for (std::size_t i = 0; i < N; ++i) names[i] = labels[i].text();
    return core_->add_callback<detail::FillingCallback<CallbackSeries<N>, Function>>(
        detail::declare_metric<Metric, true>(name.text(), help, names, N, options...), std::move(function),
        scope_.get());
  }

  std::shared_ptr<detail::RegistryCore> core_;
  std::shared_ptr<const detail::Scope> scope_;  // null: neither prefix nor labels
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_REGISTERER_HPP
