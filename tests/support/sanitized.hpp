// promlite: which sanitizer a test is built with: they bring a malloc, an operator new and memory of their
// own. SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_SANITIZED_HPP
#define PROMLITE_TESTS_SUPPORT_SANITIZED_HPP

// g++ defines a macro of each, clang++ has a feature of each.
#if defined(__has_feature)
#define PROMLITE_TEST_THREAD_SANITIZED __has_feature(thread_sanitizer)
#define PROMLITE_TEST_ADDRESS_SANITIZED __has_feature(address_sanitizer)
#else
#if defined(__SANITIZE_THREAD__)
#define PROMLITE_TEST_THREAD_SANITIZED 1
#else
#define PROMLITE_TEST_THREAD_SANITIZED 0
#endif
#if defined(__SANITIZE_ADDRESS__)
#define PROMLITE_TEST_ADDRESS_SANITIZED 1
#else
#define PROMLITE_TEST_ADDRESS_SANITIZED 0
#endif
#endif
#define PROMLITE_TEST_SANITIZED (PROMLITE_TEST_THREAD_SANITIZED || PROMLITE_TEST_ADDRESS_SANITIZED)

namespace test {

inline constexpr bool sanitized = PROMLITE_TEST_SANITIZED;

}  // namespace test

#endif  // PROMLITE_TESTS_SUPPORT_SANITIZED_HPP
