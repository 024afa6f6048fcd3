// promlite: a static object that updates metrics while it is made and while it dies.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_UNIT_STATIC_USE_USER_HPP
#define PROMLITE_TESTS_UNIT_STATIC_USE_USER_HPP

#include <promlite/core.hpp>

/// Checks, when all static objects are gone, that nothing of what they did was lost.
void check_at_the_end();

struct User {
  explicit User(const char* unit_name) : unit(unit_name) {
    check_at_the_end();
    use();
  }
  User(const User&) = delete;
  User& operator=(const User&) = delete;
  ~User() { use(); }

  void use() const {
    promlite::counter("uses_total", "Uses.", {"unit"}).with(unit).inc();
    promlite::histogram("values", "Values.", promlite::buckets({1})).observe(1);
    promlite::summary("numbers", "Numbers.", promlite::quantiles({0.5})).observe(2);
    promlite::gauge("level", "Level.").inc();
  }

  const char* unit;
};

#endif  // PROMLITE_TESTS_UNIT_STATIC_USE_USER_HPP
