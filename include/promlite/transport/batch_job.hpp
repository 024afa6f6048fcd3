// promlite: a job that ends: measured, judged, and pushed on the way out.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_BATCH_JOB_HPP
#define PROMLITE_TRANSPORT_BATCH_JOB_HPP

#include <promlite/clock.hpp>
#include <promlite/collector.hpp>
#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/membership.hpp>
#include <promlite/naming.hpp>
#include <promlite/registry.hpp>
#include <promlite/sink.hpp>
#include <promlite/transport/push_result.hpp>
#include <promlite/transport/pushgateway.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

namespace detail {

/// What a run says about itself when it returns: an exit code is good when it is 0, anything else when it
/// tests true, and nothing at all when it came back.
template <class Result>
bool is_success(const Result& result) {
  if constexpr (std::is_integral_v<Result> && !std::is_same_v<Result, bool>) {
    return result == 0;
  } else {
    return static_cast<bool>(result);
  }
}

/// How long something has taken, and how it went. It failed unless it said otherwise: a return in the middle
/// must not look like a success. An exception that passes is a failure whatever was said before.
class Judgement {
 public:
  explicit Judgement(const Clock& clock) noexcept
      : clock_(&clock), start_(clock.now()), exceptions_(std::uncaught_exceptions()) {}

  void succeed() noexcept { succeeded_ = true; }
  void fail() noexcept { failed_ = true; }
  bool success() const noexcept {
    return succeeded_ && !failed_ && std::uncaught_exceptions() <= exceptions_;
  }
  double seconds() const noexcept {
    const std::chrono::duration<double> passed = clock_->now() - start_;
    return passed.count() > 0 ? passed.count() : 0;
  }

 private:
  const Clock* clock_;
  std::chrono::steady_clock::time_point start_;
  int exceptions_;
  bool succeeded_ = false;
  bool failed_ = false;
};

struct StageRecord {
  std::string name;
  double seconds = 0;
  bool success = false;
};

}  // namespace detail

class BatchJob;

/// A part of a BatchJob, measured from BatchJob::stage() to the end of its scope. It failed unless succeed()
/// was called and no exception passed.
class [[nodiscard]] BatchStage {
 public:
  BatchStage(const BatchStage&) = delete;
  BatchStage& operator=(const BatchStage&) = delete;
  ~BatchStage();

  void succeed() noexcept { judgement_.succeed(); }
  void fail() noexcept { judgement_.fail(); }

 private:
  friend class BatchJob;
  BatchStage(BatchJob& job, std::string_view name);

  BatchJob* job_;
  std::string name_;
  detail::Judgement judgement_;
};

/// Measures one run of a batch job and pushes it when it ends:
///
///   int main() {
///     promlite::BatchJob job{promlite::Pushgateway{"gateway:9091", "nightly_import"}};
///     auto files = job.registry().counter("files_processed_total", "Files processed.");
///     return job.run([&] { return import_everything(files); });  // 0, true or an Expected: it succeeded
///   }
///
/// Without run(), say succeed() when all is done and let the scope end. What was not said to have succeeded
/// has failed, and so has what an exception leaves.
///
/// Shown, when the run has ended:
///
///   batch_job_duration_seconds                    of this run
///   batch_job_success                             1 or 0
///   batch_job_last_completion_timestamp_seconds   when this run ended
///   batch_job_last_success_timestamp_seconds      the same, but only after a success
///   batch_job_stage_duration_seconds{stage="x"}   one for each stage() that has ended
///   batch_job_stage_success{stage="x"}
///   batch_job_expected_interval_seconds           with expected_every()
///   batch_job_expires_timestamp_seconds           with expires_after()
///
/// It is pushed with push_add(), so the time of the last success stays at the gateway when a run fails. A
/// push that fails changes nothing about the job: on_push() and finish() tell it. A process that is killed
/// pushes nothing; that is for an alert on a job that has not succeeded for too long.
///
/// Stages may be used by several threads; everything else belongs to one.
class BatchJob : private Collector {
 public:
  /// Has a registry of its own.
  explicit BatchJob(Pushgateway gateway, const Clock& clock = Clock::real())
      : gateway_(std::move(gateway)),
        clock_(&clock),
        judgement_(clock),
        registry_(&own_registry_),
        membership_(own_registry_.add(*this)) {}
  /// Shows and pushes `registry`, which must outlive it.
  BatchJob(Pushgateway gateway, Registry& registry, const Clock& clock = Clock::real())
      : gateway_(std::move(gateway)),
        clock_(&clock),
        judgement_(clock),
        registry_(&registry),
        membership_(registry.add(*this)) {}
  BatchJob(const BatchJob&) = delete;
  BatchJob& operator=(const BatchJob&) = delete;
  /// Ends the run and pushes, if that has not been done. Takes at most the gateway's timeout, and the time of
  /// the registry's collectors.
  ~BatchJob() override { finish(); }

