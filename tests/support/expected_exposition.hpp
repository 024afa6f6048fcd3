// promlite: what readers must find in an exposition, kept apart from the library that writes it.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_EXPECTED_EXPOSITION_HPP
#define PROMLITE_TESTS_SUPPORT_EXPECTED_EXPOSITION_HPP

#include <promlite/summary.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

using Pairs = std::vector<std::pair<std::string, std::string>>;

inline std::string hex(std::string_view text) {
  static const char* const digits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    out.push_back(digits[static_cast<unsigned char>(c) >> 4]);
    out.push_back(digits[static_cast<unsigned char>(c) & 15]);
  }
  return out;
}

/// A bound or a quantile as a label value: the shortest of the C library's texts that reads back, which the
/// values used in tests have in common with Go's.
inline std::string short_text(double value) {
  if (std::isinf(value)) return "+Inf";
  char text[64];
  for (int digits = 6; digits <= 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    if (std::strtod(text, nullptr) == value) break;
  }
  return text;
}

inline Pairs with(Pairs labels, const char* name, std::string value) {
  labels.emplace_back(name, std::move(value));
  return labels;
}

/// Families as text format 0.0.4 has them, with their types in OpenMetrics; strings before any repair.
class Expected {
 public:
  struct Family {
    std::string name, type, openmetrics, help;
  };
  struct Sample {
    std::string name;
    Pairs labels;
    double value;
    double tolerance;  // relative, for what is an estimate
  };

  void family(std::string_view name, std::string_view type, std::string_view help,
              std::string_view openmetrics = {}) {
    families_.push_back({std::string(name), std::string(type),
                         std::string(openmetrics.empty() ? type : openmetrics), std::string(help)});
  }
  void sample(std::string_view name, const Pairs& labels, double value, double tolerance = 0) {
    samples_.push_back({std::string(name), labels, value, tolerance});
  }

  /// `sum`: of the values in the order in which they were observed.
  void histogram(const std::string& name, const Pairs& labels, std::vector<double> bounds,
                 const std::vector<double>& values, double sum) {
    bounds.push_back(std::numeric_limits<double>::infinity());
    for (const double bound : bounds) {
      const auto count =
          std::count_if(values.begin(), values.end(), [&](double value) { return value <= bound; });
      sample(name + "_bucket", with(labels, "le", short_text(bound)), static_cast<double>(count));
    }
    sample(name + "_sum", labels, sum);
    sample(name + "_count", labels, static_cast<double>(values.size()));
  }
  void histogram(const std::string& name, const Pairs& labels, const std::vector<double>& bounds,
                 const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    histogram(name, labels, bounds, values, sum);
  }
  void summary(const std::string& name, const Pairs& labels, const std::vector<double>& thousandths,
               std::vector<double> values) {
    double sum = 0;
    for (const double value : values) sum += value;
    std::sort(values.begin(), values.end());
    for (const double thousandth : thousandths) {
      double exact = std::numeric_limits<double>::quiet_NaN();
      if (!values.empty()) {
        const auto rank =
            static_cast<std::size_t>(std::ceil(thousandth * static_cast<double>(values.size()) / 1000));
        exact = values[std::max<std::size_t>(rank, 1) - 1];
      }
      sample(name, with(labels, "quantile", short_text(thousandth / 1000)), exact,
             promlite::Summary::relative_error);
    }
    sample(name + "_sum", labels, sum);
    sample(name + "_count", labels, static_cast<double>(values.size()));
  }

  const std::vector<Family>& families() const { return families_; }
  const std::vector<Sample>& samples() const { return samples_; }

  /// Strings as hexadecimal bytes, doubles as the hexadecimal digits of their bits.
  std::string json() const {
    std::string families, samples;
    for (const Family& family : families_) {
      add(families, "{\"name\":\"" + family.name + "\",\"type\":\"" + family.type + "\",\"openmetrics\":\"" +
                        family.openmetrics + "\",\"help\":\"" + hex(family.help) + "\"}");
    }
    for (const Sample& sample : samples_) {
      std::uint64_t bits = 0;
      std::memcpy(&bits, &sample.value, sizeof bits);
      char number[64];
      std::snprintf(number, sizeof number, "\"%016llx\",\"tolerance\":%g",
                    static_cast<unsigned long long>(bits), sample.tolerance);
      std::string pairs;
      for (const auto& [label, text] : sample.labels) add(pairs, "[\"" + label + "\",\"" + hex(text) + "\"]");
      add(samples, "{\"name\":\"" + sample.name + "\",\"labels\":[" + pairs + "],\"value\":" + number + "}");
    }
    return "{\"families\":[" + families + "],\"samples\":[" + samples + "]}\n";
  }

 private:
  static void add(std::string& list, const std::string& item) {
    if (!list.empty()) list += ",\n";
    list += item;
  }
  std::vector<Family> families_;
  std::vector<Sample> samples_;
};

}  // namespace test

#endif  // PROMLITE_TESTS_SUPPORT_EXPECTED_EXPOSITION_HPP
