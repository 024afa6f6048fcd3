// promlite: the limits of a server, as its thread uses them.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_SERVER_LIMITS_HPP
#define PROMLITE_TRANSPORT_SERVER_LIMITS_HPP

#include <promlite/config.hpp>
#include <promlite/transport/http_message.hpp>
#include <promlite/transport/instant.hpp>
#include <promlite/transport/server_options.hpp>

#include <chrono>
#include <cstddef>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// The limits of ServerOptions, each brought into the range where it makes sense.
struct ServerLimits {
  ServerLimits() = default;
  explicit ServerLimits(const ServerOptions& options) noexcept
      : header_timeout(within_a_day(options.header_timeout)),
        idle_timeout(within_a_day(options.idle_timeout)),
        write_timeout(within_a_day(options.write_timeout)),
        scrape_timeout(within_a_day(options.scrape_timeout)),
        max_scrape_timeout(within_a_day(options.max_scrape_timeout)),
        connections(clamp(options.max_connections, 1, 1 << 16)),
        body_bytes(options.max_body_bytes) {
    http.head_bytes = clamp(options.max_head_bytes, 256, 1 << 20);
    http.target_bytes = clamp(options.max_target_bytes, 16, 1 << 20);
    http.header_lines = options.max_header_lines;
  }

  HttpLimits http;
  Instant header_timeout = 0;
  Instant idle_timeout = 0;
  Instant write_timeout = 0;
  Instant scrape_timeout = 0;
  Instant max_scrape_timeout = 0;
  std::size_t connections = 0;
  std::size_t body_bytes = 0;
  std::size_t header_room = 0;  ///< in a response's head, above what the server's own pages need

  /// How long a scrape may take: the scraper's own timeout, less what the answer's way back may take, but no
  /// more than the server allows.
  Instant patience(const HttpRequest& request) const noexcept {
    const Instant asked = parse_scrape_timeout(request.scrape_timeout);
    if (asked <= 0) return scrape_timeout;
    const Instant shorter = asked - (asked < 10000 ? asked / 20 : 500);
    const Instant most = max_scrape_timeout < scrape_timeout ? scrape_timeout : max_scrape_timeout;
    return shorter < most ? shorter : most;
  }

 private:
  static Instant within_a_day(std::chrono::milliseconds value) noexcept {
    return value.count() < 1 ? 1 : value.count() > 86400000 ? 86400000 : value.count();
  }
  static std::size_t clamp(std::size_t value, std::size_t low, std::size_t high) noexcept {
    return value < low ? low : value > high ? high : value;
  }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_SERVER_LIMITS_HPP