  /// The beginning of the names, `batch_job` unless set. Throws Error when no name can begin so.
  PROMLITE_COLD BatchJob& prefix(std::string_view prefix) {
    if (const char* const problem = detail::metric_name_problem(prefix, detail::Colons::refused)) {
      detail::fail(detail::message_of("batch job with the prefix \"", prefix, "\": ", problem));
    }
    prefix_ = prefix;
    return *this;
  }
  /// Shows when the group may be removed, if no other run has ended by then: for pushgateway_sweeper.
  BatchJob& expires_after(std::chrono::seconds age) noexcept {
    expires_after_ = age;
    return *this;
  }
  /// Shows how often the job is meant to succeed, so that one alert serves all jobs.
  BatchJob& expected_every(std::chrono::seconds interval) noexcept {
    expected_every_ = interval;
    return *this;
  }
  /// Is called with what became of the push, on the thread that ends the run. What it throws is swallowed.
  BatchJob& on_push(PushCallback report) {
    report_ = std::move(report);
    return *this;
  }

  /// Where the job's own metrics are declared.
  Registry& registry() noexcept { return *registry_; }

  void succeed() noexcept { judgement_.succeed(); }
  /// Overrides every succeed().
  void fail() noexcept { judgement_.fail(); }

  /// Does the work, ends the run and returns what the work returned, or throws what it threw. The run has
  /// succeeded when the work returned nothing, an integer (an exit code) that is 0, or something else that
  /// tests true.
  template <class Work>
  std::invoke_result_t<Work&> run(Work&& work) {
#if PROMLITE_HAS_EXCEPTIONS
    // Caught and thrown again: an exception that nobody catches ends the program without destroying anything
    // on its way, and then nothing would be pushed.
    try {
      return run_to_the_end(work);
    } catch (...) {
      judgement_.fail();
      finish();
      throw;
    }
#else
    return run_to_the_end(work);
#endif
  }

  /// Measures a stage until the end of its scope. A second stage of the same name takes the first one's
  /// place.
  BatchStage stage(std::string_view name) { return BatchStage(*this, name); }
  /// Does a stage's work, judged as by run().
  template <class Work>
  std::invoke_result_t<Work&> run_stage(std::string_view name, Work&& work) {
    BatchStage measured(*this, name);
    return judge(measured.judgement_, work);
  }

  /// Ends the run and pushes; the second time it only says again what became of the push.
  const PushResult& finish() noexcept;

 private:
  friend class BatchStage;

  template <class Work>
  std::invoke_result_t<Work&> run_to_the_end(Work& work) {
    if constexpr (std::is_void_v<std::invoke_result_t<Work&>>) {
      judge(judgement_, work);
      finish();
    } else {
      std::invoke_result_t<Work&> result = judge(judgement_, work);
      finish();
      return result;
    }
  }

  template <class Work>
  static std::invoke_result_t<Work&> judge(detail::Judgement& judgement, Work& work) {
    if constexpr (std::is_void_v<std::invoke_result_t<Work&>>) {
      work();
      judgement.succeed();
    } else {
      std::invoke_result_t<Work&> result = work();
      detail::is_success(result) ? judgement.succeed() : judgement.fail();
      return result;
    }
  }

