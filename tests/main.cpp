// promlite: the main function of every Catch2 program, where Catch2 has none compiled.
// SPDX-License-Identifier: MIT
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
