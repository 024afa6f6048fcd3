// memcached_exporter: the command line. Pure functions, no input and no output.
// SPDX-License-Identifier: MIT
#ifndef MEMCACHED_EXPORTER_FLAGS_HPP
#define MEMCACHED_EXPORTER_FLAGS_HPP

#include <promlite/error.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace memcached_exporter {

struct Flags {
  std::string memcached_address = "localhost:11211";
  std::chrono::nanoseconds memcached_timeout = std::chrono::seconds(1);
  std::string memcached_pid_file;
  std::string listen_address = "127.0.0.1:9150";
  std::string telemetry_path = "/metrics";
  bool help = false;
  bool version = false;
};

inline constexpr std::string_view usage =
    "Usage: memcached_exporter [--FLAG=VALUE | --FLAG VALUE]...\n"
    "\n"
    "Answers scrapes of Prometheus with the statistics of one memcached server.\n"
    "\n"
    "  --memcached.address ADDRESS   The server: HOST:PORT, [IPV6]:PORT, or the path of a unix socket.\n"
    "                                Default: localhost:11211\n"
    "  --memcached.timeout DURATION  Time for everything that one scrape asks of the server, such as 500ms,\n"
    "                                1s or 1m30s. Default: 1s\n"
    "  --memcached.pid-file PATH     File with the server's process number; adds memcached_process_*.\n"
    "  --web.listen-address ADDRESS  Where scrapes are answered: HOST:PORT, [IPV6]:PORT, or :PORT for all\n"
    "                                addresses of the machine. Default: 127.0.0.1:9150\n"
    "  --web.telemetry-path PATH     Default: /metrics\n"
    "  --help                        Shows this text.\n"
    "  --version                     Shows the version.\n";

/// A duration as Go writes it: "1s", "500ms", "1m30s", "1.5h"; units h, m, s, ms, us, ns. More than zero and
/// at most a day.
inline std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double nanoseconds;
  };
  constexpr Unit units[] = {{"ms", 1e6}, {"us", 1e3}, {"ns", 1}, {"h", 3600e9}, {"m", 60e9}, {"s", 1e9}};
  double total = 0;
  while (!text.empty()) {
    double value = 0;
    double scale = 1;
    bool digits = false;
    bool fraction = false;
    for (; !text.empty() && ((text[0] >= '0' && text[0] <= '9') || (text[0] == '.' && !fraction));
         text.remove_prefix(1)) {
      if (text[0] == '.') {
        fraction = true;
        continue;
      }
      digits = true;
      value = value * 10 + (text[0] - '0');
      if (fraction) scale *= 10;
    }
    const Unit* found = nullptr;
    for (const Unit& unit : units) {
      if (found == nullptr && text.substr(0, unit.name.size()) == unit.name) found = &unit;
    }
    if (!digits || found == nullptr) return std::nullopt;
    total += value / scale * found->nanoseconds;
    text.remove_prefix(found->name.size());
  }
  if (!(total >= 1 && total <= 3600e9)) return std::nullopt;
  return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(total));
}

/// ":PORT" is what operators write for every address of the machine; promlite wants a wildcard in full.
inline std::string listen_address(const std::string& text, bool machine_has_ipv6) {
  if (text.substr(0, 1) != ":") return text;
  return (machine_has_ipv6 ? "[::]" : "0.0.0.0") + text;
}

/// Puts one value where it belongs. The message names the flag and what is wrong.
inline promlite::Expected<void> set_flag(Flags& flags, const std::string& name, const std::string& value) {
  using Result = promlite::Expected<void>;
  if (value.empty()) return Result::failure("--" + name + " needs a value");
  if (name == "memcached.address") {
    flags.memcached_address = value;
  } else if (name == "memcached.pid-file") {
    flags.memcached_pid_file = value;
  } else if (name == "web.listen-address") {
    flags.listen_address = value;
  } else if (name == "web.telemetry-path") {
    if (value[0] != '/')
      return Result::failure("--web.telemetry-path: \"" + value + "\" is not a path such as /metrics");
    flags.telemetry_path = value;
  } else {
    const auto duration = parse_duration(value);
    if (!duration)
      return Result::failure("--memcached.timeout: \"" + value +
                             "\" is not a duration such as 500ms or 1s, more than zero and at most 1h");
    flags.memcached_timeout = *duration;
  }
  return {};
}

/// `arguments` come without the program's name. After --help or --version nothing else matters.
inline promlite::Expected<Flags> parse_flags(const std::vector<std::string>& arguments) {
  using Result = promlite::Expected<Flags>;
  Flags flags;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--help" || argument == "-h") {
      flags.help = true;
      return flags;
    }
    if (argument == "--version") {
      flags.version = true;
      return flags;
    }
    if (argument.substr(0, 2) != "--") return Result::failure("unexpected argument \"" + argument + "\"");
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
    if (name != "memcached.address" && name != "memcached.timeout" && name != "memcached.pid-file" &&
        name != "web.listen-address" && name != "web.telemetry-path") {
      return Result::failure("unknown flag --" + name);
    }
    std::string value;
    if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (i + 1 < arguments.size() && arguments[i + 1].substr(0, 2) != "--") {
      value = arguments[++i];
    }
    if (auto set = set_flag(flags, name, value); !set) return Result::failure(set.message());
  }
  return flags;
}

}  // namespace memcached_exporter

#endif  // MEMCACHED_EXPORTER_FLAGS_HPP
