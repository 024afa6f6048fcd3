// promlite: a fork while other threads scrape, declare, create and remove: the child finds nothing locked and
// nothing half done.
// SPDX-License-Identifier: MIT
#include "harness.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"

#include <promlite/promlite.hpp>

#include <csignal>

#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

// The runtime of g++'s thread sanitizer neither keeps its allocator whole when other threads are in it at a
// fork, which can stop the child for ever, nor judges what a child of several threads does.
#if PROMLITE_TEST_THREAD_SANITIZED && !defined(__clang__)
constexpr bool child_can_allocate = false;
#else
constexpr bool child_can_allocate = true;
#endif

/// The exit status of a child that runs `work()`, or the negative number of the signal that ended it: SIGALRM
/// after half a minute.
template <class Work>
int in_child(const Work& work) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(30);
    _exit(work());
  }
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// User code of a scrape that stands still until it is let go, in the process that made it.
class Standing {
 public:
  void stand() {
    if (getpid() != process_) return;
    stands_ = true;
    while (!let_go_) std::this_thread::yield();
  }
  void wait_for_it() const {
    while (!stands_) std::this_thread::yield();
  }
  void let_go() { let_go_ = true; }

 private:
  const pid_t process_ = getpid();
  std::atomic<bool> stands_{false};
  std::atomic<bool> let_go_{false};
};

class StandingCollector final : public promlite::Collector {
 public:
  explicit StandingCollector(Standing& standing) : standing_(standing) {}
  void collect(promlite::Sink& sink) override {
    standing_.stand();
    sink.gauge("gauge_collected", "help").sample(1);
  }

 private:
  Standing& standing_;
};

/// What a child may do with a registry that the fork caught in a scrape.
int use(promlite::Registry& registry, const test::Scrape& shown) {
  registry.counter("jobs_total", "help").inc();
  registry.counter("by_kind_total", "help", {"kind"}).with("new").inc();
  test::Scrape wanted = shown;
  wanted["jobs_total"] += 1;
  wanted["by_kind_total{kind=\"new\"}"] += 1;
  for (int i = 0; i < 3; ++i) {
    if (test::scrape(registry) != wanted) return 1;
  }
  {
    const promlite::Membership more = registry.gauge_callback("gauge_more", "help", [] { return 2; });
    wanted["gauge_more"] = 2;
    if (test::scrape(registry) != wanted) return 2;
  }
  wanted.erase("gauge_more");
  if (test::scrape(registry) != wanted) return 3;
  return registry.counter("by_kind_total", "help", {"kind"}).remove("new") ? 0 : 4;
}

}  // namespace

TEST_CASE("a collector that stands still in another thread does not keep the child of a fork from scraping") {
  promlite::Registry registry;
  registry.counter("jobs_total", "help").inc(5);
  Standing standing;
  StandingCollector collector(standing);
  const promlite::Membership member = registry.add(collector);
  test::Threads threads;
  test::Scrape of_the_parent;
  threads.start([&] { of_the_parent = test::scrape(registry); });
  standing.wait_for_it();
  const test::Scrape shown{{"jobs_total", 5}, {"gauge_collected", 1}};
  CHECK(in_child([&] { return use(registry, shown); }) == 0);
  // A child's child, too, and one whose parent forks again.
  CHECK(in_child([&] { return in_child([&] { return use(registry, shown); }); }) == 0);
  CHECK(in_child([&] { return use(registry, shown); }) == 0);
  standing.let_go();
  threads.join();
  CHECK(of_the_parent == shown);
  CHECK(test::scrape(registry) == shown);
}

TEST_CASE("a callback that stands still in another thread does not keep the child of a fork from scraping") {
  promlite::Registry registry;
  registry.counter("jobs_total", "help").inc(5);
  Standing standing;
  promlite::Membership one = registry.gauge_callback("gauge_called", "help", [&] {
    standing.stand();
    return 1;
  });
  promlite::Membership several =
      registry.gauge_callback("gauge_each", "help", {"of"}, [](auto& out) { out.set(3, "a"); });
  test::Threads threads;
  threads.start([&] { test::scrape(registry); });
  standing.wait_for_it();
  const test::Scrape shown{{"jobs_total", 5}, {"gauge_called", 1}, {"gauge_each{of=\"a\"}", 3}};
  CHECK(in_child([&] { return use(registry, shown); }) == 0);
  // To leave waits for a call that runs: in the child there is none.
  CHECK(
      in_child([&] {
        one.leave();
        return test::scrape(registry) == test::Scrape{{"jobs_total", 5}, {"gauge_each{of=\"a\"}", 3}} ? 0 : 1;
      }) == 0);
  standing.let_go();
  threads.join();
  CHECK(test::scrape(registry) == shown);
}

