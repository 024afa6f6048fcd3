// promlite: who asks: passwords compared with bcrypt hashes, on a thread of their own.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_PASSWORD_HPP
#define PROMLITE_EXPORTER_PASSWORD_HPP

#include <promlite/config.hpp>
#include <promlite/exporter/bcrypt.hpp>
#include <promlite/transport/authorization.hpp>
#include <promlite/transport/socket.hpp>
#include <promlite/transport/thread.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// The users of one web configuration. A password that was found right is held as it came, one for each user,
/// and compared in constant time: a keyed hash in its place could take one password for another, and would
/// hide nothing from who reads the process's memory, where each request brings the password again. A wrong
/// one leaves nothing behind. Thread safe.
class PasswordTable {
 public:
  /// `hashes`: the bcrypt hash of each user.
  PROMLITE_COLD explicit PasswordTable(const std::map<std::string, std::string>& hashes) {
    for (const auto& [user, hash] : hashes) {
      users_[user].hash = hash;
      if (decoy_.substr(0, bcrypt_cost_end) < hash.substr(0, bcrypt_cost_end)) decoy_ = decoy_of(hash);
    }
  }

  bool empty() const noexcept { return users_.empty(); }

  /// Whether check() has found this password right. Takes a microsecond.
  bool knows(std::string_view user, std::string_view password) const {
    const auto found = users_.find(user);
    const std::lock_guard<std::mutex> lock(mutex_);
    const bool has_one = found != users_.end() && found->second.password;
    const std::string_view secret = has_one ? std::string_view(*found->second.password) : std::string_view();
    return equals_in_constant_time(password, secret) && has_one;
  }

  /// Whether this is the user's password. Takes as long as bcrypt does with the user's hash, unless the
  /// answer is known; for an unknown user as with the dearest hash that there is. Throws std::bad_alloc.
  PROMLITE_COLD bool check(const std::string& user, const std::string& password) {
    if (knows(user, password)) return true;
    const auto found = users_.find(user);
    const bool matches = bcrypt_matches(password, found == users_.end() ? decoy_ : found->second.hash);
    if (!matches || found == users_.end()) return false;
    const std::lock_guard<std::mutex> lock(mutex_);
    found->second.password = password;
    return true;
  }

 private:
  struct User {
    std::string hash;
    std::optional<std::string> password;
  };

  mutable std::mutex mutex_;  // for `password`; all else is made once
  std::map<std::string, User, std::less<>> users_;
  std::string decoy_;
};

enum class PasswordVerdict : unsigned char { pending, right, wrong, failed };

/// Whether a password is a user's, asked by one thread and answered by another.
class PasswordQuestion {
 public:
  /// `wake` is signalled when there is an answer.
  PasswordQuestion(std::shared_ptr<PasswordTable> table, std::string user, std::string password,
                   std::shared_ptr<Event> wake) noexcept
      : table_(std::move(table)),
        user_(std::move(user)),
        password_(std::move(password)),
        wake_(std::move(wake)) {}

  PasswordVerdict verdict() const noexcept {
    return verdict_.load(std::memory_order_acquire);  // pairs with answer()
  }

  PROMLITE_COLD void answer() noexcept {
    PasswordVerdict verdict = PasswordVerdict::failed;
    PROMLITE_TRY {
      verdict = table_->check(user_, password_) ? PasswordVerdict::right : PasswordVerdict::wrong;
    }
    PROMLITE_CATCH_ALL {}
    verdict_.store(verdict, std::memory_order_release);  // who sees the answer sees what the table knows now
    wake_->signal();
  }

 private:
  std::shared_ptr<PasswordTable> table_;
  std::string user_;
  std::string password_;
  std::shared_ptr<Event> wake_;
  std::atomic<PasswordVerdict> verdict_{PasswordVerdict::pending};
};

/// The questions that wait for the thread, in the order they came. One that nobody holds any more is left
/// out.
class PasswordQueue {
 public:
  /// How many may wait: with a hash of cost 10, a second.
  static constexpr std::size_t most_waiting = 16;

  /// False when too many are waiting. Throws std::bad_alloc.
  PROMLITE_COLD bool add(const std::shared_ptr<PasswordQuestion>& question) {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(),
                                  [](const std::weak_ptr<PasswordQuestion>& each) { return each.expired(); }),
                   waiting_.end());
    if (waiting_.size() >= most_waiting) return false;
    waiting_.push_back(question);
    changed_.notify_one();
    return true;
  }

  /// Answers one after the other, until stop().
  PROMLITE_COLD void run() noexcept {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      const std::shared_ptr<PasswordQuestion> question = waiting_.front().lock();
      waiting_.pop_front();
      if (!question) continue;
      answering_ = true;
      lock.unlock();
      question->answer();
      lock.lock();
      answering_ = false;
    }
  }

  /// Makes run() return; true when it does so at once, false when it has an answer to finish before.
  PROMLITE_COLD bool stop() noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
    return !answering_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::weak_ptr<PasswordQuestion>> waiting_;
  bool stopping_ = false;
  bool answering_ = false;
};

/// Answers questions on a thread of its own, which starts with the first one: bcrypt is slow by design, and a
/// server's thread must not wait for it. A single thread, so that passwords never take more than one
/// processor, whoever sends how many.
class PasswordChecker {
 public:
  PasswordChecker() : queue_(std::make_shared<PasswordQueue>()) {}
  PasswordChecker(const PasswordChecker&) = delete;
  PasswordChecker& operator=(const PasswordChecker&) = delete;
  /// Waits for nothing: a thread that is inside bcrypt is left behind, holds a share of what it uses, and
  /// ends after that.
  ~PasswordChecker() {
    if (process_ != ::getpid()) {
      thread_.forget();  // a child of fork: the thread is the parent's, and may have held the lock
    } else if (!thread_.runs() || queue_->stop()) {
      thread_.join();
    } else {
      thread_.detach();
    }
  }

  /// Has the question answered as long as the caller holds it. False when too many are waiting already, or
  /// when there can be no thread. Throws std::bad_alloc. Thread safe.
  PROMLITE_COLD bool ask(const std::shared_ptr<PasswordQuestion>& question) {
    {
      const std::lock_guard<std::mutex> lock(starting_);
      const auto answer_all = [](PasswordQueue& queue) { queue.run(); };
      if (!thread_.runs() && thread_.start<PasswordQueue>(answer_all, queue_, "promlite-passwd") != 0) {
        return false;
      }
    }
    return queue_->add(question);
  }

 private:
  std::shared_ptr<PasswordQueue> queue_;
  std::mutex starting_;  // for `thread_`
  Thread thread_;
  pid_t process_ = ::getpid();
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_PASSWORD_HPP
