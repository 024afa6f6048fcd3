// promlite: metrics that are used before main() and after it, in two translation units.
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <cstdlib>
#include <string>

#include "user.hpp"

static const User user("main");

/// The values of the metrics of this program, without those of the process.
static std::string shown() {
  const std::string text = promlite::to_text(promlite::default_registry());
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    const std::string line = text.substr(at, end - at);
    if (line[0] != '#' && line.compare(0, 8, "process_") != 0 && line.compare(0, 9, "promlite_") != 0)
      kept += line;
    at = end;
  }
  return kept;
}

static bool is(const std::string& text, const std::string& expected) {
  if (text != expected) std::printf("expected\n%sbut there is\n%s", expected.c_str(), text.c_str());
  return text == expected;
}

static std::string expected(int each, int other) {
  const std::string all = std::to_string(2 * each);
  const std::string one = std::to_string(each);
  return "in_other_total " + std::to_string(other) + "\nlevel " + all +
         "\nnumbers{quantile=\"0.5\"} 2\nnumbers_sum " + std::to_string(4 * each) + "\nnumbers_count " + all +
         "\nuses_total{unit=\"main\"} " + one + "\nuses_total{unit=\"other\"} " + one +
         "\nvalues_bucket{le=\"1\"} " + all + "\nvalues_bucket{le=\"+Inf\"} " + all + "\nvalues_sum " + all +
         "\nvalues_count " + all + "\n";
}

// An estimate of 2 that is within a percent of it, as 2.
static std::string with_plain_quantile(std::string text) {
  const std::string name = "numbers{quantile=\"0.5\"} ";
  const std::size_t at = text.find(name) + name.size();
  const double value = std::strtod(text.c_str() + at, nullptr);
  if (value > 1.98 && value < 2.02) text.replace(at, text.find('\n', at) - at, "2");
  return text;
}

static bool fine_in_main = false;

void check_at_the_end() {
  // Registered by the first static object of all, so this runs after the destructors of them all.
  static const int registered = std::atexit([] {
    const bool fine = is(with_plain_quantile(shown()), expected(2, 1)) && fine_in_main;
    std::fflush(stdout);
    std::_Exit(fine ? 0 : 1);
  });
  if (registered != 0) std::abort();
}

int main() { fine_in_main = is(with_plain_quantile(shown()), expected(1, 0)); }
