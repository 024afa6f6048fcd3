// promlite: what nearly every test includes, read once for all of them where they are compiled in batches.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_PRECOMPILED_HPP
#define PROMLITE_TESTS_SUPPORT_PRECOMPILED_HPP

#include <promlite/core.hpp>
#include <promlite/testing.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#endif  // PROMLITE_TESTS_SUPPORT_PRECOMPILED_HPP
