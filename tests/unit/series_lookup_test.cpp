// promlite: tests of a declaration's series by themselves: look-up, bounds, lists, and who removes what.
// SPDX-License-Identifier: MIT
#include <promlite/series_set.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace promlite::detail;
using promlite::overflow_label_value;

static Declaration declaration_of(std::size_t max_series, std::vector<std::string> names) {
  Declaration declared;
  declared.type = promlite::MetricType::counter;
  declared.name = "x_total";
  declared.max_series = max_series;
  declared.label_names = std::move(names);
  return declared;
}

/// Series of one cell each, of the labels `a` and `b`.
class PairSeries {
 public:
  explicit PairSeries(SeriesShared& shared, std::size_t max_series = 10000)
      : declared_(declaration_of(max_series, {"a", "b"})),
        common_(true),
        set(declared_, stats, shared, 1, common_, true, largest_chunk) {}

  CellRange with(std::string_view a, std::string_view b = "") {
    const std::string_view values[] = {a, b};
    return set.with(values, 2);
  }
  bool overflows(std::string_view a, std::string_view b = "") {
    return same(with(a, b), set.first().range());
  }
  bool remove(std::string_view a, std::string_view b = "") {
    const std::string_view values[] = {a, b};
    return set.remove(values, 2);
  }
  bool keep(std::string_view a, std::string_view b = "") {
    const std::string_view values[] = {a, b};
    return set.keep(values, 2);
  }
  static bool same(const CellRange& one, const CellRange& other) {
    return one.chunk == other.chunk && one.offset == other.offset;
  }
  /// The values of `a`, of what is listed.
  std::vector<std::string> listed() const {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < set.listed().size(); ++i)
      all.emplace_back(SeriesSet::value_of(*set.listed()[i], 0));
    return all;
  }
  std::vector<std::string> list() {
    set.list();
    return listed();
  }

 private:
  Declaration declared_;
  CellArena common_;

 public:
  FamilyStats stats;
  SeriesSet set;
};

using Texts = std::vector<std::string>;

TEST_CASE("values find their series again, and each series has cells of its own") {
  SeriesShared shared;
  PairSeries series(shared);
  CHECK(series.set.size() == 0);
  const CellRange one = series.with("1", "x");
  const CellRange two = series.with("1", "y");
  CHECK_FALSE(PairSeries::same(one, two));
  CHECK_FALSE(series.overflows("1", "x"));
  CHECK(PairSeries::same(series.with("1", "x"), one));
  CHECK(PairSeries::same(series.with("1", "y"), two));
  CHECK(series.set.size() == 2);
  CHECK(series.stats.overflowed == 0);
  // The overflow series counts as none.
  CHECK(series.overflows(overflow_label_value, overflow_label_value));
  CHECK(series.set.size() == 2);
  CHECK_FALSE(series.overflows(overflow_label_value, "x"));
  CHECK(series.set.size() == 3);
  CHECK(series.stats.overflowed == 0);
  CHECK(series.stats.repaired == 0);
}

TEST_CASE("a declaration without labels has one series, which is always listed") {
  SeriesShared shared;
  shared.bound.set(0);
  const Declaration declared = declaration_of(1, {});
  FamilyStats stats;
  CellArena common(true);
  SeriesSet set(declared, stats, shared, 1, common, true, largest_chunk);
  CHECK(set.size() == 1);
  for (int round = 0; round < 2; ++round) {
    const PointerList<Series>& all = set.list();
    REQUIRE(all.size() == 1);
    CHECK(all[0] == &set.first());
    set.finished();
  }
  CHECK(set.remove_if([](const Series&) { return true; }) == 0);
  CHECK_FALSE(set.remove_listed(set.first(), [] { return true; }));
}

TEST_CASE("values that are not UTF-8 are repaired, counted, and removed by either form") {
  SeriesShared shared;
  PairSeries series(shared);
  const CellRange repaired = series.with("x", "\xFF");
  CHECK(series.stats.repaired == 1);
  CHECK(PairSeries::same(series.with("x", "\xEF\xBF\xBD"), repaired));
  CHECK(series.stats.repaired == 1);
  CHECK_FALSE(series.remove("\xFF", "x"));
  CHECK(series.remove("x", "\xFE"));
  CHECK_FALSE(series.remove("x", "\xEF\xBF\xBD"));
  CHECK(series.set.size() == 0);
}

TEST_CASE("a series that is kept stays whoever wants it away") {
  SeriesShared shared;
  PairSeries series(shared);
  CHECK_FALSE(series.keep("1"));
  CHECK(series.set.size() == 0);
  series.with("1");
  series.with("2");
  CHECK(series.keep("1"));
  CHECK_FALSE(series.remove("1"));
  series.set.list();
  CHECK_FALSE(series.set.remove_listed(*series.set.listed()[0], [] { return true; }));
  CHECK(series.set.remove_if([](const Series&) { return true; }) == 1);
  CHECK(series.set.size() == 1);
  CHECK(series.list() == Texts{"1"});
}

