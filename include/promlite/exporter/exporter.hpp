// promlite: a whole exporter: its command line, its servers, its signals.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_EXPORTER_HPP
#define PROMLITE_EXPORTER_EXPORTER_HPP

#include <promlite/collector.hpp>
#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/exporter/build.hpp>
#include <promlite/exporter/collector_group.hpp>
#include <promlite/exporter/exit_after.hpp>
#include <promlite/exporter/exporter_site.hpp>
#include <promlite/exporter/flags.hpp>
#include <promlite/exporter/live_page.hpp>
#include <promlite/exporter/log.hpp>
#include <promlite/exporter/notify.hpp>
#include <promlite/exporter/probe.hpp>
#include <promlite/exporter/serving.hpp>
#include <promlite/exporter/signals.hpp>
#include <promlite/exporter/standard_streams.hpp>
#include <promlite/exporter/web_config.hpp>
#include <promlite/membership.hpp>
#include <promlite/process_collector.hpp>
#include <promlite/registry.hpp>
#include <promlite/transport/address.hpp>
#include <promlite/transport/compression.hpp>
#include <promlite/transport/instant.hpp>
#include <promlite/transport/server_options.hpp>
#include <promlite/transport/site.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

/// An exporter's main():
///
///     int main(int argc, char** argv) {
///       std::string address = "localhost:5672";
///       promlite::Exporter exporter("queue_exporter", "1.0.0", "Shows the lengths of a broker's queues.");
///       exporter.default_address(":9150").flag("queue.address", address, "The broker's HOST:PORT.");
///       exporter.collector("queues", "Lengths of all queues.",
///                          [&] { return std::make_unique<QueueCollector>(address); });
///       return exporter.run(argc, argv);
///     }
///
/// Everything is declared before run(), by one thread; declaring throws Error, or CLI::Error for a flag that
/// there is already. Flags of every exporter: --web.listen-address (repeatable), --web.telemetry-path,
/// --web.systemd-socket, --web.config.file, --[no-]web.live-page, --[no-]collector.NAME, --log.level,
/// --version, --help.
class Exporter {
 public:
  /// `name` is the program's, such as "queue_exporter": letters, digits, '_' and '-'. Metrics of the exporter
  /// itself are queue_exporter_build_info, process_*, and with the name less its "_exporter" those of the
  /// collectors, such as queue_collector_success.
  PROMLITE_COLD Exporter(std::string name, std::string version, const std::string& description)
      : name_(std::move(name)),
        version_(std::move(version)),
        flags_(name_, description,
               detail::message_of(name_, ", version ", version_, " (compiler ", detail::compiler_name(),
                                  ", C++ ", detail::cxx_standard(), ")")) {
    add_own_flags();
  }
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  /// The default of --web.listen-address: `HOST:PORT`, `[IPV6]:PORT`, `:PORT` for every address of the
  /// machine, or `unix:PATH`.
  Exporter& default_address(std::string address) {
    addresses_ = {std::move(address)};
    command_line().get_option("--web.listen-address")->default_str(addresses_[0]);
    return *this;
  }

  /// Compresses metrics for scrapers that ask for it: `promlite::gzip()` of `promlite/gzip.hpp`.
  Exporter& compression(Compression compression) noexcept {
    compression_ = compression;
    return *this;
  }

  /// What the version control knows of the program, for the labels of NAME_build_info.
  Exporter& built_from(std::string revision, std::string branch) {
    revision_ = std::move(revision);
    branch_ = std::move(branch);
    return *this;
  }

  /// `--name`, whose default is what `value` is now; run() sets it. T is std::string, a number, a
  /// std::chrono::duration ("500ms", "1m30s"), a std::vector<std::string> (the flag may be repeated), or a
  /// bool, which has `--no-name` as well. --help shows flags together whose names begin with the same word
  /// before a dot. `value` must live as long as this.
  template <class T>
  Exporter& flag(const std::string& name, T& value, const std::string& help) {
    flags_.add(name, value, help);
    return *this;
  }

  /// All else that CLI11 can do, such as `command_line().get_option("--queue.port")->check(CLI::Range(1,
  /// 65535))`.
  CLI::App& command_line() noexcept { return flags_.app(); }
  /// For metrics of one's own.
  Registry& registry() noexcept { return registry_; }
  Logger& log() noexcept { return log_; }

  /// A collector, made by run() unless it is switched off; see CollectorGroup for how it is run. Its flags
  /// are --collector.NAME and --no-collector.NAME. What `make` throws ends run().
  PROMLITE_COLD Exporter& collector(std::string name, const std::string& help,
                                    std::function<std::unique_ptr<Collector>()> make,
                                    CollectorOptions options = {}) {
    collectors_.push_back({std::move(name), std::move(make), options});
    flags_.add("collector." + collectors_.back().name, collectors_.back().options.enabled, help);
    return *this;
  }

