// promlite: tests of infos.
// SPDX-License-Identifier: MIT
#include <promlite/exposition/text.hpp>
#include <promlite/info.hpp>
#include <promlite/registry.hpp>

#include <string>

#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace promlite;
using test::error_of;

TEST_CASE("an info is a gauge with the suffix _info that is always 1, named with or without it") {
  const std::string expected =
      "# HELP build_info What runs.\n# TYPE build_info gauge\nbuild_info{revision=\"8f3\",version=\"1.4\"} "
      "1\n";
  for (const char* name : {"build", "build_info"}) {
    Registry registry;
    registry.info(runtime_name(name), "What runs.", {{"version", "1.4"}, {"revision", "8f3"}});
    CHECK(to_text(registry) == expected);
    // The same facts again, under either name and in any order.
    registry.info("build", "What runs.", {{"revision", "8f3"}, {"version", "1.4"}});
    registry.info("build_info", "What runs.", {{"version", "1.4"}, {"revision", "8f3"}});
    CHECK(to_text(registry) == expected);
  }
}

TEST_CASE("other facts under the same name are another series") {
  Registry registry;
  registry.info("disk", "", {{"device", "sdb"}});
  registry.info("disk", "", {{"device", "sda"}});
  registry.info("disk", "", {{"device", "sda"}, {"model", "x"}});
  CHECK(to_text(registry) ==
        "# TYPE disk_info gauge\ndisk_info{device=\"sda\"} 1\ndisk_info{device=\"sda\",model=\"x\"} "
        "1\ndisk_info{device=\"sdb\"} 1\n");
}

TEST_CASE("an info without labels") {
  Registry registry;
  registry.info("here", "", {});
  CHECK(to_text(registry) == "# TYPE here_info gauge\nhere_info 1\n");
}

TEST_CASE("an info that cannot be is refused") {
  Registry registry;
  CHECK(error_of([&] { registry.info(runtime_name("_info"), "", {}); }) ==
        "info '': a metric name must not be empty");
  CHECK(error_of([&] {
          registry.info("a", "", {{"b", "1"}, {"b", "2"}});
        }) == "info 'a': label 'b' is there twice");
  CHECK(error_of([&] {
          registry.info("a", "", {{"b-c", "1"}});
        }) == "info 'a': label 'b-c': a label name must match [a-zA-Z_][a-zA-Z0-9_]*");
  CHECK(error_of([&] {
          registry.info("a", "", {{"b", "\xFF"}});
        }) == "info 'a': the value of label 'b' is not valid UTF-8");
  CHECK(to_text(registry).empty());
}

TEST_CASE("an empty value is no label, so facts that differ by it alone are the same") {
  Registry registry;
  registry.info("a", "", {{"b", "1"}, {"c", ""}});
  registry.info("a", "", {{"b", "1"}});
  CHECK(to_text(registry) == "# TYPE a_info gauge\na_info{b=\"1\"} 1\n");
}
