// promlite: counts in main, in thread_local destructors, in exit handlers and in static destructors, and sees
// at the very end whether all of it is there. `program_end WAY` ends with status 0 when it is.
// SPDX-License-Identifier: MIT
#include <promlite/core.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <pthread.h>

namespace {

std::atomic<int> expected{0};

void update();

/// The first static object, so the last one to be destroyed.
struct Last {
  static void check();
  ~Last() { check(); }
} last;

const promlite::Counter<> counter = promlite::counter("updates_total", "help");
const promlite::Histogram histogram = promlite::histogram("observed", "help");
const promlite::Summary summary = promlite::summary("summarised", "help", promlite::quantiles({0.5}));
const promlite::Counter<> unobserved = promlite::counter("unobserved_total", "help");

struct AtTheEnd {
  AtTheEnd() { update(); }  // before main
  ~AtTheEnd() { update(); }
};

void update() {
  expected.fetch_add(1);
  counter.inc();
  counter.inc(0.5);
  histogram.observe(1);
  summary.observe(2);
}

bool same(const char* what, double value, double wanted) {
  if (value == wanted) return true;
  std::fprintf(stderr, "%s is %g, not %g\n", what, value, wanted);
  return false;
}

void Last::check() {
  const int updates = expected;
  bool right = same("counter", counter.value(), 1.5 * updates);
  right = same("histogram count", static_cast<double>(histogram.count()), updates) && right;
  right = same("histogram sum", histogram.sum(), updates) && right;
  right = same("summary count", static_cast<double>(summary.count()), updates) && right;
  right = same("summary sum", summary.sum(), 2.0 * updates) && right;
  const std::string line = "observed_count " + std::to_string(updates) + "\n";
  const bool scraped = promlite::to_text(promlite::default_registry()).find(line) != std::string::npos;
  if (!scraped) std::fprintf(stderr, "a scrape at the end lacks %s", line.c_str());
  std::_Exit(right && scraped ? EXIT_SUCCESS : EXIT_FAILURE);
}

struct InThread {
  ~InThread() { update(); }
  void use() const {}
};
const InThread& made_before_the_slot() {
  thread_local const InThread object;
  return object;
}
const InThread& made_after_the_slot() {
  thread_local const InThread object;
  return object;
}

/// An ordinary life of a thread, updates in its thread_local destructors included.
void live() {
  made_before_the_slot().use();
  update();
  made_after_the_slot().use();
  for (int i = 0; i < 10; ++i) update();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string way = argc == 2 ? argv[1] : "";
  if (way == "only_at_the_end") {
    // Nobody has counted anything before the static destructors run. (AtTheEnd is not constructed here.)
    static const struct Late {
      ~Late() { update(); }
    } late;
    return EXIT_SUCCESS;
  }
  static const AtTheEnd at_the_end;
  std::atexit(update);
  std::at_quick_exit(Last::check);
  std::at_quick_exit(update);
  std::thread(live).join();
  update();
  // pthread_exit() in the main thread: whether its thread_local objects are destroyed is the system's secret.
  if (way != "pthread_exit") live();
  // A thread that goes on counting while everything else is taken down.
  std::thread([] {
    for (;;) unobserved.inc();
  }).detach();

  if (way == "return") return EXIT_SUCCESS;
  if (way == "quick_exit") std::quick_exit(EXIT_SUCCESS);
  if (way == "pthread_exit") {
    static std::atomic<bool> leaving{false};
    std::thread([] {
      while (!leaving) std::this_thread::yield();
      live();
      std::exit(EXIT_SUCCESS);
    }).detach();
    leaving = true;
    pthread_exit(nullptr);
  }
  if (way == "exit_in_thread") {
    std::thread([] {
      live();
      std::exit(EXIT_SUCCESS);
    }).join();
  }
  std::fprintf(stderr, "program_end: no such way to end: %s\n", way.c_str());
  return EXIT_FAILURE;
}
