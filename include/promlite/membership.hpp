// promlite: a collector's or callback's stay in a registry.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_MEMBERSHIP_HPP
#define PROMLITE_MEMBERSHIP_HPP

#include <promlite/config.hpp>
#include <promlite/detail/fork_guard.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Lets calls of user code through until it is closed; closing waits for a call that runs, unless that call
/// is the one that closes.
class CallGate {
 public:
  /// Calls `call()` and returns true, or returns false when the gate is closed. Passes on what `call` throws.
  template <class Call>
  bool pass(Call&& call) {
    // One scrape at a time comes here, so the lock is free unless the gate is being closed. That no thread
    // waits for it with other locks held lets a call scrape another registry, in whatever groups the two are.
    std::unique_lock<UserCodeLock> lock(lock_, std::try_to_lock);
    if (!lock.owns_lock() && !closed()) lock.lock();
    if (closed()) return false;
    const Runner mark(lock_);
    call();
    return true;
  }

  void close() noexcept {
    // release: what the closing thread did before is seen by whoever sees the gate closed.
    closed_.store(true, std::memory_order_release);
    if (lock_.marked_by_this_thread()) return;
    const std::lock_guard<UserCodeLock> wait(lock_);
  }

  bool closed() const noexcept {
    // acquire: pairs with close().
    return closed_.load(std::memory_order_acquire);
  }

 private:
  struct Runner {
    explicit Runner(UserCodeLock& held) noexcept : lock(held) { lock.mark(true); }
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;
    ~Runner() { lock.mark(false); }
    UserCodeLock& lock;
  };

  UserCodeLock lock_;
  std::atomic<bool> closed_{false};
};

}  // namespace detail

/// Keeps a collector or a callback in its registry for as long as this lives. Its destructor waits for a call
/// that is running right now, so that what the call uses may be destroyed afterwards; from inside that call
/// it does not wait. It may outlive the registry.
class [[nodiscard]] Membership {
 public:
  Membership() noexcept = default;
  explicit Membership(std::shared_ptr<detail::CallGate> gate) noexcept : gate_(std::move(gate)) {}
  Membership(Membership&& other) noexcept : gate_(std::move(other.gate_)) {}
  Membership& operator=(Membership&& other) noexcept {
    if (this != &other) {
      leave();
      gate_ = std::move(other.gate_);
    }
    return *this;
  }
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;
  ~Membership() { leave(); }

  /// Leaves now; a second time it does nothing.
  void leave() noexcept {
    if (gate_ != nullptr) gate_->close();
    gate_ = nullptr;
  }

 private:
  std::shared_ptr<detail::CallGate> gate_;
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_MEMBERSHIP_HPP
