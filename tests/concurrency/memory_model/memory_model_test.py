#!/usr/bin/env python3
# promlite: the protocols under the C++ memory model, with the orders that stand in the headers.
# SPDX-License-Identifier: MIT
"""Each protocol holds with its orders as written, and each protocol with something left out goes wrong. Then every order
that is not relaxed is weakened, one at a time: some protocol must go wrong, unless HARMLESS says why the order stays."""

import sys

import answer
import creation
import exemplar
import explorer
import flags
import lists
import litmus
import orders
import publication
import server_threads
import slot_handover
import snapshot

PROTOCOLS = [snapshot, slot_handover, publication, exemplar, lists, creation, answer, server_threads, flags]

# Orders without which the models hold all the same, and why they stay.
FILLED = ("full_ is set within the same change before, and brings the overflow series with it; where memory runs out in "
          "between, which the model does not know, the flag alone tells that the series is in the index")
JOINED = "join() gives the same order; the flag is to stand for itself where stop() goes on before it joins"
LOCKED = "the table's mutex gives the same order to those who look there; the flag does not rely on it"
HARMLESS = {
    "SeriesSet::overflow_used": FILLED,
    "SeriesSet::list_overflow": FILLED,
    "Server, the loop's end": JOINED,
    "Server, the worker's end": JOINED,
    "Server::stop": JOINED,
    "Server::end_thread": JOINED,
    "PasswordQuestion::verdict": LOCKED,
    "PasswordQuestion::answer": LOCKED,
}


def holds(protocol, written):
    """Walks through everything."""
    good = True
    for scenario in protocol.scenarios(written):
        states, wrong, reached = explorer.explore(scenario)
        print(f"{protocol.__name__}, {scenario.name}: {states} states, {f'{len(wrong)} wrong' if wrong else 'holds'}")
        if wrong:
            print(f"  {wrong[0]}")
        if not reached:
            print("  shows nothing: what it is about was never reached")
        good = good and not wrong and reached
    return good


def first_wrong(scenarios):
    for scenario in scenarios:
        wrong = explorer.explore(scenario, stop_when_wrong=True).wrong
        if wrong:
            return f"{scenario.name}: {wrong[0]}"
    return None


def notices(protocol, written):
    """Whether every protocol with something left out goes wrong."""
    good = True
    for mistake in getattr(protocol, "mistakes", lambda _: [])(written):
        wrong = first_wrong([mistake])
        print(f"{protocol.__name__}, mistake: {wrong or f'{mistake.name}: NOT NOTICED'}")
        good = good and wrong is not None
    return good


def as_expected(place, order, written):
    """Whether the order is needed, or stands in HARMLESS."""
    weaker = {**written, place: "relaxed"}
    found = (first_wrong(protocol.scenarios(weaker)) for protocol in PROTOCOLS if place in protocol.PLACES)
    wrong = next((problem for problem in found if problem), None)
    reason = HARMLESS.get(place)
    print(f"{place} without {order}: {f'needed: {wrong}' if wrong else f'harmless in these models: {reason}'}")
    return (wrong is None) == (reason is not None)


def main():
    written = orders.orders_of_headers()
    failures = litmus.problems()
    for protocol in PROTOCOLS:
        if not (holds(protocol, written) and notices(protocol, written)):
            failures.append(protocol.__name__)
    needless = [place for place in HARMLESS if written.get(place, "relaxed") == "relaxed"]
    failures += [f"{place}: there is no such order" for place in needless]
    for place, order in written.items():
        if order != "relaxed" and not as_expected(place, order, written):
            failures.append(place)
    print("\n".join(f"failed: {name}" for name in failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
