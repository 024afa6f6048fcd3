// promlite: tests of Error and Expected.
// SPDX-License-Identifier: MIT
#include <promlite/error.hpp>

#include <memory>
#include <string>
#include <utility>

#include "support/catch.hpp"

using promlite::Error;
using promlite::Expected;

TEST_CASE("fail throws Error with the message") {
  CHECK_THROWS_MATCHES(promlite::detail::fail("the reason"), Error, Catch::Matchers::Message("the reason"));
  CHECK_THROWS_AS(promlite::detail::fail("x"), std::runtime_error);
  CHECK_THROWS_AS(promlite::detail::throw_bad_alloc(), std::bad_alloc);
}

TEST_CASE("message_of joins strings of any kind") {
  CHECK(promlite::detail::message_of("a", std::string("b"), std::string_view("c"), "") == "abc");
}

TEST_CASE("an Expected is a value or a reason") {
  Expected<std::string> value = std::string("42");
  REQUIRE(value);
  CHECK(*value == "42");
  CHECK(value->size() == 2);
  CHECK(value.message().empty());

  const auto failed = Expected<std::string>::failure("no");
  CHECK_FALSE(failed);
  CHECK(failed.message() == "no");
  // An empty reason is a failure all the same.
  CHECK_FALSE(Expected<int>::failure(""));

  Expected<std::unique_ptr<int>> moved = std::make_unique<int>(7);
  const std::unique_ptr<int> out = std::move(*moved);
  CHECK(*out == 7);
}

TEST_CASE("an Expected of nothing is success or a reason") {
  const Expected<void> fine;
  CHECK(fine);
  CHECK(fine.message().empty());
  const auto failed = Expected<void>::failure("no");
  CHECK_FALSE(failed);
  CHECK(failed.message() == "no");
  CHECK_FALSE(Expected<void>::failure(""));
}
