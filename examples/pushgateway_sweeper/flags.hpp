// pushgateway_sweeper: the command line. Pure functions, no input and no output.
// SPDX-License-Identifier: MIT
#ifndef PUSHGATEWAY_SWEEPER_FLAGS_HPP
#define PUSHGATEWAY_SWEEPER_FLAGS_HPP

#include "duration.hpp"
#include "plan.hpp"

#include <promlite/error.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace pushgateway_sweeper {

struct Flags {
  std::string gateway = "http://127.0.0.1:9091";
  std::string metrics_path = "/metrics";
  std::string user;
  std::string password_file;
  std::string token_file;
  std::chrono::seconds timeout{10};
  Policy policy;
  bool remove = false;
  std::chrono::seconds interval{0};  ///< 0: once
  std::string listen_address = "127.0.0.1:9493";
  bool help = false;
  bool version = false;
};

inline constexpr std::string_view usage =
    "Usage: pushgateway_sweeper [--FLAG=VALUE | --FLAG VALUE]...\n"
    "\n"
    "Removes groups of a Pushgateway that have become too old. Without --delete it only says which.\n"
    "\n"
    "  --gateway URL                 Default: http://127.0.0.1:9091\n"
    "  --gateway.metrics-path PATH   Where the gateway shows its metrics. Default: /metrics\n"
    "  --gateway.user NAME           With --gateway.password-file FILE: basic authentication\n"
    "  --gateway.token-file FILE     Bearer authentication\n"
    "  --gateway.timeout DURATION    For each request. Default: 10s\n"
    "  --ttl DURATION                A group whose last push is so old is removed. Default: none is\n"
    "  --ttl.job JOB=DURATION        The same for one job, instead of --ttl; may be repeated\n"
    "  --delete                      Removes instead of only saying so\n"
    "  --once                        One sweep, with a table; the default\n"
    "  --interval DURATION           A sweep so often, and metrics about it until SIGTERM\n"
    "  --web.listen-address ADDRESS  Of those metrics. Default: 127.0.0.1:9493\n"
    "  --help, --version\n"
    "\n"
    "A group that has a metric *_expires_timestamp_seconds with its labels and no others is removed after "
    "that\n"
    "time and not before, whatever --ttl says. A duration is such as 90s, 36h, 1d12h, 2w.\n";

using FlagResult = promlite::Expected<void>;

inline FlagResult set_duration(std::chrono::seconds& to, const std::string& name, const std::string& value) {
  const auto duration = parse_duration(value);
  if (!duration)
    return FlagResult::failure("--" + name + ": \"" + value + "\" is not a duration such as 36h");
  to = *duration;
  return {};
}

inline FlagResult set_ttl_of_job(Flags& flags, const std::string& value) {
  const std::size_t equals = value.rfind('=');
  if (equals == std::string::npos || equals == 0)
    return FlagResult::failure("--ttl.job: \"" + value + "\" is not JOB=DURATION");
  return set_duration(flags.policy.ttl_of_job[value.substr(0, equals)], "ttl.job", value.substr(equals + 1));
}

/// Puts one value where it belongs. The message names the flag and what is wrong.
inline FlagResult set_flag(Flags& flags, const std::string& name, const std::string& value) {
  struct Text {
    std::string_view name;
    std::string Flags::*member;
  };
  constexpr Text texts[] = {{"gateway", &Flags::gateway},
                            {"gateway.metrics-path", &Flags::metrics_path},
                            {"gateway.user", &Flags::user},
                            {"gateway.password-file", &Flags::password_file},
                            {"gateway.token-file", &Flags::token_file},
                            {"web.listen-address", &Flags::listen_address}};
  if (value.empty()) return FlagResult::failure("--" + name + " needs a value");
  for (const Text& text : texts) {
    if (name != text.name) continue;
    flags.*text.member = value;
    return {};
  }
  if (name == "gateway.timeout") return set_duration(flags.timeout, name, value);
  if (name == "interval") return set_duration(flags.interval, name, value);
  if (name == "ttl") return set_duration(flags.policy.ttl.emplace(), name, value);
  if (name == "ttl.job") return set_ttl_of_job(flags, value);
  return FlagResult::failure("unknown flag --" + name);
}

/// A flag without a value, if it is one.
inline bool set_switch(Flags& flags, const std::string& argument) {
  if (argument == "--delete") return flags.remove = true;
  if (argument == "--help" || argument == "-h") return flags.help = true;
  if (argument == "--version") return flags.version = true;
  if (argument != "--once") return false;
  flags.interval = std::chrono::seconds(0);
  return true;
}

/// `arguments` come without the program's name.
inline promlite::Expected<Flags> parse_flags(const std::vector<std::string>& arguments) {
  using Result = promlite::Expected<Flags>;
  Flags flags;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (set_switch(flags, argument)) continue;
    if (argument.substr(0, 2) != "--") return Result::failure("unexpected argument \"" + argument + "\"");
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
    std::string value;
    if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    }
    if (auto set = set_flag(flags, name, value); !set) return Result::failure(set.message());
  }
  if (flags.user.empty() != flags.password_file.empty())
    return Result::failure("--gateway.user and --gateway.password-file go together");
  return flags;
}

}  // namespace pushgateway_sweeper

#endif  // PUSHGATEWAY_SWEEPER_FLAGS_HPP
