// promlite: random registries, and what readers must find in each.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_GENERATED_REGISTRY_HPP
#define PROMLITE_TESTS_SUPPORT_GENERATED_REGISTRY_HPP

#include <promlite/core.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "concurrency/harness.hpp"
#include "support/expected_exposition.hpp"
#include "support/utf8_reference.hpp"

namespace test {

/// Fills a registry by a seed. No name is in two registries of different seeds, but those of the library's
/// own metrics.
class GeneratedRegistry {
 public:
  GeneratedRegistry(promlite::Registry& registry, Expected& expected, std::uint64_t seed)
      : registry_(registry), expected_(expected), random_(seed), prefix_("r" + std::to_string(seed)) {}

  void fill() {
    for (int left = random_.below(5); left >= 0; --left) add_family();
    own_metrics();
  }

 private:
  /// Any bytes, or what would end a label value or a line.
  std::string any_text() {
    static const std::array<std::string, 16> hostile = {"\"} 1\nevil 1",
                                                        "\\",
                                                        "\\n",
                                                        "\n# EOF\n",
                                                        "\xED\xA0\x80",
                                                        "\xE2\x82",
                                                        "",
                                                        "{}",
                                                        "\\\"",
                                                        "x\\",
                                                        "\n# TYPE evil counter\nevil 1\n",
                                                        "\xEF\xBB\xBF",
                                                        "e\xCC\x81",
                                                        "\xF4\x90\x80\x80",
                                                        " a ",
                                                        "\xF0\x9F\x98\x80"};
    if (random_.below(4) == 0) return hostile[static_cast<std::size_t>(random_.below(16))];
    std::string made;
    for (int left = random_.below(random_.below(50) == 0 ? 2000 : 12); left > 0; --left) {
      made += static_cast<char>(random_.below(random_.below(3) == 0 ? 256 : 128));
    }
    return made;
  }
  /// Of a look-up in `family`.
  std::string label(const std::string& family) {
    std::string made = any_text();
    if (!is_utf8(made)) repaired_.push_back(family);
    return made;
  }
  /// What is declared has to be UTF-8.
  std::string utf8() { return repaired_utf8(any_text()); }
  std::string help() {
    std::string made = utf8();
    // Carriage returns are taken out of help texts, and readers skip blanks before them.
    made.erase(std::remove(made.begin(), made.end(), '\r'), made.end());
    return made;
  }

  double number() {
    static const std::array<double, 16> special = {0.0,
                                                   -0.0,
                                                   1,
                                                   -1,
                                                   0.1 + 0.2,
                                                   1e6,
                                                   1e21,
                                                   1e-5,
                                                   5e-324,
                                                   2.2250738585072014e-308,
                                                   9007199254740993.0,
                                                   1.7976931348623157e308,
                                                   -1.7976931348623157e308,
                                                   std::numeric_limits<double>::infinity(),
                                                   -std::numeric_limits<double>::infinity(),
                                                   std::numeric_limits<double>::quiet_NaN()};
    switch (random_.below(5)) {
      case 0:
        return special[static_cast<std::size_t>(random_.below(16))];
      case 1:
        return 0.25 * random_.below(2000);
      case 2:
        return -0.1 * random_.below(100);
      case 3:
        return std::ldexp(1 + random_.below(4), random_.below(2100) - 1075);
      default: {
        const std::uint64_t bits = random_.next();
        double value = 0;
        std::memcpy(&value, &bits, sizeof value);
        return value;
      }
    }
  }

  std::string next_name() {
    static const std::array<const char*, 12> ends = {
        "",    "",    "",       "_seconds", "_bytes", "_ratio", "_milliseconds",
        "_aB", "_ms", "_gauge", "_percent", "_x"};
    return prefix_ + "_f" + std::to_string(families_++) + ends[static_cast<std::size_t>(random_.below(12))];
  }

