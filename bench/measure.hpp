// promlite: what the benchmarks measure with.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_BENCH_MEASURE_HPP
#define PROMLITE_BENCH_MEASURE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

#include <sched.h>
#include <time.h>
#include <unistd.h>

namespace bench {

/// Keeps the calling thread on the processor of this index, if the process may use so many. Left to itself, a
/// system may run both threads of a short measurement on one processor.
inline void pin(std::size_t index) {
  static const std::vector<std::size_t> processors = [] {
    std::vector<std::size_t> allowed;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) return allowed;
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &set)) allowed.push_back(cpu);
    }
    return allowed;
  }();
  if (index >= processors.size()) return;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processors[index], &one);
  sched_setaffinity(0, sizeof one, &one);
}

inline double seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Processors that the calling thread had since this was made: near 1 when it ran without a break.
class Share {
 public:
  double processors() const {
    return (seconds(CLOCK_THREAD_CPUTIME_ID) - cpu_) / (seconds(CLOCK_MONOTONIC) - wall_);
  }

 private:
  double cpu_ = seconds(CLOCK_THREAD_CPUTIME_ID);
  double wall_ = seconds(CLOCK_MONOTONIC);
};

/// The process's resident memory in bytes.
inline double resident() {
  long pages = 0;
  if (std::FILE* const file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// The value below which `part` of the values lie; sorts them.
template <class T>
T quantile(std::vector<T>& values, double part) {
  const auto at = static_cast<std::size_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

}  // namespace bench

#endif  // PROMLITE_BENCH_MEASURE_HPP
