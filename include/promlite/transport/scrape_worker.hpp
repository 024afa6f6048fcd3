// promlite: the thread that collects where a collector may hang.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_SCRAPE_WORKER_HPP
#define PROMLITE_TRANSPORT_SCRAPE_WORKER_HPP

#include <promlite/config.hpp>
#include <promlite/transport/body_pool.hpp>
#include <promlite/transport/instant.hpp>
#include <promlite/transport/scrape_source.hpp>
#include <promlite/transport/socket.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// One collection at a time, handed over and back by two threads. `phase_` says whose the job is: the
/// server's when idle or done, the worker's when wanted; each hands it over with a release that the other one
/// acquires.
class ScrapeWorker {
 public:
  ScrapeWorker(std::shared_ptr<ScrapeSource> source, Event& done) noexcept
      : source_(std::move(source)), done_(&done) {}

  /// Why it cannot work, or 0.
  int error() const noexcept { return wanted_.error(); }

  // The server's side.

  /// True from start() until the result has been taken.
  bool is_busy() const noexcept { return phase_.load(std::memory_order_relaxed) != Phase::idle; }
  /// What is being collected, while is_busy().
  const ScrapeKey& key() const noexcept { return key_; }

  void start(ScrapeKey key, Instant deadline, std::unique_ptr<Body> body) noexcept {
    key_ = std::move(key);
    deadline_ = deadline;
    body_ = std::move(body);
    phase_.store(Phase::wanted, std::memory_order_release);  // the worker sees what stands above
    wanted_.signal();
  }

  /// Takes the result of a finished collection; `failed` when there was an exception.
  bool take(std::unique_ptr<Body>& body, bool& failed) noexcept {
    if (phase_.load(std::memory_order_acquire) != Phase::done) return false;  // pairs with run()'s release
    body = std::move(body_);
    failed = failed_;
    phase_.store(Phase::idle, std::memory_order_relaxed);
    return true;
  }

  /// Makes run() return, after the collection that is running.
  void stop() noexcept {
    stopping_.store(true, std::memory_order_release);  // pairs with run()
    wanted_.signal();
  }

  // The worker's side.

  void run() noexcept {
    for (;;) {
      wanted_.wait_until(never);
      if (stopping_.load(std::memory_order_acquire)) return;                  // pairs with stop()
      if (phase_.load(std::memory_order_acquire) != Phase::wanted) continue;  // pairs with start()
      failed_ = true;
      PROMLITE_TRY {
        body_->compressed = source_->render(key_, deadline_, body_->bytes);
        failed_ = false;
      }
      PROMLITE_CATCH_ALL {}
      phase_.store(Phase::done, std::memory_order_release);  // the server sees body_ and failed_
      done_->signal();
    }
  }

 private:
  enum class Phase : unsigned char { idle, wanted, done };

  std::shared_ptr<ScrapeSource> source_;
  Event* done_;
  Event wanted_;
  std::atomic<Phase> phase_{Phase::idle};
  std::atomic<bool> stopping_{false};
  ScrapeKey key_;
  Instant deadline_ = never;
  std::unique_ptr<Body> body_;
  bool failed_ = false;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_SCRAPE_WORKER_HPP
