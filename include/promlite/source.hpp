// promlite: something declared in a registry that a scrape asks for its series.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_SOURCE_HPP
#define PROMLITE_SOURCE_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/slab.hpp>
#include <promlite/detail/snapshot.hpp>
#include <promlite/encoder.hpp>

#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

class Source;

/// One series of a source, for whoever brings those of several sources together.
struct ListedSeries {
  Source* source;
  const void* series;  ///< what only the source knows
  PaddedText labels;
};

/// Something declared in a registry that writes series of one family: a family of metrics or a callback.
class Source {
 public:
  PROMLITE_COLD explicit Source(Declaration&& declared) noexcept : declared_(std::move(declared)) {}
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  const Declaration& declared() const noexcept { return declared_; }
  FamilyStats& stats() noexcept { return stats_; }

  /// True when the source has left the registry and may be destroyed.
  virtual bool gone() const noexcept { return false; }
  /// Gives back what it can: it has left the registry, while its handles are still used.
  virtual void retire() noexcept {}
  /// Runs user code, if the source has any. Without locks that updates or registration want.
  virtual void prepare() {}
  /// Lists the series for what follows, until finish(). By one scrape at a time.
  virtual bool has_series(const ScrapeContext& scrape) = 0;
  virtual void finish() noexcept {}
  /// Writes the series that has_series() found, sorted.
  virtual void encode(Encoder& encoder, ScrapeContext& scrape) = 0;
  /// Appends the series that encode() would write, and writes one of them.
  virtual void list(std::vector<ListedSeries>& to) = 0;
  virtual void encode_one(const ListedSeries& series, Encoder& encoder, ScrapeContext& scrape) = 0;

 protected:
  Declaration declared_;
  FamilyStats stats_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_SOURCE_HPP