  /// Answers `/probe?target=...`: `run` looks at the target, within the request's deadline, and sets metrics
  /// in a registry that is this request's alone. Called by several threads at once; what it throws is logged
  /// and answered with 500.
  Exporter& probe(std::function<void(const ProbeRequest&, Registry&)> run) {
    probe_ = std::move(run);
    return *this;
  }

  /// Called when the flags have been read and nothing is served yet. What it throws ends run().
  Exporter& on_start(std::function<void()> call) {
    on_start_ = std::move(call);
    return *this;
  }
  /// Called by SIGHUP, when the web configuration has been read again, on the thread of run(). What it throws
  /// is logged.
  Exporter& on_reload(std::function<void()> call) {
    on_reload_ = std::move(call);
    return *this;
  }

  /// Serves until SIGTERM or SIGINT, which end it within 200 ms: 0. A wrong flag is told on standard
  /// error: 2. Whatever else prevents it is logged: 1. Where a collector does not return then, the process
  /// ends with the status 0 here and now. Call it once, on the thread of main(), before there are others: the
  /// signals are blocked from then on, and no handler is installed.
  PROMLITE_COLD int run(int argc, char** argv) noexcept {
    try {
      if (const auto ending =
              flags_.parse(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc))) {
        std::fputs(ending->text.c_str(), ending->status == 0 ? stdout : stderr);
        return std::fflush(stdout) == 0 ? ending->status : 1;
      }
      log_.level(*parse_log_level(log_level_));
      serve();
      return 0;
    } catch (const std::exception& error) {
      log_.error(error.what());
    } catch (...) {
      log_.error("an exception of an unknown type");
    }
    return 1;
  }

 private:
  struct Declared {
    std::string name;
    std::function<std::unique_ptr<Collector>()> make;
    CollectorOptions options;
  };

  // From SIGTERM on; the rest of 200 ms is for a busy machine.
  static constexpr detail::Instant time_to_end = 150;

  void add_own_flags();
  void serve();
  std::string metric_name(std::string_view name) const;
  std::unique_ptr<CollectorGroup> make_collectors();
  ServerOptions server_options() const;
  void listen(detail::Servers& servers, const std::vector<std::string>& passed);
  int wait_for_end(const detail::Servers& servers, const detail::Signals& signals);
  void reload();
  WebConfig web_config() const;
  std::string status() const { return "Serving " + telemetry_path_; }

  std::string name_;
  std::string version_;
  std::string revision_ = "unknown";
  std::string branch_ = "unknown";
  detail::Flags flags_;

  std::vector<std::string> addresses_{":9100"};
  std::string telemetry_path_ = "/metrics";
  std::string config_file_;
  std::string log_level_ = "info";
  bool systemd_socket_ = false;
  bool live_page_ = true;

  Compression compression_;
  Logger log_;
  Registry registry_;
  std::deque<Declared> collectors_;  // their flags refer to them
  std::function<void(const ProbeRequest&, Registry&)> probe_;
  std::function<void()> on_start_;
  std::function<void()> on_reload_;
  detail::ServiceManager manager_;
  // From listen() on.
  std::shared_ptr<detail::ProbePage> probe_page_;
  std::shared_ptr<detail::ExporterSite> site_;
};

PROMLITE_COLD inline void Exporter::add_own_flags() {
  flags_
      .add("web.listen-address", addresses_,
           "Where scrapes are answered: HOST:PORT, [IPV6]:PORT, :PORT or unix:PATH.")
      .type_name("ADDRESS")
      ->check([](const std::string& text) -> std::string {
        detail::ListenAddress parsed;
        const char* const problem = detail::parse_address(text, parsed);
        return problem == nullptr ? "" : detail::message_of("\"", text, "\": ", problem);
      });
  flags_.add("web.telemetry-path", telemetry_path_, "Where the metrics are.")
      .type_name("PATH")
      ->check([](const std::string& text) -> std::string {
        ServerOptions options;
        options.metrics_path = text;
        const char* const problem = detail::Site::problem_of(options);
        return problem == nullptr ? "" : detail::message_of("\"", text, "\" is not a path such as /metrics");
      });
  flags_.add("web.systemd-socket", systemd_socket_,
             "Uses the sockets that systemd opened, and no address of its own.");
  flags_
      .add("web.config.file", config_file_,
           "Users, their password hashes, and headers of all responses; read again after SIGHUP.")
      .type_name("FILE");
  flags_.add("web.live-page", live_page_, "A page at / that shows the metrics live.");
  flags_.add("log.level", log_level_, "What is logged: debug, info, warn or error.")
      .type_name("LEVEL")
      ->check([](const std::string& text) -> std::string {
        return parse_log_level(text)
                   ? ""
                   : detail::message_of("\"", text, "\" is none of debug, info, warn and error");
      });
}

/// `name` behind the program's, which may hold a '-'.
PROMLITE_COLD inline std::string Exporter::metric_name(std::string_view name) const {
  std::string whole = name_;
  std::replace(whole.begin(), whole.end(), '-', '_');
  return whole.append(name);
}

