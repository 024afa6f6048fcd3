// log_exporter: what is counted for one file.
// SPDX-License-Identifier: MIT
#ifndef LOG_EXPORTER_COUNTS_HPP
#define LOG_EXPORTER_COUNTS_HPP

#include "level.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace log_exporter {

/// How a path came to be another file.
enum class Rotation { rename, truncate, recreate };

/// The label values, in the order of the enumerators.
inline constexpr std::array<std::string_view, 3> rotation_names = {"rename", "truncate", "recreate"};

struct Counts {
  std::array<std::uint64_t, level_count> lines{};  ///< by Level
  std::vector<std::uint64_t> matches;              ///< by the place of the expression
  std::uint64_t long_lines = 0;
  std::uint64_t bytes = 0;                                       ///< of all lines
  std::array<std::uint64_t, rotation_names.size()> rotations{};  ///< by Rotation

  std::uint64_t& of(Level level) noexcept { return lines[static_cast<std::size_t>(level)]; }
  std::uint64_t& of(Rotation kind) noexcept { return rotations[static_cast<std::size_t>(kind)]; }
};

}  // namespace log_exporter

#endif  // LOG_EXPORTER_COUNTS_HPP
