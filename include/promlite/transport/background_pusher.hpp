// promlite: pushing on a schedule, for long jobs that no scrape can reach.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_BACKGROUND_PUSHER_HPP
#define PROMLITE_TRANSPORT_BACKGROUND_PUSHER_HPP

#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/gatherer.hpp>
#include <promlite/registry_group.hpp>
#include <promlite/transport/backoff.hpp>
#include <promlite/transport/limit.hpp>
#include <promlite/transport/push_result.hpp>
#include <promlite/transport/pushgateway.hpp>
#include <promlite/transport/socket.hpp>
#include <promlite/transport/thread.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {

/// Options of a BackgroundPusher.
struct BackgroundPushOptions {
  /// From the end of a push to the beginning of the next; 10 ms to a day.
  std::chrono::milliseconds interval{15'000};
  /// How much of the interval is at random, 0 to 1: 0.1 means from 90 % to 110 % of it, and that the first
  /// push comes within a tenth of it. So the machines of a fleet that start together do not push together.
  double jitter = 0.1;
  /// What the end may take, together with the last push; 1 ms to a day.
  std::chrono::milliseconds final_timeout{5'000};
  /// Removes the group at the end instead of pushing once more.
  bool remove_at_end = false;
  /// Is called with what became of each push, on the pushing thread. What it throws is swallowed.
  PushCallback on_push;
};

namespace detail {

/// What the pushing thread shares with its owner. It keeps it alive: an owner does not wait for ever.
class PusherState {
 public:
  PusherState(Pushgateway gateway, std::shared_ptr<RegistryGroup> metrics, BackgroundPushOptions options)
      : gateway_(std::move(gateway)), metrics_(std::move(metrics)), options_(std::move(options)) {}

  std::string problem() const;
  void run() noexcept;

  /// Makes run() return by the deadline, unless a collector keeps it.
  void stop(Instant deadline) noexcept {
    deadline_ = deadline;
    stopping_.store(true, std::memory_order_release);  // run() sees the deadline
    wake_.signal();
  }
  /// True when run() has returned; waits for it until the deadline.
  bool wait_until(Instant deadline) noexcept {
    while (!finished_.load(std::memory_order_acquire)) {  // pairs with run(): last() may be read
      if (!end_.wait_until(deadline)) return finished_.load(std::memory_order_acquire);  // as above
    }
    return true;
  }
  /// Of the last push, when run() has returned.
  const PushResult& last() const noexcept { return last_; }
  Instant final_timeout() const noexcept { return options_.final_timeout.count(); }
  std::uint64_t pushes() const noexcept { return pushes_.load(std::memory_order_relaxed); }
  std::uint64_t failures() const noexcept { return failures_.load(std::memory_order_relaxed); }

 private:
  bool stopping() const noexcept { return stopping_.load(std::memory_order_acquire); }  // pairs with stop()
  void push_until_stopped();
  void report(PushResult result) noexcept;

  Pushgateway gateway_;
  std::shared_ptr<RegistryGroup> metrics_;
  BackgroundPushOptions options_;
  Event wake_;  // never drained: from the first signal on it ends every wait
  Event end_;
  Instant deadline_ = never;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> finished_{false};
  std::atomic<std::uint64_t> pushes_{0};
  std::atomic<std::uint64_t> failures_{0};
  PushResult last_;
};

/// Pushes within a limit that the caller sets, beside the gateway's own.
class PushAccess {
 public:
  static PushResult push(const Pushgateway& gateway, RegistryGroup& metrics, const Limit& limit) {
    return gateway.send(gateway.method_, metrics, {}, limit);
  }
  static PushResult remove(const Pushgateway& gateway, const Limit& limit) { return gateway.remove(limit); }
  static PushResult failure(std::string message) {
    PushResult result;
    result.message_ = std::move(message);
    return result;
  }
};

PROMLITE_COLD inline std::string PusherState::problem() const {
  const auto in_range = [](std::chrono::milliseconds time, int least) {
    return time >= std::chrono::milliseconds(least) && time <= std::chrono::hours(24);
  };
  if (!gateway_.problem().empty()) return gateway_.problem();
  if (!in_range(options_.interval, 10)) return "the interval is not between 10 milliseconds and a day";
  if (!(options_.jitter >= 0 && options_.jitter <= 1)) return "the jitter is not between 0 and 1";
  if (!in_range(options_.final_timeout, 1)) return "the final timeout is not between a millisecond and a day";
  const int error = wake_.error() != 0 ? wake_.error() : end_.error();
  return error == 0 ? std::string() : errno_text(error);
}

PROMLITE_COLD inline void PusherState::run() noexcept {
  PROMLITE_TRY {
    push_until_stopped();
    const Limit limit{deadline_, -1};
    report(options_.remove_at_end ? PushAccess::remove(gateway_, limit)
                                  : PushAccess::push(gateway_, *metrics_, limit));
  }
  PROMLITE_CATCH_ALL {}
  finished_.store(true, std::memory_order_release);  // the owner may read last_
  end_.signal();
}

// One at a time, and the pause begins when a push has ended: a slow gateway is not given more to do.
PROMLITE_COLD inline void PusherState::push_until_stopped() {
  const Instant interval = options_.interval.count();
  const auto spread = static_cast<Instant>(static_cast<double>(interval) * options_.jitter);
  Jitter jitter;
  Instant next = now() + jitter.between(0, spread);
  for (;;) {
    wait_ready(wake_.descriptor(), POLLIN, {next, -1});
    if (stopping()) return;
    PushResult result = PushAccess::push(gateway_, *metrics_, {never, wake_.descriptor()});
    // One that was cut short is not a failure: the last one comes at once.
    if (stopping()) return;
    report(std::move(result));
    next = now() + jitter.between(interval - spread, interval + spread);
  }
}

PROMLITE_COLD inline void PusherState::report(PushResult result) noexcept {
  last_ = std::move(result);
  pushes_.fetch_add(1, std::memory_order_relaxed);
  if (!last_) failures_.fetch_add(1, std::memory_order_relaxed);
  PROMLITE_TRY { options_.on_push(last_); }
  PROMLITE_CATCH_ALL {}
}

}  // namespace detail

/// Pushes metrics to a gateway again and again, with Pushgateway::push(), on a thread of its own, from
/// construction to stop() or destruction, which pushes once more. A push that fails is told, and the next one
/// comes in its time.
///
/// The thread is called `promlite-push` and runs no signal handler of the program. The metrics' owner may go
/// first. After a fork the parent alone pushes. Not thread safe, but for pushes() and failures().
class BackgroundPusher {
 public:
  /// Throws Error naming the job and the reason.
  PROMLITE_COLD BackgroundPusher(const Pushgateway& gateway, Gatherer& metrics,
                                 const BackgroundPushOptions& options = {}) {
    const std::string reason = launch(gateway, metrics, options);
    if (!reason.empty()) detail::fail(reason);
  }
  /// As the constructor, but returns the reason instead of throwing Error.
  PROMLITE_COLD static Expected<BackgroundPusher> start(const Pushgateway& gateway, Gatherer& metrics,
                                                        const BackgroundPushOptions& options = {}) {
    BackgroundPusher pusher;
    std::string reason = pusher.launch(gateway, metrics, options);
    if (!reason.empty()) return Expected<BackgroundPusher>::failure(std::move(reason));
    return pusher;
  }

  /// Moving leaves one that has been stopped.
  BackgroundPusher(BackgroundPusher&& other) noexcept { swap(other); }
  BackgroundPusher& operator=(BackgroundPusher&& other) noexcept {
    BackgroundPusher taken(std::move(other));
    swap(taken);
    return *this;
  }
  /// Stops.
  ~BackgroundPusher() { (void)stop(); }

  /// How many pushes have ended, and how many of them failed.
  std::uint64_t pushes() const noexcept { return state_ ? state_->pushes() : 0; }
  std::uint64_t failures() const noexcept { return state_ ? state_->failures() : 0; }

  /// Ends what is being sent, pushes once more or removes the group, and says what became of that. Takes no
  /// longer than the final timeout; a collector that hangs keeps the thread until it returns, and touches
  /// nothing that is destroyed here. The second time it only says again what became of it.
  PushResult stop();

 private:
  BackgroundPusher() = default;
  void swap(BackgroundPusher& other) noexcept {
    std::swap(state_, other.state_);
    std::swap(thread_, other.thread_);
    std::swap(process_, other.process_);
  }
  std::string launch(const Pushgateway& gateway, Gatherer& metrics, const BackgroundPushOptions& options);

  std::shared_ptr<detail::PusherState> state_;
  detail::Thread thread_;
  pid_t process_ = 0;
};

PROMLITE_COLD inline std::string BackgroundPusher::launch(const Pushgateway& gateway, Gatherer& metrics,
                                                          const BackgroundPushOptions& options) {
  std::string reason;
  PROMLITE_TRY {
    process_ = ::getpid();
    state_ = std::make_shared<detail::PusherState>(gateway, metrics.share(), options);
    reason = state_->problem();
    if (reason.empty()) {
      const int error = thread_.start<detail::PusherState>([](detail::PusherState& state) { state.run(); },
                                                           state_, "promlite-push");
      if (error != 0) reason = detail::errno_text(error);
    }
  }
  PROMLITE_CATCH_ALL { reason = "out of memory"; }
  if (reason.empty()) return reason;
  state_.reset();
  return detail::message_of("cannot push job \"", detail::quote_words(gateway.job()), "\": ", reason);
}

PROMLITE_COLD inline PushResult BackgroundPusher::stop() {
  if (!state_) return detail::PushAccess::failure("nothing is being pushed");
  if (process_ != ::getpid()) {
    thread_.forget();  // it is the parent's
    return detail::PushAccess::failure("the process that pushes is another one");
  }
  if (thread_.runs()) {
    const detail::Instant deadline = detail::now() + state_->final_timeout();
    state_->stop(deadline);
    // The last push gives up at the deadline; hearing of that takes a moment.
    if (state_->wait_until(deadline + 25)) {
      thread_.join();
    } else {
      thread_.detach();
    }
  }
  if (state_->wait_until(0)) return state_->last();
  return detail::PushAccess::failure("the last push did not end in time, as when a collector hangs");
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_BACKGROUND_PUSHER_HPP
