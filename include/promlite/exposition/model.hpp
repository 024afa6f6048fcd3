// promlite: what a parsed exposition holds.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPOSITION_MODEL_HPP
#define PROMLITE_EXPOSITION_MODEL_HPP

#include <promlite/config.hpp>
#include <promlite/encoder.hpp>

#include <optional>
#include <string>
#include <vector>

namespace promlite {
inline namespace PROMLITE_ABI {

/// A label, unescaped.
struct ParsedLabel {
  std::string name;
  std::string value;

  friend bool operator==(const ParsedLabel& a, const ParsedLabel& b) noexcept {
    return a.name == b.name && a.value == b.value;
  }
};

/// An example of what a counter or a bucket counts (OpenMetrics only).
struct ParsedExemplar {
  std::vector<ParsedLabel> labels;
  double value = 0;
  std::optional<double> timestamp;  ///< seconds since the Unix epoch
};

/// One line with a value.
struct ParsedSample {
  std::string name;                 ///< as written: with `_total`, `_bucket`, `_sum` ...
  std::vector<ParsedLabel> labels;  ///< in the order of the line; no name stands twice
  double value = 0;
  std::optional<double> timestamp;  ///< seconds since the Unix epoch, in both formats
  std::optional<ParsedExemplar> exemplar;
};

/// What stands under one name in the metadata.
struct ParsedFamily {
  /// As in the metadata: a counter's ends in `_total` in the text format, and does not in OpenMetrics.
  std::string name;
  std::string help;  ///< unescaped; empty when there is none
  std::string unit;  ///< OpenMetrics only
  MetricType type = MetricType::untyped;
  std::vector<ParsedSample> samples;  ///< in the order of their lines
};

/// A whole exposition, in the order of its families' first lines.
struct Exposition {
  std::vector<ParsedFamily> families;
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPOSITION_MODEL_HPP
