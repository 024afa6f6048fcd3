# promlite: what the explorer takes to be possible, held against what the C++ standard says.
# SPDX-License-Identifier: MIT
"""Small programs with all the outcomes that [intro.races] allows them."""

from explorer import Change, Load, Scenario, Store, explore


def writes(*stores):
    for location, value, order in stores:
        yield Store(location, value, order)


def reads(order, *locations):
    seen = ()
    for location in locations:
        seen += ((yield Load(location, order)),)
    return seen


def passes_on():
    """x to y."""
    seen = yield Load("x", "acquire")
    if seen:
        yield Store("y", 1, "release")


def stores_and_looks(mine, other):
    yield Store(mine, 1, "release")
    return (yield Load(other, "acquire"))


def adds_to(location):
    yield Change(location, lambda value: value + 1, "relaxed")


def outcomes(*threads):
    found = set()
    explore(Scenario("", {"x": 0, "y": 0}, threads, lambda _, results: found.add(tuple(results))))
    return found


def message(store, load):
    return outcomes(lambda: writes(("x", 1, "relaxed"), ("y", 1, store)), lambda: reads(load, "y", "x"))


def problems():
    pairs = {(None, pair) for pair in [(0, 0), (0, 1), (1, 1)]}
    late = {*pairs, (None, (1, 0))}
    both = [lambda: writes(("x", 1, "release")), lambda: writes(("y", 1, "release")),
            lambda: reads("acquire", "x", "y"), lambda: reads("acquire", "y", "x")]
    chain = outcomes(lambda: writes(("x", 1, "release")), passes_on, lambda: reads("acquire", "y", "x"))
    sequence = outcomes(lambda: writes(("x", 1, "relaxed"), ("y", 1, "release")), lambda: adds_to("y"),
                        lambda: reads("acquire", "y", "x"))
    expected = {
        "a message is passed": message("release", "acquire") == pairs,
        "not without release": message("relaxed", "acquire") == late,
        "not without acquire": message("release", "relaxed") == late,
        "a load may be older than a store of another location": outcomes(
            lambda: stores_and_looks("x", "y"), lambda: stores_and_looks("y", "x")) == {(0, 0), (0, 1), (1, 0), (1, 1)},
        "one location is never read backwards": outcomes(
            lambda: writes(("x", 1, "relaxed"), ("x", 2, "relaxed")), lambda: reads("relaxed", "x", "x")) == {
                (None, (first, second)) for first in range(3) for second in range(first, 3)},
        "two readers may see two stores in different orders": (None, None, (1, 0), (1, 0)) in outcomes(*both),
        "what was seen is passed on": (None, None, (1, 0)) not in chain and (None, None, (1, 1)) in chain,
        "a read-modify-write continues a release sequence": (None, None, (2, 1)) in sequence and
                                                            (None, None, (2, 0)) not in sequence,
    }
    return [name for name, good in expected.items() if not good]
