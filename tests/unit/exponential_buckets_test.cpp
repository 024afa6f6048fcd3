// promlite: tests of exponential buckets (Prometheus native histograms: value to index, and back).
// SPDX-License-Identifier: MIT
#include <promlite/exponential_buckets.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "support/catch.hpp"

using namespace promlite::detail;

static const double largest = std::numeric_limits<double>::max();

/// The specification's own way: a table of bounds in [0.5, 1), frexp and a binary search. The bounds come
/// from long double, which has eleven bits more than they need.
template <int Schema>
struct Reference {
  std::vector<double> bounds;
  Reference() {
    for (int j = 0; j < 1 << Schema; ++j)
      bounds.push_back(static_cast<double>(exp2l(static_cast<long double>(j) / (1 << Schema) - 1)));
  }
  int index(double value) const {
    int exponent = 0;
    const double fraction = std::frexp(value, &exponent);
    const auto at = std::lower_bound(bounds.begin(), bounds.end(), fraction) - bounds.begin();
    return static_cast<int>(at) + (exponent - 1) * (1 << Schema);
  }
  double upper_bound(int index) const {
    const int within = index & ((1 << Schema) - 1);
    const int octave = index >> Schema;
    if (within == 0 && octave == 1024) return largest;
    return std::ldexp(bounds[static_cast<std::size_t>(within)], octave + 1);
  }
};

TEST_CASE("the roots of two are correctly rounded") {
  for (int j = 0; j < 256; ++j) {
    const double root = double_of((std::uint64_t{0x3FE} << 52) | root_mantissas[j]);
    INFO(j);
    CHECK(root == static_cast<double>(exp2l(static_cast<long double>(j) / 256 - 1)));
  }
}

TEST_CASE("schemas nest: every second bound of a schema is a bound of the one below") {
  const ExponentialTables<8> fine;
  const ExponentialTables<3> coarse;
  for (std::size_t i = 0; i < 8; ++i) CHECK(coarse.mantissas[i] == fine.mantissas[32 * i]);
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    const double value = std::abs(double_of(random()));
    if (!(value > 0) || !is_finite(value)) continue;
    const int at8 = ExponentialBuckets<8>::index(value);
    // Halving the resolution: index i becomes ceil(i / 2).
    const int at7 = (at8 + 1) >> 1;
    const int at6 = (at7 + 1) >> 1;
    REQUIRE(ExponentialBuckets<7>::index(value) == at7);
    REQUIRE(ExponentialBuckets<6>::index(value) == at6);
    REQUIRE(ExponentialBuckets<3>::index(value) == (((((at6 + 1) >> 1) + 1) >> 1) + 1) >> 1);
  }
}

TEST_CASE("the specification's table of values and indices") {
  struct Row {
    double value;
    int at3;
    int at8;
  };
  for (const Row& row : std::vector<Row>{{5e-324, -8592, -274944},
                                         {0x1p-128, -1024, -32768},
                                         {0.5, -8, -256},
                                         {1, 0, 0},
                                         {1.0000001, 1, 1},
                                         {2, 8, 256},
                                         {3, 13, 406},
                                         {4, 16, 512},
                                         {10, 27, 851},
                                         {100, 54, 1701},
                                         {largest, 8192, 262144}}) {
    INFO(row.value);
    CHECK(ExponentialBuckets<3>::index(row.value) == row.at3);
    CHECK(ExponentialBuckets<8>::index(row.value) == row.at8);
  }
}

template <int Schema>
static void check_all_bounds() {
  using Buckets = ExponentialBuckets<Schema>;
  const Reference<Schema> reference;
  CHECK(Buckets::index(largest) == Buckets::highest);
  CHECK(Buckets::index(5e-324) == Buckets::lowest);
  int wrong = 0;
  for (int index = Buckets::lowest; index <= Buckets::highest; ++index) {
    // The finer schemas in full would take minutes; every bound of some octaves, and one in 61 elsewhere.
    const int octave = index >> Schema;
    if (Schema > 4 && octave != 0 && octave != -1 && octave != 1023 && octave != -1022 && octave != -1050 &&
        index % 61 != 0)
      continue;
    const double bound = reference.upper_bound(index);
    if (!(bound > 0)) continue;
    for (const double value : {bound, std::nextafter(bound, 0.0), std::nextafter(bound, largest)}) {
      if (value > 0 && Buckets::index(value) != reference.index(value)) ++wrong;
    }
    // Bounds are inclusive. (Among subnormal numbers several bounds round to one value.)
    if (bound >= 0x1p-1022 && Buckets::index(bound) != index) ++wrong;
    if (bound >= 0x1p-1022 && bound < largest && Buckets::index(std::nextafter(bound, largest)) != index + 1)
      ++wrong;
  }
  CHECK(wrong == 0);
  std::mt19937_64 random(8);
  for (int i = 0; i < 20000; ++i) {
    const double value = std::abs(double_of(random()));
    if (!(value > 0) || !is_finite(value)) continue;
    REQUIRE(Buckets::index(value) == reference.index(value));
    REQUIRE(Buckets::index(-value) == reference.index(value));
  }
}

TEST_CASE("every bound and its neighbours, in every schema") {
  check_all_bounds<1>();
  check_all_bounds<2>();
  check_all_bounds<3>();
  check_all_bounds<4>();
  check_all_bounds<5>();
  check_all_bounds<6>();
  check_all_bounds<7>();
  check_all_bounds<8>();
}

template <int Schema>
static double worst_error() {
  using Buckets = ExponentialBuckets<Schema>;
  const Reference<Schema> reference;
  double worst = 0;
  for (int index = -1021 * Buckets::per_octave; index <= Buckets::highest; index += Schema > 4 ? 7 : 1) {
    const double estimate = Buckets::estimate(index);
    if (!is_finite(estimate) || Buckets::index(estimate) != index) return 1e9;
    const double high = reference.upper_bound(index);
    const double low = reference.upper_bound(index - 1);
    worst = std::max(worst, std::max((high - estimate) / high, (estimate - low) / low));
  }
  return worst;
}

TEST_CASE("an estimate lies in its bucket and is wrong by (g - 1) / (g + 1) at most") {
  // The specification's column of errors, in its precision.
  CHECK(worst_error<1>() < 0.17165);
  CHECK(worst_error<1>() > 0.1715);
  CHECK(worst_error<2>() < 0.086435);
  CHECK(worst_error<3>() < 0.043295);
  CHECK(worst_error<4>() < 0.021665);
  CHECK(worst_error<5>() < 0.010835);
  CHECK(worst_error<6>() < 0.005416);
  CHECK(worst_error<6>() > 0.005414);
  CHECK(worst_error<7>() < 0.002709);
  CHECK(worst_error<8>() < 0.0013545);
}

TEST_CASE("estimates at the ends of the range are finite and not zero") {
  using Buckets = ExponentialBuckets<6>;
  CHECK(Buckets::estimate(Buckets::lowest) == 5e-324);
  CHECK(is_finite(Buckets::estimate(Buckets::highest)));
  CHECK(Buckets::estimate(Buckets::highest) > 0.99 * largest);
  double before = 0;
  for (int index = Buckets::lowest; index <= Buckets::highest; ++index) {
    const double estimate = Buckets::estimate(index);
    REQUIRE(estimate >= before);
    before = estimate;
  }
}
