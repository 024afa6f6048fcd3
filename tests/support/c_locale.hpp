// promlite: the C library's conversions of numbers, in the C locale whatever the program's.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_C_LOCALE_HPP
#define PROMLITE_TESTS_SUPPORT_C_LOCALE_HPP

#include <clocale>
#include <cstdlib>
#include <string>

namespace test {

/// The C locale's numbers for as long as this lives.
class CLocale {
 public:
  CLocale() : before_(std::setlocale(LC_NUMERIC, nullptr)) { std::setlocale(LC_NUMERIC, "C"); }
  CLocale(const CLocale&) = delete;
  CLocale& operator=(const CLocale&) = delete;
  ~CLocale() { std::setlocale(LC_NUMERIC, before_.c_str()); }

 private:
  const std::string before_;
};

/// The number at the beginning of `text`.
inline double parsed(const std::string& text) {
  const CLocale locale;
  return std::strtod(text.c_str(), nullptr);
}

}  // namespace test

#endif  // PROMLITE_TESTS_SUPPORT_C_LOCALE_HPP
