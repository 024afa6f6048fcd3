// promlite: tests of several registries scraped together while metrics, callbacks and collectors come and go.
// SPDX-License-Identifier: MIT
#include "harness.hpp"
#include "support/catch.hpp"

#include <array>
#include <cstdio>
#include <memory>
#include <mutex>
#include <random>

namespace {

test::Scrape parsed(promlite::Gatherer& gatherer) { return test::parse(promlite::to_text(gatherer)); }

/// Something a callback reads and that dies with its owner.
struct Resource {
  std::atomic<int> value{1};
  ~Resource() { value = -1; }
};

/// Shows its one value under two names.
class Pair final : public promlite::Collector {
 public:
  explicit Pair(std::atomic<int>& calls) : calls_(calls) {}
  void collect(promlite::Sink& sink) override {
    calls_.fetch_add(1);
    auto one = sink.gauge("pair_one", "help");
    auto two = sink.gauge("pair_two", "help");
    one.sample(1);
    two.sample(1);
  }

 private:
  std::atomic<int>& calls_;
};

}  // namespace

TEST_CASE("groups with the same registries in different orders, and callbacks that scrape across, end") {
  std::array<promlite::Registry, 3> parts;
  promlite::Registries forward{parts[0], parts[1], parts[2]};
  promlite::Registries backward{parts[2], parts[1], parts[0]};
  promlite::Registries two{parts[1], parts[0]};
  promlite::Registries around{parts[1], parts[2], parts[0]};
  for (auto& part : parts) part.counter("both_total", "help", {"thread"});
  // Each holds the locks of its own scrape while it waits for those of registries behind its own.
  const promlite::Membership first = parts[0].gauge_callback("gauge_first", "help", [&] {
    return promlite::to_text(two).size() + promlite::to_text(parts[2]).size();
  });
  const promlite::Membership second =
      parts[1].gauge_callback("gauge_second", "help", [&] { return promlite::to_text(parts[2]).size(); });
  std::atomic<int> bad{0};
  test::in_threads(6, [&](int thread) {
    promlite::Gatherer* const gatherers[] = {&forward, &backward, &two, &around, parts.data(), &parts[2]};
    auto counter = parts[static_cast<std::size_t>(thread % 3)].counter("both_total", "help", {"thread"});
    test::Scrape before;
    for (int i = 0; i < test::times(150); ++i) {
      counter.with(thread).inc();
      test::Scrape now = parsed(*gatherers[thread]);
      if (!test::fallen(before, now).empty()) bad.fetch_add(1);
      before = std::move(now);
    }
  });
  CHECK(bad == 0);
  const test::Scrape one = parsed(forward);
  CHECK(test::series_of(one, "both_total{") == 6);
  CHECK(test::sum_of(one, "both_total{") == 6 * test::times(150));
  CHECK(one.count("promlite_collector_errors_total") == 0);
}

TEST_CASE(
    "random schedules of declaring, unregistering, joining, leaving and scraping, by registry and by group") {
  const char* const given = std::getenv("PROMLITE_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device()();
  std::printf("PROMLITE_SEED=%llu repeats this run's operations\n", static_cast<unsigned long long>(seed));
  CAPTURE(seed);
  std::array<promlite::Registry, 3> parts;
  promlite::Registries forward{parts[0], parts[1], parts[2]};
  promlite::Registries backward{parts[2], parts[0]};
  for (auto& part : parts) part.counter("steady_total", "help", {"part"});
  std::atomic<int> steady{0};
  std::atomic<int> calls{0};
  std::atomic<int> dead{0};
  std::atomic<int> wrong{0};
  const int threads = 4;
  const int steps = test::times(400);
  test::in_threads(threads, [&](int thread) {
    test::Random random(seed + static_cast<std::uint64_t>(thread));
    const std::string mine = "thread" + std::to_string(thread);
    Pair pair(calls);
    std::vector<promlite::Membership> members;
    for (int i = 0; i < steps; ++i) {
      const int number = random.below(3);
      promlite::Registry& part = parts[static_cast<std::size_t>(number)];
      promlite::Registerer own = part.with_prefix(promlite::runtime_name(mine + "_"));
      switch (random.below(9)) {
        case 0:
          part.counter("steady_total", "help", {"part"}).with(number).inc();
          steady.fetch_add(1);
          break;
        case 1: {
          // A name that only this thread uses here: it begins anew each time.
          auto born = own.counter("born_total", "help", {"part"});
          born.with(number).inc(2);
          if (born.with(number).value() != 2) wrong.fetch_add(1);
          if (!own.unregister("born_total")) wrong.fetch_add(1);
          born.with(number).inc();
          break;
        }
        case 2: {
          auto resource = std::make_unique<Resource>();
          auto member =
              own.gauge_callback("gauge_series", "help", {"l"}, [&place = *resource, &dead](auto& out) {
                for (int l = 0; l < 3; ++l) out.set(place.value.load(), l);
                if (place.value != 1) dead.fetch_add(1);
              });
          if (random.below(2) == 0) std::this_thread::yield();
          if (random.below(2) == 0) own.unregister("gauge_series");
          member.leave();
          break;
        }
        case 3:
          if (members.empty()) {
            members.push_back(part.with_labels({{"thread", mine}}).add(pair));
          } else {
            members.clear();
          }
          break;
        case 4: {
          const auto facts = own.info_callback("facts", "help", [&](auto& out) {
            out.set({{"part", "x"}});
            static_cast<void>(promlite::to_text(part));
          });
          static_cast<void>(promlite::to_text(part));
          break;
        }
        case 5:
        case 6: {
          const test::Scrape one = parsed(random.below(2) == 0 ? static_cast<promlite::Gatherer&>(forward)
                                                               : static_cast<promlite::Gatherer&>(backward));
          if (test::sum_of(one, "pair_one") != test::sum_of(one, "pair_two")) wrong.fetch_add(1);
          break;
        }
        default: {
          const int before = steady.load();
          if (test::sum_of(parsed(forward), "steady_total") < before) wrong.fetch_add(1);
        }
      }
    }
  });
  CHECK(dead == 0);
  CHECK(wrong == 0);
  const test::Scrape last = parsed(forward);
  CHECK(test::sum_of(last, "steady_total") == steady.load());
  CHECK(test::series_of(last, "steady_total") == last.size());
}