TEST_CASE("who removes what was listed asks once more, and gets one answer") {
  SeriesShared shared;
  PairSeries series(shared);
  series.with("1");
  series.with("2");
  REQUIRE(series.list() == Texts{"1", "2"});
  Series& one = *series.set.listed()[0];
  CHECK_FALSE(series.set.remove_listed(one, [] { return false; }));
  CHECK(series.set.size() == 2);
  CHECK(series.set.remove_listed(one, [] { return true; }));
  CHECK(series.set.size() == 1);
  CHECK_FALSE(series.set.remove_listed(one, [] { return true; }));
  CHECK(series.set.size() == 1);
  // The list is its scrape's until that drops them.
  CHECK(series.listed() == Texts{"1", "2"});
  series.set.drop_removed();
  CHECK(series.listed() == Texts{"2"});
}

TEST_CASE("a list is in order and has those that there are, whatever came and went") {
  SeriesShared shared;
  PairSeries series(shared);
  std::map<std::string, CellRange> there;
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    for (auto changes = random() % 30; changes > 0; --changes) {
      const std::string value = std::to_string(random() % 60);
      if (random() % 2 == 0) {
        REQUIRE(series.remove(value) == (there.erase(value) == 1));
      } else {
        const CellRange range = series.with(value);
        const auto [at, made] = there.emplace(value, range);
        // Nothing that was ever handed out is handed out again.
        REQUIRE((made || PairSeries::same(at->second, range)));
      }
    }
    Texts expected;
    for (const auto& one : there) expected.push_back(one.first);
    REQUIRE(series.set.size() == there.size());
    REQUIRE(series.list() == expected);
    // What is removed during a scrape stays in its list.
    if (round % 3 == 0 && !there.empty()) {
      REQUIRE(series.remove(there.begin()->first));
      there.erase(there.begin());
      REQUIRE(series.listed() == expected);
    }
    if (round % 2 == 0) series.set.finished();
  }
}

TEST_CASE("a full set gives its overflow series, until one of the others goes") {
  SeriesShared shared;
  PairSeries series(shared, 2);
  const CellRange one = series.with("1");
  CHECK_FALSE(series.overflows("2"));
  CHECK(series.list() == Texts{"1", "2"});
  for (const char* value : {"3", "4", "3"}) CHECK(series.overflows(value));
  CHECK(series.stats.overflowed == 3);
  CHECK(PairSeries::same(series.with("1"), one));
  CHECK(series.stats.overflowed == 3);
  CHECK(series.set.size() == 2);
  const std::string overflow(overflow_label_value);
  CHECK(series.list() == Texts{"1", "2", overflow});
  CHECK_FALSE(series.remove("3"));
  CHECK_FALSE(series.remove(overflow, overflow));
  CHECK(series.remove("2"));
  CHECK_FALSE(series.overflows("3"));
  CHECK(series.overflows("2"));
  CHECK(series.stats.overflowed == 4);
  CHECK(series.list() == Texts{"1", "3", overflow});
  CHECK(series.set.remove_if([](const Series&) { return true; }) == 2);
  CHECK(series.list() == Texts{overflow});
  CHECK(series.set.size() == 0);
}

TEST_CASE("the bound of a registry is shared, and each set gives back what it took") {
  SeriesShared shared;
  shared.bound.set(4);
  PairSeries one(shared);
  {
    PairSeries two(shared);
    for (const char* value : {"1", "2", "3"}) CHECK_FALSE(one.overflows(value));
    CHECK_FALSE(two.overflows("1"));
    CHECK(shared.bound.reached());
    CHECK(one.overflows("4"));
    CHECK(two.overflows("2"));
    CHECK(two.overflows("2"));
    // What one gives back, the other may take, although it was full.
    CHECK(one.remove("1"));
    CHECK_FALSE(two.overflows("2"));
    CHECK(two.overflows("3"));
    shared.bound.set(5);
    CHECK_FALSE(two.overflows("3"));
    CHECK(one.overflows("1"));
  }
  // 2 are left.
  for (const char* value : {"4", "5", "6"}) CHECK_FALSE(one.overflows(value));
  CHECK(one.overflows("7"));
}

/// Whether another thread looks `value` up, and gets the overflow series, while somebody holds the set's
/// lock.
static bool overflows_without_lock(PairSeries& series, const char* value) {
  bool in_time = false;
  bool overflows = false;
  std::thread reader;
  series.set.list();
  series.set.remove_listed(*series.set.listed()[0], [&] {
    std::promise<bool> answer;
    std::future<bool> coming = answer.get_future();
    reader = std::thread(
        [&series, value, to = std::move(answer)]() mutable { to.set_value(series.overflows(value)); });
    in_time = coming.wait_for(std::chrono::seconds(10)) == std::future_status::ready;
    if (in_time) overflows = coming.get();
    return false;
  });
  reader.join();
  series.set.finished();
  return in_time && overflows;
}

