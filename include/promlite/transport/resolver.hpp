// promlite: host names looked up within a deadline.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_RESOLVER_HPP
#define PROMLITE_TRANSPORT_RESOLVER_HPP

#include <promlite/config.hpp>
#include <promlite/transport/limit.hpp>
#include <promlite/transport/socket.hpp>
#include <promlite/transport/thread.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Looks up one name, on a thread of its own that holds a share of everything it touches: getaddrinfo cannot
/// be interrupted, so whoever cannot wait any longer leaves it behind. While one look-up is running, later
/// calls wait for that one: a resolver that hangs costs one thread. Thread safe.
class Resolver {
 public:
  Resolver(std::string host, std::uint16_t port) : host_(std::move(host)), port_(port) {}

  /// Adds addresses to `found`; the reason why not, or nothing. An address in digits asks nobody.
  /// Throws std::bad_alloc.
  std::string resolve(const Limit& limit, std::vector<SocketAddress>& found);

 private:
  struct LookUp {
    std::string host;
    std::uint16_t port = 0;
    Event done;
    std::atomic<bool> finished{false};
    std::vector<SocketAddress> found;
    std::string problem;
  };

  static void run(LookUp& look_up) noexcept;
  std::shared_ptr<LookUp> join_or_start(int& error);
  void forget(const std::shared_ptr<LookUp>& look_up) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (running_ == look_up) running_.reset();
  }

  std::string host_;
  std::uint16_t port_;
  std::mutex mutex_;
  std::shared_ptr<LookUp> running_;
};

inline void Resolver::run(LookUp& look_up) noexcept {
  PROMLITE_TRY { look_up.problem = look_up_host(look_up.host, look_up.port, look_up.found); }
  PROMLITE_CATCH_ALL { look_up.problem = "out of memory"; }
  look_up.finished.store(true, std::memory_order_release);  // those who wait see the result
  look_up.done.signal();                                    // never drained, so it wakes all of them
}

PROMLITE_COLD inline std::shared_ptr<Resolver::LookUp> Resolver::join_or_start(int& error) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // A result that is there is not for those who come now: it may be old.
  if (running_ && !running_->finished.load(std::memory_order_relaxed)) return running_;
  running_.reset();
  auto look_up = std::make_shared<LookUp>();
  look_up->host = host_;
  look_up->port = port_;
  Thread thread;
  error = look_up->done.error();
  if (error == 0) error = thread.start<LookUp>(&run, look_up, "promlite-resolve");
  thread.detach();
  if (error == 0) running_ = look_up;
  return look_up;
}

PROMLITE_COLD inline std::string Resolver::resolve(const Limit& limit, std::vector<SocketAddress>& found) {
  SocketAddress numeric;
  if (numeric_address(host_, port_, numeric)) {
    found.push_back(numeric);
    return {};
  }
  int error = 0;
  const std::shared_ptr<LookUp> look_up = join_or_start(error);
  if (error != 0) return "cannot start a thread to look up the host: " + errno_text(error);
  switch (wait_ready(look_up->done.descriptor(), POLLIN, limit)) {
    case Waited::late:
      return "the deadline passed while looking up the host";
    case Waited::stopped:
      return "stopped while looking up the host";
    case Waited::ready:
      forget(look_up);
      break;
  }
  // acquire: pairs with run(), whose signal has been seen
  if (!look_up->finished.load(std::memory_order_acquire) || !look_up->problem.empty()) {
    return "cannot look up the host: " + look_up->problem;
  }
  found.insert(found.end(), look_up->found.begin(), look_up->found.end());
  return {};
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_RESOLVER_HPP
