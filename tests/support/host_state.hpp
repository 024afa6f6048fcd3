// promlite: what a server must leave as it was in its process, and what a fresh scrape must be like.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_HOST_STATE_HPP
#define PROMLITE_TESTS_SUPPORT_HOST_STATE_HPP

#include <promlite/exposition/lint.hpp>

#include <algorithm>
#include <chrono>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/http_client.hpp"

extern char** environ;

namespace test {

/// All that a program may have set up for itself, by name, as it was when this was made.
class HostState {
 public:
  HostState() {
    threads_here();
    then_ = look();
  }

  /// What is different now, but for these: the first of it, or nothing. Threads and connections that are
  /// about to end have five seconds for it.
  std::string difference(const std::set<std::string>& left_out = {}) const {
    std::string found = difference_now(left_out);
    for (int i = 0; i < 1000 && (found == "threads" || found == "descriptors"); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      found = difference_now(left_out);
    }
    return found;
  }
  std::size_t size() const { return then_.size(); }

 private:
  static std::string content_of(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::map<std::string, std::string> look() {
    std::map<std::string, std::string> found;
    for (int signal = 1; signal < NSIG; ++signal) {
      struct sigaction action {};
      if (sigaction(signal, nullptr, &action) != 0) continue;
      std::ostringstream text;
      const int of_c_library = 0x04000000;  // SA_RESTORER, which it sets with the first disposition
      text << reinterpret_cast<void*>(action.sa_handler) << ' ' << (action.sa_flags & ~of_c_library);
      // The mask is that of a handler. The thread sanitizer leaves one where there is no handler any more.
      const bool handled = action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN;
      for (int other = 1; handled && other < NSIG; ++other)
        text << (sigismember(&action.sa_mask, other) == 1 ? '1' : '0');
      found["disposition of signal " + std::to_string(signal)] = text.str();
    }
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    for (int signal = 1; signal < NSIG; ++signal)
      found["signal mask"] += sigismember(&mask, signal) == 1 ? '1' : '0';
    found["locale"] = std::setlocale(LC_ALL, nullptr);
    const mode_t creation = umask(0);
    umask(creation);
    found["umask"] = std::to_string(creation);
    for (char** variable = environ; *variable != nullptr; ++variable)
      found["environment"] += *variable + std::string("\n");
    for (int stream = 0; stream < 3; ++stream) {
      struct stat status {};
      fstat(stream, &status);
      found["standard stream " + std::to_string(stream)] =
          std::to_string(status.st_ino) + " at " + std::to_string(lseek(stream, 0, SEEK_CUR)) + ", flags " +
          std::to_string(fcntl(stream, F_GETFL)) + " " + std::to_string(fcntl(stream, F_GETFD));
    }
    found["resource limits"] = content_of("/proc/self/limits");
    char folder[4096];
    found["working directory"] = getcwd(folder, sizeof folder) != nullptr ? folder : "none";
    found["name"] = content_of("/proc/self/comm");
    found["descriptors"] = std::to_string(count_of("fd"));
    found["threads"] = std::to_string(count_of("task"));
    return found;
  }

  std::string difference_now(const std::set<std::string>& left_out) const {
    const auto now = look();
    for (const auto& [name, value] : then_) {
      if (left_out.count(name) != 0) continue;
      const auto found = now.find(name);
      if (found == now.end() || found->second != value) return name;
    }
    return then_.size() == now.size() ? "" : "something new";
  }

  std::map<std::string, std::string> then_;
};

/// What is wrong with fresh scrapes of a server, or nothing: each has to be 200 with what the strict parser
/// and the linter accept, and on a machine that does other things as well one of ten within 100 ms.
inline std::string problem_of_scrape(const std::string& address, const std::string& headers = "") {
  double fastest = 10;
  for (int i = 0; i < 10 && fastest >= 0.1; ++i) {
    Response response;
    fastest = std::min(fastest, seconds_of([&] { response = get(address, "/metrics", headers); }));
    if (response.status != 200) return "status " + std::to_string(response.status);
    for (const auto& problem : promlite::lint(response.body)) return problem.metric + ": " + problem.text;
  }
  return fastest < 0.1 ? "" : "it takes " + std::to_string(fastest) + " s";
}

}  // namespace test

#endif  // PROMLITE_TESTS_SUPPORT_HOST_STATE_HPP
