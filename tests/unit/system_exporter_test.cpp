// promlite: what examples/system_exporter makes of the kernel's files, real ones and damaged ones.
// SPDX-License-Identifier: MIT
#include "../../examples/system_exporter/cpu.hpp"
#include "../../examples/system_exporter/descriptors.hpp"
#include "../../examples/system_exporter/disk.hpp"
#include "../../examples/system_exporter/filesystem.hpp"
#include "../../examples/system_exporter/kernel.hpp"
#include "../../examples/system_exporter/load.hpp"
#include "../../examples/system_exporter/memory.hpp"
#include "../../examples/system_exporter/network.hpp"

#include <promlite/exporter/collection.hpp>
#include <promlite/exposition/lint.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/stat.h>

#include "support/catch.hpp"

using namespace system_exporter;
using namespace std::chrono_literals;

/// A folder with a /proc and a /sys that a test makes up.
class Machine {
 public:
  Machine() {
    std::string name = (std::filesystem::temp_directory_path() / "promlite_machine_XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    root = name;
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine() { std::filesystem::remove_all(root); }

  void write(const std::string& file, const std::string& text) const {
    const std::filesystem::path path = root / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  Paths paths() const { return {(root / "proc").string(), (root / "sys").string(), root.string()}; }
  std::string shown(std::string text) const {
    const std::string name = root.string();
    for (std::size_t at; (at = text.find(name)) != std::string::npos;) text.replace(at, name.size(), "ROOT");
    return text;
  }

  std::filesystem::path root;
};

/// What one collection gave: its samples, without HELP and TYPE, and what the kit would log.
struct Collection {
  std::string samples;
  std::string problem;
};

static Collection collect(promlite::Collector& collector,
                          std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::now() +
                                                                           20s) {
  promlite::detail::CollectionScope scope(deadline);
  promlite::Registry registry;
  const auto membership = registry.add(collector);
  const std::string text = promlite::to_text(registry);
  CHECK(promlite::lint(text).empty());
  std::string samples;
  std::string_view rest = text;
  for (std::string_view line; take_line(rest, line);) {
    if (line.substr(0, 1) != "#" && line.substr(0, 9) != "promlite_") samples.append(line).append("\n");
  }
  return {samples, scope.problem()};
}

static Collection collect(const Machine& machine, promlite::Collector& collector) {
  Collection found = collect(collector);
  found.problem = machine.shown(found.problem);
  return found;
}

TEST_CASE("system_exporter: words and numbers") {
  std::string_view text = " \tone  two\tthree ";
  CHECK(take_word(text) == "one");
  CHECK(take_word(text) == "two");
  CHECK(take_word(text) == "three");
  CHECK(take_word(text).empty());
  CHECK(take_word(text).empty());
  CHECK(parse_integer("18446744073709551615") == UINT64_MAX);
  CHECK(parse_decimal("0.80") == 0.8);
  CHECK(parse_decimal("12") == 12);
  for (const char* bad : {"", "-1", "+1", "1e3", "18446744073709551616", " 1", "1 ", "0x1"}) {
    CHECK_FALSE(parse_integer(bad));
    CHECK_FALSE(parse_decimal(bad));
  }
  for (const char* bad : {".", "1.", ".5", "1.-5", "1.2.3", "nan", "inf", "0.1234567890123456"})
    CHECK_FALSE(parse_decimal(bad));
  CHECK(times(UINT64_MAX / 1024, 1024) == UINT64_MAX / 1024 * 1024);
  CHECK_FALSE(times(UINT64_MAX / 1024 + 1, 1024));
}

TEST_CASE("system_exporter: a file that cannot be read") {
  const Machine machine;
  const std::string root = machine.root.string();
  CHECK(machine.shown(read_file(root + "/none").message()) == "ROOT/none: No such file or directory");
  CHECK(machine.shown(read_file(root).message()) == "ROOT: Is a directory");
  REQUIRE(::mkfifo((root + "/pipe").c_str(), 0600) == 0);
  CHECK(read_file(root + "/pipe").message().empty());
  machine.write("large", std::string((std::size_t{16} << 20) + 1, 'x'));
  CHECK(machine.shown(read_file(root + "/large").message()) == "ROOT/large: it is larger than 16 MiB");
}

TEST_CASE("system_exporter: processors") {
  const Machine machine;
  machine.write("proc/stat",
                "cpu  300 0 0 0 0 0 0 0 0 0\n"
                "cpu0 100 200 300 400 500 600 700 800 900 1000\n"
                "cpu12 1 2 3 4\n"
                "intr 5\n");
  CpuCollector collector(machine.paths());
  const Collection found = collect(machine, collector);
  CHECK(found.samples ==
        "system_cpu_guest_seconds_total{cpu=\"0\",mode=\"nice\"} 10\n"
        "system_cpu_guest_seconds_total{cpu=\"0\",mode=\"user\"} 9\n"
        "system_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} 4\n"
        "system_cpu_seconds_total{cpu=\"0\",mode=\"iowait\"} 5\n"
        "system_cpu_seconds_total{cpu=\"0\",mode=\"irq\"} 6\n"
        "system_cpu_seconds_total{cpu=\"0\",mode=\"nice\"} 2\n"
        "system_cpu_seconds_total{cpu=\"0\",mode=\"softirq\"} 7\n"
        "system_cpu_seconds_total{cpu=\"0\",mode=\"steal\"} 8\n"
        "system_cpu_seconds_total{cpu=\"0\",mode=\"system\"} 3\n"
        "system_cpu_seconds_total{cpu=\"0\",mode=\"user\"} 1\n"
        "system_cpu_seconds_total{cpu=\"12\",mode=\"idle\"} 0.04\n"
        "system_cpu_seconds_total{cpu=\"12\",mode=\"nice\"} 0.02\n"
        "system_cpu_seconds_total{cpu=\"12\",mode=\"system\"} 0.03\n"
        "system_cpu_seconds_total{cpu=\"12\",mode=\"user\"} 0.01\n");
  CHECK(found.problem.empty());

  machine.write("proc/stat", "cpu0 1 2 x 4\ncpux 1 2\ncpu1 99999999999999999999\ncpu2 7");
  const Collection damaged = collect(machine, collector);
  CHECK(damaged.samples ==
        "system_cpu_seconds_total{cpu=\"0\",mode=\"nice\"} 0.02\n"
        "system_cpu_seconds_total{cpu=\"0\",mode=\"user\"} 0.01\n"
        "system_cpu_seconds_total{cpu=\"2\",mode=\"user\"} 0.07\n");
  CHECK(damaged.problem == "ROOT/proc/stat: the system time of cpu0 is no number");

  std::filesystem::remove(machine.root / "proc/stat");
  CHECK(collect(machine, collector).samples.empty());
  CHECK(collect(machine, collector).problem == "ROOT/proc/stat: No such file or directory");
  machine.write("proc/stat", "");
  CHECK(collect(machine, collector).problem == "ROOT/proc/stat: no processor is in it");
}

TEST_CASE("system_exporter: a processor's time does not step back, unless the processor was away") {
  SteadyTicks steady;
  CHECK(steady.update("0", {100, 1000}, 300) == CpuTicks{100, 1000});
  CHECK(steady.update("0", {110, 990}, 300) == CpuTicks{110, 1000});
  CHECK(steady.update("1", {5, 5}, 300) == CpuTicks{5, 5});
  CHECK(steady.update("0", {120, 1001}, 300) == CpuTicks{120, 1001});
  CHECK(steady.update("0", {121, 700}, 300) == CpuTicks{121, 700});
}

TEST_CASE("system_exporter: memory") {
  const Machine machine;
  machine.write("proc/meminfo",
                "MemTotal:       24684096 kB\nMemAvailable:   23813744 kB\nActive(anon):       1608 kB\n"
                "HugePages_Total:       7\nHugepagesize:       2048 kB\nSomethingNew: 5 kB\n");
  MemoryCollector collector(machine.paths());
  const Collection found = collect(machine, collector);
  CHECK(found.samples ==
        "system_memory_active_anonymous_bytes 1646592\n"
        "system_memory_available_bytes 24385273856\n"
        "system_memory_huge_page_size_bytes 2097152\n"
        "system_memory_huge_pages 7\n"
        "system_memory_total_bytes 25276514304\n");
  CHECK(found.problem.empty());

  machine.write(
      "proc/meminfo",
      "MemTotal: 18446744073709551615 kB\nMemFree: 1\nCached: -5 kB\nHugePages_Total: 7 kB\nDirty: 3 kB\n"
      "MemAvailable\nBuffers:\n");
  const Collection damaged = collect(machine, collector);
  CHECK(damaged.samples == "system_memory_dirty_bytes 3072\n");
  CHECK(damaged.problem == "ROOT/proc/meminfo: MemTotal is no number of kB");
  machine.write("proc/meminfo", std::string(5000, '\0'));
  CHECK(collect(machine, collector).problem == "ROOT/proc/meminfo: nothing that is known is in it");
}

TEST_CASE("system_exporter: load") {
  const Machine machine;
  machine.write("proc/loadavg", "3.39 2.54 12.45 7/300 1234\n");
  LoadCollector collector(machine.paths());
  const Collection found = collect(machine, collector);
  CHECK(found.samples == "system_load1 3.39\nsystem_load15 12.45\nsystem_load5 2.54\n");
  CHECK(found.problem.empty());
  machine.write("proc/loadavg", "3.39 much");
  const Collection damaged = collect(machine, collector);
  CHECK(damaged.samples == "system_load1 3.39\n");
  CHECK(damaged.problem == "ROOT/proc/loadavg: an average is no number");
}

TEST_CASE("system_exporter: disks") {
  const Machine machine;
  machine.write("proc/diskstats",
                "   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
                " 254       0 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n");
  DiskCollector collector(machine.paths(), Exclusion("^loop"));
  const Collection found = collect(machine, collector);
  CHECK(found.samples ==
        "system_disk_discard_time_seconds_total{device=\"vda\"} 0.015\n"
        "system_disk_discarded_bytes_total{device=\"vda\"} 7168\n"
        "system_disk_discards_completed_total{device=\"vda\"} 12\n"
        "system_disk_discards_merged_total{device=\"vda\"} 13\n"
        "system_disk_flush_requests_time_seconds_total{device=\"vda\"} 0.017\n"
        "system_disk_flush_requests_total{device=\"vda\"} 16\n"
        "system_disk_io_now{device=\"vda\"} 9\n"
        "system_disk_io_time_seconds_total{device=\"vda\"} 0.01\n"
        "system_disk_io_time_weighted_seconds_total{device=\"vda\"} 0.011\n"
        "system_disk_read_bytes_total{device=\"vda\"} 1536\n"
        "system_disk_read_time_seconds_total{device=\"vda\"} 0.004\n"
        "system_disk_reads_completed_total{device=\"vda\"} 1\n"
        "system_disk_reads_merged_total{device=\"vda\"} 2\n"
        "system_disk_write_time_seconds_total{device=\"vda\"} 0.008\n"
        "system_disk_writes_completed_total{device=\"vda\"} 5\n"
        "system_disk_writes_merged_total{device=\"vda\"} 6\n"
        "system_disk_written_bytes_total{device=\"vda\"} 3584\n");
  CHECK(found.problem.empty());

  machine.write(
      "proc/diskstats",
      "254 0 sda 1 2 3 4 5 6 7 8 9 10\n\n254 sdb\n254 0 sdc 1 2 18446744073709551615 4 5 6 7 8 9 10 11\n"
      "8 0 sdd 0 0 0 0 0 0 0 0 5 0 0 some\n8 0 old 0 0 0 0 0 0 0 0 5 0 0");
  const Collection damaged = collect(machine, collector);
  CHECK(damaged.samples.find("device=\"sd") == std::string::npos);
  CHECK(damaged.samples.find("system_disk_io_now{device=\"old\"} 5\n") != std::string::npos);
  CHECK(damaged.samples.find("discard") == std::string::npos);
  CHECK(damaged.problem == "ROOT/proc/diskstats: the line of \"sda\" cannot be read");
}

static const char* const network_headings =
    "Inter-|   Receive                            |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n";

TEST_CASE("system_exporter: network interfaces") {
  const Machine machine;
  machine.write("proc/1/net/dev",
                network_headings + std::string("  eth0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
                                               "veth1: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"));
  machine.write("sys/class/net/eth0/operstate", "up\n");
  machine.write("sys/class/net/eth0/mtu", "1400\n");
  machine.write("sys/class/net/eth0/carrier", "1\n");
  machine.write("sys/class/net/eth0/speed", "1000\n");
  NetworkCollector collector(machine.paths(), Exclusion("^veth"));
  const Collection found = collect(machine, collector);
  CHECK(found.samples ==
        "system_network_carrier{device=\"eth0\"} 1\n"
        "system_network_mtu_bytes{device=\"eth0\"} 1400\n"
        "system_network_receive_bytes_total{device=\"eth0\"} 1\n"
        "system_network_receive_compressed_packets_total{device=\"eth0\"} 7\n"
        "system_network_receive_dropped_total{device=\"eth0\"} 4\n"
        "system_network_receive_errors_total{device=\"eth0\"} 3\n"
        "system_network_receive_fifo_errors_total{device=\"eth0\"} 5\n"
        "system_network_receive_frame_errors_total{device=\"eth0\"} 6\n"
        "system_network_receive_multicast_packets_total{device=\"eth0\"} 8\n"
        "system_network_receive_packets_total{device=\"eth0\"} 2\n"
        "system_network_speed_bytes{device=\"eth0\"} 125000000\n"
        "system_network_transmit_bytes_total{device=\"eth0\"} 9\n"
        "system_network_transmit_carrier_errors_total{device=\"eth0\"} 15\n"
        "system_network_transmit_collisions_total{device=\"eth0\"} 14\n"
        "system_network_transmit_compressed_packets_total{device=\"eth0\"} 16\n"
        "system_network_transmit_dropped_total{device=\"eth0\"} 12\n"
        "system_network_transmit_errors_total{device=\"eth0\"} 11\n"
        "system_network_transmit_fifo_errors_total{device=\"eth0\"} 13\n"
        "system_network_transmit_packets_total{device=\"eth0\"} 10\n"
        "system_network_up{device=\"eth0\"} 1\n");
  CHECK(found.problem.empty());

  machine.write("sys/class/net/eth0/operstate", "down\n");
  machine.write("sys/class/net/eth0/speed", "-1\n");
  std::filesystem::remove(machine.root / "sys/class/net/eth0/carrier");
  const Collection down = collect(machine, collector);
  CHECK(down.samples.find("system_network_up{device=\"eth0\"} 0\n") != std::string::npos);
  CHECK(down.samples.find("speed") == std::string::npos);
  CHECK(down.samples.find("system_network_carrier{") == std::string::npos);
  CHECK(down.problem.empty());
}

TEST_CASE("system_exporter: network interfaces with odd names and damaged lines") {
  const Machine machine;
  // Process 1 is hidden.
  machine.write("proc/self/net/dev",
                network_headings + std::string("a:b: 1 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0\n"
                                               "../../../x: 3 0 0 0 0 0 0 0 4 0 0 0 0 0 0 0\n"
                                               "..: 5 0 0 0 0 0 0 0 6 0 0 0 0 0 0 0\n"
                                               "cut: 7 0 0\nnocolon\n: 1\n"));
  machine.write("x/operstate", "up\n");
  machine.write("sys/class/operstate", "up\n");
  NetworkCollector collector(machine.paths(), Exclusion(""));
  const Collection found = collect(machine, collector);
  CHECK(found.samples.find("system_network_receive_bytes_total{device=\"..\"} 5\n"
                           "system_network_receive_bytes_total{device=\"../../../x\"} 3\n"
                           "system_network_receive_bytes_total{device=\"a:b\"} 1\n"
                           "system_network_receive_compressed") != std::string::npos);
  CHECK(found.samples.find("_up") == std::string::npos);
  CHECK(found.samples.find("cut") == std::string::npos);
  CHECK(found.problem == "ROOT/proc/1/net/dev: the line of \"cut\" cannot be read");
}

TEST_CASE("system_exporter: file descriptors") {
  const Machine machine;
  machine.write("proc/sys/fs/file-nr", "1031\t0\t9223372036854775807\n");
  DescriptorCollector collector(machine.paths());
  CHECK(collect(machine, collector).samples ==
        "system_file_descriptors_allocated 1031\nsystem_file_descriptors_maximum 9223372036854775807\n");
  CHECK(collect(machine, collector).problem.empty());
  machine.write("proc/sys/fs/file-nr", "1031\n");
  CHECK(collect(machine, collector).samples == "system_file_descriptors_allocated 1031\n");
  CHECK(collect(machine, collector).problem == "ROOT/proc/sys/fs/file-nr: a column is no number");
}

TEST_CASE("system_exporter: the kernel") {
  const Machine machine;
  machine.write("proc/stat",
                "intr 77 1 2 3\nctxt 27458968\nbtime 1795256829\nprocesses 922927\nprocs_running 7\n"
                "procs_blocked many\n");
  KernelCollector collector(machine.paths());
  const Collection found = collect(machine, collector);
  const std::size_t clock = found.samples.find("system_time_seconds 1");
  REQUIRE(clock != std::string::npos);
  CHECK(found.samples.substr(0, clock) ==
        "system_boot_time_seconds 1795256829\nsystem_context_switches_total 27458968\n"
        "system_forks_total 922927\nsystem_interrupts_total 77\nsystem_processes_running 7\n");
  CHECK(found.samples.find("system_uname_info{domainname=\"", clock) != std::string::npos);
  CHECK(found.samples.find("sysname=\"Linux\"", clock) != std::string::npos);
  CHECK(found.problem == "ROOT/proc/stat: procs_blocked is no number");
}

TEST_CASE("system_exporter: mounts") {
  const auto reading = parse_mounts(
      "/dev/vda / ext4 rw,relatime 0 0\n"
      "/dev/sdb /mnt/my\\040disk\\134\\011x xfs ro,noatime 0 0\n"
      "auto /net autofs rw,errors=ro 0 0\nserver:/home /net nfs4 rw 0 0\n"
      "odd\\04 /odd\\400\\09 ext4 rw 0 0\n"
      "nowhere\n none relative ext4 rw 0 0\nnul /a\\000b ext4 rw 0 0\n/dev/x /x ext4\n");
  std::string found;
  for (const Mount& mount : reading.value) {
    found += mount.device + "|" + mount.point + "|" + mount.type + (mount.read_only ? "|ro\n" : "|rw\n");
  }
  CHECK(found ==
        "/dev/vda|/|ext4|rw\n"
        "/dev/sdb|/mnt/my disk\\\tx|xfs|ro\n"
        "server:/home|/net|nfs4|rw\n"
        "odd\\04|/odd\\400\\09|ext4|rw\n");
  CHECK(reading.problem == "the line of \"nowhere\" cannot be read");
}

TEST_CASE("system_exporter: a name that is left out") {
  const Exclusion pseudo("^/(proc|sys)($|/)");
  CHECK(pseudo.leaves_out("/proc/sys"));
  CHECK(pseudo.leaves_out("/sys"));
  CHECK_FALSE(pseudo.leaves_out("/system"));
  CHECK_FALSE(Exclusion("").leaves_out("anything"));
  CHECK(Exclusion("(.+)+z").leaves_out(std::string(1 << 20, 'y')));
  CHECK(Exclusion::problem("a|b").empty());
  CHECK(Exclusion::problem("(").substr(0, 30) == "\"(\" is no regular expression: ");
}

TEST_CASE("system_exporter: file systems") {
  const Machine machine;
  machine.write("proc/1/mounts",
                "/dev/vda / ext4 rw,relatime 0 0\nproc /proc proc rw 0 0\n/dev/sdb /my\\040disk xfs ro 0 0\n"
                "tmpfs /run/x tmpfs rw 0 0\n/dev/sdc /gone ext4 rw 0 0\n");
  const std::string root = machine.root.string();
  FileSystemCollector collector(
      machine.paths(), Exclusion("^/(proc|run)($|/)"), Exclusion("^proc$"),
      FileSystemAsker(5s, [root](const std::string& path) {
        if (path == root + "/")
          return FileSystemAsker::Answer(FileSystemUse{4000000000, 3000000000, 2000000000, 100, 50});
        if (path == root + "/my disk") return FileSystemAsker::Answer(FileSystemUse{8, 4, 2, 1, 0});
        return FileSystemAsker::Answer::failure("No such file or directory");
      }));
  const Collection found = collect(machine, collector);
  const std::string disk = "{device=\"/dev/vda\",fstype=\"ext4\",mountpoint=\"/\"} ";
  const std::string xfs = "{device=\"/dev/sdb\",fstype=\"xfs\",mountpoint=\"/my disk\"} ";
  const std::string gone = "{device=\"/dev/sdc\",fstype=\"ext4\",mountpoint=\"/gone\"} ";
  const std::string name = "system_filesystem_";
  CHECK(found.samples == name + "available_bytes" + xfs + "2\n" + name + "available_bytes" + disk +
                             "2000000000\n" + name + "device_error" + xfs + "0\n" + name + "device_error" +
                             gone + "1\n" + name + "device_error" + disk + "0\n" + name + "files" + xfs +
                             "1\n" + name + "files" + disk + "100\n" + name + "files_free" + xfs + "0\n" +
                             name + "files_free" + disk + "50\n" + name + "free_bytes" + xfs + "4\n" + name +
                             "free_bytes" + disk + "3000000000\n" + name + "readonly" + xfs + "1\n" + name +
                             "readonly" + gone + "0\n" + name + "readonly" + disk + "0\n" + name +
                             "size_bytes" + xfs + "8\n" + name + "size_bytes" + disk + "4000000000\n");
  CHECK(found.problem.empty());
  CHECK(ask_now("/")->size > 0);
  CHECK(ask_now(root + "/none").message() == "No such file or directory");
}

/// File systems of which "/hung" does not answer until it is let go.
class Hung {
 public:
  FileSystemAsker::Answer ask(const std::string& path) {
    std::unique_lock lock(mutex_);
    ++asked_;
    if (path.substr(0, 5) == "/hung") {
      ++waiting_;
      changed_.wait(lock, [this] { return let_go_; });
      --waiting_;
      changed_.notify_all();
    }
    return FileSystemUse{1, 1, 1, 1, 1};
  }
  void let_go() {
    std::unique_lock lock(mutex_);
    let_go_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return waiting_ == 0; });
  }
  int asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int asked_ = 0;
  int waiting_ = 0;
  bool let_go_ = false;
};

static std::string messages(const std::vector<FileSystemAsker::Answer>& answers) {
  std::string text;
  for (const auto& answer : answers) text += (answer ? "yes" : answer.message()) + "\n";
  return text;
}

TEST_CASE("system_exporter: file systems that hang keep nobody else waiting") {
  const auto hung = std::make_shared<Hung>();
  FileSystemAsker asker(300ms, [hung](const std::string& path) { return hung->ask(path); });
  const auto late = std::chrono::steady_clock::now() + 20s;
  const std::vector<std::string> paths = {"/a", "/hung", "/b", "/hung2", "/c"};
  CHECK(messages(asker.ask(paths, late)) == "yes\nit does not answer\nyes\nit does not answer\nyes\n");
  CHECK(hung->asked() == 5);
  CHECK(messages(asker.ask(paths, late)) ==
        "yes\nit still does not answer\nyes\nit still does not answer\nyes\n");
  CHECK(hung->asked() == 8);
  hung->let_go();
  // The thread that was left behind ends soon, and then they are asked again.
  while (std::chrono::steady_clock::now() < late &&
         messages(asker.ask(paths, late)) != "yes\nyes\nyes\nyes\nyes\n") {
    std::this_thread::yield();
  }
  CHECK(messages(asker.ask(paths, late)) == "yes\nyes\nyes\nyes\nyes\n");
  CHECK(messages(asker.ask(paths, std::chrono::steady_clock::now())).substr(0, 35) ==
        "there was no time left to ask it\nth");
}

TEST_CASE("system_exporter: no time is left for file systems") {
  const Machine machine;
  machine.write("proc/1/mounts", "/dev/vda / ext4 ro 0 0\n");
  FileSystemCollector collector(machine.paths(), Exclusion(""), Exclusion(""), FileSystemAsker(5s));
  const Collection found = collect(collector, std::chrono::steady_clock::now());
  CHECK(found.samples ==
        "system_filesystem_device_error{device=\"/dev/vda\",fstype=\"ext4\",mountpoint=\"/\"} 1\n"
        "system_filesystem_readonly{device=\"/dev/vda\",fstype=\"ext4\",mountpoint=\"/\"} 1\n");
  CHECK(found.problem == "there was no time to ask all file systems");
}

/// `text` with a few bytes changed, doubled, or cut out.
static std::string damaged(std::string text, std::mt19937& random) {
  static constexpr std::string_view bytes("\0\n\t :\\|/-.09kBx\xff", 17);
  for (unsigned changes = 1 + random() % 8; changes > 0 && !text.empty(); --changes) {
    const std::size_t at = random() % text.size();
    const std::size_t size = random() % 16;
    switch (random() % 3) {
      case 0:
        text[at] = bytes[random() % bytes.size()];
        break;
      case 1:
        text.insert(at, text.substr(at, size));
        break;
      default:
        text.erase(at, size);
    }
  }
  return text;
}

TEST_CASE("system_exporter: files of this machine, damaged at random") {
  std::mt19937 random(1);
  const auto read = [](const char* path) {
    const auto text = read_file(path);
    return text ? text->substr(0, 4096) : std::string("none");
  };
  const std::string stat = read("/proc/stat"), memory = read("/proc/meminfo"), load = read("/proc/loadavg"),
                    disks = read("/proc/diskstats"), mounts = read("/proc/self/mounts"),
                    network = read("/proc/self/net/dev"), descriptors = read("/proc/sys/fs/file-nr");
  SteadyTicks steady;
  std::size_t shown = 0;
  for (int round = 0; round < 500; ++round) {
    for (const auto& [cpu, ticks] : parse_cpu_ticks(damaged(stat, random)).value) {
      REQUIRE(ticks.size() <= cpu_modes.size());
      REQUIRE(steady.update(cpu, ticks, 300).size() == ticks.size());
    }
    for (const Disk& disk : parse_disks(damaged(disks, random)).value) {
      REQUIRE(disk.columns.size() >= fewest_disk_columns);
      REQUIRE(disk.columns.size() <= std::size(disk_metrics));
    }
    for (const Mount& mount : parse_mounts(damaged(mounts, random)).value) REQUIRE(mount.point[0] == '/');
    for (const Interface& interface : parse_interfaces(damaged(network, random)).value)
      REQUIRE_FALSE(interface.device.empty());
    shown +=
        parse_memory(damaged(memory, random)).value.size() + parse_kernel(damaged(stat, random)).value.size();
    if (parse_load(damaged(load, random)).value[0]) ++shown;
    if (parse_descriptors(damaged(descriptors, random)).value.maximum) ++shown;
  }
  CHECK(shown > 0);
}
