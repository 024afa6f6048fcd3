#!/usr/bin/env python3
# promlite: every execution of a small snapshot that the C++ memory model allows.
# SPDX-License-Identifier: MIT
"""Takes the memory orders of detail/snapshot.hpp and of histogram.hpp from the headers, and walks through all
executions of two updates beside one reader. A reader that is satisfied must have seen the finished updates and
nothing else. Then weakens one order after the other and shows that each of them is needed.

The model: a location holds its modification order, a list of messages (value, view). A view says for each location
the oldest message that may still be read. A load reads any message that its thread's view allows; an acquire load
takes over the message's view. A release store leaves its thread's view in the message, a relaxed one its own place
alone. A read-modify-write reads the newest message and hands on that message's view (release sequence, C++17
[intro.races]/5; of the same thread's later relaxed stores, which C++20 took out, nothing is assumed). Out of thin
air nothing is read: no thread here stores what depends on a relaxed load of another's location."""

import pathlib
import re
import sys

HEADERS = pathlib.Path(__file__).resolve().parents[3] / "include" / "promlite"
PROGRESS, BUCKET, SUM = range(3)
STARTED, FINISHED = 1, 1 << 16


def orders_of_headers():
    """Which order each access has, as written."""
    snapshot = (HEADERS / "detail" / "snapshot.hpp").read_text()
    histogram = (HEADERS / "histogram.hpp").read_text()
    owned = re.search(r"class OwnedUpdate \{.*?\n\};", snapshot, re.S).group()
    shared = re.search(r"class SharedUpdate \{.*?\n\};", snapshot, re.S).group()
    reader = re.search(r"void read_snapshot\(.*?\n\}", snapshot, re.S).group()
    places = {
        "owned start": (owned, r"progress_\.store\(before_ \+ Progress::started, std::memory_order_(\w+)\)"),
        "owned datum": (owned, r"cell\.store\(cell\.load\(std::memory_order_relaxed\) \+ amount, std::memory_order_(\w+)\)"),
        "owned sum": (owned, r"cell\.store\(bits_of\(.*?\), std::memory_order_(\w+)\);"),
        "owned end": (owned, r"progress_\.store\(before_ \+ Progress::finished, std::memory_order_(\w+)\)"),
        "shared start": (shared, r"progress_\.fetch_add\(Progress::started, std::memory_order_(\w+)\)"),
        "shared datum": (shared, r"cell\.fetch_add\(amount, std::memory_order_(\w+)\)"),
        "shared sum": (shared, r"shared_add_real\(cell, amount, std::memory_order_(\w+)\)"),
        "shared end": (shared, r"progress_\.fetch_add\(Progress::finished - Progress::started, std::memory_order_(\w+)\)"),
        "first look": (reader, r"before = progress\.load\(std::memory_order_(\w+)\)"),
        "second look": (reader, r"progress\.load\(std::memory_order_(\w+)\) == before"),
        "read sum": (histogram, r"sum = double_of\(cells\[HistogramCells::sum\]\.load\(std::memory_order_(\w+)\)\)"),
        "read datum": (histogram, r"cells\[HistogramCells::buckets \+ i\]\.load\(std::memory_order_(\w+)\)"),
    }
    orders = {}
    for name, (text, pattern) in places.items():
        found = re.findall(pattern, text, re.S)
        if len(found) != 1:
            sys.exit(f"snapshot_model: '{name}' is not in the header as the model knows it: look whether the model is still true")
        orders[name] = found[0]
    return orders


def join(a, b):
    return tuple(max(x, y) for x, y in zip(a, b))


def raised(view, location, place):
    return view[:location] + (max(view[location], place),) + view[location + 1:]


def owned_updates(orders):
    """One thread that makes two updates of cells which only it writes: (location, what to add, order, is RMW)."""
    one = [(PROGRESS, STARTED, orders["owned start"], False), (BUCKET, 1, orders["owned datum"], False),
           (SUM, 1, orders["owned sum"], False), (PROGRESS, FINISHED - STARTED, orders["owned end"], False)]
    return [one + one]


def shared_updates(orders):
    """Two threads with one update each."""
    one = [(PROGRESS, STARTED, orders["shared start"], True), (BUCKET, 1, orders["shared datum"], True),
           (SUM, 1, orders["shared sum"], True), (PROGRESS, FINISHED - STARTED, orders["shared end"], True)]
    return [one, one]


def reader(orders, sum_first):
    data = [(SUM, orders["read sum"]), (BUCKET, orders["read datum"])]
    return [(PROGRESS, orders["first look"])] + (data if sum_first else data[::-1]) + [(PROGRESS, orders["second look"])]


def satisfied_and_wrong(seen):
    first, last = seen[0], seen[-1]
    if first != last or first % FINISHED != 0:
        return False
    return any(value != first // FINISHED for value in seen[1:3])


def explore(writers, loads):
    """(number of final states, of those where the reader was satisfied, of those where it was wrong)"""
    zero = (0, 0, 0)
    start = (tuple(((0, zero),) for _ in range(3)), tuple((0, zero) for _ in writers), (), zero)
    stack, known = [start], {start}
    ends = satisfied = wrong = 0
    while stack:
        memory, threads, seen, view = stack.pop()
        following = []
        for number, (at, mine) in enumerate(threads):
            if at == len(writers[number]):
                continue
            location, amount, order, is_rmw = writers[number][at]
            # Only this thread stores here, or all stores are RMWs: both read the newest message.
            value, read_view = memory[location][-1]
            after = raised(mine, location, len(memory[location]))
            left = after if order == "release" else raised(zero, location, len(memory[location]))
            if is_rmw:
                left = join(left, read_view)
            stored = memory[location] + ((value + amount, left),)
            following.append((memory[:location] + (stored,) + memory[location + 1:],
                              threads[:number] + ((at + 1, after),) + threads[number + 1:], seen, view))
        if len(seen) < len(loads):
            location, order = loads[len(seen)]
            for place in range(view[location], len(memory[location])):
                value, read_view = memory[location][place]
                after = raised(view, location, place)
                if order == "acquire":
                    after = join(after, read_view)
                following.append((memory, threads, seen + (value,), after))
        elif not following:
            ends += 1
            satisfied += seen[0] == seen[-1] and seen[0] % FINISHED == 0
            wrong += satisfied_and_wrong(seen)
        for state in following:
            if state not in known:
                known.add(state)
                stack.append(state)
    return ends, satisfied, wrong


def wrong_executions(orders):
    wrong = {}
    for kind, updates in (("owned", owned_updates), ("shared", shared_updates)):
        for sum_first in (True, False):
            ends, satisfied, bad = explore(updates(orders), reader(orders, sum_first))
            if satisfied == 0:
                sys.exit(f"snapshot_model: no reader of {kind} cells was ever satisfied: the model is broken")
            wrong[kind] = wrong.get(kind, 0) + bad
            if orders is HEAD:
                print(f"{kind} cells, {'sum' if sum_first else 'bucket'} first: {ends} ends, {satisfied} satisfied, {bad} wrong")
    return wrong


HEAD = orders_of_headers()
failed = any(wrong_executions(HEAD).values())
for name, order in HEAD.items():
    if order == "relaxed":
        continue
    wrong = wrong_executions({**HEAD, name: "relaxed"})
    needed = any(wrong.values())
    print(f"{name} relaxed instead of {order}: {'wrong, as it must be' if needed else 'NOT NOTICED'}")
    failed = failed or not needed
sys.exit(1 if failed else 0)
