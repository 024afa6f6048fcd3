// promlite: where metrics are declared and scraped.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_REGISTRY_HPP
#define PROMLITE_REGISTRY_HPP

#include <promlite/clock.hpp>
#include <promlite/config.hpp>
#include <promlite/gatherer.hpp>
#include <promlite/registerer.hpp>
#include <promlite/registry_core.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {

/// Holds metrics and shows them to scrapes. Registerer says how metrics are declared, Gatherer how they are
/// scraped.
///
/// Thread safe throughout: metrics may be declared, updated and scraped by any thread at any time. Families
/// come out sorted by name, series by label values, labels by name.
class Registry : public Registerer, public Gatherer {
 public:
  Registry() : Registry(std::make_shared<detail::RegistryCore>()) {}

  /// Shows `promlite_scrapes_total`, `promlite_scrape_duration_seconds` and `promlite_scrape_body_bytes`. Off
  /// unless switched on, but in the default registry. What went wrong (`promlite_overflowed_updates_total`,
  /// `promlite_refused_updates_total`, `promlite_repaired_label_values_total` by family,
  /// `promlite_collector_errors_total`) shows in every registry as soon as it is not 0.
  void expose_scrape_metrics(bool on) noexcept { core()->expose_scrape_metrics(on); }

  /// At most so many series made by look-ups in all families together, besides what each family says for
  /// itself; beyond that a look-up gets its family's overflow series. What is there already stays; what was
  /// unregistered is not counted. Thread safe.
  void max_series(std::size_t count) noexcept { core()->max_series(count); }

  /// The time by which series are created and expire, and the quantiles of summaries age: for tests. `clock`
  /// must live as long as the registry is used.
  void use_clock(const Clock& clock) noexcept { core()->use_clock(clock); }

 private:
  explicit Registry(std::shared_ptr<detail::RegistryCore> core)
      : Registerer(core), Gatherer(detail::RegistryCores{std::move(core)}) {}
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_REGISTRY_HPP
