// promlite: the interface that produces families when a scrape asks.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_COLLECTOR_HPP
#define PROMLITE_COLLECTOR_HPP

#include <promlite/config.hpp>

namespace promlite {
inline namespace PROMLITE_ABI {

class Sink;

/// Values that live elsewhere: collect() fetches them when a scrape asks.
///
/// Add one to a registry with `Registry::add`; it is called once per scrape, never by two scrapes of one
/// registry at once (a collector in two registries may be called by both at once). It may throw anything:
/// then its families are left out of that scrape whole, the error is counted, and everything else is served.
/// It may use the registry: register, update, read, and leave.
///
/// A server calls it on a thread of its own that blocks signals. A command that it starts inherits that and
/// cannot be ended by SIGTERM, unless posix_spawn() is told a mask (POSIX_SPAWN_SETSIGMASK).
class Collector {
 public:
  Collector() = default;
  Collector(const Collector&) = default;
  Collector& operator=(const Collector&) = default;
  virtual ~Collector() = default;

  virtual void collect(Sink& sink) = 0;
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_COLLECTOR_HPP
