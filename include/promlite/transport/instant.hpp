// promlite: points in time of the transports' deadlines.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_INSTANT_HPP
#define PROMLITE_TRANSPORT_INSTANT_HPP

#include <promlite/config.hpp>

#include <chrono>
#include <cstdint>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Milliseconds of the steady clock: deadlines do not move when somebody sets the time.
using Instant = std::int64_t;
constexpr Instant never = INT64_MAX;
inline Instant now() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_INSTANT_HPP
