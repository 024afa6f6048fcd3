// prober: tells Prometheus whether services answer, over TCP and HTTP.
// SPDX-License-Identifier: MIT
#include "expectation.hpp"
#include "probe.hpp"
#include "result.hpp"
#include "target.hpp"

#include <promlite/exporter.hpp>
#include <promlite/version.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace prober {

struct Flags {
  std::vector<std::string> allow;
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
  std::vector<std::string> expect_status = {"2xx"};
  std::string expect_text;
  std::uint64_t max_body_bytes = std::uint64_t{1} << 20;
};

static HttpSettings http_settings(const Flags& flags) {
  return {parse_status_ranges(flags.expect_status), flags.expect_text, flags.max_body_bytes};
}

/// What is wrong with a flag's text, or nothing.
static std::string problem_of_status(const std::string& text) {
  return parse_status_range(text) ? "" : "\"" + text + "\" is not like 200, 2xx or 200-299";
}
static std::string problem_of_glob(const std::string& text) {
  const bool right = text.find(':') != std::string::npos && text.find_first_of("/@ ") == std::string::npos;
  return right ? "" : "\"" + text + "\" is not HOST:PORT, such as *.example.org:80 or 10.1.*:*";
}
static std::string problem_of_timeout(const std::string& text) {
  const auto parsed = promlite::parse_duration(text);
  if (parsed && parsed->count() > 0) return "";
  return "\"" + text + "\" is not a duration such as 500ms or 5s, more than zero";
}

static Result run(const promlite::ProbeRequest& request, const Flags& flags, const HttpSettings& http) {
  const std::string module = request.parameter("module");
  const bool tcp = module == "tcp";
  Result refused;
  if (!tcp && !module.empty() && module != "http") {
    refused.failure = {Phase::target, "no such module", "there are tcp and http"};
    return refused;
  }
  const ParsedTarget target = tcp ? parse_tcp_target(request.target) : parse_http_target(request.target);
  if (target.target && !is_allowed(*target.target, flags.allow)) {
    refused.failure = {Phase::target, "not allowed", "no --target.allow fits it"};
    return refused;
  }
  const Deadline own = std::chrono::steady_clock::now() + flags.timeout;
  Probe probe(request.deadline < own ? request.deadline : own);
  return tcp ? probe.tcp(target) : probe.http(target, http);
}

}  // namespace prober

int main(int argc, char** argv) {
  using namespace prober;
  Flags flags;
  HttpSettings http;
  promlite::Exporter exporter("prober", PROMLITE_VERSION,
                              "Tells Prometheus whether services answer, over TCP and HTTP: "
                              "/probe?module=http&target=http://www.example.org/");
  exporter.default_address("127.0.0.1:9115")
      .flag("target.allow", flags.allow,
            "Targets that may be probed: HOST:PORT with * and ?; repeatable. Without it all may.")
      .flag("probe.timeout", flags.timeout,
            "The longest that a probe may take; less when Prometheus says so.")
      .flag("http.expect-status", flags.expect_status,
            "Statuses of a good answer: 200, 2xx or 200-299; repeatable.")
      .flag("http.expect-text", flags.expect_text, "What a good answer's body has in it.")
      .flag("http.max-body-bytes", flags.max_body_bytes, "The longest body of a good answer.")
      .on_start([&] { http = http_settings(flags); })
      .probe([&](const promlite::ProbeRequest& request, promlite::Registry& registry) {
        const Result result = run(request, flags, http);
        show(result, registry);
        if (!result.failure) return;
        exporter.log().debug("Probe failed",
                             {{"target", without_user(request.target)},
                              {"phase", phase_names[static_cast<std::size_t>(result.failure.phase)]},
                              {"reason", result.failure.reason},
                              {"detail", result.failure.detail}});
      });
  exporter.command_line().get_option("--http.expect-status")->check(problem_of_status);
  exporter.command_line().get_option("--target.allow")->check(problem_of_glob);
  exporter.command_line().get_option("--probe.timeout")->check(problem_of_timeout);
  return exporter.run(argc, argv);
}
