// mysql_exporter: looking up a host name within a deadline.
// SPDX-License-Identifier: MIT
#ifndef MYSQL_EXPORTER_LOOK_UP_HPP
#define MYSQL_EXPORTER_LOOK_UP_HPP

#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <utility>

#include <netdb.h>

namespace mysql_exporter {

/// Calls `work` on a thread of its own, and returns whether it is done at the deadline. If not, the thread is
/// left behind, so `work` owns all that it uses. Throws std::system_error when there is no thread.
inline bool finishes(std::function<void()> work, std::chrono::steady_clock::time_point deadline) {
  std::packaged_task<void()> task(std::move(work));
  const std::future<void> done = task.get_future();
  std::thread(std::move(task)).detach();
  return done.wait_until(deadline) == std::future_status::ready;
}

/// Whether the system can say at once what a host name is: its look-up cannot be interrupted, and may take as
/// long as name servers that are away. What the answer is does not matter here: the client library asks
/// again.
inline bool can_look_up(const std::string& host, std::chrono::steady_clock::time_point deadline) {
  return finishes(
      [host] {
        ::addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        ::addrinfo* found = nullptr;
        if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) == 0) ::freeaddrinfo(found);
      },
      deadline);
}

}  // namespace mysql_exporter

#endif  // MYSQL_EXPORTER_LOOK_UP_HPP
