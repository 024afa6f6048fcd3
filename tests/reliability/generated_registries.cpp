// promlite: random registries; the text format and OpenMetrics are read by our strict parsers and, with
// protobuf, say what was put in.
// SPDX-License-Identifier: MIT
//
// generated_registries [short|normal|long] [SEED]
// generated_registries stream FIRST COUNT    COUNT registries from the seed FIRST on, for other readers: of
//                                            each what is expected, its text, OpenMetrics, protobuf, each
//                                            behind its size in eight bytes, the greatest first
// generated_registries lint < TEXT           what the linter says, a line each: metric, tab, problem
#include <promlite/core.hpp>
#include <promlite/exposition/lint.hpp>
#include <promlite/exposition/parser.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reliability/reliability.hpp"
#include "support/expected_exposition.hpp"
#include "support/generated_registry.hpp"
#include "support/protobuf_reader.hpp"
#include "support/utf8_reference.hpp"

using reliability::demand;

struct Value {
  double value;
  double tolerance;
};
/// Name and labels, whose order has no meaning.
using Key = std::pair<std::string, test::Pairs>;
using Samples = std::map<Key, Value>;

static Key key_of(const std::string& name, test::Pairs labels) {
  for (auto& [label, value] : labels) {
    // OpenMetrics writes whole bounds and quantiles as 1.0.
    const std::size_t size = value.size();
    if ((label == "le" || label == "quantile") && size > 2 && value.compare(size - 2, 2, ".0") == 0) {
      value.resize(size - 2);
    }
  }
  std::sort(labels.begin(), labels.end());
  return {name, std::move(labels)};
}

static Samples samples_of(const promlite::Exposition& exposition, const std::string& which) {
  Samples found;
  for (const auto& family : exposition.families) {
    for (const auto& sample : family.samples) {
      test::Pairs labels;
      for (const auto& label : sample.labels) labels.emplace_back(label.name, label.value);
      demand(found.emplace(key_of(sample.name, std::move(labels)), Value{sample.value, 0}).second,
             "no series is there twice" + which);
    }
  }
  return found;
}

static Samples samples_of(const test::Expected& expected, const std::string& which) {
  Samples found;
  for (const auto& sample : expected.samples()) {
    test::Pairs labels = sample.labels;
    for (auto& label : labels) label.second = test::repaired_utf8(label.second);
    demand(
        found.emplace(key_of(sample.name, std::move(labels)), Value{sample.value, sample.tolerance}).second,
        "nothing is expected twice" + which);
  }
  return found;
}

static bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// Takes out what OpenMetrics 1.0.0 forbids: quantiles that are negative; sums that are negative or not a
/// number, or of a histogram with a negative bound, and of histograms the counts beside them.
static Samples without_forbidden(Samples samples, const test::Expected& expected) {
  std::map<std::string, std::string> types;
  for (const auto& family : expected.families()) types[family.name] = family.type;
  const auto type_of = [&](const std::string& name) {
    const auto found = types.find(name);
    return found == types.end() ? std::string() : found->second;
  };
  const auto falls = [](double value) { return !(value >= 0) || std::signbit(value); };
  std::vector<Key> forbidden;
  for (const auto& [key, found] : samples) {
    const auto& [name, labels] = key;
    const std::string family = name.substr(0, name.size() - std::min<std::size_t>(name.size(), 4));
    if (type_of(name) == "summary" && found.value < 0) forbidden.push_back(key);
    if (!ends_with(name, "_sum") || type_of(family).empty()) continue;
    bool negative_bound = false;
    for (auto at = samples.lower_bound({family + "_bucket", {}}); at != samples.end(); ++at) {
      if (at->first.first != family + "_bucket") break;
      for (const auto& label : at->first.second)
        negative_bound = negative_bound || (label.first == "le" && label.second[0] == '-');
    }
    if (!falls(found.value) && !negative_bound) continue;
    forbidden.push_back(key);
    if (type_of(family) == "histogram") forbidden.push_back({family + "_count", labels});
  }
  for (const Key& key : forbidden) samples.erase(key);
  return samples;
}

static void demand_same(const Samples& wanted, const Samples& found, const std::string& which) {
  for (const auto& [key, value] : wanted) {
    const auto same = found.find(key);
    demand(same != found.end(), "what was put in is there: " + key.first + which);
    const double one = value.value, other = same->second.value;
    // -0 is written as 0.
    const bool equal = one == other || (std::isnan(one) && std::isnan(other)) ||
                       (value.tolerance > 0 && std::fabs(other / one - 1) <= value.tolerance);
    demand(equal, "it has its value: " + key.first + which);
  }
  demand(found.size() == wanted.size(), "nothing else is there" + which);
}

