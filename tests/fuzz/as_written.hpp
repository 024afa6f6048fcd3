// promlite: a parsed exposition as the library writes it, byte for byte.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_FUZZ_AS_WRITTEN_HPP
#define PROMLITE_TESTS_FUZZ_AS_WRITTEN_HPP

#include <promlite/exposition/model.hpp>

#include <cstdio>
#include <string>

#include "support/show_exposition.hpp"

namespace fuzz {

enum class Format { text, openmetrics };

inline std::string escaped_help(const std::string& help, Format format) {
  std::string out;
  for (const char c : help) {
    const bool escape = c == '\\' || (c == '"' && format == Format::openmetrics);
    out += c == '\n' ? std::string("\\n") : escape ? std::string("\\") + c : std::string(1, c);
  }
  return out;
}

/// OpenMetrics tells real numbers from counts by a point.
inline std::string real_number(double value, Format format) {
  const std::string text = test::show(value);
  const bool whole = text.find_first_of(".eIN") == std::string::npos;
  return format == Format::openmetrics && whole ? text + ".0" : text;
}

/// Seconds to the millisecond, with one digit behind the point at least.
inline std::string milliseconds(double seconds) {
  char text[64];
  std::string out(text, static_cast<std::size_t>(std::snprintf(text, sizeof text, "%.3f", seconds)));
  while (out.back() == '0' && out[out.size() - 2] != '.') out.pop_back();
  return out;
}

inline bool is_count(const promlite::ParsedFamily& family, const promlite::ParsedSample& sample) {
  using promlite::MetricType;
  const std::string suffix = sample.name.substr(family.name.size());
  return suffix == "_bucket" || suffix == "_count" || family.type == MetricType::info ||
         family.type == MetricType::stateset;
}

/// Of a registry whose names need no quotes and whose values are exact as doubles.
inline std::string as_written(const promlite::Exposition& exposition, Format format) {
  std::string out;
  for (const auto& family : exposition.families) {
    const std::string help =
        family.help.empty() ? "" : "# HELP " + family.name + " " + escaped_help(family.help, format) + "\n";
    const std::string type = "# TYPE " + family.name + " " + promlite::detail::type_name(family.type) + "\n";
    const std::string unit = family.unit.empty() ? "" : "# UNIT " + family.name + " " + family.unit + "\n";
    out += format == Format::text ? help + type : type + unit + help;
    for (const auto& sample : family.samples) {
      const std::string labels = sample.labels.empty() ? "" : test::show(sample.labels);
      const Format style = is_count(family, sample) ? Format::text : format;
      out += sample.name + labels + " " + real_number(sample.value, style);
      if (const auto& exemplar = sample.exemplar) {
        out += " # " + test::show(exemplar->labels) + " " + real_number(exemplar->value, format);
        if (exemplar->timestamp) out += " " + milliseconds(*exemplar->timestamp);
      }
      out += "\n";
    }
  }
  return format == Format::text ? out : out + "# EOF\n";
}

}  // namespace fuzz

#endif  // PROMLITE_TESTS_FUZZ_AS_WRITTEN_HPP
