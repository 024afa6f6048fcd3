// promlite: the process_* metrics, read from Linux' /proc when a scrape asks for them.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_PROCESS_COLLECTOR_HPP
#define PROMLITE_PROCESS_COLLECTOR_HPP

#include <promlite/collector.hpp>
#include <promlite/config.hpp>
#include <promlite/sink.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#if defined(__linux__)
#include <cerrno>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>
#endif

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// What proc(5) says in /proc/PID/stat; times in clock ticks.
struct ProcessStat {
  std::uint64_t user_ticks;
  std::uint64_t system_ticks;
  std::uint64_t threads;
  std::uint64_t start_ticks;  // since the machine's start
  std::uint64_t virtual_bytes;
  std::uint64_t resident_pages;
};

struct NetworkOctets {
  std::uint64_t received;
  std::uint64_t transmitted;
};

/// Digits and nothing else, below 2^64.
PROMLITE_COLD inline std::optional<std::uint64_t> parse_digits(std::string_view text) {
  if (text.empty() || text.size() > 20) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (~std::uint64_t{0} - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

/// Takes the first word off `text`; empty when there is none left.
inline std::string_view take_word(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

/// `line` is /proc/PID/stat. The command, in parentheses, may hold spaces and parentheses itself, so the
/// fields are counted from 0 behind the last ')'.
PROMLITE_COLD inline std::optional<ProcessStat> parse_process_stat(std::string_view line) {
  constexpr std::size_t last_field = 21;
  const std::size_t command_end = line.rfind(')');
  if (command_end == std::string_view::npos) return std::nullopt;
  line.remove_prefix(command_end + 1);
  std::uint64_t fields[last_field + 1] = {};
  for (std::size_t i = 0; i <= last_field; ++i) {
    const std::string_view word = take_word(line);
    if (i != 11 && i != 12 && i != 17 && i < 19) continue;
    const auto value = parse_digits(word);
    if (!value) return std::nullopt;
    fields[i] = *value;
  }
  return ProcessStat{fields[11], fields[12], fields[17], fields[19], fields[20], fields[21]};
}

/// The soft limit in a line of /proc/PID/limits that begins with `name`; none for "unlimited".
PROMLITE_COLD inline std::optional<std::uint64_t> parse_soft_limit(std::string_view line,
                                                                   std::string_view name) {
  if (line.substr(0, name.size()) != name) return std::nullopt;
  line.remove_prefix(name.size());
  return parse_digits(take_word(line));
}

/// The machine's start in seconds since the epoch, from the line "btime N" of /proc/stat.
PROMLITE_COLD inline std::optional<std::uint64_t> parse_boot_time(std::string_view line) {
  if (take_word(line) != "btime") return std::nullopt;
  return parse_digits(take_word(line));
}

/// Two lines of /proc/PID/net/netstat that begin with "IpExt:": the names of the columns, and the values.
PROMLITE_COLD inline std::optional<NetworkOctets> parse_octets(std::string_view names,
                                                               std::string_view values) {
  std::optional<std::uint64_t> received, transmitted;
  for (;;) {
    const std::string_view name = take_word(names);
    const std::string_view value = take_word(values);
    if (name.empty() || value.empty()) break;
    if (name == "InOctets") received = parse_digits(value);
    if (name == "OutOctets") transmitted = parse_digits(value);
  }
  if (!received || !transmitted) return std::nullopt;
  return NetworkOctets{*received, *transmitted};
}

#if defined(__linux__)

/// The lines of a file, through a fixed buffer; what a line has beyond the buffer is cut off.
/// A file that cannot be read has no lines.
class LineReader {
 public:
  explicit LineReader(const std::string& path) : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  ~LineReader() {
    if (file_ >= 0) ::close(file_);
  }

  /// False at the end. `line` comes without its newline and lives until the next call.
  PROMLITE_COLD bool next(std::string_view& line) {
    for (;;) {
      const std::string_view rest(buffer_ + begin_, end_ - begin_);
      const std::size_t newline = rest.find('\n');
      const bool whole = newline != std::string_view::npos;
      if (whole || rest.size() == sizeof buffer_) {
        line = rest.substr(0, newline);
        begin_ += whole ? newline + 1 : rest.size();
        const bool continues_cut_line = cut_;
        cut_ = !whole;
        if (!continues_cut_line) return true;
      } else if (!fill()) {
        line = std::string_view(buffer_ + begin_, end_ - begin_);
        begin_ = end_;
        return !cut_ && !line.empty();
      }
    }
  }

 private:
  bool fill() {
    end_ -= begin_;
    std::memmove(buffer_, buffer_ + begin_, end_);
    begin_ = 0;
    ssize_t size = -1;
    if (file_ >= 0) {
      do size = ::read(file_, buffer_ + end_, sizeof buffer_ - end_);
      while (size < 0 && errno == EINTR);
    }
    if (size <= 0) return false;
    end_ += static_cast<std::size_t>(size);
    return true;
  }

  int file_;
  bool cut_ = false;  // the last line was cut: what follows up to its newline is not a line
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  char buffer_[4096];
};

/// How many descriptors are listed in the folder `path`, which is /proc/PID/fd. `own`: it is that of the
/// calling process, so the handle that reads the folder is in it and is not counted.
PROMLITE_COLD inline std::optional<std::uint64_t> count_descriptors(const std::string& path, bool own) {
  // Since Linux 6.2 the size of this folder is the answer, without a handle and without a walk over what may
  // be a hundred thousand entries. Elsewhere, and in other file systems, the size says something else or 0.
  constexpr decltype(::statfs::f_type) proc_file_system = 0x9fa0;
  struct ::statfs file_system;
  struct ::stat folder;
  if (::statfs(path.c_str(), &file_system) == 0 && file_system.f_type == proc_file_system &&
      ::stat(path.c_str(), &folder) == 0 && folder.st_size > 0) {
    return static_cast<std::uint64_t>(folder.st_size);
  }
  ::DIR* entries = ::opendir(path.c_str());
  if (entries == nullptr) return std::nullopt;
  std::uint64_t count = 0;
  errno = 0;
  for (const ::dirent* entry; (entry = ::readdir(entries)) != nullptr;) count += entry->d_name[0] != '.';
  const bool complete = errno == 0;
  ::closedir(entries);
  if (!complete) return std::nullopt;
  return own ? count - 1 : count;
}

#endif  // __linux__

}  // namespace detail

struct ProcessCollectorOptions {
  /// Stands before every name with an underscore between: "memcached" gives memcached_process_open_fds.
  std::string name_prefix;
  /// Where the proc file system is; a program in a container may see its host's elsewhere.
  std::string proc = "/proc";
  /// The process to look at: its number, or "self".
  std::string process = "self";
};

/// process_cpu_seconds_total, process_open_fds and their kin, for this process or another one.
///
/// A value that cannot be read, such as those of a process that has ended, is left out, and so is a limit
/// that is "unlimited". Other systems than Linux have no values. Octets are those of the process' network
/// namespace. A scrape costs some tens of microseconds, for four small files and the list of descriptors.
/// Thread safe: one collector may stand in several registries.
class ProcessCollector : public Collector {
 public:
  ProcessCollector() : ProcessCollector(ProcessCollectorOptions{}) {}
  PROMLITE_COLD explicit ProcessCollector(ProcessCollectorOptions options)
      : options_(std::move(options)),
        prefix_(options_.name_prefix.empty() ? "process_" : options_.name_prefix + "_process_") {}

  PROMLITE_COLD void collect(Sink& sink) override {
#if defined(__linux__)
    const std::string folder = options_.proc + "/" + options_.process;
    collect_stat(sink, folder);
    collect_descriptors(sink, folder);
    collect_limits(sink, folder);
    collect_network(sink, folder);
#else
    static_cast<void>(sink);
#endif
  }

 private:
#if defined(__linux__)
  template <class T>
  void counter(Sink& sink, const char* name, const char* help, T value) {
    sink.counter(prefix_ + name, help).sample(value);
  }
  template <class T>
  void gauge(Sink& sink, const char* name, const char* help, T value) {
    sink.gauge(prefix_ + name, help).sample(value);
  }

  PROMLITE_COLD void collect_stat(Sink& sink, const std::string& folder) {
    detail::LineReader file(folder + "/stat");
    std::string_view line;
    if (!file.next(line)) return;
    const auto stat = detail::parse_process_stat(line);
    if (!stat) return;
    const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto page_size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    counter(sink, "cpu_seconds_total", "Total user and system CPU time spent in seconds.",
            static_cast<double>(stat->user_ticks + stat->system_ticks) / ticks_per_second);
    gauge(sink, "virtual_memory_bytes", "Virtual memory size in bytes.", stat->virtual_bytes);
    gauge(sink, "resident_memory_bytes", "Resident memory size in bytes.", stat->resident_pages * page_size);
    gauge(sink, "threads", "Number of OS threads in the process.", stat->threads);
    if (const auto boot = boot_time()) {
      gauge(sink, "start_time_seconds", "Start time of the process since unix epoch in seconds.",
            static_cast<double>(boot) + static_cast<double>(stat->start_ticks) / ticks_per_second);
    }
  }

  PROMLITE_COLD void collect_descriptors(Sink& sink, const std::string& folder) {
    const bool own = options_.process == "self" || options_.process == std::to_string(::getpid());
    if (const auto count = detail::count_descriptors(folder + "/fd", own)) {
      gauge(sink, "open_fds", "Number of open file descriptors.", *count);
    }
  }

  PROMLITE_COLD void collect_limits(Sink& sink, const std::string& folder) {
    detail::LineReader file(folder + "/limits");
    for (std::string_view line; file.next(line);) {
      if (const auto files = detail::parse_soft_limit(line, "Max open files ")) {
        gauge(sink, "max_fds", "Maximum number of open file descriptors.", *files);
      } else if (const auto bytes = detail::parse_soft_limit(line, "Max address space ")) {
        gauge(sink, "virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes.",
              *bytes);
      }
    }
  }

  PROMLITE_COLD void collect_network(Sink& sink, const std::string& folder) {
    detail::LineReader file(folder + "/net/netstat");
    std::string names;
    for (std::string_view line; file.next(line);) {
      if (line.substr(0, 7) != "IpExt: ") continue;
      if (names.empty()) {
        names = line;
        continue;
      }
      const auto octets = detail::parse_octets(names, line);
      if (!octets) return;
      counter(sink, "network_receive_bytes_total", "Bytes received in the network namespace of the process.",
              octets->received);
      counter(sink, "network_transmit_bytes_total", "Bytes sent in the network namespace of the process.",
              octets->transmitted);
      return;
    }
  }

  /// Seconds since the epoch, 0 when unknown. Read once: the file is long on a machine with many processors,
  /// and the kernel recomputes the line from its clock, so that a start time made from it each time would
  /// wander.
  PROMLITE_COLD std::uint64_t boot_time() {
    std::uint64_t boot = boot_time_.load(std::memory_order_relaxed);
    if (boot != 0) return boot;
    detail::LineReader file(options_.proc + "/stat");
    for (std::string_view line; file.next(line);) {
      if (const auto seconds = detail::parse_boot_time(line)) {
        boot_time_.store(*seconds, std::memory_order_relaxed);
        return *seconds;
      }
    }
    return 0;
  }
#endif

  const ProcessCollectorOptions options_;
  const std::string prefix_;
  std::atomic<std::uint64_t> boot_time_{0};
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_PROCESS_COLLECTOR_HPP
