// promlite: each system call of a server fails in each way, early and late, and the server goes on.
// SPDX-License-Identifier: MIT
//
// system_calls [short|normal|long]
// system_calls CALL ERROR OCCURRENCE    only this fault, by strace
//
// Each fault has a process of its own, which starts and stops a server several times while clients of all
// kinds come and go. What calls there are is not assumed but looked up with strace; one that the table below
// does not have is a failure.
#include <promlite/exposition/lint.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <new>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reliability/injected_faults.hpp"
#include "reliability/server_calls.hpp"
#include "reliability/server_process.hpp"
#include "support/http_client.hpp"

using reliability::Call;
using reliability::demand;
using reliability::Fault;
using reliability::Kind;
using reliability::known_call;
using reliability::Page;
using reliability::Process;
using reliability::seconds_since;
using Clock = std::chrono::steady_clock;

/// Thrown where a promise is broken; `by_time` where a machine that does other things as well may have broken
/// it.
struct Broken {
  std::string promise;
  bool by_time = false;
};

static void promise(bool holds, const std::string& text, bool by_time = false) {
  if (!holds) throw Broken{text, by_time};
}

/// Asks until it is so, for ten seconds.
template <class Condition>
static bool becomes(Condition&& condition) {
  for (const auto start = Clock::now(); seconds_since(start) < 10; ::usleep(200)) {
    if (condition()) return true;
  }
  return condition();
}

static const std::string scrape = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";

/// So many of each kind of client. Whatever fails, each is answered or disconnected, and none is left
/// waiting.
static void send_clients(const std::string& address, int rounds) {
  std::optional<test::HttpClient> lasting;
  const auto one_of = [](int status, std::initializer_list<int> possible) {
    for (const int each : possible) {
      if (status == each) return;
    }
    throw Broken{"a client is answered as it should be, not with " + std::to_string(status)};
  };
  for (int i = 0; i < rounds; ++i) {
    one_of(test::get(address, "/metrics", "Connection: close\r\n").status, {200, 503, 0});
    if (!lasting) lasting.emplace(address);
    const int status = lasting->get("/metrics").status;
    one_of(status, {200, 503, 0});
    if (status == 0) lasting.reset();
    test::HttpClient malformed(address);
    malformed.send("GET /metrics\r\n");
    one_of(malformed.read().status, {400, 503, 0});
    test::HttpClient two(address);
    two.send(scrape + scrape);
    two.finish_sending();
    for (int k = 0; k < 2; ++k) one_of(two.read().status, {200, 503, 0});
    test::HttpClient leaving(address);
    leaving.send("GET /metr");
    if (i % 2 == 0) leaving.reset();
  }
}

/// Fresh scrapes are answered at once with what strict readers accept. One of them may be what the fault
/// hits.
static void demand_alive(const std::string& address) {
  double fastest = 1000;
  int hit = 0;
  for (int i = 0; i < 10 && fastest > 0.1; ++i) {
    test::Response response;
    const double seconds = test::seconds_of([&] { response = test::get(address); });
    if ((response.status == 0 || response.status == 503) && ++hit == 1) continue;
    promise(response.status == 200,
            "a fresh scrape is answered with 200, not " + std::to_string(response.status));
    const auto problems = promlite::lint(response.body);
    promise(problems.empty(), "a fresh scrape can be read: " + (problems.empty() ? "" : problems[0].text));
    promise(response.body.find("\njobs_total 1\n") != std::string::npos,
            "a fresh scrape has what was counted");
    fastest = std::min(fastest, seconds);
  }
  promise(fastest <= 0.1, "a fresh scrape takes less than 100 ms", true);
}

