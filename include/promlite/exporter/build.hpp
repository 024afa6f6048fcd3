// promlite: what a program was compiled by.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_BUILD_HPP
#define PROMLITE_EXPORTER_BUILD_HPP

#include <promlite/config.hpp>

#include <string>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// "gcc 12.2" or "clang 19.1".
PROMLITE_COLD inline std::string compiler_name() {
#if defined(__clang__)
  return "clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__);
#elif defined(__GNUC__)
  return "gcc " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__);
#else
  return "unknown";
#endif
}

/// "17" for C++17. A standard that a compiler knows in part only already has a number of its own.
PROMLITE_COLD inline std::string cxx_standard() {
  return __cplusplus <= 201703L ? "17" : __cplusplus <= 202002L ? "20" : __cplusplus <= 202302L ? "23" : "26";
}

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_BUILD_HPP