  void end_stage(std::string&& name, const detail::Judgement& judgement) noexcept;
  void collect(Sink& sink) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (finished_) collect_run(sink);
    if (!stages_.empty()) collect_stages(sink);
  }
  void collect_run(Sink& sink);
  void collect_stages(Sink& sink);
  static double unix_seconds(const Clock& clock) noexcept {
    return std::chrono::duration<double>(clock.system_now().time_since_epoch()).count();
  }

  Pushgateway gateway_;
  const Clock* clock_;
  detail::Judgement judgement_;
  std::string prefix_ = "batch_job";
  std::chrono::seconds expires_after_{0};
  std::chrono::seconds expected_every_{0};
  PushCallback report_;
  PushResult result_;

  std::mutex mutex_;  // guards what follows, to the registry
  bool finished_ = false;
  bool success_ = false;
  double seconds_ = 0;
  double ended_at_ = 0;
  std::vector<detail::StageRecord> stages_;

  Registry own_registry_;
  Registry* registry_;
  Membership membership_;  // the last: nobody collects what is not there yet, or not any more
};

inline BatchStage::BatchStage(BatchJob& job, std::string_view name)
    : job_(&job), name_(name), judgement_(*job.clock_) {}
inline BatchStage::~BatchStage() { job_->end_stage(std::move(name_), judgement_); }

PROMLITE_COLD inline void BatchJob::end_stage(std::string&& name,
                                              const detail::Judgement& judgement) noexcept {
  PROMLITE_TRY {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::size_t at = 0;
    while (at < stages_.size() && stages_[at].name != name) ++at;
    if (at == stages_.size()) stages_.emplace_back();
    stages_[at] = {std::move(name), judgement.seconds(), judgement.success()};
  }
  PROMLITE_CATCH_ALL {}  // no memory for one more stage: the job goes on
}

PROMLITE_COLD inline const PushResult& BatchJob::finish() noexcept {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (finished_) return result_;
    finished_ = true;
    success_ = judgement_.success();
    seconds_ = judgement_.seconds();
    ended_at_ = unix_seconds(*clock_);
  }
  PROMLITE_TRY {
    result_ = gateway_.push_add(*registry_);
    report_(result_);
  }
  PROMLITE_CATCH_ALL {}
  return result_;
}

PROMLITE_COLD inline void BatchJob::collect_run(Sink& sink) {
  const auto gauge = [&](const char* name, const char* help, double value) {
    sink.gauge(prefix_ + name, help).sample(value);
  };
  gauge("_duration_seconds", "Duration of the last run.", seconds_);
  gauge("_success", "1 if the last run succeeded, 0 if it failed.", success_ ? 1 : 0);
  gauge("_last_completion_timestamp_seconds", "When the last run ended.", ended_at_);
  // Not there after a failure: then the gateway keeps what it has.
  if (success_) gauge("_last_success_timestamp_seconds", "When a run last succeeded.", ended_at_);
  if (expected_every_.count() > 0) {
    gauge("_expected_interval_seconds", "How often a run is meant to succeed.",
          static_cast<double>(expected_every_.count()));
  }
  if (expires_after_.count() > 0) {
    gauge("_expires_timestamp_seconds", "When these metrics may be removed.",
          ended_at_ + static_cast<double>(expires_after_.count()));
  }
}

PROMLITE_COLD inline void BatchJob::collect_stages(Sink& sink) {
  auto duration = sink.gauge(prefix_ + "_stage_duration_seconds", "Duration of a stage of the last run.");
  auto success = sink.gauge(prefix_ + "_stage_success", "1 if the stage succeeded, 0 if it failed.");
  for (const detail::StageRecord& stage : stages_) {
    duration.sample({{"stage", stage.name}}, stage.seconds);
    success.sample({{"stage", stage.name}}, stage.success ? 1 : 0);
  }
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_BATCH_JOB_HPP
