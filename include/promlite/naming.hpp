// promlite: which names are allowed, and why not.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_NAMING_HPP
#define PROMLITE_NAMING_HPP

#include <promlite/config.hpp>

#include <cstddef>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

// By code unit, never by the C locale: `größe` must not become a name in a German locale.
constexpr bool is_name_start(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_name_char(char c) noexcept { return is_name_start(c) || (c >= '0' && c <= '9'); }

constexpr bool starts_with(std::string_view text, std::string_view prefix) noexcept {
  return text.size() >= prefix.size() && text.substr(0, prefix.size()) == prefix;
}
constexpr bool ends_with(std::string_view text, std::string_view suffix) noexcept {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

/// What becomes of a rule that a name breaks: its text.
struct AsText {
  constexpr const char* operator()(const char* rule) const noexcept { return rule; }
};

/// Whether a name may hold a colon: only what comes from elsewhere, through a collector.
enum class Colons : bool { refused, allowed };

/// Why `name` is no metric name (text format 0.0.4: `[a-zA-Z_:][a-zA-Z0-9_:]*`), or null when it is one.
template <class Tell = AsText>
constexpr const char* metric_name_problem(std::string_view name, Colons colons, Tell tell = Tell()) noexcept {
  if (name.empty()) return tell("a metric name must not be empty");
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == ':' && colons == Colons::allowed) continue;
    if (c == ':') return tell("a colon is reserved for recording rules");
    if (i == 0 ? !is_name_start(c) : !is_name_char(c))
      return tell("a metric name must match [a-zA-Z_][a-zA-Z0-9_]*");
  }
  if (starts_with(name, "__")) return tell("names that begin with two underscores are reserved");
  return nullptr;
}

/// Why `name` is no label name (`[a-zA-Z_][a-zA-Z0-9_]*`, not beginning with `__`), or null when it is one.
template <class Tell = AsText>
constexpr const char* label_name_problem(std::string_view name, Tell tell = Tell()) noexcept {
  if (name.empty()) return tell("a label name must not be empty");
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (i == 0 ? !is_name_start(name[i]) : !is_name_char(name[i])) {
      return tell("a label name must match [a-zA-Z_][a-zA-Z0-9_]*");
    }
  }
  if (starts_with(name, "__")) return tell("label names that begin with two underscores are reserved");
  return nullptr;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_NAMING_HPP
