// pushgateway_sweeper: gives the groups of a Pushgateway a time to live.
// SPDX-License-Identifier: MIT
#include "flags.hpp"
#include "sweeper.hpp"

#include <promlite/promlite.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include <pthread.h>

namespace pushgateway_sweeper {

static double unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// `{instance="db1",job="nightly"}`, with what a terminal would obey made harmless.
static std::string print_labels(const GroupLabels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    text += text.empty() ? "{" : ",";
    text += name + "=\"";
    for (const char c : value) {
      const bool control = (c >= 0 && c < ' ') || c == '\x7f';
      if (c == '"' || c == '\\') text += '\\';
      text += control ? '?' : c;
    }
    text += '"';
  }
  return text + "}";
}

static void print_row(const Outcome& outcome, double now) {
  const Group& group = outcome.group;
  const std::string age = group.pushed_at > 0 ? print_duration(now - group.pushed_at) : "never";
  std::printf("%-13s %-8s %-20s %s\n", outcome.action.c_str(), age.c_str(), group.reason.c_str(),
              print_labels(group.labels).c_str());
  if (!outcome.problem.empty()) std::fprintf(stderr, "pushgateway_sweeper: %s\n", outcome.problem.c_str());
}

/// One sweep; `all` prints every group, otherwise only what is, or would be, removed. False when something
/// failed.
static bool sweep(Sweeper& sweeper, bool all) {
  const double now = unix_time();
  const auto outcomes = sweeper.sweep(now);
  if (!outcomes) {
    std::fprintf(stderr, "pushgateway_sweeper: %s\n", outcomes.message().c_str());
    return false;
  }
  bool fine = true;
  if (all) std::printf("%-13s %-8s %-20s %s\n", "ACTION", "PUSHED", "BECAUSE", "GROUP");
  for (const Outcome& outcome : *outcomes) {
    fine = fine && outcome.action != "failed";
    if (all || outcome.group.expired) print_row(outcome, now);
  }
  std::fflush(stdout);
  return fine;
}

/// The first line of a file that holds a secret.
static std::optional<std::string> read_secret(const std::string& path) {
  std::string secret;
  std::FILE* const file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return std::nullopt;
  for (int c = 0; (c = std::fgetc(file)) != EOF && c != '\n';) secret += static_cast<char>(c);
  std::fclose(file);
  if (!secret.empty() && secret.back() == '\r') secret.pop_back();
  return secret;
}

static bool read_credentials(const Flags& flags, Credentials& credentials) {
  credentials.user = flags.user;
  for (const auto& [path, secret] :
       {std::pair{&flags.password_file, &credentials.password}, {&flags.token_file, &credentials.token}}) {
    if (path->empty()) continue;
    const auto read = read_secret(*path);
    if (!read || read->empty()) {
      std::fprintf(stderr, "pushgateway_sweeper: cannot read a secret from %s\n", path->c_str());
      return false;
    }
    *secret = *read;
  }
  return true;
}

/// Sweeps and serves until SIGINT or SIGTERM.
static int run_for_ever(Sweeper& sweeper, promlite::Registry& registry, const Flags& flags,
                        const sigset_t& signals) {
  promlite::ServerOptions options;
  options.name = "Pushgateway sweeper";
  const promlite::MetricsServer server{flags.listen_address, registry, options};
  std::fprintf(stderr, "pushgateway_sweeper: serving /metrics on %s\n", server.address().c_str());
  timespec pause{};
  pause.tv_sec = static_cast<std::time_t>(flags.interval.count());
  do {
    sweep(sweeper, false);
  } while (sigtimedwait(&signals, nullptr, &pause) < 0);
  return 0;
}

static int main(const std::vector<std::string>& arguments) {
  const auto flags = parse_flags(arguments);
  if (!flags) {
    std::fprintf(stderr, "pushgateway_sweeper: %s; --help shows what there is\n", flags.message().c_str());
    return 2;
  }
  if (flags->help) return std::fwrite(usage.data(), 1, usage.size(), stdout) == usage.size() ? 0 : 1;
  if (flags->version) return std::printf("pushgateway_sweeper %s\n", PROMLITE_VERSION) > 0 ? 0 : 1;
  Credentials credentials;
  if (!read_credentials(*flags, credentials)) return 2;
  // Before any thread starts, so that none of them takes the signals.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  if (flags->interval.count() != 0) pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  try {
    promlite::Registry registry;
    promlite::ProcessCollector own_process;
    const promlite::Membership member = registry.add(own_process);
    Sweeper sweeper(*flags, credentials, registry);
    if (flags->interval.count() == 0) return sweep(sweeper, true) ? 0 : 1;
    return run_for_ever(sweeper, registry, *flags, signals);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pushgateway_sweeper: %s\n", error.what());
  }
  return 1;
}

}  // namespace pushgateway_sweeper

int main(int argc, char** argv) {
  return pushgateway_sweeper::main(std::vector<std::string>(argv + 1, argv + argc));
}
