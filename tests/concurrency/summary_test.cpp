// promlite: summaries under load, and what their quantiles say when it is over.
// SPDX-License-Identifier: MIT
#include "harness.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cmath>

namespace {

const std::vector<double> quantiles = {0, 0.01, 0.5, 0.9, 0.99, 1};

/// The value that a q-quantile stands for: the smallest one that at least q of all do not exceed.
double nearest_rank(const std::vector<double>& sorted, double q) {
  const double rank = std::ceil(q * static_cast<double>(sorted.size()) * (1 - 0x1p-50));
  return sorted[rank < 1 ? 0 : static_cast<std::size_t>(rank) - 1];
}

}  // namespace

TEST_CASE("quantiles of what many threads observed are within the error that is promised") {
  const bool shared = GENERATE(false, true);
  INFO("shared cells: " << shared);
  std::vector<test::NoSlotsLeft> none_left(shared ? 1 : 0);
  promlite::Registry registry;
  const promlite::Summary summary = registry.summary("summary", "help", promlite::quantiles(quantiles));

  const int threads = 6;
  const int observations = test::times(10000);
  std::vector<std::vector<double>> observed(threads);
  std::atomic<bool> done{false};
  std::atomic<bool> fell{false};
  test::Threads scraper;
  scraper.start([&] {
    test::Scrape before;
    while (!done) {
      test::Scrape now = test::scrape(registry);
      if (!test::fallen(before, now).empty()) fell = true;
      before = std::move(now);
    }
  });
  test::in_threads(threads, [&](int thread) {
    test::Random random(static_cast<std::uint64_t>(thread) + 1);
    std::vector<double>& mine = observed[static_cast<std::size_t>(thread)];
    for (int i = 0; i < observations; ++i) {
      // Positive and over forty powers of two, so that the threads make pages of the tree against each other.
      const double value = std::ldexp(1 + random.below(1000) / 1000.0, random.below(40) - 30);
      mine.push_back(value);
      summary.observe(value);
    }
  });
  done = true;
  scraper.join();
  CHECK_FALSE(fell);

  std::vector<double> all;
  for (const auto& part : observed) all.insert(all.end(), part.begin(), part.end());
  std::sort(all.begin(), all.end());
  const test::Scrape scrape = test::scrape(registry);
  CHECK(scrape.at("summary_count") == static_cast<double>(all.size()));
  for (const double q : quantiles) {
    const double expected = nearest_rank(all, q);
    char name[64];
    std::snprintf(name, sizeof name, "summary{quantile=\"%g\"}", q);
    INFO(name);
    CHECK(std::abs(scrape.at(name) - expected) <= promlite::Summary::relative_error * expected);
  }
}

TEST_CASE("threads that make the same pages of a tree at once count in the same pages") {
  namespace detail = promlite::detail;
  const int threads = 4;
  const std::uint32_t step = 509;  // so that nearly every key is the first one of its page
  for (int round = 0; round < test::times(20); ++round) {
    detail::Chunk* const chunk = detail::Chunk::make(8, false);
    detail::Cell* const slab = chunk->shared();
    detail::Cell& root = slab[1];
    test::in_threads(threads, [&](int) {
      for (std::uint32_t key = 0; key < 1U << detail::CellTree::key_bits; key += step) {
        detail::SharedUpdate::add(*detail::CellTree::find_or_make(root, key, slab, *chunk), 1);
      }
    });
    std::uint32_t expected_key = 0;
    int wrong = 0;
    detail::CellTree::for_each(root, [&](std::uint32_t key, std::uint64_t count) {
      wrong += key != expected_key || count != threads ? 1 : 0;
      expected_key = key + step;
    });
    CHECK(wrong == 0);
    CHECK(expected_key >= 1U << detail::CellTree::key_bits);
    detail::Chunk::destroy(chunk);
  }
}
