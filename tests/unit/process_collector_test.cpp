// promlite: the values of ProcessCollector, from made-up and from real /proc files.
// SPDX-License-Identifier: MIT
#include <promlite/exposition/text.hpp>
#include <promlite/process_collector.hpp>
#include <promlite/registry.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "support/c_locale.hpp"
#include "support/catch.hpp"

#if defined(__linux__)
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#endif

using namespace promlite;
using namespace promlite::detail;

static std::string stat_line(const std::string& command) {
  return "4242 (" + command +
         ") S 1 4242 4242 0 -1 4194560 101 202 3 4 12345 655 7 8 20 0 17 0 139086 10737418240 4080 "
         "18446744073709551615 94192012320768 94192012340649 0 0 0 0 0 0";
}

TEST_CASE("the fields of stat are counted behind the last parenthesis") {
  for (const std::string command : {"cat", "my prog", "a) R 1 2 (b", ")", "", "((x))"}) {
    const auto stat = parse_process_stat(stat_line(command));
    REQUIRE(stat);
    CHECK(stat->user_ticks == 12345);
    CHECK(stat->system_ticks == 655);
    CHECK(stat->threads == 17);
    CHECK(stat->start_ticks == 139086);
    CHECK(stat->virtual_bytes == 10737418240);
    CHECK(stat->resident_pages == 4080);
  }
}

TEST_CASE("a stat line that is cut or damaged has no values") {
  const std::string line = stat_line("cat");
  CHECK_FALSE(parse_process_stat(""));
  CHECK_FALSE(parse_process_stat("4242 cat S 1"));
  CHECK_FALSE(parse_process_stat(line.substr(0, line.find(" 4080"))));
  std::string damaged = line;
  damaged.replace(damaged.find("12345"), 5, "-2345");
  CHECK_FALSE(parse_process_stat(damaged));
}

TEST_CASE("digits are read up to 2^64-1 and not beyond") {
  CHECK(parse_digits("0") == 0U);
  CHECK(parse_digits("00000000000000000007") == 7U);
  CHECK(parse_digits("18446744073709551615") == 18446744073709551615U);
  for (const char* bad :
       {"", "18446744073709551616", "99999999999999999999", "1 ", "+1", "-1", "0x1", "1.5"}) {
    INFO(bad);
    CHECK_FALSE(parse_digits(bad));
  }
}

TEST_CASE("soft limits are found by their label") {
  const char* files = "Max open files            1024                 524288               files     ";
  CHECK(parse_soft_limit(files, "Max open files ") == 1024U);
  CHECK_FALSE(parse_soft_limit(files, "Max address space "));
  CHECK_FALSE(
      parse_soft_limit("Max address space         unlimited            unlimited            bytes     ",
                       "Max address space "));
  CHECK_FALSE(parse_soft_limit("Max open files", "Max open files "));
}

TEST_CASE("octets are found by the name of their column") {
  const auto octets =
      parse_octets("IpExt: InNoRoutes InOctets OutOctets", "IpExt: 1 23 18446744073709551615");
  REQUIRE(octets);
  CHECK(octets->received == 23);
  CHECK(octets->transmitted == 18446744073709551615U);
  CHECK_FALSE(parse_octets("IpExt: InNoRoutes InOctets OutOctets", "IpExt: 1 23"));
  CHECK_FALSE(parse_octets("IpExt: InOctets", "IpExt: 1"));
  CHECK_FALSE(parse_octets("IpExt: InOctets OutOctets", "IpExt: -1 2"));
}

#if defined(__linux__)

/// A folder that looks like /proc and is removed at the end of the scope.
class FakeProc {
 public:
  FakeProc() {
    std::string pattern = (std::filesystem::temp_directory_path() / "promlite_proc_XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
    std::filesystem::create_directories(path + "/4242/net");
  }
  FakeProc(const FakeProc&) = delete;
  FakeProc& operator=(const FakeProc&) = delete;
  ~FakeProc() { std::filesystem::remove_all(path); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path + "/" + name) << text;
  }
  void write_all() const {
    write("stat",
          "cpu  1 2 3\nintr " + std::string(20000, '7') + "\nctxt 5\nbtime 1700000000\nprocesses 9\n");
    write("4242/stat", stat_line("a b) (c") + "\n");
    write("4242/limits",
          "Limit                     Soft Limit           Hard Limit           Units     \n"
          "Max open files            1024                 524288               files     \n"
          "Max address space         4294967296           unlimited            bytes     \n");
    write("4242/net/netstat", "TcpExt: " + std::string(9000, 'x') + "\nTcpExt: 1\n" +
                                  "IpExt: InNoRoutes InOctets OutOctets\nIpExt: 0 123456789012345 678\n");
    std::filesystem::create_directories(path + "/4242/fd");
    for (int i = 0; i < 13; ++i) write("4242/fd/" + std::to_string(i), "");
  }
  ProcessCollectorOptions options(const std::string& prefix = "") const { return {prefix, path, "4242"}; }