TEST_CASE("a flood of new values in a full set does not need its lock") {
  SeriesShared shared;
  PairSeries series(shared, 2);
  series.with("1");
  series.with("2");
  series.with("3");
  CHECK(overflows_without_lock(series, "3"));
  CHECK(overflows_without_lock(series, "4"));
  CHECK(series.stats.overflowed == 3);
  // After each kind of change as well.
  CHECK(series.remove("2"));
  CHECK_FALSE(series.overflows("3"));
  CHECK(series.overflows("4"));
  CHECK(overflows_without_lock(series, "4"));
  CHECK(series.set.remove_if([](const Series& one) { return SeriesSet::value_of(one, 0) == "3"; }) == 1);
  CHECK_FALSE(series.overflows("5"));
  CHECK(series.overflows("6"));
  CHECK(overflows_without_lock(series, "6"));
  // Where the registry is full, too, until it may have more.
  shared.bound.set(2);
  PairSeries other(shared);
  other.with("1");
  CHECK(series.remove("1"));
  CHECK_FALSE(other.overflows("1"));
  CHECK(other.overflows("2"));
  CHECK(overflows_without_lock(other, "2"));
  shared.bound.set(3);
  CHECK_FALSE(other.overflows("2"));
}

TEST_CASE("a retired set counts in no bound, neither what stays in it nor what comes") {
  SeriesShared shared;
  shared.bound.set(3);
  PairSeries old(shared);
  for (const char* value : {"1", "2", "3"}) old.with(value);
  CHECK(old.keep("3"));
  CHECK(old.overflows("4"));
  old.set.retire();
  CHECK(old.set.size() == 1);
  PairSeries next(shared);
  for (const char* value : {"1", "2", "3"}) CHECK_FALSE(next.overflows(value));
  CHECK(next.overflows("4"));
  CHECK_FALSE(old.overflows("4"));
  CHECK_FALSE(old.overflows("5"));
  CHECK(old.remove("5"));
  CHECK(next.overflows("4"));
  CHECK(next.remove("1"));
  CHECK_FALSE(next.overflows("4"));
  CHECK(next.overflows("5"));
}

#if defined(__linux__)
/// The first of the chunks of series 0, 1, ... whose memory can be forgotten holds these.
static constexpr int first_lasting = 31 + 63 + 127 + 255 + 511;
static constexpr int next_lasting = first_lasting + 1023;

static std::vector<CellRange> filled(PairSeries& series, int count) {
  std::vector<CellRange> all;
  for (int i = 0; i < count; ++i) all.push_back(series.with(std::to_string(i)));
  return all;
}

TEST_CASE("the memory of removed series goes when they are more than those that are left, and 64") {
  for (const int count : {3000, 3001}) {
    SeriesShared shared;
    PairSeries series(shared);
    const std::vector<CellRange> all = filled(series, count);
    const Chunk& chunk = *all[first_lasting].chunk;
    REQUIRE(all[next_lasting - 1].chunk == &chunk);
    REQUIRE(all[first_lasting - 1].chunk != &chunk);
    REQUIRE(all[next_lasting].chunk != &chunk);
    int removed = 0;
    for (int i = first_lasting; i < next_lasting; ++i) removed += series.remove(std::to_string(i)) ? 1 : 0;
    for (int i = 0; removed < 1532; ++i) removed += series.remove(std::to_string(i)) ? 1 : 0;
    CHECK(chunk.size() != 0);
    CHECK(series.remove("2999"));
    CHECK(chunk.size() == 0);
  }
}

TEST_CASE(
    "the memory of removed series goes with the next list, or at the end of a scrape if they are many") {
  for (const bool many : {false, true}) {
    SeriesShared shared;
    PairSeries series(shared);
    const std::vector<CellRange> all = filled(series, 3000);
    const Chunk& chunk = *all[first_lasting].chunk;
    series.set.list();
    for (int i = many ? 0 : first_lasting; i < next_lasting; ++i) REQUIRE(series.remove(std::to_string(i)));
    CHECK(chunk.size() != 0);
    series.set.finished();
    CHECK((chunk.size() == 0) == many);
    series.set.list();
    CHECK(chunk.size() == 0);
    series.set.finished();
  }
}

TEST_CASE("the memory of a retired set goes at once, or at the end of the scrape that lists it") {
  for (const bool scraped : {false, true}) {
    SeriesShared shared;
    PairSeries series(shared);
    const std::vector<CellRange> all = filled(series, 3000);
    const Chunk& chunk = *all[first_lasting].chunk;
    if (scraped) series.set.list();
    // More stay than go.
    for (int i = 0; i < 3000; ++i) {
      if (i < first_lasting || i >= next_lasting) REQUIRE(series.keep(std::to_string(i)));
    }
    series.set.retire();
    CHECK((chunk.size() == 0) == !scraped);
    series.set.finished();
    CHECK(chunk.size() == 0);
    CHECK(series.set.size() == 3000 - 1023);
  }
}
#endif
