// promlite: tests of groups of collectors: what a scrape shows of them, and what they cost it.
// SPDX-License-Identifier: MIT
#include <promlite/clock.hpp>
#include <promlite/exporter/collection.hpp>
#include <promlite/exporter/collector_group.hpp>
#include <promlite/exporter/log.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/c_locale.hpp"
#include "support/catch.hpp"
#include "support/collector_errors.hpp"
#include "support/error_of.hpp"

using namespace promlite;
using namespace std::chrono_literals;

using Steady = std::chrono::steady_clock;

/// Waits for what comes in any case, and soon.
template <class Condition>
static bool comes(Condition condition) {
  const auto end = Steady::now() + 20s;
  while (!condition()) {
    if (Steady::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

/// A collector that does what a function does, and says when it is destroyed.
class Does final : public Collector {
 public:
  explicit Does(std::function<void(Sink&)> work, std::atomic<bool>* destroyed = nullptr)
      : work_(std::move(work)), destroyed_(destroyed) {}
  ~Does() override {
    if (destroyed_ != nullptr) *destroyed_ = true;
  }
  void collect(Sink& sink) override { work_(sink); }

 private:
  const std::function<void(Sink&)> work_;
  std::atomic<bool>* const destroyed_;
};
static std::unique_ptr<Collector> does(std::function<void(Sink&)> work,
                                       std::atomic<bool>* destroyed = nullptr) {
  return std::make_unique<Does>(std::move(work), destroyed);
}

/// What a hanging collector waits at. The test opens it; then whoever is there passes, and who comes later.
class Door {
 public:
  void open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  void close() {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_open_ = false;
  }
  void pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return is_open_; });
    --waiting_;
  }
  void wait_for_visitor() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ > 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool is_open_ = false;
};

/// One collector's metrics of the kit.
struct Shown {
  std::string name;
  int success;
  double seconds = 0;
  std::optional<double> age = std::nullopt;
};

/// The metrics of the kit, behind those that come before "test_" in the alphabet.
static std::string kit(const std::vector<Shown>& collectors, const std::string& prefix = "") {
  const auto number = [](double value) {
    const test::CLocale locale;
    std::string text = std::to_string(value);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
  };
  std::string ages;
  std::string durations;
  std::string successes;
  const std::string name = prefix + "test_collector_";
  for (const Shown& shown : collectors) {
    const std::string labels = "{collector=\"" + shown.name + "\"} ";
    if (shown.age) ages += name + "age_seconds" + labels + number(*shown.age) + "\n";
    durations += name + "duration_seconds" + labels + number(shown.seconds) + "\n";
    successes += name + "success" + labels + std::to_string(shown.success) + "\n";
  }
  if (!ages.empty()) {
    ages.insert(0, "# HELP " + name +
                       "age_seconds Age of the values of a cached collector that are shown.\n# TYPE " + name +
                       "age_seconds gauge\n");
  }
  return ages + "# HELP " + name +
         "duration_seconds Time that the collector took, or has been running when it took too long.\n# "
         "TYPE " +
         name + "duration_seconds gauge\n" + durations + "# HELP " + name +
         "success Whether the collector succeeded: 0 when it failed, gave a part, or took too long.\n# "
         "TYPE " +
         name + "success gauge\n" + successes;
}
static std::string gauge(const std::string& name, const std::string& value) {
  return "# TYPE " + name + " gauge\n" + name + " " + value + "\n";
}

/// A group in a registry, with a clock that the test tells.
struct Setting {
  explicit Setting(Logger* log = nullptr) : group("test", log, clock) {}

  std::string scrape(std::chrono::nanoseconds time = 1h) {
    const detail::CollectionScope scope(Steady::now() + time);
    return to_text(registry);
  }

  ManualClock clock;
  Registry registry;
  CollectorGroup group;
  const Membership member = registry.add(group);
};

/// A file for a log, to be read.
class LogFile {
 public:
  LogFile() {
    char name[] = "/tmp/promlite_log_XXXXXX";
    descriptor_ = ::mkstemp(name);
    ::unlink(name);
  }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile() { ::close(descriptor_); }

  int descriptor() const { return descriptor_; }
  /// The lines since the last call, from their level on.
  std::vector<std::string> lines() {
    std::string text(10000, '\0');
    const ssize_t size = ::pread(descriptor_, &text[0], text.size(), read_);
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    read_ += size;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      const std::size_t level = text.find("level=", at);
      lines.push_back(text.substr(level, end - level));
      at = end + 1;
    }
    return lines;
  }

 private:
  int descriptor_;
  off_t read_ = 0;
};

