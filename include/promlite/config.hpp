// promlite: what the compiler offers. No setting here changes a layout.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_CONFIG_HPP
#define PROMLITE_CONFIG_HPP

#include <promlite/version.hpp>

#if defined(_MSVC_LANG) ? _MSVC_LANG < 201703L : __cplusplus < 201703L
#error "promlite needs C++17 or newer"
#endif

#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
#define PROMLITE_HAS_EXCEPTIONS 1
#define PROMLITE_TRY try
#define PROMLITE_CATCH_ALL catch (...)
#else
#define PROMLITE_HAS_EXCEPTIONS 0
#define PROMLITE_TRY if constexpr (true)
#define PROMLITE_CATCH_ALL else
#endif

// clang++ 14 can do what is asked of it here, and does not say so.
#if defined(__cpp_consteval) || (__cplusplus >= 202002L && defined(__clang__) && __clang_major__ >= 14)
#define PROMLITE_HAS_CONSTEVAL 1
#else
#define PROMLITE_HAS_CONSTEVAL 0
#endif

#if defined(__GNUC__) || defined(__clang__)
#define PROMLITE_LIKELY(x) __builtin_expect(static_cast<bool>(x), true)
#define PROMLITE_ALWAYS_INLINE inline __attribute__((always_inline))
/// A function off the update path: never inlined, laid out and optimised for size.
#define PROMLITE_COLD __attribute__((noinline, cold))
#define PROMLITE_NOINLINE __attribute__((noinline))
#else
#define PROMLITE_LIKELY(x) static_cast<bool>(x)
#define PROMLITE_ALWAYS_INLINE inline
#define PROMLITE_COLD
#define PROMLITE_NOINLINE
#endif

#endif  // PROMLITE_CONFIG_HPP
