// promlite: tests of what a scrape asks of a family, with a metric that does something meanwhile.
// SPDX-License-Identifier: MIT
// alone: opens a namespace of the library
#include <promlite/family.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

using namespace promlite;
using namespace std::chrono_literals;

/// A metric that says what the script says when a scrape asks whether it was updated: no, when nothing is
/// left.
struct Scripted {
  static inline std::deque<std::function<bool()>> script;
};

template <>
struct promlite::detail::MetricTraits<Scripted> {
  static constexpr MetricType type = MetricType::gauge;
  static constexpr std::uint32_t largest_chunk = detail::largest_chunk;
  static constexpr bool owned = true;
  static constexpr const char* value_kind = "";
  struct Config {
    Config(const Declaration&, FamilyStats&) noexcept {}
  };
  struct SeriesState {
    int scrapes = 0;
  };

  static std::uint32_t cells(const Config&) noexcept { return 1; }
  static Scripted handle(const CellRange&, const Config&, FamilyStats&) noexcept { return {}; }
  static void encode(Encoder& encoder, PaddedText labels, const CellRange&, Config&, SeriesState& state,
                     ScrapeContext&) {
    encoder.value(labels, ++state.scrapes);
  }
  static bool updated_since(const CellRange&, std::uint64_t&) noexcept {
    if (Scripted::script.empty()) return false;
    const std::function<bool()> next = Scripted::script.front();
    Scripted::script.pop_front();
    return next();
  }
};

class Lines final : public Encoder {
 public:
  void begin_family(const FamilyHead&) override {}
  void value(PaddedText labels, Number number) override {
    text.append(labels.data, labels.size).append(" " + std::to_string(static_cast<int>(number.as_double())));
    text.append("\n");
  }
  void histogram(PaddedText, const HistogramSample&) override {}
  void summary(PaddedText, const SummarySample&) override {}
  void finish() override {}
  std::size_t size() const noexcept override { return text.size(); }
  std::string text;
};

/// A family whose series expire after a minute, and its scrapes.
class World {
 public:
  void make(std::string_view value) { family.with(&value, 1); }
  std::string scrape(std::chrono::seconds later) {
    now_ += later;
    detail::ScrapeContext scrape{now_, now_, {}};
    Lines lines;
    if (family.has_series(scrape)) family.encode(lines, scrape);
    family.finish();
    return lines.text;
  }

 private:
  static detail::Declaration declared() {
    detail::Declaration made;
    made.name = "x";
    made.label_names = {"a"};
    made.expire_after = 1min;
    return made;
  }
  detail::CellArena common_{true};
  detail::SeriesShared shared_;
  std::chrono::steady_clock::time_point now_{24h};

 public:
  detail::FamilyOf<Scripted> family{declared(), common_, shared_};
};

static bool no() { return false; }
static bool yes() { return true; }

TEST_CASE("a series that comes while a scrape finds that others have expired is shown by the next scrape") {
  World world;
  world.make("old");
  CHECK(world.scrape(0s) == "a=\"old\" 1\n");
  Scripted::script = {[&] {
    for (int i = 0; i < 300; ++i) world.make("new" + std::to_string(i));
    return false;
  }};
  CHECK(world.scrape(60s).empty());
  const std::string text = world.scrape(0s);
  CHECK(text.substr(0, 11) == "a=\"new0\" 1\n");
  CHECK(world.family.size() == 300);
}

TEST_CASE("an update that a scrape sees at the last moment keeps a series as long as any other") {
  World world;
  world.make("a");
  Scripted::script = {no};
  CHECK(world.scrape(0s) == "a=\"a\" 1\n");
  Scripted::script = {no, yes};
  CHECK(world.scrape(60s) == "a=\"a\" 2\n");
  CHECK(world.scrape(59s) == "a=\"a\" 3\n");
  CHECK(world.scrape(1s).empty());
}
