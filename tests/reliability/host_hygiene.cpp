// promlite: a server and a pusher leave the process as they found it; their threads leave its signals alone.
// SPDX-License-Identifier: MIT
//
// host_hygiene [short|normal|long]
#include <promlite/promlite.hpp>

#include <chrono>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reliability/reliability.hpp"
#include "support/fake_server.hpp"
#include "support/host_state.hpp"
#include "support/http_client.hpp"

using reliability::demand;
using namespace std::chrono_literals;

static std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

static void on_signal(int) {}

static std::set<std::string> threads() {
  std::set<std::string> found;
  DIR* const folder = opendir("/proc/self/task");
  while (const dirent* const entry = readdir(folder)) {
    if (entry->d_name[0] != '.') found.insert(entry->d_name);
  }
  closedir(folder);
  return found;
}

/// The signals that a thread blocks, as the kernel tells it.
static unsigned long long blocked(const std::string& thread) {
  std::istringstream status(content("/proc/self/task/" + thread + "/status"));
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("SigBlk:", 0) == 0) return std::strtoull(line.c_str() + 7, nullptr, 16);
  }
  return 0;
}

/// All but those that cannot be blocked, that a fault of the thread itself raises, that a profiler needs, and
/// the two that the C library keeps.
static bool runs_no_handler(unsigned long long mask) {
  const std::set<int> open = {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
                              SIGTRAP, SIGABRT, SIGSYS,  SIGPROF, 32,     33};
  for (int signal = 1; signal <= 64; ++signal) {
    if (open.count(signal) == 0 && (mask >> (signal - 1) & 1) == 0) return false;
  }
  return true;
}

/// A gateway in a process of its own, which ends when its end of the pipe is closed.
class Gateway {
 public:
  Gateway() {
    int told[2], kept[2];
    demand(pipe2(told, O_CLOEXEC) == 0 && pipe2(kept, O_CLOEXEC) == 0, "there are pipes");
    child_ = fork();
    if (child_ == 0) {
      close(kept[1]);
      const test::FakeServer server([](const test::FakeServer::Call& call) { call.answer("200 OK"); });
      demand(write(told[1], server.address().data(), server.address().size()) > 0, "the address is told");
      close(told[1]);
      char byte = 0;
      _exit(static_cast<int>(read(kept[0], &byte, 1)));
    }
    close(told[1]);
    close(kept[0]);
    char text[64];
    const ssize_t size = read(told[0], text, sizeof text);
    demand(size > 0, "the gateway runs");
    address_.assign(text, static_cast<std::size_t>(size));
    close(told[0]);
    kept_ = kept[1];
  }
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;
  ~Gateway() {
    close(kept_);
    waitpid(child_, nullptr, 0);
  }
  const std::string& address() const { return address_; }

 private:
  pid_t child_ = 0;
  int kept_ = -1;
  std::string address_;
};

/// One life of a server and a pusher. The names of the threads that were there.
static std::multiset<std::string> live_once(const std::string& gateway) {
  const std::set<std::string> before = threads();
  promlite::Registry registry;
  registry.counter("jobs_total", "Jobs.").inc();
  promlite::MetricsServer server("127.0.0.1:0", registry);
  promlite::BackgroundPushOptions options;
  options.interval = 10ms;
  promlite::BackgroundPusher pusher(promlite::Pushgateway("http://" + gateway, "job"), registry, options);
  for (int i = 0; i < 5; ++i) demand(test::get(server.address()).status == 200, "a scrape is answered");
  while (pusher.pushes() < 2) std::this_thread::yield();
  std::multiset<std::string> names;
  for (const std::string& thread : threads()) {
    if (before.count(thread) != 0) continue;
    std::string name = content("/proc/self/task/" + thread + "/comm");
    if (!name.empty()) name.pop_back();
    demand(runs_no_handler(blocked(thread)), "the thread " + name + " blocks every signal");
    names.insert(name);
  }
  demand(static_cast<bool>(pusher.stop()) && pusher.failures() == 0, "pushes succeed");
  server.stop();
  return names;
}

int main(int argc, char** argv) {
  const reliability::Size size(argc, argv);
  // A program that has set up everything for itself.
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaddset(&action.sa_mask, SIGHUP);
  for (const int signal : {SIGUSR1, SIGTERM, SIGCHLD}) sigaction(signal, &action, nullptr);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &mask, nullptr);
  std::setlocale(LC_ALL, "C.UTF-8");
  umask(027);
  const Gateway gateway;

  const int lives = size.of(3, 100, 1000);
  live_once(gateway.address());  // what the C library opens once
  const test::HostState before;
  std::multiset<std::string> names;
  for (int i = 0; i < lives; ++i) {
    names = live_once(gateway.address());
    const std::string changed = before.difference();
    demand(changed.empty(), "this stays as it was: " + changed);
  }
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  demand(all == "promlite-http, promlite-push, promlite-scrape",
         "there are three threads, with names: " + all);
  std::printf(
      "%zu properties of the process as they were after %d lives of a server and a pusher; threads %s "
      "block every signal but those of their own faults\n",
      before.size(), lives, all.c_str());
}
