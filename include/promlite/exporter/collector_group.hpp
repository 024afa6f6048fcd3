// promlite: collectors that run side by side, each until the scrape's deadline.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_COLLECTOR_GROUP_HPP
#define PROMLITE_EXPORTER_COLLECTOR_GROUP_HPP

#include <promlite/clock.hpp>
#include <promlite/collector.hpp>
#include <promlite/config.hpp>
#include <promlite/detail/utf8.hpp>
#include <promlite/error.hpp>
#include <promlite/exporter/collection.hpp>
#include <promlite/exporter/collector_worker.hpp>
#include <promlite/exporter/log.hpp>
#include <promlite/exporter/recording.hpp>
#include <promlite/naming.hpp>
#include <promlite/sink.hpp>
#include <promlite/transport/thread.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace promlite {
inline namespace PROMLITE_ABI {

/// Runs collectors side by side, each on a thread of its own, and each until the scrape's deadline or its own
/// timeout. For a scrape it shows
///
///     NAMESPACE_collector_success{collector}           1, or 0 when it threw, called collection_problem() or
///                                                      did not finish in time
///     NAMESPACE_collector_duration_seconds{collector}  what it took, or has taken so far
///     NAMESPACE_collector_age_seconds{collector}       for a cached one whose values are shown: their age
///
/// and what the collectors wrote: whole, or nothing of one that threw or did not finish. One that hangs is
/// not waited for again, unless a scrape gives it more time than it has had; as soon as it returns it takes
/// part again. A scrape that comes while a collection runs shares it and gets the same result, unless its own
/// deadline comes first: then what is not done has failed for it, and for it alone. Why a collector fails is
/// told to the log once for each reason, and that it works again.
///
/// Inside a collector scrape_deadline() is a little before the deadline, by a tenth of the time there is and
/// 0.1 s at most, so that one which waits until then can still tell what it has. A collector must not wait
/// for a scrape of the registry that its group is in: that scrape waits for it.
///
/// The threads start with the first scrape, run no signal handlers, and are named like their collectors.
/// collect() and any_running() may be called by any thread, stop() too. In a child of fork all collectors
/// fail.
class CollectorGroup : public Collector {
 public:
  /// The logger and the clock, which measures durations and ages, must outlive the group, and the clock also
  /// a collector that hangs. Throws Error when `metric_namespace` cannot begin a metric's name.
  PROMLITE_COLD explicit CollectorGroup(std::string metric_namespace, Logger* log = nullptr,
                                        const Clock& clock = Clock::real())
      : namespace_(std::move(metric_namespace)), log_(log), clock_(clock) {
    if (const char* const problem =
            detail::metric_name_problem(namespace_ + "_collector_success", detail::Colons::refused)) {
      detail::fail(detail::message_of("collector group '", namespace_, "': ", problem));
    }
  }
  CollectorGroup(const CollectorGroup&) = delete;
  CollectorGroup& operator=(const CollectorGroup&) = delete;

  /// Takes at most 0.1 s: collectors that run still are left behind with their threads, and destroyed by
  /// these when they return. Nobody may be scraping.
  ~CollectorGroup() override { leave(); }

  /// Before the first scrape. Throws Error when the name is empty, not UTF-8 or taken, when there is no
  /// collector, when a time is negative, and after the first scrape.
  void add(std::string name, std::unique_ptr<Collector> collector, CollectorOptions options = {});

  /// Throws std::bad_alloc only.
  void collect(Sink& sink) override { scrape(sink); }

  /// Ends collections that run, now: what is not done has failed. Later ones show nothing.
  void stop() noexcept;

  /// True while a collector runs. The end of a program that must not wait for one that hangs is std::_Exit.
  bool any_running() const noexcept {
    if (in_child()) return false;
    const std::lock_guard<std::mutex> lock(board_->mutex);
    for (const Member& member : members_) {
      if (member.worker->is_running()) return true;
    }
    return false;
  }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Results = std::vector<detail::CollectorResult>;

  struct Member {
    std::shared_ptr<detail::CollectorWorker> worker;
    detail::Thread thread;
  };
  /// A line for the log.
  struct Change {
    const std::string* collector;
    bool failed;
    std::string reason;
  };

  // For a scrape without a deadline.
  static constexpr std::chrono::seconds default_time{10};
  static constexpr std::chrono::milliseconds time_to_leave{100};
  static constexpr std::chrono::milliseconds look_again{50};

  bool has_begun() const noexcept { return process_.load(std::memory_order_relaxed) != 0; }
  bool in_child() const noexcept {
    return has_begun() && process_.load(std::memory_order_relaxed) != ::getpid();
  }
  void scrape(Sink& sink);
  std::shared_ptr<detail::Collection> begin(TimePoint now, TimePoint deadline);
  bool start_thread(Member& member, std::string& reason);
  static void extend(detail::Collection& collection, TimePoint deadline) noexcept;
  void expire(detail::Collection& collection, TimePoint now);
  void wait(std::unique_lock<std::mutex>& lock, detail::Collection& collection, TimePoint deadline);
  Results results_of(const detail::Collection& collection) const;
  std::vector<Change> changes(detail::Collection& collection);
  void tell(const std::vector<Change>& changes) const noexcept;
  void write(Sink& sink, const Results& results) const;
  void leave() noexcept;

  const std::string namespace_;
  Logger* const log_;
  const Clock& clock_;
  const std::shared_ptr<detail::CollectorBoard> board_ = std::make_shared<detail::CollectorBoard>();
  // The board's mutex guards what follows.
  std::vector<Member> members_;
  std::shared_ptr<detail::Collection> current_;
  bool stopped_ = false;
  std::atomic<::pid_t> process_{0};  // that has the threads; 0: there are none yet
};

PROMLITE_COLD inline void CollectorGroup::add(std::string name, std::unique_ptr<Collector> collector,
                                              CollectorOptions options) {
  const auto refuse = [&](const char* reason) {
    detail::fail(detail::message_of("collector '", name, "': ", reason));
  };
  if (name.empty()) refuse("its name is empty");
  if (!detail::is_utf8(name)) refuse("its name is not valid UTF-8");
  if (collector == nullptr) refuse("there is no object");
  if (options.timeout.count() < 0) refuse("its timeout is negative");
  if (options.cache_for.count() < 0) refuse("the time that it is cached for is negative");
  const std::lock_guard<std::mutex> lock(board_->mutex);
  if (has_begun()) refuse("it comes after the first scrape");
  for (const Member& member : members_) {
    if (member.worker->name() == name) refuse("there is one of this name");
  }
  members_.push_back({std::make_shared<detail::CollectorWorker>(std::move(name), std::move(collector),
                                                                options, clock_, board_),
                      {}});
}

PROMLITE_COLD inline void CollectorGroup::scrape(Sink& sink) {
  // In a child of fork somebody who is not there may hold the mutex.
  if (in_child()) return write(sink, Results(members_.size()));
  const TimePoint now = std::chrono::steady_clock::now();
  TimePoint deadline = scrape_deadline();
  if (deadline == TimePoint::max()) deadline = now + default_time;
  Results results;
  std::vector<Change> changed;
  {
    std::unique_lock<std::mutex> lock(board_->mutex);
    if (stopped_) return;
    std::shared_ptr<detail::Collection> collection = current_;
    if (collection != nullptr) expire(*collection, now);
    if (collection == nullptr || collection->pending == 0) {
      collection = begin(now, deadline);
    } else {
      extend(*collection, deadline);
    }
    wait(lock, *collection, deadline);
    results = results_of(*collection);
    if (collection->pending == 0) {
      changed = changes(*collection);
      if (current_ == collection) current_ = nullptr;
    }
  }
  tell(changed);
  write(sink, results);
}

/// Gives a job to every collector that is idle. One that hangs has failed at once.
PROMLITE_COLD inline std::shared_ptr<detail::Collection> CollectorGroup::begin(TimePoint now,
                                                                               TimePoint deadline) {
  process_.store(::getpid(), std::memory_order_relaxed);
  deadline = std::max(deadline, now);
  auto collection = std::make_shared<detail::Collection>(members_.size());
  for (std::size_t i = 0; i < members_.size(); ++i) {
    Member& member = members_[i];
    detail::CollectorWorker& worker = *member.worker;
    detail::Collection::Job& job = collection->jobs[i];
    // Who runs already has had a part of its time.
    const TimePoint started = worker.is_running() ? worker.started() : now;
    const std::chrono::nanoseconds timeout = worker.options().timeout;
    job.limit = timeout.count() != 0 && timeout < deadline - now ? started + timeout : TimePoint::max();
    job.deadline = std::min(started + (deadline - now), job.limit);
    detail::CollectorResult failed;
    if (worker.is_running()) {
      if (job.deadline <= now) {
        collection->settle(i, worker.late_result());
      } else {
        worker.pass_to(collection, i, now);
      }
    } else if (!start_thread(member, failed.reason)) {
      collection->settle(i, std::move(failed));
    } else {
      worker.give(collection, i, now);
    }
  }
  current_ = collection;
  return collection;
}

/// False when there is no thread and none can be had.
PROMLITE_COLD inline bool CollectorGroup::start_thread(Member& member, std::string& reason) {
  if (member.thread.runs()) return true;
  // 15 bytes are what the kernel takes.
  const std::string name = member.worker->name().substr(0, 15);
  const int error = member.thread.start(&detail::CollectorWorker::run, member.worker, name.c_str());
  if (error != 0) reason = detail::message_of("no thread can be started: ", std::strerror(error));
  return error == 0;
}

/// Gives the jobs as much time as one more scrape has.
PROMLITE_COLD inline void CollectorGroup::extend(detail::Collection& collection,
                                                 TimePoint deadline) noexcept {
  for (detail::Collection::Job& job : collection.jobs) {
    job.deadline = std::max(job.deadline, std::min(deadline, job.limit));
  }
}

/// Settles the jobs whose deadline has come.
PROMLITE_COLD inline void CollectorGroup::expire(detail::Collection& collection, TimePoint now) {
  for (std::size_t i = 0; i < collection.jobs.size(); ++i) {
    const detail::Collection::Job& job = collection.jobs[i];
    if (!job.settled && job.deadline <= now) collection.settle(i, members_[i].worker->late_result());
  }
}

/// Until all jobs are settled, or the deadline, which the scrape may bring forward.
PROMLITE_COLD inline void CollectorGroup::wait(std::unique_lock<std::mutex>& lock,
                                               detail::Collection& collection, TimePoint deadline) {
  for (;;) {
    const TimePoint now = std::chrono::steady_clock::now();
    expire(collection, now);
    deadline = std::min(deadline, scrape_deadline());
    if (stopped_ || collection.pending == 0 || deadline <= now) return;
    TimePoint next = std::min(deadline, now + look_again);
    for (const detail::Collection::Job& job : collection.jobs) {
      if (!job.settled) next = std::min(next, job.deadline);
    }
    board_->changed.wait_until(lock, next);
  }
}

PROMLITE_COLD inline CollectorGroup::Results CollectorGroup::results_of(
    const detail::Collection& collection) const {
  Results results;
  results.reserve(members_.size());
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const detail::Collection::Job& job = collection.jobs[i];
    results.push_back(job.settled ? job.result : members_[i].worker->late_result());
  }
  return results;
}

