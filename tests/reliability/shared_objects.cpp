// promlite: shared objects of one and of two versions of the library in a process, loaded and unloaded while
// threads live.
// SPDX-License-Identifier: MIT
//
// shared_objects [short|normal|long]
#include <promlite/core.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "concurrency/harness.hpp"
#include "concurrency/shared_objects/interface.h"
#include "reliability/reliability.hpp"
#include "support/sanitized.hpp"

using reliability::demand;

namespace {

class Loaded {
 public:
  Loaded(const std::string& name, int flags)
      : path_(path(name)), handle_(dlopen(path_.c_str(), RTLD_NOW | flags)) {
    demand(handle_ != nullptr, handle_ == nullptr ? dlerror() : "");
    module_ = reinterpret_cast<OpenModule>(dlsym(handle_, "open_module"))();
  }
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;
  ~Loaded() { dlclose(handle_); }
  const Module& operator*() const { return *module_; }
  const Module* operator->() const { return module_; }

  static std::string path(const std::string& name) { return PROMLITE_TEST_MODULES + name + ".so"; }
  static bool is_there(const std::string& name) {
    void* const handle = dlopen(path(name).c_str(), RTLD_NOW | RTLD_NOLOAD);
    if (handle != nullptr) dlclose(handle);
    return handle != nullptr;
  }

