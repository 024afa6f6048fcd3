// promlite: random registries; both text formats are read by our strict parsers and say the same.
// SPDX-License-Identifier: MIT
//
// generated_registries [short|normal|long] [SEED]
#include <promlite/core.hpp>
#include <promlite/exposition/parser.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "concurrency/harness.hpp"
#include "reliability/reliability.hpp"

using promlite::runtime_name;
using reliability::demand;
using test::Random;

/// Any bytes, or what would end a label value or a line.
static std::string text(Random& random) {
  static const std::array<std::string, 8> hostile = {"\"} 1\nevil 1", "\\",       "\\n", "\n# EOF\n",
                                                     "\xED\xA0\x80",  "\xE2\x82", "",    "{}"};
  if (random.below(4) == 0) return hostile[static_cast<std::size_t>(random.below(8))];
  std::string made;
  for (int left = random.below(12); left > 0; --left) made += static_cast<char>(random.below(256));
  return made;
}

/// What is declared must be UTF-8; anything else is an error that the declaration throws.
static std::string utf8(Random& random) {
  std::string made;
  promlite::detail::append_repaired_utf8(made, text(random));
  return made;
}

static double value(Random& random) {
  switch (random.below(6)) {
    case 0:
      return random.below(1000);
    case 1:
      return -0.25 * random.below(1000);
    case 2:
      return 1e300 * random.below(10);
    case 3:
      return 1e-300 * random.below(10);
    case 4:
      return promlite::detail::double_of(random.next());  // any bits
    default:
      return 0.1 * random.below(100);
  }
}

/// One family of a random kind with a random number of series, all of them filled.
static void add_family(promlite::Registry& registry, Random& random, int number) {
  const std::string name = "m" + std::to_string(number);
  const std::string help = utf8(random);
  const int series = random.below(4), kind = random.below(8);
  const auto bound = [&random](double least) { return least + 0.5 + random.below(100); };
  const double first = bound(-50), second = bound(first);
  if (kind == 0) {
    const auto family = registry.counter(runtime_name(name + "_total"), help, {"a", "b"});
    for (int i = 0; i < series; ++i) family.with(text(random), text(random)).inc(value(random));
  } else if (kind == 1) {
    const auto family = registry.counter<std::uint64_t>(runtime_name(name + "_total"), help, {"a"});
    for (int i = 0; i < series; ++i) family.with(text(random)).inc(random.next());
  } else if (kind == 2) {
    const auto family = registry.gauge(runtime_name(name), help, {"a"});
    for (int i = 0; i < series; ++i) family.with(text(random)).set(value(random));
  } else if (kind == 3) {
    const auto family =
        registry.histogram(runtime_name(name), help, {"a"}, promlite::buckets({first, second}));
    for (int i = 0; i < 3 * series; ++i) family.with(text(random)).observe(value(random));
  } else if (kind == 4) {
    const auto family = registry.summary(runtime_name(name), help, {"a"}, promlite::quantiles({0.5, 0.99}));
    for (int i = 0; i < 3 * series; ++i) family.with(text(random)).observe(value(random));
  } else if (kind == 5) {
    registry.info(runtime_name(name), help, {{"a", utf8(random)}, {"b", utf8(random)}});
  } else if (kind == 6) {
    registry.stateset(runtime_name(name), help, {"off", "on"}, {"a"}).with(text(random)).set("on");
  } else {
    const auto family =
        registry.native_histogram(runtime_name(name), help, {"a"}, promlite::buckets({first, second}));
    for (int i = 0; i < 3 * series; ++i) family.with(text(random)).observe(value(random));
  }
}

using Samples = std::map<std::pair<std::string, std::vector<std::string>>, double>;

/// Every sample with its labels, whose order has no meaning.
static Samples samples_of(const promlite::Exposition& exposition) {
  Samples found;
  for (const auto& family : exposition.families) {
    for (const auto& sample : family.samples) {
      std::vector<std::string> labels;
      for (const auto& label : sample.labels) {
        // Text has le="1", OpenMetrics le="1.0".
        const bool number = label.name == "le" || label.name == "quantile";
        labels.push_back(label.name + '=' +
                         (number ? std::to_string(std::strtod(label.value.c_str(), nullptr)) : label.value));
      }
      std::sort(labels.begin(), labels.end());
      demand(found.emplace(std::make_pair(sample.name, std::move(labels)), sample.value).second,
             "no series is there twice");
    }
  }
  return found;
}

static bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Whether OpenMetrics 1.0.0 forbids what the text format says: quantiles that are negative; sums that are
/// negative or not a number, or of a histogram with a negative bound, and the counts beside them.
static bool is_forbidden(const Samples& samples, const Samples::value_type& sample) {
  const auto& [name, labels] = sample.first;
  if (ends_with(name, "_count")) {
    const auto sum = samples.find({name.substr(0, name.size() - 5) + "sum", labels});
    return sum != samples.end() && is_forbidden(samples, *sum);
  }
  if (!(sample.second >= 0) || std::signbit(sample.second)) return true;
  const std::string bucket = ends_with(name, "_sum") ? name.substr(0, name.size() - 3) + "bucket" : name;
  for (const auto& [key, value] : samples) {
    if (key.first != bucket) continue;
    for (const std::string& label : key.second) {
      if (label.rfind("le=-", 0) == 0) return true;
    }
  }
  return false;
}

static void demand_same(const Samples& plain, const Samples& open, const std::string& which) {
  std::size_t found = 0;
  for (const auto& sample : plain) {
    const std::string& name = sample.first.first;
    const auto same = open.find(sample.first);
    if (same == open.end()) {
      bool can_be = ends_with(name, "_sum") || ends_with(name, "_count");
      for (const std::string& label : sample.first.second)
        can_be = can_be || label.rfind("quantile=", 0) == 0;
      demand(can_be && is_forbidden(plain, sample),
             "OpenMetrics lacks only what it forbids: " + name + which);
      continue;
    }
    ++found;
    // Any NaN is as good as another.
    const bool equal = promlite::detail::bits_of(same->second) == promlite::detail::bits_of(sample.second) ||
                       (std::isnan(same->second) && std::isnan(sample.second));
    demand(equal, "both say the same value of " + name + which);
  }
  demand(found == open.size(), "the text lacks nothing" + which);
}

/// Help by name, without the suffixes that the two formats put in different places.
static std::map<std::string, std::string> help_of(const promlite::Exposition& exposition) {
  std::map<std::string, std::string> found;
  for (const auto& family : exposition.families) {
    std::string name = family.name;
    for (const std::string suffix : {"_total", "_info"}) {
      if (ends_with(name, suffix)) name.resize(name.size() - suffix.size());
    }
    // Readers of the text format skip blanks before the help.
    found[name] = family.help.substr(std::min(family.help.size(), family.help.find_first_not_of(" \t")));
  }
  return found;
}

int main(int argc, char** argv) {
  const reliability::Size size(argc, argv);
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  const std::uint64_t registries = size.of<std::uint64_t>(3'000, 100'000, 1'000'000);
  std::uint64_t samples = 0;
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < registries; ++i) {
    const std::string which = "; seed " + std::to_string(seed + i);
    Random random(seed + i);
    promlite::Registry registry;
    for (int family = random.below(6); family >= 0; --family) add_family(registry, random, family);
    const auto plain = promlite::parse_text(promlite::to_text(registry));
    demand(static_cast<bool>(plain), "the text is read: " + plain.message() + which);
    const auto open = promlite::parse_openmetrics(promlite::to_openmetrics(registry));
    demand(static_cast<bool>(open), "OpenMetrics is read: " + open.message() + which);
    const Samples found = samples_of(*plain);
    demand_same(found, samples_of(*open), which);
    demand(help_of(*plain) == help_of(*open), "both say the same help" + which);
    samples += found.size();
  }
  const double seconds = reliability::seconds_since(start);
  std::printf(
      "%llu registries with %llu samples, seeds from %llu: text and OpenMetrics are read and say the same; "
      "%.0f "
      "registries a second\n",
      static_cast<unsigned long long>(registries), static_cast<unsigned long long>(samples),
      static_cast<unsigned long long>(seed), static_cast<double>(registries) / seconds);
}
