// promlite: how errors are told: Error for registration, Expected for input and output.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_ERROR_HPP
#define PROMLITE_ERROR_HPP

#include <promlite/config.hpp>

#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {

/// Thrown by registration and by constructors that cannot do what they were asked to;
/// what() names the thing and the reason. Updates never throw.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {

/// Throws Error, or prints the message and aborts where exceptions are switched off.
[[noreturn]] PROMLITE_COLD inline void fail(const std::string& message) {
#if PROMLITE_HAS_EXCEPTIONS
  throw Error(message);
#else
  std::fprintf(stderr, "promlite: %s\n", message.c_str());
  std::abort();
#endif
}

[[noreturn]] PROMLITE_COLD inline void throw_bad_alloc() {
#if PROMLITE_HAS_EXCEPTIONS
  throw std::bad_alloc();
#else
  std::fputs("promlite: out of memory\n", stderr);
  std::abort();
#endif
}

PROMLITE_COLD inline std::string join(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text.append(part);
  return text;
}

/// Joins the parts of a message; each is anything that a std::string_view can be made from.
template <class... Parts>
std::string message_of(const Parts&... parts) {
  return join({std::string_view(parts)...});
}

}  // namespace detail

/// A value, or the reason why there is none. Tests true when there is a value.
template <class T>
class [[nodiscard]] Expected {
 public:
  Expected(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor): return value;
  static Expected failure(std::string message) { return Expected(Failure{}, std::move(message)); }

  explicit operator bool() const noexcept { return value_.has_value(); }
  /// The reason; empty when there is a value.
  const std::string& message() const noexcept { return message_; }

  /// The value; undefined when there is none.
  T& operator*() noexcept { return *value_; }
  const T& operator*() const noexcept { return *value_; }
  T* operator->() noexcept { return &*value_; }
  const T* operator->() const noexcept { return &*value_; }

 private:
  struct Failure {};
  Expected(Failure, std::string message) : message_(std::move(message)) {}

  std::optional<T> value_;
  std::string message_;
};

/// Success, or the reason for a failure. Tests true on success.
template <>
class [[nodiscard]] Expected<void> {
 public:
  Expected() = default;
  static Expected failure(std::string message) {
    Expected result;
    result.failed_ = true;
    result.message_ = std::move(message);
    return result;
  }

  explicit operator bool() const noexcept { return !failed_; }
  /// The reason; empty on success.
  const std::string& message() const noexcept { return message_; }

 private:
  bool failed_ = false;
  std::string message_;
};

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_ERROR_HPP