/// What of a collection is news to the log; nothing the second time.
PROMLITE_COLD inline std::vector<CollectorGroup::Change> CollectorGroup::changes(
    detail::Collection& collection) {
  std::vector<Change> changed;
  if (log_ == nullptr || collection.told) return changed;
  collection.told = true;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    detail::CollectorWorker& worker = *members_[i].worker;
    const detail::CollectorResult& result = collection.jobs[i].result;
    const bool failed = !result.success;
    if (failed == worker.last_failed && (!failed || result.reason == worker.last_reason)) continue;
    worker.last_failed = failed;
    worker.last_reason = result.reason;
    changed.push_back({&worker.name(), failed, result.reason});
  }
  return changed;
}

PROMLITE_COLD inline void CollectorGroup::tell(const std::vector<Change>& changes) const noexcept {
  try {
    for (const Change& change : changes) {
      if (change.failed) {
        log_->warn("Collector failed", {{"collector", *change.collector}, {"reason", change.reason}});
      } else {
        log_->info("Collector works again", {{"collector", *change.collector}});
      }
    }
  } catch (...) {  // no memory for the line
  }
}

PROMLITE_COLD inline void CollectorGroup::write(Sink& sink, const Results& results) const {
  auto success =
      sink.gauge(namespace_ + "_collector_success",
                 "Whether the collector succeeded: 0 when it failed, gave a part, or took too long.");
  auto duration = sink.gauge(namespace_ + "_collector_duration_seconds",
                             "Time that the collector took, or has been running when it took too long.");
  auto age = sink.gauge(namespace_ + "_collector_age_seconds",
                        "Age of the values of a cached collector that are shown.");
  for (std::size_t i = 0; i < results.size(); ++i) {
    const detail::CollectorResult& result = results[i];
    const std::string& name = members_[i].worker->name();
    success.sample({{"collector", name}}, result.success);
    duration.sample({{"collector", name}}, result.seconds);
    if (result.shown.age) age.sample({{"collector", name}}, *result.shown.age);
    if (result.shown.values != nullptr) result.shown.values->write_to(sink);
  }
}

PROMLITE_COLD inline void CollectorGroup::stop() noexcept {
  if (in_child()) return;
  const std::lock_guard<std::mutex> lock(board_->mutex);
  stopped_ = true;
  for (const Member& member : members_) member.worker->stop();
  board_->changed.notify_all();
}

PROMLITE_COLD inline void CollectorGroup::leave() noexcept {
  if (in_child()) {
    for (Member& member : members_) member.thread.forget();
    return;
  }
  stop();
  const auto has_ended = [](const Member& member) {
    return !member.thread.runs() || member.worker->has_ended();
  };
  {
    std::unique_lock<std::mutex> lock(board_->mutex);
    board_->changed.wait_until(lock, std::chrono::steady_clock::now() + time_to_leave,
                               [&] { return std::all_of(members_.begin(), members_.end(), has_ended); });
    for (Member& member : members_) {
      if (!has_ended(member)) member.thread.detach();
    }
  }
  for (Member& member : members_) member.thread.join();
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_COLLECTOR_GROUP_HPP