/// Nothing where there is none.
PROMLITE_COLD inline std::unique_ptr<CollectorGroup> Exporter::make_collectors() {
  std::string scope = metric_name("");
  constexpr std::string_view ending = "_exporter";
  if (scope.size() > ending.size() &&
      scope.compare(scope.size() - ending.size(), ending.size(), ending) == 0) {
    scope.resize(scope.size() - ending.size());
  }
  std::unique_ptr<CollectorGroup> group;
  for (const Declared& each : collectors_) {
    if (!each.options.enabled) continue;
    if (!group) group = std::make_unique<CollectorGroup>(scope, &log_);
    std::unique_ptr<Collector> made;
    try {
      made = each.make();
    } catch (const std::exception& error) {
      detail::fail(detail::message_of("collector ", each.name, ": ", error.what()));
    }
    group->add(each.name, std::move(made), each.options);
  }
  return group;
}

PROMLITE_COLD inline void Exporter::serve() {
  detail::open_standard_streams();
  const detail::Signals signals;
  const std::vector<std::string> passed = detail::take_listen_addresses();
  if (on_start_) on_start_();
  log_.info("Starting",
            {{"program", name_}, {"version", version_}, {"revision", revision_}, {"branch", branch_}});

  registry_.info(runtime_name(metric_name("_build")), "What is running.",
                 {{"version", version_},
                  {"revision", revision_},
                  {"branch", branch_},
                  {"compiler", detail::compiler_name()},
                  {"cxx_standard", detail::cxx_standard()}});
  ProcessCollector process;
  const std::unique_ptr<CollectorGroup> group = make_collectors();
  std::vector<Membership> members;
  members.push_back(registry_.add(process));
  if (group) members.push_back(registry_.add(*group));
  detail::Servers servers(registry_, server_options());
  listen(servers, passed);
  manager_.ready(status());
  const int signal = wait_for_end(servers, signals);
  const detail::ExitAfter limit(time_to_end);  // holds for the log too, whose reader may stand still
  log_.info("Ending", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
  manager_.stopping();

  if (group) group->stop();
  const bool hangs =
      !servers.stop() || (group && group->any_running()) || (probe_page_ && probe_page_->running() > 0);
  // A thread that is inside of somebody's code may use what would be destroyed from here on.
  if (hangs) std::_Exit(0);
}

PROMLITE_COLD inline ServerOptions Exporter::server_options() const {
  ServerOptions options;
  options.metrics_path = telemetry_path_;
  options.name = name_;
  options.compression = compression_;
  options.max_scrape_timeout = std::chrono::minutes(2);
  if (live_page_) options.landing_page = live_page(name_, telemetry_path_);
  return options;
}

/// `passed` are the sockets of a service manager.
PROMLITE_COLD inline void Exporter::listen(detail::Servers& servers, const std::vector<std::string>& passed) {
  if (systemd_socket_ && passed.empty())
    detail::fail("--web.systemd-socket: systemd has not passed a socket");
  if (probe_ && telemetry_path_ == detail::ProbePage::path)
    detail::fail(detail::message_of("--web.telemetry-path: ", telemetry_path_, " is where probes are"));
  const ServerOptions options = server_options();
  if (probe_) probe_page_ = std::make_shared<detail::ProbePage>(probe_, options, &log_);
  site_ = std::make_shared<detail::ExporterSite>(options, web_config(), probe_page_);
  for (const std::string& address : systemd_socket_ ? passed : addresses_) servers.add(address, site_);
  for (const std::string& address : servers.addresses()) {
    log_.info("Listening", {{"address", address}, {"path", telemetry_path_}});
  }
}

/// That of --web.config.file; without it one that asks nothing of anybody.
PROMLITE_COLD inline WebConfig Exporter::web_config() const {
  if (config_file_.empty()) return {};
  Expected<WebConfig> config = read_web_config(config_file_);
  if (!config) detail::fail(config.message());
  return std::move(*config);
}

/// Returns the signal that ends the program.
PROMLITE_COLD inline int Exporter::wait_for_end(const detail::Servers& servers,
                                                const detail::Signals& signals) {
  // As sd_watchdog_enabled(3) advises: twice as often as is asked for.
  const detail::Instant period = std::max<detail::Instant>(manager_.watchdog() / 2, 1);
  detail::Instant next = manager_.watchdog() > 0 ? detail::now() : detail::never;
  for (;;) {
    const int signal = signals.wait_until(next);
    if (signal == SIGHUP) {
      reload();
    } else if (signal != 0) {
      return signal;
    } else {
      const detail::Instant current = detail::now();
      if (servers.answer(current + period, signals.descriptor())) manager_.alive();
      next = current + period;
    }
  }
}

PROMLITE_COLD inline void Exporter::reload() {
  manager_.reloading();
  try {
    site_->reload(web_config());
    if (on_reload_) on_reload_();
    log_.info("Reloaded");
  } catch (const std::exception& error) {
    log_.error("Not reloaded", {{"reason", error.what()}});
  } catch (...) {
    log_.error("Not reloaded", {{"reason", "an exception of an unknown type"}});
  }
  manager_.ready(status());
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_EXPORTER_HPP
