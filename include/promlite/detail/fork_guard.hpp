// promlite: what a fork finds whole, and what its child finds free.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_FORK_GUARD_HPP
#define PROMLITE_DETAIL_FORK_GUARD_HPP

#include <promlite/config.hpp>
#include <promlite/detail/thread_slot.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <memory>
#include <mutex>
#include <new>

#if defined(__has_include)
#if __has_include(<pthread.h>) && __has_include(<unistd.h>)
#include <pthread.h>
#include <sched.h>
#define PROMLITE_HAS_FORK 1
#endif
#endif
#if !defined(PROMLITE_HAS_FORK)
#define PROMLITE_HAS_FORK 0
#endif

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// A lock that is held while user code runs, for as long as that likes, so that a fork cannot wait for it. In
/// the child it is free, unless the forking thread itself runs that code.
class UserCodeLock {
 public:
  UserCodeLock();
  UserCodeLock(const UserCodeLock&) = delete;
  UserCodeLock& operator=(const UserCodeLock&) = delete;
  ~UserCodeLock();

  void lock() { mutex_->lock(); }
  bool try_lock() { return mutex_->try_lock(); }
  void unlock() { mutex_->unlock(); }

  /// By who holds the lock: this thread runs user code from here on, or (false) until here.
  void mark(bool runs) noexcept { user_.store(runs ? this_thread() : nullptr, std::memory_order_relaxed); }
  /// Only a thread itself finds its own mark, so relaxed accesses are enough.
  bool marked_by_this_thread() const noexcept {
    return user_.load(std::memory_order_relaxed) == this_thread();
  }

 private:
  friend class ForkGuard;

  // In the child, where one thread runs. Without memory the lock stays as it is.
  PROMLITE_COLD void free_of_the_lost() noexcept {
    if (marked_by_this_thread()) return;
    user_.store(nullptr, std::memory_order_relaxed);
    if (mutex_->try_lock()) return mutex_->unlock();
    // Whoever holds it is not here to give it back, and destroying what is held is not allowed.
    if (auto* const fresh = new (std::nothrow) std::mutex()) {
      static_cast<void>(mutex_.release());
      mutex_.reset(fresh);
    }
  }

  std::unique_ptr<std::mutex> mutex_;
  std::atomic<const void*> user_{nullptr};
  UserCodeLock* next_ = nullptr;  // of all of them
  UserCodeLock** place_ = nullptr;
};

#if PROMLITE_HAS_FORK

/// Lets a fork happen between those steps of all threads that leave something divided until they are done: a
/// list half changed, a lock held for a moment. The child, which has but one of the threads, could neither
/// finish them nor get the lock. No user code runs within a step, so a fork does not wait long; should a step
/// take longer than ten seconds all the same, the fork goes on.
///
/// Constant initialised and trivially destroyed: it works before main() and after it.
class ForkGuard {
 public:
  void begin_step() noexcept {
    if (steps_of_this_thread_ != 0) {
      ++steps_of_this_thread_;
      return;
    }
    lock();
    while (waiting_) {
      unlock();
      step_aside();
      lock();
    }
    ++steps_;
    steps_of_this_thread_ = 1;
    unlock();
  }
  void end_step() noexcept {
    if (steps_of_this_thread_ != 1) {
      --steps_of_this_thread_;
      return;
    }
    lock();
    --steps_;
    steps_of_this_thread_ = 0;
    unlock();
  }

  PROMLITE_COLD void add(UserCodeLock& added) noexcept {
    lock();
    if (!watching_) watching_ = pthread_atfork(&before_fork, &in_parent, &in_child) == 0;
    added.next_ = first_;
    added.place_ = &first_;
    if (first_ != nullptr) first_->place_ = &added.next_;
    first_ = &added;
    unlock();
  }
  PROMLITE_COLD void remove(UserCodeLock& removed) noexcept {
    lock();
    *removed.place_ = removed.next_;
    if (removed.next_ != nullptr) removed.next_->place_ = removed.place_;
    unlock();
  }

