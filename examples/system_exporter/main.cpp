// system_exporter: serves the figures of this machine to Prometheus.
// SPDX-License-Identifier: MIT
#include "cpu.hpp"
#include "descriptors.hpp"
#include "disk.hpp"
#include "exclusion.hpp"
#include "filesystem.hpp"
#include "kernel.hpp"
#include "load.hpp"
#include "memory.hpp"
#include "network.hpp"

#include <promlite/exporter.hpp>
#include <promlite/version.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace system_exporter {

struct Flags {
  Paths paths;
  std::string disk_exclude = "^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme[0-9]+n[0-9]+p)[0-9]+$";
  std::string points_exclude =
      "^/(dev|proc|sys|run/credentials/.+|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)";
  std::string types_exclude =
      "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|efivarfs|fusectl|hugetlbfs|iso9660|"
      "mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$";
  std::chrono::nanoseconds mount_timeout = std::chrono::seconds(1);
  std::string network_exclude;
};

static void add_collectors(promlite::Exporter& exporter, const Flags& flags) {
  exporter
      .collector("cpu", "Time of the processors by mode.",
                 [&] { return std::make_unique<CpuCollector>(flags.paths); })
      .collector("memory", "Use of memory and swap space.",
                 [&] { return std::make_unique<MemoryCollector>(flags.paths); })
      .collector("load", "Load averages.", [&] { return std::make_unique<LoadCollector>(flags.paths); })
      .collector("disk", "What the disks do.",
                 [&] { return std::make_unique<DiskCollector>(flags.paths, Exclusion(flags.disk_exclude)); })
      .collector("filesystem", "How full the file systems are.",
                 [&] {
                   return std::make_unique<FileSystemCollector>(flags.paths, Exclusion(flags.points_exclude),
                                                                Exclusion(flags.types_exclude),
                                                                FileSystemAsker(flags.mount_timeout));
                 })
      .collector(
          "network", "What goes through the network interfaces.",
          [&] { return std::make_unique<NetworkCollector>(flags.paths, Exclusion(flags.network_exclude)); })
      .collector("descriptors", "File descriptors in use.",
                 [&] { return std::make_unique<DescriptorCollector>(flags.paths); })
      .collector("kernel", "Start of the machine, clock, tasks, interrupts, name of the kernel.",
                 [&] { return std::make_unique<KernelCollector>(flags.paths); });
}

/// What is wrong with a flag's text, or nothing.
static std::string problem_of_timeout(const std::string& text) {
  const auto parsed = promlite::parse_duration(text);
  if (parsed && parsed->count() > 0) return "";
  return "\"" + text + "\" is not a duration such as 500ms or 1s, more than zero";
}

}  // namespace system_exporter

int main(int argc, char** argv) {
  system_exporter::Flags flags;
  promlite::Exporter exporter("system_exporter", PROMLITE_VERSION,
                              "Serves the figures of this machine to Prometheus.");
  exporter.default_address("127.0.0.1:9109")
      .flag("path.procfs", flags.paths.procfs, "Where the proc file system is.")
      .flag("path.sysfs", flags.paths.sysfs, "Where the sys file system is.")
      .flag("path.rootfs", flags.paths.rootfs, "Where the machine's root is, with its other mounts below it.")
      .flag("disk.device-exclude", flags.disk_exclude, "Regular expression of disks to leave out.")
      .flag("filesystem.mount-points-exclude", flags.points_exclude,
            "Regular expression of mount points to leave out.")
      .flag("filesystem.fs-types-exclude", flags.types_exclude,
            "Regular expression of types of file systems to leave out.")
      .flag("filesystem.mount-timeout", flags.mount_timeout, "How long to wait for one file system.")
      .flag("network.device-exclude", flags.network_exclude,
            "Regular expression of network interfaces to leave out.");
  CLI::App& command_line = exporter.command_line();
  for (const char* const name : {"--disk.device-exclude", "--filesystem.mount-points-exclude",
                                 "--filesystem.fs-types-exclude", "--network.device-exclude"})
    command_line.get_option(name)->check(system_exporter::Exclusion::problem);
  command_line.get_option("--filesystem.mount-timeout")->check(system_exporter::problem_of_timeout);
  system_exporter::add_collectors(exporter, flags);
  return exporter.run(argc, argv);
}
