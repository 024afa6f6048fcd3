// promlite: the types of a flag's value: how they are read, and how --help shows them.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_FLAG_VALUE_HPP
#define PROMLITE_EXPORTER_FLAG_VALUE_HPP

#include <promlite/config.hpp>
#include <promlite/detail/number.hpp>
#include <promlite/detail/parse_number.hpp>
#include <promlite/error.hpp>
#include <promlite/exporter/duration.hpp>

#include <charconv>
#include <chrono>
#include <limits>
#include <string>
#include <type_traits>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// For each type that a flag may have: `placeholder`, what stands for a value in --help; show(), a value as
/// it is written; read(), which returns what is wrong with the text, or nothing.
template <class T, class = void>
struct FlagValue {
  static_assert(
      !std::is_same_v<T, T>,
      "a flag is a std::string, a bool, a number, a std::chrono::duration or a std::vector<std::string>");
};

template <>
struct FlagValue<std::string> {
  static constexpr const char* placeholder = "TEXT";
  static std::string show(const std::string& value) { return value; }
  static std::string read(const std::string& text, std::string& value) {
    value = text;
    return {};
  }
};

template <>
struct FlagValue<bool> {
  static constexpr const char* placeholder = "";
  static std::string show(bool value) { return value ? "on" : "off"; }
  static std::string read(const std::string& text, bool& value) {
    if (text != "true" && text != "false") return message_of("\"", text, "\" is neither true nor false");
    value = text == "true";
    return {};
  }
};

template <class T>
struct FlagValue<T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>> {
  static constexpr const char* placeholder = "NUMBER";
  static std::string show(T value) { return std::to_string(value); }
  static std::string read(const std::string& text, T& value) {
    const char* const end = text.data() + text.size();
    T number{};
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end) {
      return message_of("\"", text, "\" is not a whole number from ", show(std::numeric_limits<T>::min()),
                        " to ", show(std::numeric_limits<T>::max()));
    }
    value = number;
    return {};
  }
};

template <class T>
struct FlagValue<T, std::enable_if_t<std::is_floating_point_v<T>>> {
  static constexpr const char* placeholder = "NUMBER";
  static std::string show(T value) {
    char text[max_number_chars];
    return std::string(text, write_number(text, static_cast<double>(value)));
  }
  static std::string read(const std::string& text, T& value) {
    double number = 0;
    constexpr auto most = static_cast<double>(std::numeric_limits<T>::max());
    if (parse_number(text, number) != NumberProblem::none || !is_finite(number) || number > most ||
        number < -most) {
      return message_of("\"", text, "\" is not a number, or too large");
    }
    value = static_cast<T>(number);
    return {};
  }
};

template <class Rep, class Period>
struct FlagValue<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;
  static constexpr const char* placeholder = "DURATION";
  static std::string show(Duration value) {
    return format_duration(std::chrono::duration_cast<std::chrono::nanoseconds>(value));
  }
  static std::string read(const std::string& text, Duration& value) {
    const auto parsed = parse_duration(text);
    if (!parsed) return message_of("\"", text, "\" is not a duration such as 500ms, 10s or 1m30s");
    const auto rounded = std::chrono::duration_cast<Duration>(*parsed);
    if (std::is_integral_v<Rep> && rounded != *parsed) {
      return message_of("\"", text, "\" is not a multiple of ", show(Duration(1)), ", or too long");
    }
    value = rounded;
    return {};
  }
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_FLAG_VALUE_HPP
