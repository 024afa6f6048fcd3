// promlite: the thread that runs one collector of a group.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_COLLECTOR_WORKER_HPP
#define PROMLITE_EXPORTER_COLLECTOR_WORKER_HPP

#include <promlite/clock.hpp>
#include <promlite/collector.hpp>
#include <promlite/config.hpp>
#include <promlite/exporter/cached_collector.hpp>
#include <promlite/exporter/collection.hpp>
#include <promlite/exporter/recording.hpp>
#include <promlite/transport/thread.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

/// How a collector of a group is run.
struct CollectorOptions {
  /// For programs with a flag for each collector: whether it runs without its flag. A group runs whatever is
  /// added to it.
  bool enabled = true;
  /// The most that it may take; 0: what the scrape has.
  std::chrono::nanoseconds timeout{0};
  /// How old its values may be and still be shown; 0: none is shown twice.
  std::chrono::nanoseconds cache_for{0};
  /// For a cached one: what is shown when it fails.
  OnFailure on_failure = OnFailure::drop;
};

namespace detail {

/// What became of a collector in one collection.
struct CollectorResult {
  bool success = false;
  double seconds = 0;
  AgedValues shown;
  std::string reason;  ///< of a failure
};

/// One run of a group's collectors, which scrapes that come meanwhile share. A job is settled when its
/// collector is done or its deadline has come; then its result does not change any more.
struct Collection {
  struct Job {
    std::chrono::steady_clock::time_point deadline;
    std::chrono::steady_clock::time_point limit;  ///< by the collector's own timeout
    bool settled = false;
    CollectorResult result;
  };

  explicit Collection(std::size_t collectors) : jobs(collectors), pending(collectors) {}

  void settle(std::size_t index, CollectorResult&& result) noexcept {
    jobs[index].result = std::move(result);
    jobs[index].settled = true;
    --pending;
  }

  std::vector<Job> jobs;
  std::size_t pending;
  bool told = false;  ///< to the log
};

/// What a group and its threads have in common, for as long as one of them is there.
struct CollectorBoard {
  std::mutex mutex;  ///< guards the workers and the collections; not held while a collector runs
  std::condition_variable changed;
};

/// A collector and its thread, which hold on to this when the group goes while the collector hangs. All
/// members are called under the board's mutex.
class CollectorWorker {
 public:
  CollectorWorker(std::string name, std::unique_ptr<Collector> collector, const CollectorOptions& options,
                  const Clock& clock, std::shared_ptr<CollectorBoard> board)
      : name_(std::move(name)),
        options_(options),
        clock_(clock),
        board_(std::move(board)),
        collector_(std::move(collector)) {
    if (options.cache_for.count() > 0) {
      cached_.emplace(*collector_, CacheOptions{options.cache_for, options.on_failure}, clock);
    }
  }

  const std::string& name() const noexcept { return name_; }
  const CollectorOptions& options() const noexcept { return options_; }

  /// From the moment when it gets a job until its collector has returned.
  bool is_running() const noexcept { return collection_ != nullptr; }
  bool has_ended() const noexcept { return has_ended_; }

  /// Gives an idle worker its job in `collection`, whose deadline is set; `now` by the steady clock.
  void give(std::shared_ptr<Collection> collection, std::size_t index,
            std::chrono::steady_clock::time_point now) noexcept {
    take(std::move(collection), index, now);
    began_ = clock_.now();
    started_ = now;
    again_ = false;
    wanted_.notify_one();
  }

  /// When a running worker got its job, by the steady clock.
  std::chrono::steady_clock::time_point started() const noexcept { return started_; }

  /// Lets a running worker, whose job is settled, finish for one in `collection` instead. Where it fails
  /// then, as it may because it was told an earlier deadline, it runs once more.
  void pass_to(std::shared_ptr<Collection> collection, std::size_t index,
               std::chrono::steady_clock::time_point now) noexcept {
    take(std::move(collection), index, now);
    again_ = true;
  }

  /// What is shown when the collector has not finished in time.
  CollectorResult late_result() const {
    return {false, seconds(), cached_ ? cached_->kept() : AgedValues(), "it did not finish in time"};
  }

  void stop() noexcept {
    stopping_ = true;
    wanted_.notify_one();
  }

  /// What the last collection said of it, for the log.
  std::string last_reason;
  bool last_failed = false;

  /// The thread's body; takes the board's mutex itself.
  PROMLITE_COLD static void run(CollectorWorker& self) noexcept {
    std::unique_lock<std::mutex> lock(self.board_->mutex);
    for (;;) {
      self.wanted_.wait(lock, [&] { return self.stopping_ || self.collection_ != nullptr; });
      if (self.stopping_) break;
      const auto deadline = self.told_deadline_;
      lock.unlock();
      CollectorResult result = self.ask(deadline);
      lock.lock();
      self.finish(std::move(result));
    }
    self.collection_ = nullptr;
    self.has_ended_ = true;
    self.board_->changed.notify_all();
  }

 private:
  // A collector that waits until its deadline can still say what it has before its time is over.
  static constexpr std::chrono::milliseconds longest_margin{100};

  void take(std::shared_ptr<Collection> collection, std::size_t index,
            std::chrono::steady_clock::time_point now) noexcept {
    const auto deadline = collection->jobs[index].deadline;
    told_deadline_ = deadline - std::min<std::chrono::nanoseconds>((deadline - now) / 10, longest_margin);
    collection_ = std::move(collection);
    index_ = index;
  }

  /// Runs the collector, without the lock.
  PROMLITE_COLD CollectorResult ask(std::chrono::steady_clock::time_point told_deadline) noexcept {
    CollectorResult result;
    try {
      const auto recording = std::make_shared<Recording>();
      const CollectionScope scope(told_deadline);
      Collector& collector = cached_ ? *cached_ : *collector_;
      collector.collect(recording->sink());
      result.reason = scope.problem();
      result.success = !scope.has_problem();
      if (cached_) result.shown.age = cached_->age_seconds();
      result.shown.values = recording;
    } catch (...) {
      result.reason = thrown_reason();
    }
    return result;
  }

  /// A result that comes late, or when the group is gone, is thrown away.
  void finish(CollectorResult&& result) noexcept {
    const bool again = std::exchange(again_, false);
    if (again && !result.success && !stopping_ && !collection_->jobs[index_].settled) return;  // to run()
    const auto collection = std::exchange(collection_, nullptr);
    if (stopping_ || collection->jobs[index_].settled) return;
    result.seconds = seconds();
    collection->settle(index_, std::move(result));
    board_->changed.notify_all();
  }

  /// Since it got its job.
  double seconds() const noexcept {
    return seconds_of(std::max<std::chrono::nanoseconds>(clock_.now() - began_, std::chrono::nanoseconds(0)));
  }

  const std::string name_;
  const CollectorOptions options_;
  const Clock& clock_;
  const std::shared_ptr<CollectorBoard> board_;
  const std::unique_ptr<Collector> collector_;
  std::optional<CachedCollector> cached_;  // of collector_

  std::condition_variable wanted_;
  std::shared_ptr<Collection> collection_;  // that it works for; null: idle
  std::size_t index_ = 0;                   // of its job there
  std::chrono::steady_clock::time_point told_deadline_;
  std::chrono::steady_clock::time_point began_;    // by clock_
  std::chrono::steady_clock::time_point started_;  // the same, by the steady clock
  bool again_ = false;                             // the job came while it ran for another one
  bool stopping_ = false;
  bool has_ended_ = false;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_COLLECTOR_WORKER_HPP
