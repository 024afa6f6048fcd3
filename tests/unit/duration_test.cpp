// promlite: tests of durations in Go's form.
// SPDX-License-Identifier: MIT
#include <promlite/exporter/duration.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include "support/catch.hpp"

using promlite::format_duration;
using promlite::parse_duration;
using std::chrono::nanoseconds;
using namespace std::chrono_literals;

TEST_CASE("a duration is numbers with units") {
  struct Case {
    const char* text;
    nanoseconds expected;
  };
  const Case cases[] = {
      {"0", 0ns},
      {"0s", 0ns},
      {"1ns", 1ns},
      {"1us", 1us},
      {"1\xC2\xB5s", 1us},
      {"1\xCE\xBCs", 1us},
      {"500ms", 500ms},
      {"1s", 1s},
      {"1m", 1min},
      {"1h", 1h},
      {"1m30s", 90s},
      {"1h2m3s4ms5us6ns", 3723004005006ns},
      {"1.5h", 90min},
      {"0.1s", 100ms},
      {".5s", 500ms},
      {"2.s", 2s},
      {"30s1h", 3630s},
      {"1s1s", 2s},
      {"0.123456789s", 123456789ns},
      {"0.0000000001s", 0ns},
      {"007s", 7s},
      {"1000000000s", 1000000000s},
      {"0.3333333333333333333333h", 1199999999999ns},
  };
  for (const Case& each : cases) {
    INFO(each.text);
    CHECK(parse_duration(each.text) == each.expected);
  }
}

TEST_CASE("what is no duration") {
  for (const char* text : {"",
                           "1",
                           "s",
                           "1 s",
                           " 1s",
                           "1s ",
                           "-1s",
                           "+1s",
                           "1d",
                           "1S",
                           ".s",
                           "1..5s",
                           "1e3s",
                           "1m30",
                           "0x1s",
                           "1000000001s",
                           "1000000000s1ns",
                           "99999999999999999999999h",
                           "9223372036854775807ns1h",
                           "1\xC2s"}) {
    INFO(text);
    CHECK(parse_duration(text) == std::nullopt);
  }
}

TEST_CASE("a duration is written in Go's form") {
  struct Case {
    nanoseconds duration;
    const char* expected;
  };
  const Case cases[] = {
      {0ns, "0s"},
      {1ns, "1ns"},
      {999ns, "999ns"},
      {1500ns, "1.5\xC2\xB5s"},
      {1us, "1\xC2\xB5s"},
      {500ms, "500ms"},
      {1000001ns, "1.000001ms"},
      {1s, "1s"},
      {2500ms, "2.5s"},
      {10s, "10s"},
      {1min, "1m0s"},
      {90s, "1m30s"},
      {1h, "1h0m0s"},
      {3600100ms, "1h0m0.1s"},
      {-90s, "-1m30s"},
      {nanoseconds::min(), "-2562047h47m16.854775808s"},
  };
  for (const Case& each : cases) CHECK(format_duration(each.duration) == each.expected);
}

TEST_CASE("what is written can be read") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) {
    const nanoseconds duration(
        static_cast<std::int64_t>(random() % 1'000'000'000'000'000'000 >> (random() % 60)));
    INFO(format_duration(duration));
    CHECK(parse_duration(format_duration(duration)) == duration);
  }
}
