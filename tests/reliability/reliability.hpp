// promlite: what the reliability programs share: how much they do, what they demand, what they report.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_RELIABILITY_RELIABILITY_HPP
#define PROMLITE_TESTS_RELIABILITY_RELIABILITY_HPP

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace reliability {

/// How much a program does: seconds of it for the suite, what takes under two minutes, or more than that.
class Size {
 public:
  /// From the program's argument: `short`, `normal` or `long`.
  Size(int argc, char** argv) : word_(argc > 1 ? argv[1] : "normal") {
    if (word_ != "short" && word_ != "normal" && word_ != "long") {
      std::fprintf(stderr, "usage: %s [short|normal|long]\n", argv[0]);
      std::exit(2);
    }
  }
  template <class T>
  T of(T few, T normal, T many) const {
    return word_ == "short" ? few : word_ == "long" ? many : normal;
  }

 private:
  std::string_view word_;
};

/// Ends the program as failed when what it promises does not hold; from any thread.
inline void demand(bool holds, const std::string& promise) {
  if (holds) return;
  std::fprintf(stderr, "not so: %s\n", promise.c_str());
  std::_Exit(1);
}

inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// A number of /proc/self/status: `VmRSS` in KiB, `Threads`.
inline long of_status(const char* name) {
  std::FILE* const file = std::fopen("/proc/self/status", "r");
  char line[256];
  long found = -1;
  while (file != nullptr && std::fgets(line, sizeof line, file) != nullptr) {
    const std::size_t length = std::strlen(name);
    if (std::strncmp(line, name, length) == 0 && line[length] == ':') found = std::atol(line + length + 1);
  }
  if (file != nullptr) std::fclose(file);
  return found;
}

}  // namespace reliability

#endif  // PROMLITE_TESTS_RELIABILITY_RELIABILITY_HPP
