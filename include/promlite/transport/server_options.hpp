// promlite: what can be chosen about the embedded server.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_SERVER_OPTIONS_HPP
#define PROMLITE_TRANSPORT_SERVER_OPTIONS_HPP

#include <promlite/config.hpp>
#include <promlite/exposition/openmetrics.hpp>
#include <promlite/transport/compression.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace promlite {
inline namespace PROMLITE_ABI {

/// A user and a password (RFC 7617); a user has no colon.
struct BasicAuth {
  std::string user;
  std::string password;
};

/// Options of a MetricsServer. Durations are at least a millisecond and at most a day.
struct ServerOptions {
  /// Where the metrics are. Begins with a slash; "/" takes the place of the landing page.
  std::string metrics_path = "/metrics";
  /// The title of the landing page at "/".
  std::string name = "Metrics";
  /// The page at "/", as HTML in UTF-8, sent as it is. Empty: a page with `name` and a link to the metrics.
  std::string landing_page;
  /// What /-/ready answers at first: see MetricsServer::set_ready().
  bool ready = true;
  /// Whether OpenMetrics text shows when series were created, as series of their own (`x_created`): for
  /// scrapers that make something of them. Protobuf has the times anyway.
  CreatedSamples created = CreatedSamples::hidden;
  /// Compresses metrics for scrapers that ask for it: `promlite::gzip()` of `promlite/gzip.hpp`.
  Compression compression;

  /// With either of these every path asks for one of them. They cross the network readable for everybody on
  /// the way.
  std::optional<BasicAuth> basic_auth;
  std::string bearer_token;

  /// A request's head must be complete so long after the connection was made, or after the head's first byte.
  std::chrono::milliseconds header_timeout{5'000};
  /// A connection may be without a request so long.
  std::chrono::milliseconds idle_timeout{60'000};
  /// A response must have been taken by the other side so long after it was ready.
  std::chrono::milliseconds write_timeout{10'000};
  /// A scrape whose collection takes longer is answered with 503. A scraper can ask for less, and for more
  /// than that up to `max_scrape_timeout`.
  std::chrono::milliseconds scrape_timeout{10'000};
  std::chrono::milliseconds max_scrape_timeout{0};

  /// One more, and the oldest that has no complete request is dropped.
  std::size_t max_connections = 128;
  /// Request line and headers, in bytes; beyond it 431.
  std::size_t max_head_bytes = 8192;
  /// The request's target, in bytes; beyond it 414.
  std::size_t max_target_bytes = 2048;
  /// Header lines; beyond it 431.
  std::size_t max_header_lines = 64;
  /// Bodies that slow readers have not taken yet. Beyond it a scrape waits for one of them; a single body may
  /// be larger.
  std::size_t max_body_bytes = std::size_t{32} << 20;
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_SERVER_OPTIONS_HPP
