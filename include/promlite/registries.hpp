// promlite: several registries that are scraped as one.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_REGISTRIES_HPP
#define PROMLITE_REGISTRIES_HPP

#include <promlite/config.hpp>
#include <promlite/gatherer.hpp>
#include <promlite/registry_group.hpp>

#include <memory>
#include <type_traits>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

/// Several registries, served wherever one can be: `Registries all{metrics, library.metrics()};`
///
/// A scrape shows each family once, its series from all registries together, sorted. The rules of a registry
/// hold across them: the same name means the same type, help, unit and label names, no two families share a
/// sample name, no two samples are of one series. Where they are broken, the registry that stands first in
/// the list wins, and declared metrics win over those of collectors; the rest is left out of that scrape and
/// counted in `promlite_collector_errors_total`.
///
/// `promlite_*` metrics are those of all registries added up; `promlite_scrapes_total` and its kin, shown
/// when one of the registries exposes them, speak of scrapes of this object.
///
/// A registry that is given twice is there once. The registries may be destroyed first; what they held is
/// still shown. Thread safe, and scraped like a registry: no scrape waits for one lock while holding another.
class Registries final : public Gatherer {
 public:
  /// Of Registry or Registries.
  template <class... More, class = std::enable_if_t<(std::is_base_of_v<Gatherer, More> && ...)>>
  Registries(const Gatherer& first, const Gatherer& second, const More&... more)
      : Registries(std::vector<const Gatherer*>{&first, &second, &more...}) {}
  /// For a number that is known at run time only.
  PROMLITE_COLD explicit Registries(const std::vector<const Gatherer*>& registries)
      : Gatherer(cores_of(registries)) {}

 private:
  PROMLITE_COLD static detail::RegistryCores cores_of(const std::vector<const Gatherer*>& registries) {
    detail::RegistryCores all;
    for (const Gatherer* const gatherer : registries) {
      for (const auto& core : gatherer->share()->cores()) {
        bool known = false;
        for (const auto& other : all) known = known || other == core;
        if (!known) all.push_back(core);
      }
    }
    return all;
  }
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_REGISTRIES_HPP
