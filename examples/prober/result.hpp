// prober: what a probe found, and the metrics that say so.
// SPDX-License-Identifier: MIT
#ifndef PROBER_RESULT_HPP
#define PROBER_RESULT_HPP

#include <promlite/registry.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace prober {

/// Where a probe stands. `target` is before the first packet, `answer` after the last.
enum class Phase : std::size_t { target, resolve, connect, processing, transfer, answer };
inline constexpr std::array<const char*, 6> phase_names = {"target",     "resolve",  "connect",
                                                           "processing", "transfer", "answer"};

/// Why a probe failed. Phase and reason are labels, so the reasons are few and fixed; the detail is logged.
struct Failure {
  Phase phase = Phase::target;
  const char* reason = nullptr;  // null: there is no failure
  std::string detail;

  explicit operator bool() const noexcept { return reason != nullptr; }
};

struct Result {
  Failure failure;
  std::array<std::optional<std::chrono::nanoseconds>, phase_names.size()> took;  // of the phases that began
  int ip_version = 0;                       // 0: nothing was connected to
  int http_status = 0;                      // 0: there was no answer
  std::optional<std::uint64_t> body_bytes;  // as many as came
};

/// Shows a result in the registry of one request.
inline void show(const Result& result, promlite::Registry& registry) {
  const auto seconds = [](std::chrono::nanoseconds time) {
    return std::chrono::duration<double>(time).count();
  };
  registry.gauge("probe_success", "1 if the target answered as it should.").set(result.failure ? 0 : 1);
  auto phases =
      registry.gauge("probe_phase_duration_seconds",
                     "Time that each phase took; a phase that was not reached is not there.", {"phase"});
  std::chrono::nanoseconds total{0};
  for (std::size_t i = 0; i < result.took.size(); ++i) {
    if (!result.took[i]) continue;
    total += *result.took[i];
    phases.with(phase_names[i]).set(seconds(*result.took[i]));
  }
  registry.gauge("probe_duration_seconds", "Time that all phases took together.").set(seconds(total));
  if (result.failure) {
    registry.info("probe_failure", "Why the target did not answer as it should, and in which phase.",
                  {{"phase", phase_names[static_cast<std::size_t>(result.failure.phase)]},
                   {"reason", result.failure.reason}});
  }
  if (result.ip_version != 0)
    registry.gauge("probe_ip_protocol", "4 or 6: the version of IP.").set(result.ip_version);
  if (result.http_status != 0)
    registry.gauge("probe_http_status_code", "Status of the answer.").set(result.http_status);
  if (result.body_bytes) {
    registry.gauge("probe_http_body_bytes", "Size of the answer's body, as much of it as came.")
        .set(static_cast<double>(*result.body_bytes));
  }
}

}  // namespace prober

#endif  // PROBER_RESULT_HPP