  /// A family without series is not shown.
  void add_family() {
    const std::string name = next_name(), text = help();
    const int series = random_.below(4);
    switch (random_.below(10)) {
      case 0:
        return counters(name + "_total", text, series);
      case 1:
        return integers(name + "_total", text, series);
      case 2:
        return gauges(name, text, series);
      case 3:
        return signed_integers(name, text);
      case 4:
        return histograms(name, text, series);
      case 5:
        return summaries(name, text, series);
      case 6:
        return info(name, text);
      case 7:
        return states(name, text, series);
      case 8:
        return natives(name + "_native", text, series);
      default:
        return other_names(name, text);
    }
  }

  void counters(const std::string& name, const std::string& text, int series) {
    const auto family = registry_.counter(promlite::runtime_name(name), text, {"b", "i", "a"});
    if (series > 0) expected_.family(name, "counter", text);
    for (int i = 0; i < series; ++i) {
      const Pairs labels = {{"b", label(name)}, {"i", std::to_string(i)}, {"a", ""}};
      const double given = number();
      const auto counter = family.with(labels[0].second, i, "");
      if (random_.below(3) == 0) {
        counter.inc(given, {{"trace", "ab12"}});
      } else {
        counter.inc(given);
      }
      const bool refused = !(given >= 0) || std::isinf(given);
      if (refused) refused_.push_back(name);
      expected_.sample(name, labels, refused ? 0 : given);
    }
  }

  void integers(const std::string& name, const std::string& text, int series) {
    const auto family = registry_.counter<std::uint64_t>(promlite::runtime_name(name), text, {"i"});
    if (series > 0) expected_.family(name, "counter", text);
    for (int i = 0; i < series; ++i) {
      const std::uint64_t value = random_.next() >> random_.below(64);
      family.with(i).inc(value);
      expected_.sample(name, {{"i", std::to_string(i)}}, static_cast<double>(value));
    }
  }

  void gauges(const std::string& name, const std::string& text, int series) {
    static const std::array<const char*, 4> names = {"a", "b_c", "aB", "quantile"};
    const char* const other = names[static_cast<std::size_t>(random_.below(4))];
    const auto family =
        registry_.gauge(promlite::runtime_name(name), text, {"i", promlite::runtime_name(other)});
    if (series > 0) expected_.family(name, "gauge", text);
    for (int i = 0; i < series; ++i) {
      const std::string value = std::strcmp(other, "quantile") == 0 ? "0.5" : label(name);
      const double given = number();
      family.with(i, value).set(given);
      expected_.sample(name, {{"i", std::to_string(i)}, {other, value}}, given);
    }
  }

  void signed_integers(const std::string& name, const std::string& text) {
    const auto value = static_cast<std::int64_t>(random_.next()) >> random_.below(64);
    registry_.gauge<std::int64_t>(promlite::runtime_name(name), text).set(value);
    expected_.family(name, "gauge", text);
    expected_.sample(name, {}, static_cast<double>(value));
  }

  /// Observes; what is refused is left out.
  template <class Observer>
  std::vector<double> observations(const Observer& observer, const std::string& name) {
    std::vector<double> taken;
    for (int left = random_.below(8); left > 0; --left) {
      const double given = number();
      observer.observe(given);
      std::isnan(given) ? refused_.push_back(name) : taken.push_back(given);
    }
    return taken;
  }

  std::vector<double> bounds() {
    static const std::array<std::vector<double>, 5> some = {std::vector<double>{1, 2},
                                                            {-1000, -1, 0, 0.001, 0.5, 2, 100, 1e10},
                                                            {0.1, 0.25, 1e6},
                                                            {0},
                                                            {1e-300, 1.5e300}};
    return some[static_cast<std::size_t>(random_.below(5))];
  }

