// system_exporter: asks file systems how full they are, one that does not answer included.
// SPDX-License-Identifier: MIT
#ifndef SYSTEM_EXPORTER_FILE_SYSTEM_ASKER_HPP
#define SYSTEM_EXPORTER_FILE_SYSTEM_ASKER_HPP

#include <promlite/error.hpp>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <sys/statvfs.h>

namespace system_exporter {

struct FileSystemUse {
  std::uint64_t size = 0;  // bytes
  std::uint64_t free = 0;
  std::uint64_t available = 0;
  std::uint64_t files = 0;
  std::uint64_t files_free = 0;
};

/// statvfs(3), which hangs as long as the server of a network file system does not answer.
inline promlite::Expected<FileSystemUse> ask_now(const std::string& path) {
  struct ::statvfs found {};
  int failed = 0;
  do failed = ::statvfs(path.c_str(), &found);
  while (failed != 0 && errno == EINTR);
  if (failed != 0) return promlite::Expected<FileSystemUse>::failure(std::generic_category().message(errno));
  return FileSystemUse{found.f_frsize * found.f_blocks, found.f_frsize * found.f_bfree,
                       found.f_frsize * found.f_bavail, found.f_files, found.f_ffree};
}

/// Asks on threads that it leaves behind when they hang, and does not ask a file system again while a thread
/// still waits for it: each that hangs costs one thread. For one caller at a time.
class FileSystemAsker {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Answer = promlite::Expected<FileSystemUse>;
  using Ask = std::function<Answer(const std::string& path)>;

  /// `patience` is for one file system.
  explicit FileSystemAsker(std::chrono::nanoseconds patience, Ask ask = ask_now)
      : patience_(patience), ask_(std::move(ask)) {}

  /// An answer for each path, in their order. After the deadline those left are not asked any more.
  std::vector<Answer> ask(const std::vector<std::string>& paths, Time deadline) {
    std::vector<Answer> answers(paths.size(), Answer::failure("there was no time left to ask it"));
    forget_finished();
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      if (hanging_.count(paths[i]) != 0) {
        answers[i] = Answer::failure("it still does not answer");
      } else {
        left.push_back(i);
      }
    }
    std::size_t done = 0;
    while (done < left.size() && std::chrono::steady_clock::now() < deadline) {
      const auto walk = start({left.begin() + static_cast<std::ptrdiff_t>(done), left.end()}, paths);
      std::unique_lock lock(walk->mutex);
      for (std::size_t seen = 0; seen < walk->paths.size(); seen = walk->answers.size()) {
        const Time patient = std::chrono::steady_clock::now() + patience_;
        if (!walk->changed.wait_until(lock, patient < deadline ? patient : deadline,
                                      [&] { return walk->answers.size() > seen; })) {
          break;
        }
      }
      for (const Answer& answer : walk->answers) answers[left[done++]] = answer;
      if (done == left.size()) break;
      walk->abandoned = true;
      hanging_[paths[left[done]]] = walk;
      answers[left[done++]] = Answer::failure("it does not answer");
    }
    return answers;
  }

 private:
  /// One thread's way through some paths; shared with it, for it may outlive the asker.
  struct Walk {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> paths;
    std::vector<Answer> answers;  // of the first paths
    bool abandoned = false;
    bool finished = false;
  };

  static void run(const std::shared_ptr<Walk>& walk, const Ask& ask) {
    for (std::size_t i = 0; i < walk->paths.size(); ++i) {
      Answer answer = ask(walk->paths[i]);
      const std::lock_guard lock(walk->mutex);
      walk->answers.push_back(std::move(answer));
      walk->changed.notify_all();
      if (walk->abandoned) break;
    }
    const std::lock_guard lock(walk->mutex);
    walk->finished = true;
  }

  /// Throws std::system_error when there cannot be another thread.
  std::shared_ptr<Walk> start(const std::vector<std::size_t>& which, const std::vector<std::string>& paths) {
    auto walk = std::make_shared<Walk>();
    for (const std::size_t i : which) walk->paths.push_back(paths[i]);
    std::thread([walk, ask = ask_] { run(walk, ask); }).detach();
    return walk;
  }

  void forget_finished() {
    for (auto each = hanging_.begin(); each != hanging_.end();) {
      const std::shared_ptr<Walk> walk = each->second;
      const std::lock_guard lock(walk->mutex);
      each = walk->finished ? hanging_.erase(each) : std::next(each);
    }
  }

  const std::chrono::nanoseconds patience_;
  const Ask ask_;
  std::map<std::string, std::shared_ptr<Walk>> hanging_;
};

}  // namespace system_exporter

#endif  // SYSTEM_EXPORTER_FILE_SYSTEM_ASKER_HPP
