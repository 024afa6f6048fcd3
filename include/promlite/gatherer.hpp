// promlite: what can be scraped: a registry, or several together.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_GATHERER_HPP
#define PROMLITE_GATHERER_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/encoder.hpp>
#include <promlite/registry_group.hpp>

#include <memory>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {

/// What can be scraped: a Registry, or Registries. Code that shows metrics takes a `Gatherer&`.
class Gatherer {
 public:
  Gatherer(const Gatherer&) = delete;
  Gatherer& operator=(const Gatherer&) = delete;

  /// One scrape into `encoder`, of the families that `filter` asks for. Scrapes are done one after the other;
  /// no update and no declaration waits for one. Throws std::bad_alloc; then the exposition is worthless, the
  /// registry is not.
  void collect(Encoder& encoder, const NameFilter& filter = {}) { inside_->collect(encoder, filter); }

  /// True when a scrape runs code of the user's, which may take its time.
  bool has_collectors() const noexcept { return inside_->has_collectors(); }

  /// The inside, for those who scrape on another thread: it stays scrapable when this object is gone.
  std::shared_ptr<detail::RegistryGroup> share() const noexcept { return inside_; }

 protected:
  explicit Gatherer(detail::RegistryCores cores)
      : inside_(std::make_shared<detail::RegistryGroup>(std::move(cores))) {}
  ~Gatherer() = default;

 private:
  std::shared_ptr<detail::RegistryGroup> inside_;
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_GATHERER_HPP