using Lines = std::vector<std::string>;

TEST_CASE("collectors are shown with their success and duration, in a registry's part as well") {
  Setting setting;
  setting.group.add("one", does([&](Sink& sink) {
                      setting.clock.advance(250ms);
                      sink.gauge("a", "").sample(1);
                    }));
  CHECK(setting.scrape() == gauge("a", "1") + kit({{"one", 1, 0.25}}));
  CHECK(setting.scrape() == gauge("a", "1") + kit({{"one", 1, 0.25}}));
  Registry other;
  const Membership member = other.with_prefix("app_").add(setting.group);
  CHECK(to_text(other) == gauge("app_a", "1") + kit({{"one", 1, 0.25}}, "app_"));
}

TEST_CASE("a group without collectors shows nothing") {
  Setting setting;
  CHECK(setting.scrape().empty());
}

TEST_CASE("collectors run side by side: each may wait for the other one") {
  Door first;
  Door second;
  Setting setting;
  setting.group.add("a", does([&](Sink& sink) {
                      first.open();
                      second.pass();
                      sink.gauge("a", "").sample(1);
                    }));
  setting.group.add("b", does([&](Sink& sink) {
                      second.open();
                      first.pass();
                      sink.gauge("b", "").sample(2);
                    }));
  CHECK(setting.scrape() == gauge("a", "1") + gauge("b", "2") + kit({{"a", 1}, {"b", 1}}));
}

TEST_CASE("a throw leaves out what was written, a problem keeps it") {
  Setting setting;
  setting.group.add("a_error", does([](Sink& sink) {
                      sink.gauge("a", "").sample(1);
                      throw std::runtime_error("broken");
                    }));
  setting.group.add("b_int", does([](Sink& sink) {
                      sink.gauge("b", "").sample(1);
                      throw 42;
                    }));
  setting.group.add("c_memory", does([](Sink& sink) {
                      sink.gauge("c", "").sample(1);
                      throw std::bad_alloc();
                    }));
  setting.group.add("d_problem", does([](Sink& sink) {
                      sink.gauge("d", "").sample(1);
                      collection_problem("one of two");
                    }));
  setting.group.add("e", does([](Sink& sink) { sink.gauge("e", "").sample(1); }));
  const std::string expected =
      gauge("d", "1") + gauge("e", "1") +
      kit({{"a_error", 0}, {"b_int", 0}, {"c_memory", 0}, {"d_problem", 0}, {"e", 1}});
  CHECK(setting.scrape() == expected);
  CHECK(setting.scrape() == expected);  // every thread has lived on
}

TEST_CASE("what cannot be exposed is counted once a scrape") {
  Setting setting;
  setting.group.add("a", does([](Sink& sink) { sink.counter("a_total", "").sample(-1); }));
  CHECK(setting.scrape() == kit({{"a", 1}}));
  CHECK(setting.scrape() == test::errors(1) + kit({{"a", 1}}));
  CHECK(setting.scrape() == test::errors(2) + kit({{"a", 1}}));
}

TEST_CASE("a scrape ends at its deadline, whatever hangs") {
  Door door;
  Setting setting;
  setting.group.add("hangs", does([&](Sink&) { door.pass(); }));
  CHECK(setting.scrape(5ms) == kit({{"hangs", 0}}));
  CHECK(setting.scrape(-1h) == kit({{"hangs", 0}}));
  door.open();
}

TEST_CASE("a collector that hangs is waited for once, and works again when it returns") {
  Door door;
  std::atomic<int> asked{0};
  Setting setting;
  CollectorOptions options;
  options.timeout = 5ms;
  setting.group.add("hangs", does([&](Sink& sink) {
                      const int number = ++asked;
                      door.pass();
                      sink.gauge("a", "").sample(number);
                    }),
                    options);
  options.timeout = 2h;
  setting.group.add("works", does([](Sink& sink) { sink.gauge("b", "").sample(1); }), options);
  CHECK(setting.scrape() == gauge("b", "1") + kit({{"hangs", 0}, {"works", 1}}));
  CHECK(setting.group.any_running());
  door.wait_for_visitor();
  setting.clock.advance(5s);
  CHECK(setting.scrape() == gauge("b", "1") + kit({{"hangs", 0, 5}, {"works", 1}}));
  CHECK(asked == 1);
  door.open();
  CHECK(comes([&] { return !setting.group.any_running(); }));
  // What it wrote in its first call is in no scrape. It may be slower than its timeout.
  std::string text;
  CHECK(comes([&] {
    text = setting.scrape();
    return text.find("collector_success{collector=\"hangs\"} 1") != std::string::npos;
  }));
  CHECK(text == gauge("a", std::to_string(asked)) + gauge("b", "1") + kit({{"hangs", 1}, {"works", 1}}));
  CHECK(asked > 1);
}