  std::string path;
};

static std::string expose(Collector& collector) {
  Registry registry;
  const auto membership = registry.add(collector);
  return to_text(registry);
}

/// Sample lines by name.
static std::map<std::string, double> samples(const std::string& text) {
  std::map<std::string, double> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t space = line.rfind(' ');
    found[line.substr(0, space)] = test::parsed(line.substr(space));
  }
  return found;
}

TEST_CASE("everything that /proc says comes out, with the customary names and texts") {
  const FakeProc proc;
  proc.write_all();
  ProcessCollector collector(proc.options());
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  REQUIRE(ticks == 100);
  CHECK(expose(collector) ==
        "# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.\n"
        "# TYPE process_cpu_seconds_total counter\n"
        "process_cpu_seconds_total 130\n"
        "# HELP process_max_fds Maximum number of open file descriptors.\n"
        "# TYPE process_max_fds gauge\n"
        "process_max_fds 1024\n"
        "# HELP process_network_receive_bytes_total Bytes received in the network namespace of the process.\n"
        "# TYPE process_network_receive_bytes_total counter\n"
        "process_network_receive_bytes_total 123456789012345\n"
        "# HELP process_network_transmit_bytes_total Bytes sent in the network namespace of the process.\n"
        "# TYPE process_network_transmit_bytes_total counter\n"
        "process_network_transmit_bytes_total 678\n"
        "# HELP process_open_fds Number of open file descriptors.\n"
        "# TYPE process_open_fds gauge\n"
        "process_open_fds 13\n"
        "# HELP process_resident_memory_bytes Resident memory size in bytes.\n"
        "# TYPE process_resident_memory_bytes gauge\n"
        "process_resident_memory_bytes " +
            std::to_string(4080 * page) +
            "\n"
            "# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.\n"
            "# TYPE process_start_time_seconds gauge\n"
            "process_start_time_seconds 1.70000139086e+09\n"
            "# HELP process_threads Number of OS threads in the process.\n"
            "# TYPE process_threads gauge\n"
            "process_threads 17\n"
            "# HELP process_virtual_memory_bytes Virtual memory size in bytes.\n"
            "# TYPE process_virtual_memory_bytes gauge\n"
            "process_virtual_memory_bytes 10737418240\n"
            "# HELP process_virtual_memory_max_bytes Maximum amount of virtual memory available in bytes.\n"
            "# TYPE process_virtual_memory_max_bytes gauge\n"
            "process_virtual_memory_max_bytes 4294967296\n");
}

TEST_CASE("a prefix stands before every name") {
  const FakeProc proc;
  proc.write_all();
  ProcessCollector plain(proc.options());
  ProcessCollector prefixed(proc.options("memcached"));
  std::map<std::string, double> expected;
  for (const auto& [name, value] : samples(expose(plain))) expected["memcached_" + name] = value;
  CHECK(expected.size() == 10);
  CHECK(samples(expose(prefixed)) == expected);
}

TEST_CASE("what cannot be read is left out, and nothing else is") {
  const FakeProc proc;
  proc.write_all();
  ProcessCollector collector(proc.options());
  const auto all = samples(expose(collector));
  const auto without = [&](std::initializer_list<const char*> names) {
    auto rest = all;
    for (const char* name : names) REQUIRE(rest.erase(name) == 1);
    return rest;
  };

  SECTION("no stat") {
    std::filesystem::remove(proc.path + "/4242/stat");
    CHECK(samples(expose(collector)) ==
          without({"process_cpu_seconds_total", "process_start_time_seconds", "process_threads",
                   "process_resident_memory_bytes", "process_virtual_memory_bytes"}));
  }
  SECTION("no boot time") {
    std::filesystem::remove(proc.path + "/stat");
    ProcessCollector fresh(proc.options());
    CHECK(samples(expose(fresh)) == without({"process_start_time_seconds"}));
    INFO("one that has seen it before remembers");
    CHECK(samples(expose(collector)) == all);
  }
  SECTION("no descriptors") {
    std::filesystem::remove_all(proc.path + "/4242/fd");
    CHECK(samples(expose(collector)) == without({"process_open_fds"}));
  }
  SECTION("no limits") {
    std::filesystem::remove(proc.path + "/4242/limits");
    CHECK(samples(expose(collector)) == without({"process_max_fds", "process_virtual_memory_max_bytes"}));
  }
  SECTION("unlimited") {
    proc.write("4242/limits",
               "Max open files            1024                 524288               files     \n"
               "Max address space         unlimited            unlimited            bytes     \n");
    CHECK(samples(expose(collector)) == without({"process_virtual_memory_max_bytes"}));
  }
  SECTION("no network") {
    proc.write("4242/net/netstat", "TcpExt: A\nTcpExt: 1\nIpExt: InOctets\n");
    CHECK(samples(expose(collector)) ==
          without({"process_network_receive_bytes_total", "process_network_transmit_bytes_total"}));
  }
  SECTION("no process") {
    std::filesystem::remove_all(proc.path + "/4242");
    CHECK(samples(expose(collector)).empty());
  }
}

