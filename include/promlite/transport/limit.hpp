// promlite: waiting for a descriptor, but not for ever.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_LIMIT_HPP
#define PROMLITE_TRANSPORT_LIMIT_HPP

#include <promlite/config.hpp>
#include <promlite/transport/socket.hpp>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// When a call must be over: at a time, or as soon as the descriptor, if there is one, becomes readable.
struct Limit {
  Instant deadline = never;
  int stop = -1;
};

enum class Waited : unsigned char { ready, late, stopped };

/// Waits until `fd` is ready for one of `events` (or has failed, which the next call on it tells).
PROMLITE_COLD inline Waited wait_ready(int fd, short events, const Limit& limit) noexcept {
  pollfd fds[2] = {{fd, events, 0}, {limit.stop, POLLIN, 0}};  // poll(2) passes over a negative descriptor
  for (;;) {
    // The clock first: bytes that never end must not hide the deadline.
    const Instant current = now();
    if (current >= limit.deadline) return Waited::late;
    if (wait_for(fds, 2, limit.deadline, current) < 0) return Waited::late;
    if (fds[1].revents != 0) return Waited::stopped;
    if (fds[0].revents != 0) return Waited::ready;
  }
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_LIMIT_HPP