TEST_CASE("a scrape waits for what had no time enough in another one") {
  Door door;
  std::atomic<bool> opens{false};
  Setting setting;
  setting.group.add("opens", does([&](Sink&) {
                      if (opens) door.open();
                    }));
  setting.group.add("slow", does([&](Sink& sink) {
                      const bool hurried = scrape_deadline() < Steady::now() + 10min;
                      door.pass();
                      if (hurried) throw std::runtime_error("no time");
                      sink.gauge("a", "").sample(1);
                    }));
  CHECK(comes([&] { return setting.scrape(5ms) == kit({{"opens", 1}, {"slow", 0}}); }));
  opens = true;
  CHECK(setting.scrape() == gauge("a", "1") + kit({{"opens", 1}, {"slow", 1}}));
}

TEST_CASE("a collector sees its deadline, a little before that of its scrape") {
  Setting setting;
  Steady::time_point own;
  Steady::time_point short_one;
  CollectorOptions options;
  options.timeout = 30min;
  setting.group.add("own", does([&](Sink&) { own = scrape_deadline(); }));
  setting.group.add("short", does([&](Sink&) { short_one = scrape_deadline(); }), options);
  const auto begun = Steady::now();
  setting.scrape(1h);
  const auto ended = Steady::now();
  CHECK(own >= begun + 1h - 100ms);
  CHECK(own <= ended + 1h - 100ms);
  CHECK(short_one >= begun + 30min - 100ms);
  CHECK(short_one <= ended + 30min - 100ms);
  to_text(setting.registry);  // a scrape without a deadline
  CHECK(own <= Steady::now() + 10s - 100ms);
  CHECK(own >= ended + 10s - 100ms);
}

TEST_CASE("a collector that waits until its deadline can still give a part") {
  std::mutex mutex;
  std::condition_variable never;
  Setting setting;
  setting.group.add("part", does([&](Sink& sink) {
                      std::unique_lock<std::mutex> lock(mutex);
                      never.wait_until(lock, scrape_deadline(), [] { return false; });
                      sink.gauge("a", "").sample(1);
                      collection_problem("not all");
                    }));
  // A busy machine may need longer than the margin, but not each time.
  std::string text;
  for (int i = 0; i < 5 && text.find("# TYPE a ") == std::string::npos; ++i) text = setting.scrape(1s);
  CHECK(text == gauge("a", "1") + kit({{"part", 0}}));
}

TEST_CASE("scrapes that come while a collection runs share it") {
  Door door;
  std::atomic<int> asked{0};
  Setting setting;
  Registry other;
  const Membership member = other.add(setting.group);
  setting.group.add("a", does([&](Sink& sink) {
                      const int number = ++asked;
                      door.pass();
                      sink.gauge("a", "").sample(number);
                    }));
  std::string first;
  std::thread scrape([&] { first = setting.scrape(); });
  door.wait_for_visitor();
  // One with less time has its own view of it, and the collection goes on.
  {
    const detail::CollectionScope scope(Steady::now() + 1ms);
    CHECK(to_text(other) == kit({{"a", 0}}));
  }
  std::atomic<bool> comes_now{false};
  std::string second;
  std::thread joins([&] {
    comes_now = true;
    second = to_text(other);
  });
  while (!comes_now) std::this_thread::yield();
  setting.clock.advance(1s);
  door.open();
  scrape.join();
  joins.join();
  CHECK(first == gauge("a", "1") + kit({{"a", 1, 1}}));
  // Where it came too late to share, it got a collection of its own.
  CHECK((second == first || second == gauge("a", "2") + kit({{"a", 1}})));
  const std::string third = setting.scrape();
  CHECK(third == gauge("a", std::to_string(asked)) + kit({{"a", 1}}));
}