 private:
  static void before_fork() noexcept;
  static void in_parent() noexcept;
  static void in_child() noexcept;

  void lock() noexcept {
    in_mutex_ = true;
    pthread_mutex_lock(&mutex_);
  }
  void unlock() noexcept {
    pthread_mutex_unlock(&mutex_);
    in_mutex_ = false;
  }
  /// Leaves the processor to those within a step: on a busy one, who only yields keeps it from them.
  static void step_aside() noexcept {
    const int error = errno;  // which a signal during the sleep would change
    const timespec moment{0, 50'000};
    nanosleep(&moment, nullptr);
    errno = error;
  }

  /// Steps of others; a fork from within a step is that thread's own affair.
  bool others_are_within() const noexcept { return steps_ != own_steps(); }
  static std::size_t own_steps() noexcept { return steps_of_this_thread_ != 0 ? 1 : 0; }

  static inline thread_local std::size_t steps_of_this_thread_ = 0;
  static inline thread_local bool held_by_this_thread_ = false;
  /// This thread has the mutex, or is about to: a signal handler that finds this may not wait for it.
  static inline thread_local volatile bool in_mutex_ = false;

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;  // guards what follows; held during a fork
  std::size_t steps_ = 0;                              // threads within one
  bool waiting_ = false;                               // a fork waits for their end
  bool watching_ = false;
  UserCodeLock* first_ = nullptr;
};

inline ForkGuard fork_guard;

PROMLITE_COLD inline void ForkGuard::before_fork() noexcept {
  ForkGuard& guard = fork_guard;
  if (in_mutex_) return;  // a signal handler forks in the middle of begin_step() or end_step()
  const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  guard.lock();
  for (int tries = 0; guard.others_are_within(); ++tries) {
    const bool in_time = std::chrono::steady_clock::now() < latest;
    guard.waiting_ = in_time;
    guard.unlock();
    if (!in_time) return;
    if (tries < 16) {
      sched_yield();
    } else {
      step_aside();
    }
    guard.lock();
  }
  held_by_this_thread_ = true;
}

PROMLITE_COLD inline void ForkGuard::in_parent() noexcept {
  if (!held_by_this_thread_) return;
  held_by_this_thread_ = false;
  fork_guard.waiting_ = false;
  fork_guard.unlock();
}

PROMLITE_COLD inline void ForkGuard::in_child() noexcept {
  ForkGuard& guard = fork_guard;
  if (held_by_this_thread_) {
    held_by_this_thread_ = false;
    guard.unlock();
  } else {
    const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;
    guard.mutex_ = fresh;
  }
  guard.waiting_ = false;
  guard.steps_ = own_steps();
  for (UserCodeLock* lock = guard.first_; lock != nullptr; lock = lock->next_) lock->free_of_the_lost();
}

/// A step that no fork divides, while this lives. Nothing in it may run user code or wait for a thread that
/// is not within a step. Steps may be nested.
class Undivided {
 public:
  Undivided() noexcept { fork_guard.begin_step(); }
  Undivided(const Undivided&) = delete;
  Undivided& operator=(const Undivided&) = delete;
  ~Undivided() { fork_guard.end_step(); }
};

inline UserCodeLock::UserCodeLock() : mutex_(std::make_unique<std::mutex>()) { fork_guard.add(*this); }
inline UserCodeLock::~UserCodeLock() { fork_guard.remove(*this); }

#else

class Undivided {
 public:
  Undivided() noexcept {}
  Undivided(const Undivided&) = delete;
  Undivided& operator=(const Undivided&) = delete;
};

inline UserCodeLock::UserCodeLock() : mutex_(std::make_unique<std::mutex>()) {}
inline UserCodeLock::~UserCodeLock() = default;

#endif

/// Holds a mutex for a step that no fork divides.
class UndividedLock {
 public:
  explicit UndividedLock(std::mutex& mutex) : lock_(mutex) {}

 private:
  const Undivided step_;  // before the lock is taken: who holds it is within a step
  const std::lock_guard<std::mutex> lock_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_DETAIL_FORK_GUARD_HPP
