// log_exporter: follows log files and serves counts of their lines to Prometheus.
// SPDX-License-Identifier: MIT
#include "log_collector.hpp"
#include "match.hpp"
#include "options.hpp"

#include <promlite/exporter.hpp>

#include <memory>
#include <string>

namespace log_exporter {

/// A wrong value ends the program before it begins.
static void declare_flags(promlite::Exporter& exporter, Options& options) {
  exporter.flag("file", options.files, "Files to follow: a path, or a pattern with *, ? and [...].")
      .flag("exclude", options.excluded, "Files that patterns leave out; a * stands for slashes too.")
      .flag("match", options.matches, "Counts lines that have a POSIX extended expression in them.")
      .flag("start", options.start,
            "Where files are begun that are there at the first start: beginning or end.")
      .flag("state.file", options.state_file, "Keeps counts and positions for the next start.")
      .flag("poll.interval", options.poll_interval, "How often files are looked at, besides at each scrape.")
      .flag("max-files", options.max_files, "Most files that are followed.")
      .flag("forget-after", options.forget_after,
            "How long a file of a pattern keeps its series when it is gone.");
  CLI::App& flags = exporter.command_line();
  flags.get_option("--file")->required()->type_name("GLOB")->check(
      [](const std::string& text) { return std::string(text.empty() ? "the path is empty" : ""); });
  flags.get_option("--exclude")->type_name("GLOB");
  flags.get_option("--match")->type_name("NAME=REGEX")->check([](const std::string& text) {
    return Match::parse(text).message();
  });
  flags.get_option("--start")->type_name("WHERE")->check(CLI::IsMember({"beginning", "end"}).description(""));
  flags.final_callback([&flags] {
    try {
      parse_matches(flags.get_option("--match")->results());
    } catch (const promlite::Error& error) {
      throw CLI::ValidationError(error.what());
    }
  });
  flags.get_option("--state.file")->type_name("PATH");
  flags.get_option("--max-files")->check(CLI::Range(1, 10000).description(""));
}

}  // namespace log_exporter

int main(int argc, char** argv) {
  using namespace log_exporter;
  Options options;
  promlite::Exporter exporter("log_exporter", PROMLITE_VERSION, "Counts the lines of log files.");
  exporter.default_address("127.0.0.1:9160");
  declare_flags(exporter, options);
  exporter.collector("files", "the lines of all files",
                     [&] { return std::make_unique<LogCollector>(options, exporter.log()); });
  return exporter.run(argc, argv);
}