TEST_CASE("cached collectors show the age of their values") {
  std::atomic<int> asked{0};
  std::atomic<bool> fails{false};
  Door door;
  door.open();
  Setting setting;
  const auto work = [&](const char* name) {
    return does([&, name](Sink& sink) {
      door.pass();
      sink.gauge(name, "").sample(++asked);
      if (fails) throw std::runtime_error("broken");
    });
  };
  CollectorOptions options;
  options.cache_for = 10s;
  options.on_failure = OnFailure::keep_last;
  setting.group.add("keeps", work("a"), options);
  CHECK(setting.scrape() == gauge("a", "1") + kit({{"keeps", 1, 0, 0}}));
  setting.clock.advance(10s);
  CHECK(setting.scrape() == gauge("a", "1") + kit({{"keeps", 1, 0, 10}}));
  setting.clock.advance(10s);
  fails = true;
  CHECK(setting.scrape() == gauge("a", "1") + kit({{"keeps", 0, 0, 20}}));
  fails = false;
  door.close();
  CHECK(setting.scrape(5ms) == gauge("a", "1") + kit({{"keeps", 0, 0, 20}}));
  door.wait_for_visitor();
  setting.clock.advance(1s);
  CHECK(setting.scrape(5ms) == gauge("a", "1") + kit({{"keeps", 0, 1, 21}}));
  door.open();
  CHECK(comes([&] { return !setting.group.any_running(); }));
  // What came too late for its scrape is in the cache.
  CHECK(setting.scrape() == gauge("a", "3") + kit({{"keeps", 1, 0, 1}}));
}

TEST_CASE("a cached collector that drops its values when it fails shows none, and no age") {
  std::atomic<bool> fails{false};
  Setting setting;
  CollectorOptions options;
  options.cache_for = 10s;
  setting.group.add("drops", does([&](Sink& sink) {
                      sink.gauge("a", "").sample(1);
                      if (fails) collection_problem("broken");
                    }),
                    options);
  CHECK(setting.scrape() == gauge("a", "1") + kit({{"drops", 1, 0, 0}}));
  setting.clock.advance(11s);
  fails = true;
  CHECK(setting.scrape() == kit({{"drops", 0}}));
  fails = false;
  CHECK(setting.scrape() == gauge("a", "1") + kit({{"drops", 1, 0, 0}}));
}

TEST_CASE("the log is told why a collector fails, once for each reason, and that it works again") {
  LogFile file;
  Logger log(LogLevel::info, file.descriptor());
  std::string reason;
  bool throws = false;
  Door door;
  door.open();
  Setting setting(&log);
  setting.group.add("a", does([&](Sink&) {
                      door.pass();
                      if (throws) throw std::runtime_error(reason);
                      if (!reason.empty()) collection_problem(reason);
                    }));
  setting.scrape();
  CHECK(file.lines().empty());
  reason = "disk sda";
  setting.scrape();
  setting.scrape();
  CHECK(file.lines() == Lines{"level=WARN msg=\"Collector failed\" collector=a reason=\"disk sda\""});
  throws = true;
  setting.scrape();
  CHECK(file.lines().empty());
  reason = "disk \"sdb\"\n";
  setting.scrape();
  setting.scrape();
  CHECK(file.lines() ==
        Lines{"level=WARN msg=\"Collector failed\" collector=a reason=\"disk \\\"sdb\\\"\\n\""});
  throws = false;
  reason.clear();
  setting.scrape();
  setting.scrape();
  CHECK(file.lines() == Lines{"level=INFO msg=\"Collector works again\" collector=a"});
  door.close();
  setting.scrape(5ms);
  setting.scrape(5ms);
  CHECK(file.lines() ==
        Lines{"level=WARN msg=\"Collector failed\" collector=a reason=\"it did not finish in time\""});
  door.open();
  CHECK(comes([&] { return !setting.group.any_running(); }));
  setting.scrape();
  CHECK(file.lines() == Lines{"level=INFO msg=\"Collector works again\" collector=a"});
}

TEST_CASE("a group goes within a moment, and leaves what hangs behind until it returns") {
  Door door;
  std::atomic<bool> hanging_destroyed{false};
  std::atomic<bool> idle_destroyed{false};
  // The clock and the registry stay, as those of a program do.
  ManualClock clock;
  Registry registry;
  auto group = std::make_unique<CollectorGroup>("test", nullptr, clock);
  CollectorOptions options;
  options.timeout = 5ms;
  group->add("hangs", does([&](Sink&) { door.pass(); }, &hanging_destroyed), options);
  group->add("idle", does([](Sink&) {}, &idle_destroyed));
  Membership member = registry.add(*group);
  {
    const detail::CollectionScope scope(Steady::now() + 1h);
    CHECK(to_text(registry) == kit({{"hangs", 0}, {"idle", 1}}));
  }
  door.wait_for_visitor();
  member.leave();
  const auto before = Steady::now();
  group.reset();
  CHECK(Steady::now() - before < 2s);
  CHECK(idle_destroyed);
  CHECK_FALSE(hanging_destroyed);
  door.open();
  CHECK(comes([&] { return hanging_destroyed.load(); }));
}

