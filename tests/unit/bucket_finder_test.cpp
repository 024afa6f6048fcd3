// promlite: tests of the search for a bucket, against a linear one.
// SPDX-License-Identifier: MIT
#include <promlite/detail/bucket_finder.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "support/catch.hpp"

using promlite::detail::BucketFinder;
using promlite::detail::double_of;

static const double infinity = std::numeric_limits<double>::infinity();
static const double largest = std::numeric_limits<double>::max();

static std::size_t linear(const std::vector<double>& bounds, double value) {
  std::size_t bucket = 0;
  while (bucket < bounds.size() && bounds[bucket] < value) ++bucket;
  return bucket;
}

/// Every bound, its neighbours, what lies between bounds, the special values, and random ones.
static void check_against_linear(const std::vector<double>& bounds, std::uint64_t seed = 1) {
  const BucketFinder finder(bounds);
  REQUIRE(finder.size() == bounds.size());
  REQUIRE(std::equal(bounds.begin(), bounds.end(), finder.bounds()));
  std::vector<double> values = {0.0,     -0.0,     5e-324,   -5e-324,   1,        -1,
                                largest, -largest, infinity, -infinity, 0x1p-1022};
  // With thousands of bounds the linear search would take too long for every one of them.
  const std::size_t step = 1 + bounds.size() / 500;
  for (std::size_t i = 0; i < bounds.size(); i += step) {
    const double bound = bounds[i];
    values.push_back(bound);
    values.push_back(std::nextafter(bound, infinity));
    values.push_back(std::nextafter(bound, -infinity));
    values.push_back(bound * 1.0001);
    values.push_back(bound * 0.9999);
    if (i > 0) values.push_back(bounds[i - 1] / 2 + bound / 2);
  }
  std::mt19937_64 random(seed);
  for (int i = 0; i < 300; ++i) {
    const double value = double_of(random());
    if (!promlite::detail::is_nan(value)) values.push_back(value);
  }
  std::size_t wrong = 0;
  for (const double value : values) {
    if (finder(value) != linear(bounds, value)) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("no bounds") {
  const BucketFinder finder;
  CHECK(finder.size() == 0);
  for (const double value : {0.0, -1.0, 1.0, infinity, -infinity}) CHECK(finder(value) == 0);
}

TEST_CASE("the bounds that people use") {
  check_against_linear({.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10});
  check_against_linear({1});
  check_against_linear({1, 2});
  check_against_linear({100, 200, 300, 1000, 10000, 1e6, 1e9});
  std::vector<double> bounds;
  for (int i = 0; i < 40; ++i) bounds.push_back(0.0005 * std::pow(2, i));
  check_against_linear(bounds);
  bounds.clear();
  for (int i = 1; i <= 1000; ++i) bounds.push_back(i * 0.001);
  check_against_linear(bounds);
}

TEST_CASE("bounds at and below zero") {
  check_against_linear({0});
  check_against_linear({-0.0});
  check_against_linear({-1});
  check_against_linear({-10, -1, -0.5});
  check_against_linear({-1, 0});
  check_against_linear({-1, 0, 1});
  check_against_linear({-largest, 0, largest});
  check_against_linear({-5e-324, 0, 5e-324});
  std::vector<double> bounds;
  for (int i = -50; i <= 50; ++i) bounds.push_back(i);
  check_against_linear(bounds);
}

TEST_CASE("the edges of the range, and bounds side by side") {
  check_against_linear({5e-324});
  check_against_linear({largest});
  check_against_linear({5e-324, largest});
  check_against_linear({5e-324, 1e-323, 0x1p-1022, 1, largest});
  check_against_linear({1, std::nextafter(1.0, 2.0)});
  check_against_linear({std::nextafter(1.0, 0.0), 1, std::nextafter(1.0, 2.0)});
  check_against_linear({1, std::nextafter(1.0, 2.0), 1e300});
  std::vector<double> bounds;
  double bound = 1;
  for (int i = 0; i < 300; ++i) {
    bounds.push_back(bound);
    bound = std::nextafter(bound, infinity);
  }
  check_against_linear(bounds);
}

TEST_CASE("random bounds, one to hundreds, of every magnitude") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<double> bounds;
    const std::size_t count = 1 + random() % (seed % 10 == 0 ? 700 : 20);
    const std::uint64_t spread = random() % 4;
    for (std::size_t i = 0; i < count; ++i) {
      double bound = 0;
      if (spread == 0) {
        bound = double_of(random());
      } else if (spread == 1) {
        bound = static_cast<double>(random() % 1000) / 8;
      } else if (spread == 2) {
        bound = static_cast<double>(random() % 2000) - 1000;
      } else {
        bound = double_of(0x3FF0000000000000 + random() % 5000);
      }
      if (promlite::detail::is_finite(bound)) bounds.push_back(bound);
    }
    std::sort(bounds.begin(), bounds.end());
    bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
    if (!bounds.empty()) check_against_linear(bounds, seed);
  }
}

static std::uint64_t cells_for(const std::vector<double>& bounds) {
  check_against_linear(bounds);
  return BucketFinder(bounds).cells();
}

TEST_CASE("the table has the fewest cells that keep the bounds apart") {
  CHECK(cells_for({}) == 0);
  CHECK(cells_for({-1, 0}) == 0);
  CHECK(cells_for({1}) == 1);
  CHECK(cells_for({-5, 0, 1}) == 1);
  CHECK(cells_for({1, 2, 4}) == 3);
  CHECK(cells_for({1, 1024}) == 11);
  CHECK(cells_for({1, 1.5}) == 2);
  CHECK(cells_for({1, 1.5, 1024}) == 21);
  CHECK(cells_for({0.125, 1.5, 1.75, 2}) == 17);
  // Neighbours, which all 64 bits of a double are needed for, are apart in no narrower cells than others.
  CHECK(cells_for({1, std::nextafter(1.0, 2.0)}) == 2);
  CHECK(cells_for({5e-324, 1e-323, 1.5e-323}) == 3);
}

TEST_CASE("a table has 4096 cells at most, and numbers of 16 bits") {
  std::vector<double> bounds;
  for (int i = 0; i < 4096; ++i) bounds.push_back(1 + i * 0x1p-12);
  CHECK(cells_for(bounds) == 4096);
  bounds.push_back(2);
  CHECK(cells_for(bounds) == 0);
  // Bounds at and below zero have no cell, and count nevertheless.
  bounds = {1, 2, 3};
  bounds.insert(bounds.begin(), 65532, 0);
  for (std::size_t i = 0; i < 65532; ++i) bounds[i] = -65532 + static_cast<double>(i);
  CHECK(cells_for(bounds) == 4);
  bounds.insert(bounds.begin(), -70000);
  CHECK(cells_for(bounds) == 0);
}

TEST_CASE("ten thousand bounds, and more than a table of 16 bits can number") {
  for (const std::size_t count : {std::size_t{10000}, std::size_t{70000}}) {
    std::vector<double> narrow;
    std::vector<double> wide;
    for (std::size_t i = 0; i < count; ++i) {
      narrow.push_back(1 + static_cast<double>(i) * 1e-9);
      wide.push_back(static_cast<double>(i));
    }
    check_against_linear(narrow);
    check_against_linear(wide);
  }
}