static void demand_idle(const Process& process) {
  long waits = 0;
  for (int i = 0; i < 50; ++i) {
    const long before = process.waits();
    ::usleep(10'000);
    waits = process.waits() - before;
    if (waits < 5) return;
  }
  promise(false,
          "an idle server does nothing; its threads waited " + std::to_string(waits) + " times in 10 ms");
}

/// One process, one fault, and what came of it.
class Trial {
 public:
  Trial(const Fault* fault, bool by_strace) : fault_(fault) {
    void* const memory =
        ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    demand(memory != MAP_FAILED, "there is memory");
    page_ = new (memory) Page;
    child_ = ::fork();
    demand(child_ >= 0, "there is a process");
    if (child_ == 0) {
      reliability::serve(*page_, [&] {
        return by_strace || fault == nullptr ? -1 : reliability::have_calls_asked_about(fault->number);
      });
    }
    demand(becomes([&] { return page_->done == 1; }), "the process begins");
    if (by_strace || fault == nullptr) {
      strace_.emplace(child_, fault);
    } else {
      filter_.emplace(child_, page_->listener, *fault);
    }
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;
  ~Trial() {
    end();
    filter_.reset();
    strace_.reset();
    ::munmap(page_, sizeof(Page));
  }

  /// Lives of a server, the first two with so many rounds of clients; throws Broken.
  void run(int lives, int rounds) {
    const Process process(child_);
    const std::string state = process.state();
    const int descriptors = process.descriptors();
    for (int life = 0; life < lives; ++life) {
      take_step();
      check_start();
      if (life < 2) send_clients(page_->address, rounds);
      demand_alive(page_->address);
      if (life < 2) demand_idle(process);
      take_step();
      promise(page_->stop_seconds < 0.2, "stop() takes less than 200 ms", true);
      promise(becomes([&] { return process.threads() == 1; }), "the server's threads have gone");
      // An injected error is all that happens: the call is not made, so nothing is closed.
      const int unclosed = fault_ != nullptr && fault_->call == "close" ? 4 : 0;
      promise(process.descriptors() <= descriptors + unclosed, "no descriptor is left open");
      promise(process.state() == state,
              "signals, umask and standard streams are as before: " + process.state());
    }
    promise(page_->locale_kept, "the locale is as before");
    promise(is_alive(), "the process lives");
    end();
  }

  /// Faults that have happened; once it has run.
  int injected() { return strace_ ? strace_->injected() : filter_ ? filter_->injected() : 0; }
  std::set<std::string> calls() { return strace_->calls(); }

 private:
  void take_step() {
    const int step = ++page_->asked;
    if (step == 1) return take_step();  // the first one was taken before the fault
    promise(becomes([&] { return page_->done == step || !is_alive(); }), "the process goes on");
    promise(page_->done == step, "the process lives; it ended with status " + std::to_string(status_));
  }

  /// A start that fails says where and why, and the next one succeeds.
  void check_start() {
    std::istringstream reasons(page_->reasons);
    const std::string beginning = std::string("cannot serve metrics on ") + reliability::any_port + ": ";
    int failures = 0;
    for (std::string line; std::getline(reasons, line); ++failures) {
      promise(line.rfind(beginning, 0) == 0 && line.size() > beginning.size(),
              "a start that fails says where and why, not: " + line);
      const std::string reason = line.substr(beginning.size());
      promise(fault_ != nullptr && (reason == std::strerror(fault_->error) || reason == "out of memory" ||
                                    reason == std::strerror(EAGAIN) || reason == "Memory allocation failure"),
              "the reason is the fault's, not: " + reason);
    }
    promise(failures <= 1, "the next start succeeds");
    promise(page_->address[0] != '\0', "a server that runs has an address");
  }

  bool is_alive() {
    if (child_ > 0 && ::waitpid(child_, &status_, WNOHANG) != 0) child_ = -1;
    return child_ > 0;
  }
  void end() {
    if (!is_alive()) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }

  const Fault* fault_;
  Page* page_;
  pid_t child_ = -1;
  int status_ = 0;
  std::optional<reliability::FilterFaults> filter_;
  std::optional<reliability::Strace> strace_;
};

/// The calls that the server makes, found out with strace.
static std::vector<Call> observed_calls() {
  Trial trial(nullptr, true);
  try {
    trial.run(3, 4);
  } catch (const Broken& broken) {
    demand(false, "without any fault " + broken.promise);
  }
  std::vector<Call> found;
  for (const std::string& name : trial.calls()) found.push_back(known_call(name));
  return found;
}

template <class Words>
static std::string joined(const Words& words, const char* between) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : between) + word;
  return all.empty() ? "none" : all;
}

