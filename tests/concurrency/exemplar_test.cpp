// promlite: exemplars written by many threads, read by scrapes, of series that come and go.
// SPDX-License-Identifier: MIT
#include "harness.hpp"
#include "support/catch.hpp"

#include <promlite/exposition/openmetrics.hpp>

#include <chrono>

namespace {

using Time = std::chrono::system_clock::time_point;

/// A text that says which value it belongs to, in one of two lengths.
std::string id_of(int value) {
  const std::string digits = std::to_string(value);
  std::string id;
  for (int i = 0; i < (value % 3 == 0 ? 15 : 3); ++i) id += digits + "-";
  return id;
}

/// Counts the exemplars of an exposition, and those that were not written in one piece.
struct Found {
  int whole = 0;
  int torn = 0;
  void look_at(const std::string& text) {
    for (std::size_t at = text.find(" # {"); at != std::string::npos; at = text.find(" # {", at + 1)) {
      const std::size_t end = text.find("\"} ", at);
      const std::string id = text.substr(at + 7, end - at - 7);
      char* rest = nullptr;
      const double value = std::strtod(text.c_str() + end + 3, &rest);
      const double time = std::strtod(rest, nullptr);
      const int number = static_cast<int>(value);
      (id == id_of(number) && time == number ? whole : torn) += 1;
    }
  }
};

}  // namespace

TEST_CASE("a scrape shows exemplars in one piece, and nobody loses an update for them") {
  const int threads = 4;
  const int updates = test::times(5000);
  promlite::Registry registry;
  const auto counter = registry.counter("c_total", "");
  const auto histogram = registry.histogram("h", "", promlite::buckets({10, 100}));
  const auto native = registry.native_histogram("n", "");
  std::atomic<bool> done{false};
  Found found;
  test::Threads scraper;
  scraper.start([&] {
    while (!done) found.look_at(promlite::to_openmetrics(registry));
  });
  test::in_threads(threads, [&](int thread) {
    test::Random random(static_cast<std::uint64_t>(thread) + 1);
    for (int i = 0; i < updates; ++i) {
      const int value = 1 + random.below(999);
      const std::string id = id_of(value);
      const Time time{std::chrono::seconds(value)};
      counter.inc(value, {{"i", id}}, time);
      histogram.observe(value, {{"i", id}}, time);
      native.observe(value, {{"i", id}}, time);
    }
  });
  done = true;
  scraper.join();
  CHECK(found.torn == 0);
  Found at_rest;
  at_rest.look_at(promlite::to_openmetrics(registry));
  CHECK(at_rest.torn == 0);
  CHECK(at_rest.whole == 5);
  const test::Scrape scrape = test::scrape(registry);
  CHECK(scrape.at("h_count") == threads * updates);
  CHECK(scrape.at("n_count") == threads * updates);
  CHECK(scrape.at("c_total") == scrape.at("h_sum"));
  CHECK(scrape.count("promlite_refused_exemplars_total{family=\"c_total\"}") == 0);
}

TEST_CASE("a reader sees one writer's exemplar or none, however writers hurry") {
  namespace detail = promlite::detail;
  detail::Chunk* const chunk = detail::Chunk::make(8, false);
  detail::Cell* const slab = chunk->make_side();
  std::atomic<int> writing{2};
  int read = 0;
  int mixed = 0;
  const auto look = [&] {
    detail::ExemplarSlot::Content content;
    if (!detail::ExemplarSlot::read(slab[1], content)) return;
    ++read;
    const auto time = static_cast<std::uint64_t>(content.time);
    bool same = content.value == static_cast<double>(content.time) && content.text_size == 72 * time;
    for (std::size_t i = 0; i < content.text_size / 8; ++i)
      same = same && content.text[i] == time * 0x0101010101010101;
    mixed += same ? 0 : 1;
  };
  test::in_threads(3, [&](int thread) {
    if (thread == 2) {
      while (writing != 0) look();
      return;
    }
    for (int i = 0; i < test::times(30000); ++i) {
      const int number = 4 * thread + i % 4 + 1;
      const std::string text(72U * static_cast<unsigned>(number), static_cast<char>(number));
      detail::ExemplarSlot::put(slab[1], slab, false, text, number, number);
    }
    --writing;
  });
  look();
  CHECK(read > 1);
  CHECK(mixed == 0);
  detail::Chunk::destroy(chunk);
}

TEST_CASE("a writer that was stopped in the middle hides the exemplar, and nobody waits for it or joins in") {
  namespace detail = promlite::detail;
  detail::Chunk* const chunk = detail::Chunk::make(8, false);
  detail::Cell* const slab = chunk->make_side();
  detail::ExemplarSlot::Content content;
  CHECK_FALSE(detail::ExemplarSlot::read(slab[1], content));
  detail::ExemplarSlot::put(slab[1], slab, false, "a=\"1\"", 1, 1);
  // A place begins with its progress.
  auto* const place = reinterpret_cast<detail::Cell*>(static_cast<std::uintptr_t>(slab[1].load()));
  place->fetch_add(detail::Progress::started);
  detail::ExemplarSlot::put(slab[1], slab, false, "a=\"2\"", 2, 2);
  CHECK_FALSE(detail::ExemplarSlot::read(slab[1], content));
  place->fetch_add(detail::Progress::finished - detail::Progress::started);
  CHECK(detail::ExemplarSlot::read(slab[1], content));
  CHECK(content.value == 1);
  detail::ExemplarSlot::put(slab[1], slab, false, "a=\"3\"", 3, 3);
  CHECK(detail::ExemplarSlot::read(slab[1], content));
  CHECK(content.value == 3);
  detail::Chunk::destroy(chunk);
}

TEST_CASE("handles of removed series take exemplars while their memory goes") {
  const int updates = test::times(3000);
  promlite::Registry registry;
  const auto histograms = registry.histogram("h", "", {"a"}, promlite::buckets({1}));
  const auto natives = registry.native_histogram("n", "", {"a"});
  std::atomic<bool> done{false};
  Found found;
  test::Threads others;
  others.start([&] {
    while (!done) found.look_at(promlite::to_openmetrics(registry));
  });
  others.start([&] {
    while (!done) {
      histograms.clear();
      natives.clear();
    }
  });
  test::in_threads(3, [&](int thread) {
    test::Random random(static_cast<std::uint64_t>(thread) + 1);
    for (int i = 0; i < updates; ++i) {
      const auto histogram = histograms.with(random.below(200));
      const auto native = natives.with(random.below(200));
      for (int j = 0; j < 5; ++j) {
        const int value = 1 + random.below(999);
        const Time time{std::chrono::seconds(value)};
        histogram.observe(value, {{"i", id_of(value)}}, time);
        native.observe(value, {{"i", id_of(value)}}, time);
      }
    }
  });
  done = true;
  others.join();
  CHECK(found.torn == 0);
  CHECK(found.whole > 0);
}
