// promlite: what --help says about a command line of CLI11.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_HELP_HPP
#define PROMLITE_EXPORTER_HELP_HPP

#include <promlite/config.hpp>
#include <promlite/detail/sort.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

constexpr std::size_t help_width = 80;
constexpr std::size_t help_indent = 32;  ///< of what a flag is for

/// `text` broken at blanks, behind `head`.
PROMLITE_COLD inline void append_help(std::string& out, const std::string& head, std::string_view text) {
  out += head;
  std::size_t column = head.size();
  const auto next_line = [&] {
    out += '\n';
    out.append(help_indent, ' ');
    column = help_indent;
  };
  if (column + 2 > help_indent) {
    next_line();
  } else {
    out.append(help_indent - column, ' ');
    column = help_indent;
  }
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (column > help_indent && column + 1 + word.size() > help_width) next_line();
    if (column > help_indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  out += '\n';
}

/// The flag as it is written: "  -h, --help", "  --[no-]web.live-page", "  --web.listen-address=ADDRESS ...".
PROMLITE_COLD inline std::string help_head(const CLI::Option& option, bool repeatable) {
  std::string head = "  ";
  for (const std::string& letter : option.get_snames()) head += "-" + letter + ", ";
  const std::vector<std::string>& names = option.get_lnames();
  if (!names.empty()) {
    const bool negatable = std::find(names.begin(), names.end(), "no-" + names[0]) != names.end();
    head += (negatable ? "--[no-]" : "--") + names[0];
  }
  if (option.get_items_expected_max() > 0) head += "=" + option.get_type_name();
  return head + (repeatable || option.get_items_expected_max() > 1 ? " ..." : "");
}

/// Where a group stands: those of the program itself come first, in the order in which they were made.
inline int help_rank(const std::string& group) {
  return group == "collector" ? 1 : group == "web" ? 2 : group == "log" ? 3 : group == "Options" ? 4 : 0;
}

/// All flags by groups, with their defaults.
PROMLITE_COLD inline std::string help_text(const CLI::App& app,
                                           const std::vector<const CLI::Option*>& repeatable) {
  std::string text = "Usage: " + app.get_name() + " [--FLAG=VALUE | --FLAG VALUE]...\n";
  if (!app.get_description().empty()) text += "\n" + app.get_description() + "\n";
  std::vector<std::string> groups = app.get_groups();
  stable_sort(groups, [](const std::string& a, const std::string& b) { return help_rank(a) < help_rank(b); });
  for (const std::string& group : groups) {
    if (group.empty()) continue;  // hidden
    std::string title = group == "collector" ? "Collectors" : group;
    if (title[0] >= 'a' && title[0] <= 'z') title[0] = static_cast<char>(title[0] - ('a' - 'A'));
    text += "\n" + title + ":\n";
    for (const CLI::Option* const option : app.get_options()) {
      if (option->get_group() != group) continue;
      const std::string& shown = option->get_default_str();
      const bool again = std::find(repeatable.begin(), repeatable.end(), option) != repeatable.end();
      append_help(text, help_head(*option, again),
                  option->get_description() + (shown.empty() ? "" : " (default: " + shown + ")"));
    }
  }
  return text;
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_HELP_HPP
