// promlite: tests of statesets.
// SPDX-License-Identifier: MIT
#include <promlite/clock.hpp>
#include <promlite/default_registry.hpp>
#include <promlite/exposition/openmetrics.hpp>
#include <promlite/exposition/text.hpp>
#include <promlite/registry.hpp>
#include <promlite/stateset.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace promlite;

enum class Door { open, closed };
static std::string_view to_label(Door door) { return door == Door::open ? "open" : "closed"; }

static const std::string head = "# TYPE door stateset\n# HELP door The door.\n";

TEST_CASE("a stateset is in one state at any time, first in the first") {
  Registry registry;
  const Stateset door = registry.stateset("door", "The door.", {"open", "closed", "a \"b\"\n"});
  static_assert(std::is_trivially_copyable_v<Stateset>);
  const auto shown = [&](int open, int closed, int odd) {
    return head + "door{door=\"open\"} " + std::to_string(open) + "\ndoor{door=\"closed\"} " +
           std::to_string(closed) + "\ndoor{door=\"a \\\"b\\\"\\n\"} " + std::to_string(odd) + "\n# EOF\n";
  };
  CHECK(door.state() == "open");
  CHECK(to_openmetrics(registry) == shown(1, 0, 0));
  door.set("closed");
  CHECK(door.state() == "closed");
  CHECK(to_openmetrics(registry) == shown(0, 1, 0));
  door.set(std::string("a \"b\"\n"));
  CHECK(to_openmetrics(registry) == shown(0, 0, 1));
  door.set(Door::open);
  CHECK(to_openmetrics(registry) == shown(1, 0, 0));
  CHECK(to_text(registry) ==
        "# HELP door The door.\n# TYPE door gauge\ndoor{door=\"open\"} 1\ndoor{door=\"closed\"} 0\n"
        "door{door=\"a \\\"b\\\"\\n\"} 0\n");
}

TEST_CASE("a state that was not declared is refused and counted") {
  Registry registry;
  const Stateset door = registry.stateset("door", "The door.", {"open", "closed"});
  door.set("ajar");
  door.set("");
  CHECK(door.state() == "open");
  CHECK(to_openmetrics(registry) ==
        head +
            "door{door=\"open\"} 1\ndoor{door=\"closed\"} 0\n"
            "# TYPE promlite_refused_updates counter\n"
            "# HELP promlite_refused_updates Updates with a value that the metric cannot take.\n"
            "promlite_refused_updates_total{family=\"door\"} 2.0\n# EOF\n");
}

TEST_CASE("with labels, the states of a series stay together") {
  Registry registry;
  const auto doors =
      registry.stateset("door", "The door.", States(std::vector<std::string>{"open", "closed"}),
                        {"room", "building"}, const_labels({{"x", "y"}}), max_series(10));
  doors.with("b", 10).set(Door::closed);
  doors.with("b", 1);
  CHECK(to_openmetrics(registry) ==
        head +
            "door{building=\"1\",room=\"b\",x=\"y\",door=\"open\"} 1\n"
            "door{building=\"1\",room=\"b\",x=\"y\",door=\"closed\"} 0\n"
            "door{building=\"10\",room=\"b\",x=\"y\",door=\"open\"} 0\n"
            "door{building=\"10\",room=\"b\",x=\"y\",door=\"closed\"} 1\n# EOF\n");
  CHECK(doors.with("b", 10).state() == "closed");
}

TEST_CASE("what cannot be a stateset is refused with the reason") {
  Registry registry;
  const auto refusal = [&](auto&&... arguments) {
    return test::error_of([&] { registry.stateset("door", "The door.", arguments...); });
  };
  const std::string prefix = "stateset 'door': ";
  CHECK(refusal(States({})) == prefix + "a stateset needs at least one state");
  CHECK(refusal(States{"a", ""}) == prefix + "a state must not be empty");
  CHECK(refusal(States{"a", "\xff"}) == prefix + "a state is not valid UTF-8");
  CHECK(refusal(States{"a", "b", "a"}) == prefix + "state 'a' is there twice");
  CHECK(refusal(States{"a"}, const_labels({{"door", "x"}})) ==
        prefix + "the label of the states is called as the stateset is, so no other may be");
  CHECK(test::error_of([&] { registry.stateset("door", "The door.", {"a"}, {"door"}); }) ==
        prefix + "the label of the states is called as the stateset is, so no other may be");
  CHECK(test::error_of([&] { registry.stateset("door_s", "The door.", {"a"}, unit("s")); }) ==
        "stateset 'door_s': a stateset has no unit");
  registry.stateset("door", "The door.", {"open", "closed"}).set("closed");
  CHECK(registry.stateset("door", "The door.", {"open", "closed"}).state() == "closed");
  CHECK(refusal(States{"closed", "open"}) ==
        "cannot register stateset door: stateset door is registered already: other states");
}

TEST_CASE("a default-constructed handle swallows updates; the default registry has statesets") {
  const Stateset nothing;
  nothing.set("open");
  CHECK(nothing.state().empty());
  promlite::stateset("stateset_test_door", "The door.", {"open", "closed"}).set("closed");
  promlite::stateset("stateset_test_doors", "The doors.", {"open"}, {"room"}).with("a");
  const std::string text = to_text(default_registry());
  CHECK_THAT(text, ContainsSubstring("\nstateset_test_door{stateset_test_door=\"closed\"} 1\n"));
  CHECK_THAT(text, ContainsSubstring("\nstateset_test_doors{room=\"a\",stateset_test_doors=\"open\"} 1\n"));
}

TEST_CASE("a stateset that nobody sets expires, one that is set to what it was does not") {
  using namespace std::chrono_literals;
  Registry registry;
  ManualClock clock;
  registry.use_clock(clock);
  const auto doors = registry.stateset("door", "", {"open", "closed"}, {"room"}, expire_after(10min));
  doors.with("idle").set("closed");
  doors.with("busy").set("closed");
  to_text(registry);
  clock.advance(9min);
  doors.with("busy").set("closed");
  to_text(registry);
  CHECK(doors.size() == 2);
  clock.advance(1min);
  CHECK(to_text(registry) ==
        "# TYPE door gauge\ndoor{room=\"busy\",door=\"open\"} 0\ndoor{room=\"busy\",door=\"closed\"} 1\n");
  clock.advance(9min);
  CHECK(to_text(registry).empty());
}
