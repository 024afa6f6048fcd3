// promlite: what the concurrency tests share: scrapes as a reader sees them, threads that start together.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_CONCURRENCY_HARNESS_HPP
#define PROMLITE_TESTS_CONCURRENCY_HARNESS_HPP

#include <promlite/core.hpp>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <list>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace test {

/// PROMLITE_LONG=1 makes every test run about twenty times longer.
inline bool long_run() {
  const char* const value = std::getenv("PROMLITE_LONG");
  return value != nullptr && std::strcmp(value, "1") == 0;
}
inline int times(int count) { return long_run() ? 20 * count : count; }

/// The samples of one scrape by name and labels, as the text says them.
using Scrape = std::map<std::string, double>;

/// Reads an exposition. Throws what a reader would object to: a line without a value, a series that is there
/// twice.
inline Scrape parse(const std::string& text) {
  Scrape scrape;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos) throw std::runtime_error("the last line has no end");
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.compare(0, 1, "#") == 0) continue;
    const std::size_t space = line.rfind(' ');
    if (space == std::string::npos) throw std::runtime_error("not a sample: " + line);
    char* rest = nullptr;
    const double value = std::strtod(line.c_str() + space + 1, &rest);
    if (*rest != '\0') throw std::runtime_error("not a value: " + line);
    if (!scrape.emplace(line.substr(0, space), value).second) throw std::runtime_error("twice: " + line);
  }
  return scrape;
}
inline Scrape scrape(promlite::Registry& registry) { return parse(promlite::to_text(registry)); }

inline bool starts_with(const std::string& text, const std::string& with) {
  return text.compare(0, with.size(), with) == 0;
}

/// The sum of every series whose key begins so.
inline double sum_of(const Scrape& scrape, const std::string& prefix) {
  double sum = 0;
  for (const auto& sample : scrape) {
    if (starts_with(sample.first, prefix)) sum += sample.second;
  }
  return sum;
}
inline std::size_t series_of(const Scrape& scrape, const std::string& prefix) {
  std::size_t count = 0;
  for (const auto& sample : scrape) count += starts_with(sample.first, prefix) ? 1U : 0U;
  return count;
}

/// The first sample of `before` that fell or left, or nothing. Quantiles and gauges (names that begin with
/// `gauge`) may do both.
inline std::string fallen(const Scrape& before, const Scrape& now) {
  for (const auto& sample : before) {
    if (starts_with(sample.first, "gauge") || sample.first.find("quantile=") != std::string::npos) continue;
    const auto found = now.find(sample.first);
    if (found == now.end()) return sample.first + " left";
    if (found->second < sample.second) {
      return sample.first + " fell from " + std::to_string(sample.second) + " to " +
             std::to_string(found->second);
    }
  }
  return {};
}

/// Holds threads until `count` of them are there.
class StartLine {
 public:
  explicit StartLine(int count) : missing_(count) {}
  void wait() {
    missing_.fetch_sub(1);
    while (missing_.load() > 0) std::this_thread::yield();
  }

 private:
  std::atomic<int> missing_;
};

/// Threads that are joined at the end of the scope.
class Threads {
 public:
  Threads() = default;
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { join(); }

  template <class Work>
  void start(Work work) {
    threads_.emplace_back(std::move(work));
  }
  void join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  std::list<std::thread> threads_;
};

/// Runs `work(0)` to `work(count - 1)` in as many threads, which begin together.
template <class Work>
void in_threads(int count, Work work) {
  StartLine line(count);
  Threads threads;
  for (int i = 0; i < count; ++i) {
    threads.start([&, i] {
      line.wait();
      work(i);
    });
  }
}

/// Owns every slot that is left for as long as it lives: threads without one use the shared cells.
class NoSlotsLeft {
 public:
  NoSlotsLeft() {
    for (;;) {
      const std::uint32_t slot = promlite::detail::slot_allocator.acquire();
      if (slot == promlite::detail::max_slots) break;
      slots_.push_back(slot);
    }
  }
  NoSlotsLeft(const NoSlotsLeft&) = delete;
  NoSlotsLeft& operator=(const NoSlotsLeft&) = delete;
  ~NoSlotsLeft() {
    for (const std::uint32_t slot : slots_) promlite::detail::slot_allocator.release(slot);
  }

 private:
  std::vector<std::uint32_t> slots_;
};

/// A small generator of pseudo-random numbers (xorshift64*), the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15 + 1) {
    for (int i = 0; i < 8; ++i) next();
  }
  std::uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1D;
  }
  /// 0 to limit - 1.
  int below(int limit) { return static_cast<int>((next() >> 33) % static_cast<std::uint64_t>(limit)); }

 private:
  std::uint64_t state_;
};

}  // namespace test

#endif  // PROMLITE_TESTS_CONCURRENCY_HARNESS_HPP
