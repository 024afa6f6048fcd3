// promlite: writes what was read, so that it can be read again.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_FUZZ_REWRITE_HPP
#define PROMLITE_TESTS_FUZZ_REWRITE_HPP

#include <promlite/detail/sort.hpp>
#include <promlite/exposition/model.hpp>
#include <promlite/labels.hpp>

#include <cmath>
#include <string>
#include <vector>

#include "support/show_exposition.hpp"

namespace fuzz {

/// A quoted name is right wherever a bare one is.
inline std::string quoted(const std::string& name) {
  std::string out = "\"";
  promlite::detail::append_escaped_label_value(out, name);
  return out + "\"";
}

inline std::string labels_of(const std::vector<promlite::ParsedLabel>& labels, std::string out) {
  for (const auto& label : labels) {
    out += (out.empty() ? "" : ",") + quoted(label.name) + "=" + quoted(label.value);
  }
  return "{" + out + "}";
}

inline std::string help_line(const promlite::ParsedFamily& family, bool escape_quotes) {
  std::string help;
  promlite::detail::append_escaped_label_value(help, family.help);
  if (!escape_quotes) {
    std::string plain;
    for (std::size_t i = 0; i < help.size(); ++i) {
      if (help[i] == '\\' && help[i + 1] == '"') continue;
      plain += help[i];
      if (help[i] == '\\') plain += help[++i];
    }
    help = plain;
  }
  return "# HELP " + quoted(family.name) + " " + help + "\n";
}

/// For the text format: a family whose name is that of another and a suffix comes before it, since behind it
/// its samples would be that other's.
inline std::string as_text(promlite::Exposition& exposition) {
  auto& families = exposition.families;
  // Not std::stable_sort: clang++ 19 calls libstdc++ 12's deprecated.
  promlite::detail::stable_sort(families,
                                [](const auto& a, const auto& b) { return a.name.size() > b.name.size(); });
  std::string out;
  for (auto& family : families) {
    // Blanks before a help text are no part of it, so one that begins with blanks cannot be.
    out += help_line(family, false);
    out += "# TYPE " + quoted(family.name) + " " + promlite::detail::type_name(family.type) + "\n";
    for (auto& sample : family.samples) {
      out += labels_of(sample.labels, quoted(sample.name)) + " " + test::show(sample.value);
      // Milliseconds far from our time are more than a double counts.
      if (sample.timestamp && std::fabs(*sample.timestamp) > 1e12) sample.timestamp.reset();
      if (sample.timestamp) out += " " + std::to_string(std::llround(*sample.timestamp * 1000));
      out += "\n";
    }
  }
  return out;
}

inline std::string as_openmetrics(const promlite::Exposition& exposition) {
  const auto at = [](const auto& timestamp) {
    return timestamp ? " " + test::show(*timestamp) : std::string();
  };
  std::string out;
  for (const auto& family : exposition.families) {
    const std::string type = promlite::detail::type_name(family.type);
    out += "# TYPE " + quoted(family.name) + " " +
           (type == "untyped"           ? "unknown"
            : type == "gauge_histogram" ? "gaugehistogram"
                                        : type) +
           "\n";
    out += "# UNIT " + quoted(family.name) + " " + family.unit + "\n" + help_line(family, true);
    for (const auto& sample : family.samples) {
      out += labels_of(sample.labels, quoted(sample.name)) + " " + test::show(sample.value) +
             at(sample.timestamp);
      if (sample.exemplar) {
        out += " # " + labels_of(sample.exemplar->labels, "") + " " + test::show(sample.exemplar->value) +
               at(sample.exemplar->timestamp);
      }
      out += "\n";
    }
  }
  return out + "# EOF\n";
}

}  // namespace fuzz

#endif  // PROMLITE_TESTS_FUZZ_REWRITE_HPP
