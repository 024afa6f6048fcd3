// promlite: what a fork finds whole, and what its child finds free.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_DETAIL_FORK_GUARD_HPP
#define PROMLITE_DETAIL_FORK_GUARD_HPP

#include <promlite/config.hpp>
#include <promlite/detail/thread_slot.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
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
/// take longer than a second all the same, the fork goes on.
///
/// Constant initialised and trivially destroyed: it works before main() and after it.
class ForkGuard {
 public:
  void begin_step() noexcept {
    if (steps_of_this_thread_++ != 0) return;
    pthread_mutex_lock(&mutex_);
    while (waiting_) {
      pthread_mutex_unlock(&mutex_);
      sched_yield();
      pthread_mutex_lock(&mutex_);
    }
    ++steps_;
    pthread_mutex_unlock(&mutex_);
  }
  void end_step() noexcept {
    if (--steps_of_this_thread_ != 0) return;
    pthread_mutex_lock(&mutex_);
    --steps_;
    pthread_mutex_unlock(&mutex_);
  }

  PROMLITE_COLD void add(UserCodeLock& lock) noexcept {
    pthread_mutex_lock(&mutex_);
    if (!watching_) watching_ = pthread_atfork(&before_fork, &in_parent, &in_child) == 0;
    lock.next_ = first_;
    lock.place_ = &first_;
    if (first_ != nullptr) first_->place_ = &lock.next_;
    first_ = &lock;
    pthread_mutex_unlock(&mutex_);
  }
  PROMLITE_COLD void remove(UserCodeLock& lock) noexcept {
    pthread_mutex_lock(&mutex_);
    *lock.place_ = lock.next_;
    if (lock.next_ != nullptr) lock.next_->place_ = lock.place_;
    pthread_mutex_unlock(&mutex_);
  }

 private:
  static void before_fork() noexcept;
  static void in_parent() noexcept;
  static void in_child() noexcept;

  /// Steps of others; a fork from within a step is that thread's own affair.
  bool others_are_within() const noexcept { return steps_ != own_steps(); }
  static std::size_t own_steps() noexcept { return steps_of_this_thread_ != 0 ? 1 : 0; }

  static inline thread_local std::size_t steps_of_this_thread_ = 0;
  static inline thread_local bool held_by_this_thread_ = false;

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;  // guards what follows; held during a fork
  std::size_t steps_ = 0;                              // threads within one
  bool waiting_ = false;                               // a fork waits for their end
  bool watching_ = false;
  UserCodeLock* first_ = nullptr;
};

inline ForkGuard fork_guard;

PROMLITE_COLD inline void ForkGuard::before_fork() noexcept {
  ForkGuard& guard = fork_guard;
  const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  bool asked = false;
  do {
    // A signal handler may fork in the middle of begin_step(): this never waits for the thread's own lock.
    if (pthread_mutex_trylock(&guard.mutex_) == 0) {
      held_by_this_thread_ = !guard.others_are_within();
      if (held_by_this_thread_) return;
      asked = guard.waiting_ = true;
      pthread_mutex_unlock(&guard.mutex_);
    }
    sched_yield();
  } while (std::chrono::steady_clock::now() < latest);
  if (!asked) return;
  pthread_mutex_lock(&guard.mutex_);
  guard.waiting_ = false;
  pthread_mutex_unlock(&guard.mutex_);
}

PROMLITE_COLD inline void ForkGuard::in_parent() noexcept {
  if (!held_by_this_thread_) return;
  held_by_this_thread_ = false;
  fork_guard.waiting_ = false;
  pthread_mutex_unlock(&fork_guard.mutex_);
}

PROMLITE_COLD inline void ForkGuard::in_child() noexcept {
  ForkGuard& guard = fork_guard;
  if (held_by_this_thread_) {
    held_by_this_thread_ = false;
    pthread_mutex_unlock(&guard.mutex_);
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
