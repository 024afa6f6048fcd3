// promlite: the system's bcrypt behind a gate. For one file of a program: it has its own crypt_r.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_BCRYPT_GATE_HPP
#define PROMLITE_TESTS_SUPPORT_BCRYPT_GATE_HPP

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <crypt.h>
#include <pthread.h>

#include "support/catch.hpp"

namespace test {

// What bcrypt was asked, and whether it answers yet.
class Gate {
 public:
  void shut() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = false;
    asked_.clear();
  }
  void open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass(const std::string& password, const std::string& setting) {
    std::unique_lock<std::mutex> lock(mutex_);
    asked_.push_back(setting.substr(0, 7) + " " + password);
    char name[16] = "";
    pthread_getname_np(pthread_self(), name, sizeof name);
    thread_ = name;
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGALRM, SIGCHLD, SIGUSR1}) {
      if (sigismember(&blocked, signal) != 1) thread_ += " handles signals";
    }
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void await(std::size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    REQUIRE(changed_.wait_until(lock, std::chrono::system_clock::now() + std::chrono::seconds(10),
                                [&] { return asked_.size() >= count; }));
  }
  std::vector<std::string> take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(asked_, {});
  }
  /// The name of the thread that asked last, and whether it handles signals.
  std::string thread() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return thread_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> asked_;
  std::string thread_;
  bool open_ = true;
};

// Never destroyed: a thread that was left behind may still be in it.
inline Gate& gate() {
  static Gate& gate = *new Gate;
  return gate;
}

}  // namespace test

extern "C" char* crypt_r(const char* password, const char* setting, crypt_data* data) noexcept {
  test::gate().pass(password, setting);
  return crypt_rn(password, setting, data, sizeof *data);
}

#endif  // PROMLITE_TESTS_SUPPORT_BCRYPT_GATE_HPP