TEST_CASE("lines come whole, also across the buffer's end; what is longer is cut") {
  const FakeProc proc;
  std::vector<std::string> expected;
  std::string text;
  for (std::size_t size : {0U, 1U, 4094U, 4095U, 10U, 4096U, 3U, 9000U, 0U, 5U, 12288U, 7U}) {
    const std::string line(size, static_cast<char>('a' + expected.size()));
    text += line + "\n";
    expected.push_back(line.substr(0, 4096));
  }
  text += "no newline";
  expected.emplace_back("no newline");
  proc.write("lines", text);
  std::vector<std::string> found;
  LineReader reader(proc.path + "/lines");
  for (std::string_view line; reader.next(line);) found.emplace_back(line);
  CHECK(found == expected);
  std::string_view line;
  CHECK_FALSE(reader.next(line));
  LineReader missing(proc.path + "/nothing");
  CHECK_FALSE(missing.next(line));
}

/// The lowest free descriptors, found without a look into /proc.
static int count_own_descriptors() {
  int count = 0;
  for (int fd = 0; fd < 65536; ++fd) count += ::fcntl(fd, F_GETFD) >= 0;
  return count;
}

TEST_CASE("the values of this process are right") {
  ProcessCollector collector;
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  auto found = samples(expose(collector));

  CHECK(found["process_open_fds"] == count_own_descriptors());
  std::vector<int> more;
  more.reserve(5);
  for (int i = 0; i < 5; ++i) more.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK(samples(expose(collector))["process_open_fds"] == count_own_descriptors());
  for (int fd : more) ::close(fd);

  ::rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(found["process_max_fds"] == static_cast<double>(limit.rlim_cur));
  REQUIRE(::getrlimit(RLIMIT_AS, &limit) == 0);
  CHECK(found.count("process_virtual_memory_max_bytes") == (limit.rlim_cur == RLIM_INFINITY ? 0U : 1U));

  CHECK(found["process_start_time_seconds"] <= now + 2);
  CHECK(found["process_start_time_seconds"] > now - 600);

  long long pages = 0;
  long long resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  CHECK(found["process_virtual_memory_bytes"] == Approx(static_cast<double>(pages) * page).epsilon(0.2));
  CHECK(found["process_resident_memory_bytes"] == Approx(static_cast<double>(resident) * page).epsilon(0.2));

  ::rusage usage{};
  REQUIRE(::getrusage(RUSAGE_SELF, &usage) == 0);
  const auto seconds = [](const ::timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  CHECK(samples(expose(collector))["process_cpu_seconds_total"] ==
        Approx(seconds(usage.ru_utime) + seconds(usage.ru_stime)).margin(0.1));
}

TEST_CASE("threads are counted") {
  // A sanitizer may have threads of its own, which come with the program's first.
  const auto tasks = [] {
    const std::filesystem::directory_iterator folder("/proc/self/task");
    return static_cast<double>(std::distance(begin(folder), end(folder)));
  };
  ProcessCollector collector;
  std::thread other([&] {
    CHECK(tasks() >= 2);
    CHECK(samples(expose(collector))["process_threads"] == tasks());
  });
  other.join();
}

TEST_CASE("descriptors are the same, counted by the folder's size or by its entries") {
  const auto counted = count_descriptors("/proc/self/fd", true);
  REQUIRE(counted);
  CHECK(*counted == static_cast<std::uint64_t>(count_own_descriptors()));
  const FakeProc proc;
  std::filesystem::create_directories(proc.path + "/fd");
  for (int i = 0; i < 4; ++i) proc.write("fd/" + std::to_string(i), "");
  CHECK(count_descriptors(proc.path + "/fd", false) == 4U);
  INFO("the handle that reads the folder of the own process is one of its entries");
  CHECK(count_descriptors(proc.path + "/fd", true) == 3U);
}

TEST_CASE("an own number is as good as self") {
  ProcessCollector collector(ProcessCollectorOptions{"", "/proc", std::to_string(::getpid())});
  CHECK(samples(expose(collector))["process_open_fds"] == count_own_descriptors());
}

TEST_CASE("a process that has ended has no values") {
  ProcessCollector collector(ProcessCollectorOptions{"", "/proc", "4194304999"});
  CHECK(samples(expose(collector)).empty());
}

#else

TEST_CASE("other systems have no values") {
  ProcessCollector collector;
  Registry registry;
  const auto membership = registry.add(collector);
  CHECK(to_text(registry).empty());
}

#endif