TEST_CASE("a group that is stopped ends the scrape that waits for it, and shows nothing any more") {
  Door door;
  Setting setting;
  setting.group.add("hangs", does([&](Sink&) { door.pass(); }));
  std::string text;
  std::thread scrape([&] { text = setting.scrape(); });
  door.wait_for_visitor();
  setting.group.stop();
  scrape.join();
  CHECK(text == kit({{"hangs", 0}}));
  CHECK(setting.scrape().empty());
  door.open();
}

TEST_CASE("a group whose collectors never ran is destroyed with them") {
  std::atomic<bool> destroyed{false};
  {
    CollectorGroup group("test");
    group.add("a", does([](Sink&) {}, &destroyed));
    CHECK_FALSE(group.any_running());
  }
  CHECK(destroyed);
}

TEST_CASE("the threads have the collectors' names, and no signal of the program comes to them") {
  Setting setting;
  char name[32] = {};
  bool blocked = false;
  setting.group.add("a_name_that_is_long", does([&](Sink&) {
                      pthread_getname_np(pthread_self(), name, sizeof name);
                      sigset_t mask;
                      pthread_sigmask(SIG_SETMASK, nullptr, &mask);
                      blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGCHLD) == 1;
                    }));
  setting.scrape();
  CHECK(std::string(name) == "a_name_that_is_");
  CHECK(blocked);
}

TEST_CASE("collectors may declare, update and remove metrics of the registry that their group is in") {
  Setting setting;
  setting.group.add("a", does([&](Sink& sink) {
                      const Counter<> counted = setting.registry.counter("z_total", "");
                      counted.inc();
                      const Membership brief = setting.registry.gauge_callback("brief", "", [] { return 1; });
                      sink.gauge("a", "").sample(1);
                    }));
  setting.scrape();
  CHECK(setting.scrape() == gauge("a", "1") + kit({{"a", 1}}) + "# TYPE z_total counter\nz_total 2\n");
}

TEST_CASE("in a child of fork every collector has failed, and the child ends") {
  Door door;
  Setting setting;
  setting.group.add("hangs", does([&](Sink&) { door.pass(); }));
  setting.scrape(5ms);
  door.wait_for_visitor();
  const ::pid_t child = ::fork();
  if (child == 0) {
    Registry registry;
    const Membership member = registry.add(setting.group);
    ::_exit(to_text(registry) == kit({{"hangs", 0}}) && !setting.group.any_running() ? 0 : 1);
  }
  int status = -1;
  CHECK(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  door.open();
}

TEST_CASE("what cannot be added is refused, with its name and the reason") {
  const auto refused = [](const std::string& name, std::unique_ptr<Collector> collector,
                          CollectorOptions options = {}) {
    return test::error_of([&] {
      CollectorGroup group("test");
      group.add("taken", does([](Sink&) {}));
      group.add(name, std::move(collector), options);
    });
  };
  const auto any = [] { return does([](Sink&) {}); };
  CHECK(refused("", any()) == "collector '': its name is empty");
  CHECK(refused("a\xFF", any()) == "collector 'a\xFF': its name is not valid UTF-8");
  CHECK(refused("taken", any()) == "collector 'taken': there is one of this name");
  CHECK(refused("a", nullptr) == "collector 'a': there is no object");
  CollectorOptions options;
  options.timeout = -1ns;
  CHECK(refused("a", any(), options) == "collector 'a': its timeout is negative");
  options = {};
  options.cache_for = -1ns;
  CHECK(refused("a", any(), options) == "collector 'a': the time that it is cached for is negative");
  CHECK(test::error_of([] { const CollectorGroup group("1st"); }) ==
        "collector group '1st': a metric name must match [a-zA-Z_][a-zA-Z0-9_]*");
  CHECK(test::error_of([&] {
          Setting setting;
          setting.scrape();
          setting.group.add("late", any());
        }) == "collector 'late': it comes after the first scrape");
}
