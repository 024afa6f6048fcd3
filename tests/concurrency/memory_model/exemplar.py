# promlite: an exemplar that several threads replace while a scrape reads it (detail/exemplar_slot.hpp).
# SPDX-License-Identifier: MIT
"""Two threads put an exemplar beside one reader: into the same place, or the second one needs a larger place. A reader that is
satisfied has read one exemplar, the last that was finished there, and whoever finds a place knows its capacity."""

from explorer import GARBAGE, CompareExchange, Load, Scenario, Store

STARTED, FINISHED = 1, 1 << 16
PLACES = ["ExemplarSlot::put, address", "ExemplarSlot::put, taking the place", "ExemplarSlot::put, value",
          "ExemplarSlot::put, time", "ExemplarSlot::put, size", "ExemplarSlot::put, text", "ExemplarSlot::put, end",
          "ExemplarSlot::read, address", "ExemplarSlot::read, first look", "ExemplarSlot::read, second look",
          "ExemplarSlot::read, value", "ExemplarSlot::read, time", "ExemplarSlot::read, size", "ExemplarSlot::read, text",
          "ExemplarSlot::make"]
FIELDS = ["progress", "capacity", "first datum", "second datum"]
# Two of the four data at a time.
DATA = [("value", "time"), ("size", "text")]


def make(orders, me, present, room):
    for field, value in zip(FIELDS, [0, room, 0, 0]):
        yield Store((field, me), value, "relaxed")
    won, _ = yield CompareExchange("address", present, me, orders["ExemplarSlot::make"], "relaxed")
    return me if won else None


def put(orders, me, size, data):
    """Returns which one it was at which place."""
    place = yield Load("address", orders["ExemplarSlot::put, address"])
    if place is None or size > (yield Load(("capacity", place), "relaxed")):
        place = yield from make(orders, me, place, size)
    if place is None:
        return None
    before = yield Load(("progress", place), "relaxed")
    if before % FINISHED != 0:
        return None
    taking = orders["ExemplarSlot::put, taking the place"]
    won, _ = yield CompareExchange(("progress", place), before, before + STARTED, taking, "relaxed")
    if not won:
        return None
    for field, datum in zip(FIELDS[2:], data):
        yield Store((field, place), ("of", me), orders[f"ExemplarSlot::put, {datum}"])
    yield Store(("progress", place), before + FINISHED, orders["ExemplarSlot::put, end"])
    return place, before + FINISHED, ("of", me)


def read(orders, data):
    place = yield Load("address", orders["ExemplarSlot::read, address"])
    if place is None:
        return None
    before = yield Load(("progress", place), orders["ExemplarSlot::read, first look"])
    if before < FINISHED or before % FINISHED != 0:
        return None
    seen = ()
    for field, datum in zip(FIELDS[2:], data):
        seen += ((yield Load((field, place), orders[f"ExemplarSlot::read, {datum}"])),)
    after = yield Load(("progress", place), orders["ExemplarSlot::read, second look"])
    return (place, before, *seen) if after == before else None


def end(values, results):
    if results[2] is None:
        return None
    place, finished, first, second = results[2]
    if first == second and (place, finished, first) in results[:2]:
        return None
    return f"satisfied, having read {first} and {second}"


def scenarios(orders):
    memory = {"address": None, **{(field, me): GARBAGE for field in FIELDS for me in range(2)}}
    for data in DATA:
        for name, sizes in (("same place", (1, 1)), ("larger place", (1, 2))):
            threads = [lambda me=me, size=size, data=data: put(orders, me, size, data) for me, size in enumerate(sizes)]
            threads.append(lambda data=data: read(orders, data))
            yield Scenario(f"{name}, {data[0]} and {data[1]}", memory, threads, end, lambda results: results[2] is not None)
