// promlite: tests of bucket bounds.
// SPDX-License-Identifier: MIT
#include <promlite/buckets.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace promlite;
using test::error_of;

static const double infinity = std::numeric_limits<double>::infinity();
static const double nan_value = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("bounds as given") {
  CHECK(buckets({1, 2.5, 10}).bounds == std::vector<double>{1, 2.5, 10});
  CHECK(buckets(std::vector<double>{-1, 0, 1}).bounds == std::vector<double>{-1, 0, 1});
  CHECK(buckets({}).bounds.empty());
  CHECK(buckets({5}).bounds == std::vector<double>{5});
  CHECK(buckets({-std::numeric_limits<double>::max(), 5e-324, std::numeric_limits<double>::max()})
            .bounds.size() == 3);
  CHECK(default_buckets().bounds == std::vector<double>{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10});
}

TEST_CASE("a final +Inf is dropped") {
  CHECK(buckets({1, infinity}).bounds == std::vector<double>{1});
  CHECK(error_of([] {
          buckets({1, infinity, infinity});
        }) == "buckets: a bucket bound is infinite (the +Inf bucket is always there)");
}

TEST_CASE("what cannot be bounds is refused with the reason") {
  CHECK(error_of([] { buckets({2, 1}); }) == "buckets: bucket bounds must ascend strictly");
  CHECK(error_of([] { buckets({1, 1}); }) == "buckets: bucket bounds must ascend strictly");
  CHECK(error_of([] { buckets({-0.0, 0.0}); }) == "buckets: bucket bounds must ascend strictly");
  CHECK(error_of([] { buckets({1, nan_value}); }) == "buckets: a bucket bound is NaN");
  CHECK(error_of([] { buckets({nan_value}); }) == "buckets: a bucket bound is NaN");
  CHECK(error_of([] {
          buckets({infinity, 1});
        }) == "buckets: a bucket bound is infinite (the +Inf bucket is always there)");
  CHECK(error_of([] {
          buckets({-infinity, 1});
        }) == "buckets: a bucket bound is infinite (the +Inf bucket is always there)");
}

TEST_CASE("linear bounds are computed from their index") {
  CHECK(linear_buckets(1, 2, 4).bounds == std::vector<double>{1, 3, 5, 7});
  CHECK(linear_buckets(-1, 1, 3).bounds == std::vector<double>{-1, 0, 1});
  CHECK(linear_buckets(5, 1, 1).bounds == std::vector<double>{5});
  const std::vector<double> tenths = linear_buckets(0, 0.1, 100).bounds;
  REQUIRE(tenths.size() == 100);
  for (int i = 0; i < 100; ++i) CHECK(tenths[static_cast<std::size_t>(i)] == i * 0.1);

  const std::string width = "linear_buckets: width must be greater than 0";
  CHECK(error_of([] { linear_buckets(0, 0, 3); }) == width);
  CHECK(error_of([] { linear_buckets(0, -1, 3); }) == width);
  CHECK(error_of([] { linear_buckets(0, nan_value, 3); }) == width);
  CHECK(error_of([] { linear_buckets(0, 1, 0); }) == "linear_buckets: count must be at least 1");
  CHECK(error_of([] { linear_buckets(0, 1, 1000001); }) == "linear_buckets: count must be at most 1000000");
  const std::string range = "linear_buckets: the bounds exceed the range of a double";
  CHECK(error_of([] { linear_buckets(1e308, 1e308, 2); }) == range);
  CHECK(error_of([] { linear_buckets(infinity, 1, 1); }) == range);
  CHECK(error_of([] { linear_buckets(-infinity, 1, 2); }) == range);
  CHECK(error_of([] { linear_buckets(nan_value, 1, 1); }) == range);
  CHECK(error_of([] { linear_buckets(0, infinity, 2); }) == range);
  // Too narrow for the precision of a double: bounds would repeat.
  CHECK(error_of([] { linear_buckets(1e300, 1, 2); }) ==
        "linear_buckets: bucket bounds must ascend strictly");
}

TEST_CASE("exponential bounds") {
  CHECK(exponential_buckets(1, 2, 5).bounds == std::vector<double>{1, 2, 4, 8, 16});
  CHECK(exponential_buckets(0.0005, 2, 3).bounds == std::vector<double>{0.0005, 0.001, 0.002});
  CHECK(exponential_buckets(7, 10, 1).bounds == std::vector<double>{7});

  const std::string start = "exponential_buckets: start must be greater than 0";
  CHECK(error_of([] { exponential_buckets(0, 2, 3); }) == start);
  CHECK(error_of([] { exponential_buckets(-1, 2, 3); }) == start);
  CHECK(error_of([] { exponential_buckets(nan_value, 2, 3); }) == start);
  const std::string factor = "exponential_buckets: factor must be greater than 1";
  CHECK(error_of([] { exponential_buckets(1, 1, 3); }) == factor);
  CHECK(error_of([] { exponential_buckets(1, 0.5, 3); }) == factor);
  CHECK(error_of([] { exponential_buckets(1, nan_value, 3); }) == factor);
  CHECK(error_of([] { exponential_buckets(1, 2, 0); }) == "exponential_buckets: count must be at least 1");
  const std::string range = "exponential_buckets: the bounds exceed the range of a double";
  CHECK(error_of([] { exponential_buckets(1, 2, 1025); }) == range);
  CHECK(error_of([] { exponential_buckets(infinity, 2, 1); }) == range);
  CHECK(error_of([] { exponential_buckets(1, infinity, 2); }) == range);
  CHECK(exponential_buckets(1, 2, 1024).bounds.back() == 0x1p1023);
  // A factor that is too near to 1 for the precision of a double.
  CHECK(error_of([] { exponential_buckets(5e-324, 1.1, 2); }) ==
        "exponential_buckets: bucket bounds must ascend strictly");
}
