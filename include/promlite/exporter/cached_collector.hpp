// promlite: a collector whose values are shown for a while before it is asked again.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_CACHED_COLLECTOR_HPP
#define PROMLITE_EXPORTER_CACHED_COLLECTOR_HPP

#include <promlite/clock.hpp>
#include <promlite/collector.hpp>
#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/exporter/collection.hpp>
#include <promlite/exporter/recording.hpp>
#include <promlite/sink.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace promlite {
inline namespace PROMLITE_ABI {

/// What is shown when a refresh fails.
enum class OnFailure : unsigned char {
  drop,      ///< nothing
  keep_last  ///< the last good values, which grow older
};

struct CacheOptions {
  /// How old values may be and still be shown without a refresh. Say in their HELP that they are cached.
  std::chrono::nanoseconds max_age;
  OnFailure on_failure = OnFailure::drop;
};

namespace detail {
/// Values that are shown, and how old they are in seconds; no values have no age.
struct AgedValues {
  std::shared_ptr<const Recording> values;
  std::optional<double> age;
};
}  // namespace detail

/// Asks `source` when a scrape comes and the values that it gave are older than `max_age`; else shows these.
///
/// One refresh runs at a time, on the thread of the scrape that needs it; scrapes that come meanwhile wait
/// for it, until their scrape_deadline(), and show what it gave. A refresh fails when the source throws or
/// calls collection_problem(). Then, and where a scrape's deadline comes before the end of the refresh,
/// OnFailure says what is shown: the last good values and a collection_problem(), or nothing and an Error,
/// which is also thrown where there are no last values. The next scrape tries again.
///
/// Thread safe. `source` and `clock` must outlive it. Values are held once and copied for each scrape.
class CachedCollector : public Collector {
 public:
  CachedCollector(Collector& source, CacheOptions options, const Clock& clock = Clock::real()) noexcept
      : source_(source), options_(options), clock_(clock) {}
  CachedCollector(const CachedCollector&) = delete;
  CachedCollector& operator=(const CachedCollector&) = delete;

  PROMLITE_COLD void collect(Sink& sink) override {
    std::unique_lock<std::mutex> lock(mutex_);
    std::shared_ptr<Refresh> refresh = running_;
    if (refresh != nullptr) {
      wait(lock, *refresh);
    } else if (values_ == nullptr || age() > options_.max_age) {
      refresh = running_ = std::make_shared<Refresh>();
      const auto began = clock_.now();
      lock.unlock();
      ask(*refresh);
      lock.lock();
      finish(*refresh, began);
    }
    const bool good = refresh == nullptr || refresh->values != nullptr;
    const auto shown = refresh == nullptr ? values_ : good ? refresh->values : kept_values();
    const std::string reason = good            ? std::string()
                               : refresh->over ? refresh->reason
                                               : "a refresh did not finish in time";
    lock.unlock();
    if (shown == nullptr) detail::fail(reason);
    if (!good) collection_problem(reason);
    shown->write_to(sink);
  }

  /// How old the values are that are held, since the refresh that gave them began; none are held before the
  /// first refresh, nor after one that failed with OnFailure::drop. Never negative.
  std::optional<double> age_seconds() const noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (values_ == nullptr) return std::nullopt;
    return detail::seconds_of(age());
  }

  /// What is shown while a refresh does not end.
  detail::AgedValues kept() const noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto values = kept_values();
    if (values == nullptr) return {};
    return {values, detail::seconds_of(age())};
  }

 private:
  struct Refresh {
    bool over = false;
    std::shared_ptr<const detail::Recording> values;  // null: it failed
    std::string reason;
  };

  void wait(std::unique_lock<std::mutex>& lock, const Refresh& refresh) {
    const auto deadline = scrape_deadline();
    const auto is_over = [&] { return refresh.over; };
    if (deadline == std::chrono::steady_clock::time_point::max()) {
      ended_.wait(lock, is_over);
    } else {
      ended_.wait_until(lock, deadline, is_over);
    }
  }

  /// Runs the source, without the lock. Nobody else touches values and reason before the end.
  PROMLITE_COLD void ask(Refresh& refresh) noexcept {
    try {
      const auto recording = std::make_shared<detail::Recording>();
      const detail::CollectionScope scope(scrape_deadline());
      source_.collect(recording->sink());
      if (scope.has_problem()) {
        refresh.reason = scope.problem();
      } else {
        refresh.values = recording;
      }
    } catch (...) {
      refresh.reason = detail::thrown_reason();
    }
  }

  void finish(Refresh& refresh, std::chrono::steady_clock::time_point began) noexcept {
    refresh.over = true;
    running_ = nullptr;
    if (refresh.values != nullptr) {
      values_ = refresh.values;
      taken_ = began;
    } else if (options_.on_failure == OnFailure::drop) {
      values_ = nullptr;
    }
    ended_.notify_all();
  }

  std::shared_ptr<const detail::Recording> kept_values() const noexcept {
    return options_.on_failure == OnFailure::keep_last ? values_ : nullptr;
  }
  std::chrono::nanoseconds age() const noexcept {
    return std::max<std::chrono::nanoseconds>(clock_.now() - taken_, std::chrono::nanoseconds(0));
  }

  Collector& source_;
  const CacheOptions options_;
  const Clock& clock_;

  mutable std::mutex mutex_;  // guards what follows; not held while the source runs
  std::condition_variable ended_;
  std::shared_ptr<Refresh> running_;
  std::shared_ptr<const detail::Recording> values_;
  std::chrono::steady_clock::time_point taken_;
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_CACHED_COLLECTOR_HPP
