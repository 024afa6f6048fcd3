// system_exporter: what is mounted where, from /proc/PID/mounts. Pure functions.
// SPDX-License-Identifier: MIT
#ifndef SYSTEM_EXPORTER_MOUNTS_HPP
#define SYSTEM_EXPORTER_MOUNTS_HPP

#include "text.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace system_exporter {

struct Mount {
  std::string device;
  std::string point;
  std::string type;
  bool read_only = false;
};

/// Blanks, newlines, backslashes and "#" stand as a backslash and three octal digits (fstab(5)).
inline std::string unescape_mount(std::string_view text) {
  const auto octal = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && octal(i + 1) && text[i + 1] <= '3' && octal(i + 2) &&
        octal(i + 3)) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

/// Whether `option` is one of "rw,nosuid,relatime".
inline bool has_option(std::string_view options, std::string_view option) {
  while (!options.empty()) {
    const std::size_t comma = options.find(',');
    if (options.substr(0, comma) == option) return true;
    options.remove_prefix(comma == std::string_view::npos ? options.size() : comma + 1);
  }
  return false;
}

/// Lines "DEVICE POINT TYPE OPTIONS 0 0". Of what is mounted on one point only the last can be seen, so each
/// point is there once.
inline Reading<std::vector<Mount>> parse_mounts(std::string_view text) {
  Reading<std::vector<Mount>> reading;
  std::unordered_map<std::string, std::size_t> places;
  for (std::string_view line; take_line(text, line);) {
    Mount mount;
    mount.device = unescape_mount(take_word(line));
    mount.point = unescape_mount(take_word(line));
    mount.type = unescape_mount(take_word(line));
    const std::string_view options = take_word(line);
    mount.read_only = has_option(options, "ro");
    if (mount.point.substr(0, 1) != "/" || mount.point.find('\0') != std::string::npos || options.empty()) {
      reading.add_problem("the line of " + quote(mount.device) + " cannot be read");
      continue;
    }
    const auto [place, first] = places.emplace(mount.point, reading.value.size());
    if (first) {
      reading.value.push_back(std::move(mount));
    } else {
      reading.value[place->second] = std::move(mount);
    }
  }
  return reading;
}

}  // namespace system_exporter

#endif  // SYSTEM_EXPORTER_MOUNTS_HPP
