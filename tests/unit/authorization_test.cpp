// promlite: tests of the Authorization header.
// SPDX-License-Identifier: MIT
#include <promlite/transport/authorization.hpp>

#include <string>

#include "support/catch.hpp"

using promlite::detail::base64_decode;
using promlite::detail::equals_in_constant_time;
using promlite::detail::is_authorized;

TEST_CASE("base64") {
  const auto decoded = [](const char* text) {
    std::string out = "left over";
    return base64_decode(text, out) ? out : "refused";
  };
  CHECK(decoded("Zg==") == "f");
  CHECK(decoded("Zm8=") == "fo");
  CHECK(decoded("Zm9v") == "foo");
  CHECK(decoded("Zm9vYmFy") == "foobar");
  CHECK(decoded("AAD/+/8=") == std::string("\0\0\xff\xfb\xff", 5));
  for (const char* text : {"", "=", "Z", "Zg", "Zg=", "Zg=A", "Z===", "====", "Zm9v=", "Zm9vZg", "Zm 9",
                           "Zm9-", "Zm=v", "Zg==Zg=="}) {
    INFO(text);
    CHECK(decoded(text) == "refused");
  }
}

TEST_CASE("comparison") {
  CHECK(equals_in_constant_time("", ""));
  CHECK(equals_in_constant_time("abc", "abc"));
  for (const char* given : {"", "a", "ab", "abcd", "abcabc", "xbc", "abx", "ABC"}) {
    INFO(given);
    CHECK_FALSE(equals_in_constant_time(given, "abc"));
  }
  CHECK_FALSE(equals_in_constant_time("a", ""));
}

TEST_CASE("basic and bearer") {
  // "alice:pass:word", so the colon that counts is the first one.
  const std::string basic = "YWxpY2U6cGFzczp3b3Jk";
  CHECK(is_authorized("Basic " + basic, "alice:pass:word", ""));
  CHECK(is_authorized("bASIC  " + basic, "alice:pass:word", "token"));
  CHECK(is_authorized("Bearer token", "alice:pass:word", "token"));
  CHECK(is_authorized("bearer token", "", "token"));

  for (const std::string& header :
       {std::string(), std::string("Basic"), "Basic" + basic, "Basic " + basic + "=", "Bearer " + basic,
        std::string("Bearer alice:pass:word"), "Digest " + basic,
        std::string("Basic YWxpY2U6cGFzczp3b3Jl"),  // the last byte is wrong
        std::string("Basic QWxpY2U6cGFzczp3b3Jk"),  // the first byte is wrong
        std::string("Basic !!!!"), std::string("Bearer"), std::string("Bearer "), std::string("Bearer Token"),
        std::string("Bearer token2"), std::string("token")}) {
    INFO(header);
    CHECK_FALSE(is_authorized(header, "alice:pass:word", "token"));
  }
}

TEST_CASE("what basic credentials say") {
  const auto decoded = [](const std::string& header) {
    std::string out = "left over";
    return promlite::detail::decode_basic_auth(header, out) ? out : "refused";
  };
  CHECK(decoded("Basic YWxpY2U6cGFzczp3b3Jk") == "alice:pass:word");
  CHECK(decoded("bAsIc   YWxpY2U6cGFzczp3b3Jk") == "alice:pass:word");
  CHECK(decoded("Basic Og==") == ":");
  for (const char* header :
       {"", "Basic", "Basic ", "BasicOg==", "Bearer Og==", "Basic Zg==", "Basic Og", "Basic :"}) {
    INFO(header);
    CHECK(decoded(header) == "refused");
  }
}

TEST_CASE("a secret that is not set is never right") {
  CHECK_FALSE(is_authorized("Bearer ", "alice:x", ""));
  CHECK_FALSE(is_authorized("Bearer  ", "alice:x", ""));
  CHECK_FALSE(is_authorized("Basic ", "", "token"));
  CHECK_FALSE(is_authorized("Basic Og==", "", "token"));
}
