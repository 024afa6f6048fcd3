// promlite: a collector's or callback's stay in a registry.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_MEMBERSHIP_HPP
#define PROMLITE_MEMBERSHIP_HPP

#include <promlite/config.hpp>
#include <promlite/detail/thread_slot.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// What a thread can be told from another by, without <thread>.
inline const void* this_thread() noexcept { return &thread_slot; }

/// Lets calls of user code through until it is closed; closing waits for a call that runs, unless that call
/// is the one that closes.
class CallGate {
 public:
  /// Calls `call()` and returns true, or returns false when the gate is closed. Passes on what `call` throws.
  template <class Call>
  bool pass(Call&& call) {
    // One scrape at a time comes here, so the mutex is free unless the gate is being closed. That no thread
    // waits for it with other locks held lets a call scrape another registry, in whatever groups the two are.
    std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock() && !closed()) lock.lock();
    if (closed()) return false;
    const Runner mark(runner_);
    call();
    return true;
  }

  void close() noexcept {
    // release: what the closing thread did before is seen by whoever sees the gate closed.
    closed_.store(true, std::memory_order_release);
    if (runner_.load(std::memory_order_relaxed) == this_thread()) return;
    const std::lock_guard<std::mutex> wait(mutex_);
  }

  bool closed() const noexcept {
    // acquire: pairs with close().
    return closed_.load(std::memory_order_acquire);
  }

 private:
  // Only the running thread can find its own mark here, so relaxed accesses are enough.
  struct Runner {
    explicit Runner(std::atomic<const void*>& place) noexcept : runner(place) {
      runner.store(this_thread(), std::memory_order_relaxed);
    }
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;
    ~Runner() { runner.store(nullptr, std::memory_order_relaxed); }
    std::atomic<const void*>& runner;
  };

  std::mutex mutex_;
  std::atomic<bool> closed_{false};
  std::atomic<const void*> runner_{nullptr};
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
