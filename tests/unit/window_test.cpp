// promlite: tests of the window over counts that only grow.
// SPDX-License-Identifier: MIT
#include <promlite/detail/window.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using promlite::detail::Window;
using namespace std::chrono_literals;

static Window::Clock::time_point at(std::chrono::nanoseconds time) {
  return Window::Clock::time_point(std::chrono::hours(1) + time);
}

/// The keys of all ranks.
static std::vector<std::uint32_t> ranks(const Window& window) {
  std::vector<std::uint32_t> keys;
  for (std::uint64_t rank = 1; rank <= window.total(); ++rank) keys.push_back(window.key_of_rank(rank));
  return keys;
}
using Keys = std::vector<std::uint32_t>;

TEST_CASE("a window without counts is empty") {
  Window window;
  CHECK(window.total() == 0);
  window.advance({}, at(0s), 60s);
  CHECK(window.total() == 0);
}

TEST_CASE("counts of one key from several writers are joined, in any order") {
  Window window;
  window.advance({{7, 1}, {3, 2}, {7, 1}, {5, 1}, {3, 1}}, at(0s), 60s);
  CHECK(ranks(window) == Keys{3, 3, 3, 5, 7, 7});
}

TEST_CASE("without a snapshot that is old enough the window reaches back to the start") {
  Window window;
  window.advance({{1, 10}}, at(0s), 60s);
  CHECK(window.total() == 10);
  window.advance({{1, 12}}, at(59s), 60s);
  CHECK(window.total() == 12);
}

TEST_CASE("what is older than the window leaves it") {
  Window window;
  window.advance({{1, 10}, {2, 1}}, at(0s), 60s);
  window.advance({{1, 12}, {2, 1}, {3, 2}}, at(60s), 60s);
  CHECK(ranks(window) == Keys{1, 1, 3, 3});
  window.advance({{1, 12}, {2, 1}, {3, 2}}, at(120s), 60s);
  CHECK(window.total() == 0);
  window.advance({{1, 12}, {2, 2}, {3, 2}}, at(121s), 60s);
  CHECK(ranks(window) == Keys{2});
}

TEST_CASE("scrapes far apart: the window lies at the last scrape that is old enough") {
  Window window;
  window.advance({{1, 5}}, at(0s), 60s);
  window.advance({{1, 7}}, at(1000s), 60s);
  CHECK(window.total() == 2);
  window.advance({{1, 8}}, at(5000s), 60s);
  CHECK(window.total() == 1);
}

TEST_CASE(
    "with scrapes at any pace the window is at least max_age long, and a fifth or one scrape longer at "
    "most") {
  for (const auto pace : {100ms, 1000ms, 7000ms, 15000ms, 45000ms, 61000ms, 200000ms}) {
    Window window;
    // One observation a second, all of one key: the total is the window's length in seconds.
    for (std::int64_t step = 1; step * pace < 3600s; ++step) {
      const std::chrono::milliseconds now = step * pace;
      const auto count = static_cast<std::uint64_t>(now / 1s);
      window.advance({{1, count}}, at(now), 60s);
      const std::chrono::seconds length(window.total());
      if (now < 60s) {
        REQUIRE(length == now / 1s * 1s);
      } else if (now > 200s) {
        REQUIRE(length >= 59s);
        REQUIRE(length <= std::max<std::chrono::milliseconds>(60s + 12s + pace + 1s, 2 * pace));
      }
    }
  }
}

TEST_CASE("a random history agrees with one that is kept whole") {
  std::mt19937 random(6);
  for (int round = 0; round < 100; ++round) {
    Window window;
    std::map<std::uint32_t, std::uint64_t> counts;
    std::deque<std::pair<std::chrono::milliseconds, std::map<std::uint32_t, std::uint64_t>>> kept;
    std::chrono::milliseconds now = 0ms;
    for (int scrape = 0; scrape < 60; ++scrape) {
      now += std::chrono::milliseconds(random() % 30000);
      for (auto more = random() % 5; more > 0; --more)
        counts[static_cast<std::uint32_t>(random() % 6)] += random() % 4;
      // The reference: the newest kept snapshot that is old enough; one is kept every fifth of the window.
      const std::map<std::uint32_t, std::uint64_t>* then = nullptr;
      for (const auto& [time, old] : kept) {
        if (now - time >= 60s) then = &old;
      }
      Keys expected;
      for (const auto& [key, count] : counts) {
        std::uint64_t before = 0;
        if (then != nullptr && then->count(key) != 0) before = then->at(key);
        for (std::uint64_t i = before; i < count; ++i) expected.push_back(key);
      }
      if (kept.empty() || now - kept.back().first >= 12s) kept.emplace_back(now, counts);
      Window::Counts given;
      for (const auto& [key, count] : counts) given.push_back({key, count});
      window.advance(std::move(given), at(now), 60s);
      REQUIRE(window.total() == expected.size());
      REQUIRE(ranks(window) == expected);
    }
  }
}
