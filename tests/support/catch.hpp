// promlite: Catch2, whichever of versions 2 and 3 is installed.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_CATCH_HPP
#define PROMLITE_TESTS_SUPPORT_CATCH_HPP

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Matchers::ContainsSubstring;
#else
#include <catch2/catch.hpp>
inline auto ContainsSubstring(const std::string& text) { return Catch::Matchers::Contains(text); }
#endif

#endif  // PROMLITE_TESTS_SUPPORT_CATCH_HPP
