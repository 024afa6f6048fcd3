// promlite: two shared objects, each with its own copy of the library, update one's metrics from many
// threads. SPDX-License-Identifier: MIT
//
// `shared_objects FIRST SECOND` ends with status 0 when no update was lost.
#include "interface.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include <dlfcn.h>

namespace {

int failures = 0;

void check(const char* what, double value, double wanted) {
  if (value == wanted) return;
  std::fprintf(stderr, "%s: %.17g, not %.17g\n", what, value, wanted);
  ++failures;
}

struct Loaded {
  void* handle = nullptr;
  const Module* module = nullptr;
};

Loaded load(const char* path) {
  Loaded loaded;
  loaded.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (loaded.handle == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(EXIT_FAILURE);
  }
  loaded.module = reinterpret_cast<OpenModule>(dlsym(loaded.handle, "open_module"))();
  return loaded;
}

void check_totals(const char* when, const Module& owner, double updates) {
  std::printf("%s: %.0f updates\n", when, updates);
  check("counter_total", owner.value("counter_total"), 1.5 * updates);
  for (const char* const sample : {"histogram_count", "histogram_sum", "summary_count"})
    check(sample, owner.value(sample), updates);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return EXIT_FAILURE;
  const char* const long_run = std::getenv("PROMLITE_LONG");
  const int each = long_run != nullptr ? 4000000 : 200000;
  const Loaded first = load(argv[1]);
  Loaded second = load(argv[2]);
  check("two copies of the library", first.module->allocator != second.module->allocator ? 1 : 0, 1);

  const Module& owner = *first.module;
  const auto update = [&owner](const Module& by) {
    by.update(owner.counter, owner.histogram, owner.summary);
  };
  double updates = 0;

  // Both copies give out their slots from 0 on: a thread that comes by the first one and a thread that comes
  // by the second one have the same slot, each of another copy.
  for (const int threads : {2, 8, 300}) {
    const int rounds = threads > 8 ? each / 100 : each;
    std::atomic<int> missing{threads};
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t) {
      running.emplace_back([&, t] {
        const Module& mine = t % 2 == 0 ? *first.module : *second.module;
        const Module& other = t % 2 == 0 ? *second.module : *first.module;
        missing.fetch_sub(1);
        while (missing > 0) std::this_thread::yield();
        for (int i = 0; i < rounds; ++i) update(i % 16 == 15 ? other : mine);
      });
    }
    for (std::thread& thread : running) thread.join();
    updates += 1.0 * threads * rounds;
    check_totals("threads by both copies", owner, updates);
  }

  // Threads that have updated through a module which is closed then live on, update by the other one, and
  // end.
  std::atomic<int> updated{0};
  std::atomic<bool> closed{false};
  std::vector<std::thread> running;
  const int threads = 20;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&] {
      update(*second.module);
      updated.fetch_add(1);
      while (!closed) std::this_thread::yield();
      update(*first.module);
    });
  }
  while (updated < threads) std::this_thread::yield();
  dlclose(second.handle);
  closed = true;
  for (std::thread& thread : running) thread.join();
  updates += 2 * threads;
  check_totals("a copy closed under living threads", owner, updates);

  // And it can be opened anew.
  second = load(argv[2]);
  std::thread([&] { update(*second.module); }).join();
  update(*second.module);
  updates += 2;
  check_totals("the copy opened again", owner, updates);
  dlclose(second.handle);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
