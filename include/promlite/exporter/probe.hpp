// promlite: probes: one exporter that looks at many targets, each named by the scrape.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_PROBE_HPP
#define PROMLITE_EXPORTER_PROBE_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/exporter/collection.hpp>
#include <promlite/exporter/log.hpp>
#include <promlite/exposition/negotiation.hpp>
#include <promlite/exposition/openmetrics.hpp>
#include <promlite/registry.hpp>
#include <promlite/transport/http_message.hpp>
#include <promlite/transport/instant.hpp>
#include <promlite/transport/query.hpp>
#include <promlite/transport/reply.hpp>
#include <promlite/transport/server_limits.hpp>
#include <promlite/transport/server_options.hpp>
#include <promlite/transport/socket.hpp>
#include <promlite/transport/thread.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {

/// What a scrape of `/probe?target=...` asks for.
struct ProbeRequest {
  /// The value of the parameter `target`, decoded; never empty.
  std::string target;
  /// When the metrics have to be there. What scrape_deadline() says as well.
  std::chrono::steady_clock::time_point deadline;
  /// All parameters, as they came.
  std::string query;

  /// The first value of this parameter, decoded; empty when it is not there.
  PROMLITE_COLD std::string parameter(std::string_view name) const {
    for (std::string_view left = query; !left.empty();) {
      const auto [found, value] = detail::take_parameter(left);
      if (found == name) return detail::percent_decode(value);
    }
    return {};
  }
};

namespace detail {

/// The user's part of a probe: looks at the target, and declares and sets metrics in the registry, which is
/// this request's alone and is shown when the call has returned. So a collector or a callback, whose
/// membership would have ended by then, has no use in it. Called by several threads at once; what it throws
/// is logged and answered with 500.
using ProbeFunction = std::function<void(const ProbeRequest&, Registry&)>;

/// What the page and its threads have in common, for as long as one of them is there.
struct ProbeCrew {
  ProbeCrew(ProbeFunction function, Logger* logger, CreatedSamples created_samples)
      : run(std::move(function)), log(logger), created(created_samples) {}

  ProbeFunction run;
  Logger* log;
  CreatedSamples created;
  std::atomic<std::size_t> running{0};
};

/// One probe. Its thread and the server's connection share it, and either may go first.
class Probe final : public LateReply {
 public:
  Probe(std::shared_ptr<ProbeCrew> crew, ProbeRequest request, const Representation& exposition,
        std::shared_ptr<Event> wake)
      : crew_(std::move(crew)),
        request_(std::move(request)),
        exposition_(exposition),
        content_type_(exposition),
        wake_(std::move(wake)) {}

  bool ready() const noexcept override { return done_.load(std::memory_order_acquire); }  // pairs with run()

  Reply reply(const HttpRequest&, bool) override {
    Reply reply;
    if (!failed_) {
      reply.content_type = content_type_.text();
      reply.body = body_.view();
    } else {
      reply.status = 500;
      reply.body = "The probe failed\n";
    }
    return reply;
  }

  /// On the probe's thread, once.
  PROMLITE_COLD void run() noexcept {
    try {
      make_body();
      failed_ = false;
    } catch (const std::exception& error) {
      log(LogLevel::error, "Probe failed", error.what());
    } catch (...) {
      log(LogLevel::error, "Probe failed", "an exception of an unknown type");
    }
    // Who has the response finds this thread's place free. Release: the user's code has come to its end where
    // the page says that none is running.
    crew_->running.fetch_sub(1, std::memory_order_release);
    done_.store(true, std::memory_order_release);  // the server sees body_ and failed_
    wake_->signal();
  }

 private:
  void make_body() {
    const CollectionScope scope(request_.deadline);
    Registry registry;
    crew_->run(request_, registry);
    encode(exposition_, registry, NameFilter(), crew_->created, body_);
    if (scope.has_problem()) log(LogLevel::warn, "Probe is not whole", scope.problem());
  }

  void log(LogLevel level, std::string_view message, std::string_view reason) noexcept {
    if (crew_->log == nullptr) return;
    try {
      if (level == LogLevel::warn) {
        crew_->log->warn(message, {{"target", request_.target}, {"reason", reason}});
      } else {
        crew_->log->error(message, {{"target", request_.target}, {"reason", reason}});
      }
    } catch (...) {  // no memory for the fields: the line is lost
    }
  }

  std::shared_ptr<ProbeCrew> crew_;
  const ProbeRequest request_;
  const Representation exposition_;
  const ContentType content_type_;
  std::shared_ptr<Event> wake_;
  std::atomic<bool> done_{false};
  bool failed_ = true;
  ByteBuffer body_;
};

/// The page that answers `?target=...` with what a probe of the target shows, in the format that Accept asks
/// for as with any scrape. Each probe has a thread of its own, so one that hangs delays nobody: at its
/// request's deadline the server answers 503, and its place is free again when it returns. Thread safe.
class ProbePage {
 public:
  static constexpr std::string_view path = "/probe";
  /// How many probes may run at once; the next is answered with 503.
  static constexpr std::size_t most_running = 64;

  /// `log`, where there is one, is used until the last probe has returned; so is what `run` refers to.
  PROMLITE_COLD ProbePage(ProbeFunction run, const ServerOptions& options, Logger* log)
      : limits_(options), crew_(std::make_shared<ProbeCrew>(std::move(run), log, options.created)) {}

  /// The reply to a request for this page. Throws std::bad_alloc.
  PROMLITE_COLD Reply reply_to(const HttpRequest& request, const std::shared_ptr<Event>& wake) const {
    if (request.method != HttpMethod::get && request.method != HttpMethod::head) {
      return reply_by_method(request.method, Reply());
    }
    ProbeRequest asked{{}, {}, std::string(request.query)};
    asked.target = asked.parameter("target");
    if (asked.target.empty()) {
      Reply missing = error_reply(400);
      missing.body = "The parameter \"target\" is missing\n";
      return missing;
    }
    // At the server's deadline it is too late: what was seen has still to be written and read.
    const Instant patience = limits_.patience(request);
    asked.deadline = std::chrono::steady_clock::now() +
                     std::chrono::milliseconds(patience - std::min(patience / 2, margin));
    return start(std::make_shared<Probe>(crew_, std::move(asked), negotiate(request.accept), wake));
  }

  /// Probes that have not returned, those that nobody waits for any more among them.
  std::size_t running() const noexcept {
    return crew_->running.load(std::memory_order_acquire);  // pairs with Probe::run()
  }

 private:
  static constexpr Instant margin = 250;

  Reply start(std::shared_ptr<Probe> probe) const {
    if (crew_->running.fetch_add(1, std::memory_order_relaxed) < most_running && has_thread(probe)) {
      Reply reply;
      reply.late = std::move(probe);
      return reply;
    }
    crew_->running.fetch_sub(1, std::memory_order_relaxed);
    return error_reply(503);
  }

  static bool has_thread(const std::shared_ptr<Probe>& probe) noexcept {
    Thread thread;
    try {
      if (thread.start<Probe>([](Probe& started) { started.run(); }, probe, "probe") != 0) return false;
    } catch (const std::bad_alloc&) {
      return false;
    }
    thread.detach();
    return true;
  }

  const ServerLimits limits_;
  const std::shared_ptr<ProbeCrew> crew_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_PROBE_HPP
