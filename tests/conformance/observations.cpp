// promlite: a server whose histograms hold observations that it also tells, and which has exemplars.
// SPDX-License-Identifier: MIT
// unsanitized: what looks at it is the readers of others, whose time it is
//
// Prints its address in a line, then for each family a line: its name, and what was observed, as the
// hexadecimal digits of the bits of each double. Serves until its standard input ends.
#include <promlite/promlite.hpp>

#include <cinttypes>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <random>
#include <string>
#include <vector>

static std::mt19937_64 random_bits(31);

static double normal() {
  static std::normal_distribution<double> distribution;
  return distribution(random_bits);
}

static int serve() {
  promlite::Registry registry;
  promlite::MetricsServer server("127.0.0.1:0", registry);
  std::printf("%s\n", server.address().c_str());

  const auto tell = [&](const char* name, const promlite::NativeHistogram& histogram, auto&& next) {
    std::printf("%s", name);
    for (int i = 0; i < 2000; ++i) {
      const double value = next();
      histogram.observe(value);
      std::printf(" %016" PRIx64, promlite::detail::bits_of(value));
    }
    std::printf("\n");
  };
  const auto latency = [] { return std::exp(normal() * 1.5 - 3); };
  const auto names = registry.native_histogram("labelled_seconds", "", {"route"},
                                               promlite::bucket_factor(1.005), promlite::max_buckets(0));
  tell("latency_seconds", registry.native_histogram("latency_seconds", "Default options."), latency);
  tell("labelled_seconds", names.with("/a\"b"), latency);
  tell("with_classic_seconds", registry.histogram("with_classic_seconds", "", promlite::native()), latency);
  tell("around_zero", registry.native_histogram("around_zero", "", promlite::native_schema(5)),
       [] { return std::floor(normal() * 8) / 4; });
  tell("lowered", registry.native_histogram("lowered", "", promlite::max_buckets(20)),
       [] { return std::exp(normal() * 5); });
  tell("all_decades",
       registry.native_histogram("all_decades", "", promlite::native_schema(8), promlite::zero_threshold(0)),
       [] { return std::exp2(normal() * 200); });
  const auto jobs = registry.counter("jobs_total", "", {"q"});
  jobs.with("a").inc(1, {{"trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"}, {"span_id", "00f067aa0ba902b7"}});
  jobs.with("b").inc(2.5, {{"note", "\xE2\x82\xAC 5"}});
  registry.counter("escapes_total", "").inc(1, {{"note", "\\ \"quoted\" \n"}});
  const auto steps = registry.histogram("step_seconds", "", promlite::buckets({0.1, 1}));
  steps.observe(0.05, {{"trace_id", "short"}});
  steps.observe(0.5);
  steps.observe(7, {{"trace_id", "long"}});
  registry.native_histogram("wait_seconds", "").observe(0.3, {{"trace_id", "waited"}});
  registry.native_histogram("empty", "");
  registry.native_histogram("empty_without_threshold", "", promlite::zero_threshold(0));
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}

int main() {
  try {
    return serve();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "observations: %s\n", error.what());
    return 1;
  }
}