TEST_CASE("a collector may fork: its own scrape goes on in the child") {
  promlite::Registry registry;
  registry.counter("jobs_total", "help").inc(5);
  int status = -1;
  bool in_the_child = false;
  const promlite::Membership member = registry.gauge_callback("gauge_forks", "help", [&] {
    const pid_t child = fork();
    if (child == 0) {
      alarm(30);
      in_the_child = true;
      // The scrape that this is called in shows what is declared, and this thread holds its lock.
      if (test::scrape(registry) != test::Scrape{{"jobs_total", 5}}) _exit(1);
      return 2;
    }
    waitpid(child, &status, 0);
    return 1;
  });
  const test::Scrape shown = test::scrape(registry);
  if (in_the_child) _exit(shown == test::Scrape{{"jobs_total", 5}, {"gauge_forks", 2}} ? 0 : 2);
  CHECK(shown == test::Scrape{{"jobs_total", 5}, {"gauge_forks", 1}});
  CHECK(status == 0);
}

TEST_CASE("a fork waits for a long step of another thread, and leaves the processors to it") {
  const auto processor_seconds = [] {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const promlite::Registry registry;  // the first one has forks watched
  std::atomic<bool> within{false}, ended{false};
  test::Threads threads;
  threads.start([&] {
    const promlite::detail::Undivided step;
    within = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1200));
    ended = true;
  });
  while (!within) std::this_thread::yield();
  // They begin steps until the fork waits, and then wait for that.
  for (int t = 0; t < 2; ++t) {
    threads.start([&] {
      while (!ended) {
        { const promlite::detail::Undivided step; }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
  }
  const double before = processor_seconds();
  CHECK(in_child([&] { return ended ? 0 : 1; }) == 0);
  if (!test::sanitized) CHECK(processor_seconds() - before < 0.5);
  threads.join();
}

#if !PROMLITE_TEST_SANITIZED  // a sanitizer may put handlers off, or fork only outside of them

static std::atomic<int> forks_of_handler{0};

TEST_CASE("a signal handler forks in the middle of whatever its thread does to begin or end a step") {
  const promlite::Registry registry;  // the first one has forks watched
  struct sigaction action {
  }, before{};
  action.sa_handler = [](int) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    waitpid(child, nullptr, 0);
    ++forks_of_handler;
  };
  sigaction(SIGALRM, &action, &before);
  const itimerval often{{0, 500}, {0, 500}}, never{};
  const auto start = std::chrono::steady_clock::now();
  setitimer(ITIMER_REAL, &often, nullptr);
  while (forks_of_handler < 300) {
    const promlite::detail::Undivided step;
    const promlite::detail::Undivided within;
  }
  setitimer(ITIMER_REAL, &never, nullptr);
  sigaction(SIGALRM, &before, nullptr);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));  // as long as one would wait
}

#endif

TEST_CASE(
    "whatever other threads do at the moment of a fork, the child updates, declares, creates and scrapes") {
  promlite::Registry registry;
  promlite::Registry other;
  promlite::Registries both(registry, other);
  const auto family = registry.counter("family_total", "help", {"a"}, promlite::max_series(100'000));
  const promlite::Counter<> mine = registry.counter("mine_total", "help");
  const auto each = registry.gauge_callback("gauge_each", "help", {"a"}, [](auto& out) {
    for (int i = 0; i < 50; ++i) out.set(i, i);
  });
  std::atomic<bool> done{false};
  test::Threads threads;
  threads.start([&] {
    for (int i = 0; !done; ++i) family.with(i % 5000).inc();
  });
  threads.start([&] {
    for (int i = 0; !done; ++i) family.remove(i % 5000);
  });
  threads.start([&] {
    for (int i = 0; !done; ++i) {
      const std::string name = "declared_" + std::to_string(i % 20) + "_total";
      registry.counter(promlite::runtime_name(name), "help", {"a"}).with(i).inc();
      if (i % 7 == 0) registry.unregister(name);
      promlite::Membership member = other.gauge_callback("gauge_now_and_then", "help", [] { return 1; });
    }
  });
  threads.start([&] {
    while (!done) promlite::to_text(both);
  });
  int failed = 0;
  for (int round = 0; failed == 0 && round < test::times(60); ++round) {
    failed = in_child([&] {
      if (!child_can_allocate) return 0;
      mine.inc(1);
      family.with("new").inc(3);
      registry.counter("born_total", "help").inc(7);
      for (int i = 0; i < 2; ++i) {
        const test::Scrape scrape = test::parse(promlite::to_text(both));
        if (scrape.at("mine_total") != 1 || scrape.at("family_total{a=\"new\"}") != 3) return 1;
        if (scrape.at("born_total") != 7 || test::series_of(scrape, "gauge_each") != 50) return 2;
      }
      return family.remove("new") && registry.unregister("born_total") ? 0 : 3;
    });
  }
  done = true;
  threads.join();
  CHECK(failed == 0);
}
