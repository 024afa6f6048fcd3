// promlite: tests of the schemes for names that not all readers know.
// SPDX-License-Identifier: MIT
#include <promlite/escaping.hpp>

#include <string>
#include <string_view>

#include "support/catch.hpp"

using promlite::Escaping;
using promlite::detail::escaped_alike;
using promlite::detail::escaped_name;

static std::string all(std::string_view name) {
  std::string text;
  for (const Escaping scheme :
       {Escaping::underscores, Escaping::dots, Escaping::values, Escaping::allow_utf8}) {
    text += escaped_name(name, scheme) + "|";
  }
  return text;
}

TEST_CASE("names in every scheme") {
  CHECK(all("disk.free") == "disk_free|disk_dot_free|U__disk_2e_free|disk.free|");
  CHECK(all("disk.free_bytes") ==
        "disk_free_bytes|disk_dot_free__bytes|U__disk_2e_free__bytes|disk.free_bytes|");
  CHECK(all("1st") == "_st|__st|U___31_st|1st|");
  CHECK(all("a b") == "a_b|a__b|U__a_20_b|a b|");
  CHECK(all("gr\xC3\xB6\xC3\x9F"
            "e") ==
        "gr__e|gr____e|U__gr_f6__df_e|gr\xC3\xB6\xC3\x9F"
        "e|");
  CHECK(all("\xE2\x82\xAC") == "_|__|U___20ac_|\xE2\x82\xAC|");
  CHECK(all("\xF0\x9F\x98\x80.") == "__|___dot_|U___1f600__2e_|\xF0\x9F\x98\x80.|");
  CHECK(all(std::string_view("a\0b", 3)) == "a_b|a__b|U__a_0_b|" + std::string("a\0b|", 4));
  CHECK(all("a\xFF"
            "b") ==
        "a_b|a__b|U__a_fffd_b|a\xFF"
        "b|");
}

TEST_CASE("names that all readers know are the same in every scheme") {
  for (const char* name : {"a", "_", "a_b", "__a__", "a:b", ":a", "A9", "U__x"}) {
    const std::string same = std::string(name) + "|";
    CHECK(all(name) == same + same + same + same);
  }
}

TEST_CASE("names that some scheme writes alike") {
  CHECK(escaped_alike("foo.bar", "foo_bar"));
  CHECK(escaped_alike("a b", "a__b"));
  CHECK(escaped_alike("U__a_2e_b", "a.b"));
  CHECK(escaped_alike("a-b", "a+b"));
  CHECK_FALSE(escaped_alike("foo.bar", "foo.baz"));
  CHECK_FALSE(escaped_alike("foo", "bar"));
}
