// promlite: what an action says when it fails.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_ERROR_OF_HPP
#define PROMLITE_TESTS_SUPPORT_ERROR_OF_HPP

#include <promlite/error.hpp>

#include <string>

namespace test {

/// The message of the promlite::Error that `action` throws, or "no error".
template <class Action>
std::string error_of(Action&& action) {
  try {
    action();
  } catch (const promlite::Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace test

#endif  // PROMLITE_TESTS_SUPPORT_ERROR_OF_HPP