/// Names, types and help texts as a reader of this format must find them.
static std::map<std::string, std::string> families_of(const test::Expected& expected, bool openmetrics) {
  std::map<std::string, std::string> found;
  for (const auto& family : expected.families()) {
    std::string name = family.name, type = openmetrics ? family.openmetrics : family.type;
    if (openmetrics && type == "counter") name.resize(name.size() - 6);
    if (openmetrics && type == "info") name.resize(name.size() - 5);
    // Blanks before a help text are the syntax's in the text format.
    const std::size_t first = openmetrics ? 0 : family.help.find_first_not_of(" \t");
    found[name] = type + " " + (first == std::string::npos ? "" : family.help.substr(first));
  }
  return found;
}
static std::map<std::string, std::string> families_of(const promlite::Exposition& exposition) {
  std::map<std::string, std::string> found;
  for (const auto& family : exposition.families) {
    found[family.name] = std::string(promlite::detail::type_name(family.type)) + " " + family.help;
  }
  return found;
}

/// The number of samples.
static std::size_t check(std::uint64_t seed) {
  const std::string which = "; seed " + std::to_string(seed);
  promlite::Registry registry;
  test::Expected expected;
  test::GeneratedRegistry(registry, expected, seed).fill();
  const Samples wanted = samples_of(expected, which);
  const auto plain = promlite::parse_text(promlite::to_text(registry));
  demand(static_cast<bool>(plain), "the text is read: " + plain.message() + which);
  demand_same(wanted, samples_of(*plain, which), which + ", text");
  demand(families_of(*plain) == families_of(expected, false), "names, types and help of the text" + which);
  const auto open = promlite::parse_openmetrics(promlite::to_openmetrics(registry));
  demand(static_cast<bool>(open), "OpenMetrics is read: " + open.message() + which);
  demand_same(without_forbidden(wanted, expected), samples_of(*open, which), which + ", OpenMetrics");
  demand(families_of(*open) == families_of(expected, true), "names, types and help of OpenMetrics" + which);
  const promlite::Exposition protobuf = test::read_protobuf(promlite::to_protobuf(registry));
  demand_same(wanted, samples_of(protobuf, which), which + ", protobuf");
  return wanted.size();
}

static void write_block(const std::string& bytes) {
  for (int shift = 56; shift >= 0; shift -= 8) std::putchar(static_cast<int>(bytes.size() >> shift & 0xFF));
  std::fwrite(bytes.data(), 1, bytes.size(), stdout);
}

static int stream(std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    promlite::Registry registry;
    test::Expected expected;
    test::GeneratedRegistry(registry, expected, seed).fill();
    for (const std::string& block : {expected.json(), promlite::to_text(registry),
                                     promlite::to_openmetrics(registry), promlite::to_protobuf(registry)}) {
      write_block(block);
    }
  }
  return 0;
}

static int lint() {
  std::string text;
  for (int c; (c = std::getchar()) != EOF;) text += static_cast<char>(c);
  for (const auto& problem : promlite::lint(std::string_view(text))) {
    std::printf("%s\t%s\n", problem.metric.c_str(), problem.text.c_str());
  }
  return 0;
}

int main(int argc, char** argv) {
  const auto number = [&](int at) { return std::strtoull(argv[at], nullptr, 10); };
  if (argc == 4 && std::string_view(argv[1]) == "stream") return stream(number(2), number(3));
  if (argc == 2 && std::string_view(argv[1]) == "lint") return lint();
  const reliability::Size size(argc, argv);
  const std::uint64_t seed = argc > 2 ? number(2) : 1;
  const std::uint64_t registries = size.of<std::uint64_t>(3'000, 100'000, 1'000'000);
  std::uint64_t samples = 0;
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < registries; ++i) samples += check(seed + i);
  const double seconds = reliability::seconds_since(start);
  std::printf(
      "%llu registries with %llu samples, seeds from %llu: text, OpenMetrics and protobuf are read and say "
      "what was "
      "put in; %.0f registries a second\n",
      static_cast<unsigned long long>(registries), static_cast<unsigned long long>(samples),
      static_cast<unsigned long long>(seed), static_cast<double>(registries) / seconds);
}
