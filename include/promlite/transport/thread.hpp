// promlite: a thread that leaves the program's signals alone and that can be left behind.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_THREAD_HPP
#define PROMLITE_TRANSPORT_THREAD_HPP

#include <promlite/config.hpp>

#include <csignal>
#include <memory>
#include <utility>

#include <pthread.h>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// Owns a thread that shares its state with its owner, so that either may go first. Unlike std::thread it
/// reports a failure to start as a value, without exceptions, and its thread runs no signal handler of the
/// program. join() or detach() must be called before it goes.
class Thread {
 public:
  Thread() = default;
  Thread(Thread&& other) noexcept : id_(other.id_), runs_(std::exchange(other.runs_, false)) {}
  Thread& operator=(Thread&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(runs_, other.runs_);
    return *this;
  }

  /// Runs `body(*state)` on a new thread; the errno, or 0. `name`, of at most 15 characters, is what ps and
  /// debuggers show. Throws std::bad_alloc.
  template <class State>
  PROMLITE_COLD int start(void (*body)(State&), std::shared_ptr<State> state, const char* name = nullptr) {
    auto task = std::make_unique<Task<State>>(Task<State>{body, std::move(state)});
    // A new thread inherits the mask: a handler that interrupts a library's thread would surprise both. The
    // signals that a fault of this very thread raises stay as they are.
    sigset_t blocked;
    sigset_t before;
    sigfillset(&blocked);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF}) {
      sigdelset(&blocked, fault);
    }
    if (const int refused = pthread_sigmask(SIG_SETMASK, &blocked, &before)) return refused;
    const int error = pthread_create(&id_, nullptr, &run<State>, task.get());
    // A mask that is left as it is would leave the program without its signals.
    for (int tries = 0; tries < 100 && pthread_sigmask(SIG_SETMASK, &before, nullptr) != 0; ++tries) {
    }
    if (error == 0) {
      if (name != nullptr) pthread_setname_np(id_, name);
      (void)task.release();
      runs_ = true;
    }
    return error;
  }

  bool runs() const noexcept { return runs_; }
  void join() noexcept {
    if (std::exchange(runs_, false)) pthread_join(id_, nullptr);
  }
  void detach() noexcept {
    if (std::exchange(runs_, false)) pthread_detach(id_);
  }
  /// In the child of a fork, which has no such thread.
  void forget() noexcept { runs_ = false; }

 private:
  template <class State>
  struct Task {
    void (*body)(State&);
    std::shared_ptr<State> state;
  };

  template <class State>
  static void* run(void* argument) {
    const std::unique_ptr<Task<State>> task(static_cast<Task<State>*>(argument));
    task->body(*task->state);
    return nullptr;
  }

  pthread_t id_{};
  bool runs_ = false;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_THREAD_HPP
