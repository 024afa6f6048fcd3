// promlite: how long to wait before the next attempt, at random so that many do not come at once.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_BACKOFF_HPP
#define PROMLITE_TRANSPORT_BACKOFF_HPP

#include <promlite/config.hpp>
#include <promlite/transport/socket.hpp>

#include <chrono>
#include <cstdint>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Random enough to spread the machines of a fleet over time (splitmix64, public domain); no secret.
class Jitter {
 public:
  PROMLITE_COLD Jitter() noexcept
      : state_(static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
               static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) << 20 ^
               static_cast<std::uint64_t>(::getpid()) << 40 ^ reinterpret_cast<std::uintptr_t>(this)) {}

  /// A duration from `low` to `high`, both included.
  PROMLITE_COLD Instant between(Instant low, Instant high) noexcept {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t bits = state_;
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9U;
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EBU;
    bits ^= bits >> 31;
    return low + static_cast<Instant>(bits % static_cast<std::uint64_t>(high - low + 1));
  }

 private:
  std::uint64_t state_;
};

/// Milliseconds to wait before each further attempt: at random from the upper half of a span that doubles,
/// from 100 ms to 5 s.
class Backoff {
 public:
  Instant next() noexcept {
    const Instant wait = jitter_.between(span_ / 2, span_);
    span_ = span_ < longest / 2 ? span_ * 2 : longest;
    return wait;
  }

 private:
  static constexpr Instant longest = 5000;

  Jitter jitter_;
  Instant span_ = 100;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_BACKOFF_HPP
