// promlite: makes one system call of another process fail, the n-th on each of its threads: by the kernel's
// own filter of system calls, which is quick, or by strace. SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_RELIABILITY_INJECTED_FAULTS_HPP
#define PROMLITE_TESTS_RELIABILITY_INJECTED_FAULTS_HPP

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reliability/reliability.hpp"

namespace reliability {

/// The `occurrence`-th time that a thread makes the call it gets this error, and the call is not made.
struct Fault {
  std::string call;  ///< as strace names it
  long number = 0;   ///< as the kernel does
  std::string error_name;
  int error = 0;
  int occurrence = 0;

  /// brk(2), the call itself: it returns where memory ends, and the C library sees that this is not enough.
  bool is_told_by_value() const { return call == "brk"; }
  std::string text() const { return call + ' ' + error_name + ' ' + std::to_string(occurrence); }
};

/// The calling process, from here on, has one of its calls asked about: its parent decides each of them
/// (seccomp_unotify(2)). The descriptor to hand over to FilterFaults, or -1.
inline int have_calls_asked_about(long number) {
  const sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter = {4, const_cast<sock_filter*>(program)};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return static_cast<int>(
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter));
}

/// Decides about the calls that a child has asked about, until the child has ended.
class FilterFaults {
 public:
  FilterFaults(pid_t child, int descriptor_there, const Fault& fault) : fault_(fault) {
    const int process = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
    listener_ = static_cast<int>(::syscall(SYS_pidfd_getfd, process, descriptor_there, 0));
    demand(descriptor_there >= 0 && listener_ >= 0,
           std::string("the kernel lets a process decide about the calls of its child: ") +
               std::strerror(errno));
    ::close(process);
    decider_ = std::thread([this] { decide(); });
  }
  FilterFaults(const FilterFaults&) = delete;
  FilterFaults& operator=(const FilterFaults&) = delete;
  /// Once the child has ended.
  ~FilterFaults() {
    decider_.join();
    ::close(listener_);
  }

  int injected() const { return injected_; }

 private:
  void decide() {
    std::map<std::uint32_t, int> calls;
    for (;;) {
      pollfd waiting = {listener_, POLLIN, 0};
      if (::poll(&waiting, 1, -1) < 0) continue;
      if ((waiting.revents & POLLIN) == 0) return;
      seccomp_notif asked{};
      if (::ioctl(listener_, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0) continue;
      seccomp_notif_resp answer{};
      answer.id = asked.id;
      if (++calls[asked.pid] == fault_.occurrence) {
        answer.error = fault_.is_told_by_value() ? 0 : -fault_.error;
        ++injected_;
      } else {
        answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
      }
      (void)::ioctl(listener_, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
  }

  Fault fault_;
  int listener_ = -1;
  std::atomic<int> injected_{0};
  std::thread decider_;
};

/// strace(1), attached to a child.
class Strace {
 public:
  /// Lets one call fail, or none where there is no fault: then it only lists what calls are made.
  Strace(pid_t child, const Fault* fault) {
    trace_ = ::memfd_create("trace", 0);
    int messages[2];
    demand(trace_ >= 0 && ::pipe2(messages, O_CLOEXEC) == 0, "there are descriptors for strace");
    std::vector<std::string> words = {"strace", "-f", "-o", "/dev/fd/" + std::to_string(trace_)};
    if (fault != nullptr) {
      const std::string result = fault->is_told_by_value() ? "retval=0" : "error=" + fault->error_name;
      words.insert(words.end(),
                   {"-e", "trace=" + fault->call, "-e",
                    "inject=" + fault->call + ":" + result + ":when=" + std::to_string(fault->occurrence)});
    }
    words.insert(words.end(), {"-p", std::to_string(child)});
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    process_ = ::fork();
    demand(process_ >= 0, "strace can be started");
    if (process_ == 0) {
      ::dup2(messages[1], STDERR_FILENO);
      ::execvp(arguments[0], arguments.data());
      const char no_strace[] = "there is no strace\n";
      (void)!::write(STDERR_FILENO, no_strace, sizeof no_strace - 1);
      ::_exit(127);
    }
    ::close(messages[1]);
    messages_ = messages[0];
    std::string told;
    for (char c = 0; told.find(" attached") == std::string::npos;) {
      if (::read(messages_, &c, 1) != 1) demand(false, "strace may trace a child: " + told);
      told += c;
    }
  }
  Strace(const Strace&) = delete;
  Strace& operator=(const Strace&) = delete;
  ~Strace() {
    wait();
    ::close(messages_);
    ::close(trace_);
  }

  /// Once the child has ended.
  int injected() {
    int count = 0;
    for (const std::string& line : lines()) count += line.find("(INJECTED)") != std::string::npos ? 1 : 0;
    return count;
  }
  /// The names of the calls that were made. Once the child has ended.
  std::set<std::string> calls() {
    std::set<std::string> found;
    for (const std::string& line :
         lines()) {  // `1234 poll([{...`, `1234 <... poll resumed>`, `1234 +++ exited`
      std::size_t begin = line.find_first_not_of("0123456789 ");
      if (begin == std::string::npos || std::strchr("+-", line[begin]) != nullptr) continue;
      if (line.compare(begin, 5, "<... ") == 0) begin += 5;
      found.insert(line.substr(begin, line.find_first_of("( ", begin) - begin));
    }
    return found;
  }

 private:
  void wait() {
    if (process_ > 0) ::waitpid(process_, nullptr, 0);
    process_ = -1;
  }
  std::vector<std::string> lines() {
    wait();
    std::string all;
    char buffer[65536];
    for (ssize_t count = 0;
         (count = ::pread(trace_, buffer, sizeof buffer, static_cast<off_t>(all.size()))) > 0;) {
      all.append(buffer, static_cast<std::size_t>(count));
    }
    std::istringstream text(all);
    std::vector<std::string> found;
    for (std::string line; std::getline(text, line);) found.push_back(line);
    return found;
  }

  pid_t process_ = -1;
  int messages_ = -1;
  int trace_ = -1;
};

}  // namespace reliability

#endif  // PROMLITE_TESTS_RELIABILITY_INJECTED_FAULTS_HPP