  void histograms(const std::string& name, const std::string& text, int series) {
    const std::vector<double> at = bounds();
    const auto family =
        registry_.histogram(promlite::runtime_name(name), text, {"a", "i"}, promlite::buckets(at));
    if (series > 0) expected_.family(name, "histogram", text);
    for (int i = 0; i < series; ++i) {
      const Pairs labels = {{"a", label(name)}, {"i", std::to_string(i)}};
      expected_.histogram(name, labels, at, observations(family.with(labels[0].second, i), name));
    }
  }
  void natives(const std::string& name, const std::string& text, int series) {
    const std::vector<double> at = bounds();
    const auto family =
        registry_.native_histogram(promlite::runtime_name(name), text, {"a", "i"}, promlite::buckets(at));
    if (series > 0) expected_.family(name, "histogram", text);
    for (int i = 0; i < series; ++i) {
      const Pairs labels = {{"a", label(name)}, {"i", std::to_string(i)}};
      expected_.histogram(name, labels, at, observations(family.with(labels[0].second, i), name));
    }
  }

  void summaries(const std::string& name, const std::string& text, int series) {
    const auto family = registry_.summary(promlite::runtime_name(name), text, {"a", "i"},
                                          promlite::quantiles({0.5, 0.9, 0, 1}));
    if (series > 0) expected_.family(name, "summary", text);
    for (int i = 0; i < series; ++i) {
      const Pairs labels = {{"a", label(name)}, {"i", std::to_string(i)}};
      const auto summary = family.with(labels[0].second, i);
      std::vector<double> taken;
      for (int left = random_.below(8); left > 0; --left) {
        taken.push_back(0.015625 * random_.below(100'000));
        summary.observe(taken.back());
      }
      expected_.summary(name, labels, {0, 500, 900, 1000}, taken);
    }
  }

  void info(const std::string& name, const std::string& text) {
    const std::string one = utf8(), other = utf8();
    registry_.info(promlite::runtime_name(name), text, {{"a", one}, {"version", other}});
    expected_.family(name + "_info", "gauge", text, "info");
    Pairs labels;  // an empty value is left out
    if (!one.empty()) labels.emplace_back("a", one);
    if (!other.empty()) labels.emplace_back("version", other);
    expected_.sample(name + "_info", labels, 1);
  }

  void states(const std::string& name, const std::string& text, int series) {
    const std::string odd = "odd " + utf8();
    const auto family =
        registry_.stateset(promlite::runtime_name(name), text, {"off", "on", odd}, {"a", "i"});
    if (series > 0) expected_.family(name, "gauge", text, "stateset");
    const std::array<std::string, 3> names = {"off", "on", odd};
    for (int i = 0; i < series; ++i) {
      const Pairs labels = {{"a", label(name)}, {"i", std::to_string(i)}};
      const std::string& active = names[static_cast<std::size_t>(random_.below(3))];
      family.with(labels[0].second, i).set(active);
      for (const std::string& state : names) {
        expected_.sample(name, test::with(labels, name.c_str(), state), state == active ? 1 : 0);
      }
    }
  }

  /// Names that the readers of today get with underscores.
  void other_names(const std::string& name, const std::string& text) {
    registry_
        .gauge(promlite::runtime_name(name + ".free-\xE2\x82\xAC"), text,
               {promlite::runtime_name("mount.point")}, promlite::utf8_names())
        .with("/")
        .set(12);
    expected_.family(name + "_free__", "gauge", text);
    expected_.sample(name + "_free__", {{"mount_point", "/"}}, 12);
  }

  /// What went wrong is counted, by family.
  void own_metrics() {
    own("promlite_refused_updates_total", "Updates with a value that the metric cannot take.", refused_);
    own("promlite_repaired_label_values_total", "Look-ups with a label value that was not UTF-8.", repaired_);
  }
  void own(const char* name, const char* text, std::vector<std::string> families) {
    if (families.empty()) return;
    expected_.family(name, "counter", text);
    std::sort(families.begin(), families.end());
    for (auto at = families.begin(); at != families.end();) {
      const auto end = std::upper_bound(at, families.end(), *at);
      expected_.sample(name, {{"family", *at}}, static_cast<double>(end - at));
      at = end;
    }
  }

  promlite::Registry& registry_;
  Expected& expected_;
  Random random_;
  std::string prefix_;
  int families_ = 0;
  std::vector<std::string> refused_, repaired_;  // the family of each
};

}  // namespace test

#endif  // PROMLITE_TESTS_SUPPORT_GENERATED_REGISTRY_HPP
