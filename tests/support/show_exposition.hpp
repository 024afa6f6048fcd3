// promlite: a parsed exposition as text, in a form that a test can compare.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_SHOW_EXPOSITION_HPP
#define PROMLITE_TESTS_SUPPORT_SHOW_EXPOSITION_HPP

#include <promlite/desc.hpp>
#include <promlite/exposition/model.hpp>
#include <promlite/labels.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace test {

inline std::string show(double value) {
  char text[promlite::detail::max_number_chars];
  return std::string(text, promlite::detail::write_number(text, value));
}

inline std::string show(const std::vector<promlite::ParsedLabel>& labels) {
  std::string out;
  for (const auto& label : labels) promlite::detail::append_label(out, label.name, label.value);
  return "{" + out + "}";
}

/// A line each: `type name [unit] help`, ` name{labels} value [@seconds] [# {labels} value [@seconds]]`.
inline std::string show(const promlite::Exposition& exposition) {
  const auto at = [](const auto& timestamp) { return timestamp ? " @" + show(*timestamp) : std::string(); };
  std::string out;
  for (const auto& family : exposition.families) {
    out += std::string(promlite::detail::type_name(family.type)) + " " + family.name;
    if (!family.unit.empty()) out += " [" + family.unit + "]";
    out += (family.help.empty() ? "" : " " + family.help) + "\n";
    for (const auto& sample : family.samples) {
      out += " " + sample.name + show(sample.labels) + " " + show(sample.value) + at(sample.timestamp);
      if (sample.exemplar) {
        out += " # " + show(sample.exemplar->labels) + " " + show(sample.exemplar->value) +
               at(sample.exemplar->timestamp);
      }
      out += "\n";
    }
  }
  return out;
}

}  // namespace test

#endif  // PROMLITE_TESTS_SUPPORT_SHOW_EXPOSITION_HPP