 private:
  std::string path_;
  void* handle_;
  const Module* module_ = nullptr;
};

void update(const Module& by, const Module& owner) {
  by.update(owner.counter, owner.histogram, owner.summary);
}

void demand_totals(const Module& owner, double updates, const std::string& when) {
  const auto is = [&](const char* sample, double wanted) {
    const double value = owner.value(sample);
    demand(value == wanted,
           when + ": " + sample + " is " + std::to_string(value) + ", not " + std::to_string(wanted));
  };
  is("counter_total", 1.5 * updates);
  for (const char* const sample : {"histogram_count", "histogram_sum", "summary_count"}) is(sample, updates);
}

/// Runs `work` in a process of its own: what is loaded there stays apart.
template <class Work>
void in_child(const std::string& what, const Work& work) {
  const pid_t child = fork();
  if (child == 0) {
    work();
    std::exit(0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  demand(WIFEXITED(status) && WEXITSTATUS(status) == 0, what + ": status " + std::to_string(status));
}

/// Two modules of different versions: threads update both by turns, and neither knows of the other.
void update_two_versions(const std::string& one, const std::string& other, int flags, int rounds) {
  const std::string what = one + " and " + other + (flags == RTLD_GLOBAL ? ", global" : ", local");
  in_child(what, [&] {
    const Loaded first(one, flags);
    const Loaded second(other, flags);
    demand(std::string(first->version) != second->version, what + " are of two versions");
    demand(first->allocator != second->allocator, what + " have two allocators");
    test::in_threads(8, [&](int) {
      for (int i = 0; i < rounds; ++i) {
        update(*first, *first);
        update(*second, *second);
      }
    });
    demand_totals(*first, 8.0 * rounds, what + ": " + one);
    demand_totals(*second, 8.0 * rounds, what + ": " + other);
    demand(first->count_by_default() == 1 && second->count_by_default() == 1,
           what + " have two default registries");
  });
}

/// Two modules of one version hand each other metrics and registries.
void share_one_version(const std::string& one, const std::string& other, int flags, bool one_library,
                       int rounds) {
  const std::string what = one + " and " + other + (flags == RTLD_GLOBAL ? ", global" : ", local");
  in_child(what, [&] {
    const Loaded first(one, flags);
    const Loaded second(other, flags);
    test::in_threads(8, [&](int t) {
      const Module& by = t % 2 == 0 ? *first : *second;
      for (int i = 0; i < rounds; ++i) {
        update(by, *first);
        update(by, *second);
      }
    });
    demand_totals(*first, 8.0 * rounds, what + ": " + one);
    demand_totals(*second, 8.0 * rounds, what + ": " + other);
    second->declare(first->registry);
    demand(first->value("guest_total") == 1 && second->value("guest_total") == -1,
           what + ": a registry is handed over");
    first->declare(first->registry);
    demand(first->value("guest_total") == 2, what + ": both declare the same metric");
    if (!one_library) return;
    demand(first->allocator == second->allocator, what + " are one library");
    demand(first->count_by_default() == 1 && second->count_by_default() == 2,
           what + " have one default registry");
  });
}

/// Threads that live all along and do what each round asks of them.
class Crew {
 public:
  Crew() {
    for (int t = 0; t < size; ++t) {
      threads_.start([this] {
        for (int round = 1;; ++round) {
          while (round_ < round) std::this_thread::yield();
          if (module_ == nullptr) return;
          for (int i = 0; i < updates; ++i) {
            if (by_host_) {  // by the copy of the library in this program
              static_cast<const promlite::Counter<>*>(module_->counter)->inc(1.5);
              static_cast<const promlite::Histogram*>(module_->histogram)->observe(1);
              static_cast<const promlite::Summary*>(module_->summary)->observe(1);
            } else {
              update(*module_, *module_);
            }
          }
          done_.fetch_add(1);
        }
      });
    }
  }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew() { begin(nullptr, false); }

  static constexpr int size = 4;
  static constexpr int updates = 25;
  static constexpr double all = size * updates;

  void update_all(const Module& module, bool by_host) {
    begin(&module, by_host);
    while (done_ < size) std::this_thread::yield();
  }

 private:
  void begin(const Module* module, bool by_host) {
    done_ = 0;
    module_ = module;
    by_host_ = by_host;
    round_.fetch_add(1);
  }

  std::atomic<int> round_{0};
  std::atomic<int> done_{0};
  const Module* module_ = nullptr;
  bool by_host_ = false;
  test::Threads threads_;
};

long mappings() {
  std::FILE* const file = std::fopen("/proc/self/maps", "r");
  long lines = 0;
  for (int c; file != nullptr && (c = std::fgetc(file)) != EOF;) lines += c == '\n' ? 1 : 0;
  if (file != nullptr) std::fclose(file);
  return lines;
}

/// Loads and unloads a module again and again under a living crew. Whoever has updated through a module's
/// copy of the library keeps it in memory until he ends; others do not.
void load_again_and_again(const std::string& name, bool by_host, int times) {
  in_child(name, [&] {
    long memory = 0;
    long maps = 0;
    int loads = 0;  // since it was unloaded
    int unloads = 0;
    {
      Crew crew;
      for (int i = 0; i < times; ++i) {
        {
          const Loaded module(name, RTLD_LOCAL);
          crew.update_all(*module, by_host);
          ++loads;
          demand_totals(*module, loads * Crew::all,
                        name + ", loaded for the " + std::to_string(i + 1) + "th time");
        }
        if (!Loaded::is_there(name)) {
          loads = 0;
          ++unloads;
        }
        if (i < 10 + times / 10) {  // warm-up
          memory = reliability::of_status("VmRSS");
          maps = mappings();
        }
      }
      demand(unloads == (by_host ? times : 0),
             name + " stays while threads live that have updated through it alone");
    }
    const long grown = reliability::of_status("VmRSS") - memory;
    demand(test::sanitized || grown < 2048, name + ": memory grows, by " + std::to_string(grown) + " KiB");
    demand(test::sanitized || mappings() <= maps + 8, name + ": mappings stay");
    { const Loaded once_more(name, RTLD_LOCAL); }
    const bool may_stay = name.find("shown") == 0;  // g++ marks what it shows as never to be unloaded
    demand(may_stay || !Loaded::is_there(name), name + " is unloaded once the threads have ended");
    in_child(name + ", unloaded: a fork", [] {});
    std::printf("%s%s %d times: + %ld KiB; ", name.c_str(), by_host ? " (updated by the host)" : "", times,
                grown);
    std::fflush(stdout);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const reliability::Size size(argc, argv);
  const int rounds = size.of(2000, 50'000, 2'000'000);
  const int times = size.of(50, 1000, 20'000);
  int pairs = 0;
  for (const int flags : {RTLD_LOCAL, RTLD_GLOBAL}) {
    for (const char* const other : {"shown_other", "other"}) {
      for (const char* const mine : {"shown_first", "first"}) {
        update_two_versions(mine, other, flags, rounds);
        update_two_versions(other, mine, flags, rounds);
        pairs += 2;
      }
    }
    share_one_version("first", "second", flags, false, rounds);
    share_one_version("first", "shown_second", flags, false, rounds);
    share_one_version("shown_first", "shown_second", flags, flags == RTLD_GLOBAL, rounds);
    pairs += 3;
  }
  std::printf("%d pairs of shared objects of one and of two versions: every total exact; ", pairs);
  std::fflush(stdout);
  for (const char* const name : {"first", "other", "shown_first", "shown_other"}) {
    load_again_and_again(name, false, times);
  }
  load_again_and_again("first", true, times);
  std::printf("nothing lost\n");
}
