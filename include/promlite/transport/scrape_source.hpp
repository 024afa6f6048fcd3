// promlite: what a server scrapes: an exposition on demand, whoever makes it.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_SCRAPE_SOURCE_HPP
#define PROMLITE_TRANSPORT_SCRAPE_SOURCE_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/exposition/negotiation.hpp>
#include <promlite/transport/instant.hpp>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// What a scrape asks for. Scrapes that ask for the same can share one body.
struct ScrapeKey {
  Representation exposition;
  NameFilter filter;
  bool gzip = false;  ///< compressed, if that is possible and worth it

  bool operator==(const ScrapeKey& other) const {
    return exposition == other.exposition && gzip == other.gzip && filter == other.filter;
  }
};

/// The time in which a source that keeps deadlines made a body.
struct ScrapeTime {
  Instant begun = 0;
  Instant given = 0;  ///< milliseconds until the deadline

  /// Whether the body, which is there at `current`, will do for a scrape with another deadline. Not where it
  /// may lack something, because it took all the time that it was given, and that scrape has more left.
  bool will_do(Instant deadline, Instant current) const noexcept {
    // The last fifth is for margins before the deadline, and 1 ms for a clock of whole ones.
    return (current - begun + 1) * 5 < given * 4 || deadline - current <= given;
  }
};

/// Its functions are called by one thread at a time, by different threads over time.
class ScrapeSource {
 public:
  virtual ~ScrapeSource() = default;
  /// True when render() runs code that is not the library's: it may take any time, or never return.
  virtual bool may_block() const noexcept = 0;
  /// True when it leaves out what is not there at the deadline, instead of coming late.
  virtual bool keeps_deadline() const noexcept { return false; }
  /// Where it does: render() of this key, which runs on another thread or is about to, is to end at an
  /// earlier deadline. Does not wait. `never`: it has ended.
  virtual void hurry(const ScrapeKey& /*key*/, Instant /*deadline*/) noexcept {}
  /// True when it can compress.
  virtual bool has_gzip() const noexcept { return false; }
  /// Writes one exposition into `out`, which is empty; returns whether it is compressed. May throw. At
  /// `deadline` the scrape that it was begun for is answered with 503.
  virtual bool render(const ScrapeKey& key, Instant deadline, ByteBuffer& out) = 0;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_SCRAPE_SOURCE_HPP