struct Totals {
  int processes = 0;
  int faults = 0;
  std::set<std::string> calls;
  std::set<std::string> unreached;
  std::vector<std::string> broken;
};

/// The promise that this fault breaks, or nothing; one about time gets three tries.
static std::string broken_by(const Fault& fault, Kind kind, bool by_strace, Totals& totals) {
  for (int attempt = 1;; ++attempt) {
    Trial trial(&fault, by_strace);
    try {
      trial.run(fault.occurrence + 1, fault.occurrence + 1);
      const int injected = trial.injected();
      totals.faults += injected;
      if (injected > 0) totals.calls.insert(fault.call);
      if (injected > 0) return {};
      totals.unreached.insert(fault.call + ' ' + std::to_string(fault.occurrence));
      return kind == Kind::any ? "the fault happens" : "";
    } catch (const Broken& broken) {
      if (!broken.by_time || attempt == 3) return broken.promise;
    } catch (const std::runtime_error& silence) {
      return std::string("no client is left waiting: ") + silence.what();
    }
  }
}

static void try_fault(const Fault& fault, Kind kind, bool by_strace, Totals& totals) {
  const std::string promise = broken_by(fault, kind, by_strace, totals);
  ++totals.processes;
  if (promise.empty()) return;
  totals.broken.push_back(fault.text() + (by_strace ? " by strace: " : ": ") + promise);
  demand(totals.broken.size() < 100, "each promise\n" + joined(totals.broken, "\n"));
}

static int try_one(const char* name, const char* error_name, const char* occurrence) {
  const Call& call = known_call(name);
  for (const auto& [text, error] : reliability::errors) {
    if (std::strcmp(text, error_name) != 0) continue;
    Totals totals;
    try_fault({call.name, call.number, text, error, std::atoi(occurrence)}, Kind::rare, true, totals);
    demand(totals.broken.empty(), joined(totals.broken, "\n"));
    std::printf("the promises are kept; the fault happened %d times\n", totals.faults);
    return 0;
  }
  std::fprintf(stderr, "no error of this test is called %s\n", error_name);
  return 2;
}

int main(int argc, char** argv) {
  if (argc == 4) return try_one(argv[1], argv[2], argv[3]);
  const reliability::Size size(argc, argv);
  const auto start = Clock::now();
  const auto occurrences = size.of<std::vector<int>>({1}, {1, 2, 5, 10}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  const auto by_strace = size.of<std::set<int>>({}, {}, {1, 2, 10});
  const std::size_t every = size.of<std::size_t>(5, 1, 1);
  Totals filtered, traced;
  std::size_t number = 0;
  for (const Call& call : observed_calls()) {
    for (const auto& [name, error] : reliability::errors) {
      for (const int occurrence : occurrences) {
        if (!reliability::applies(call.kind, error) || number++ % every != 0) continue;
        const Fault fault{call.name, call.number, name, error, occurrence};
        try_fault(fault, call.kind, false, filtered);
        if (by_strace.count(occurrence) != 0) try_fault(fault, call.kind, true, traced);
      }
    }
  }
  filtered.broken.insert(filtered.broken.end(), traced.broken.begin(), traced.broken.end());
  demand(filtered.broken.empty(), "each promise\n" + joined(filtered.broken, "\n"));
  std::printf(
      "%d processes, %d faults in %zu system calls (%s); made too seldom: %s; %d of them again by strace; "
      "%.0f s\n",
      filtered.processes, filtered.faults, filtered.calls.size(), joined(filtered.calls, ", ").c_str(),
      joined(filtered.unreached, ", ").c_str(), traced.processes, seconds_since(start));
}
