# promlite: look-ups beside the creation of series, and beside a record that is forgotten.
# SPDX-License-Identifier: MIT
"""Whoever finds a record sees what it holds; equal values get one record; a series that is there is found while others are
created; and where there is a chunk, there is its offset, also when the record reads as zeroes by now."""

from explorer import Load, Lock, Scenario, Store, Unlock, Wrong, Zero
from label_index import FIELDS, OFFSET, find, make_anew, make_record, place, record_memory, series_range, table_memory

PLACES = ["LabelIndex::find, table", "LabelIndex::find, place", "LabelIndex::find, hash", "LabelIndex::remove, hash",
          "LabelIndex::place", "LabelIndex::make_anew", "Series::range, offset", "Series::range, chunk"]


def checked_range(orders, record):
    chunk, offset = yield from series_range(orders, record)
    if chunk and offset != OFFSET:
        raise Wrong(f"a chunk with the offset {offset}")


def with_values(orders, me):
    """SeriesSet::with: finds the series or makes it, in a table of its own if there is none."""
    record = yield from find(orders, "A")
    if record is None:
        yield Lock("mutex")
        record = yield from find(orders, "A")
        if record is None:
            record = me
            yield from make_record(record, "A")
            table = yield Load("table", "relaxed")
            if table is None:
                table = me
                yield from make_anew(orders, table, 2, [])
            yield from place(orders, table, record)
        yield Unlock("mutex")
    yield from checked_range(orders, record)
    return record


def creator(orders):
    """Makes B while A is there, which takes another table."""
    yield from make_record(1, "B")
    yield from make_anew(orders, 1, 3, [0])
    yield from place(orders, 1, 1)


def looker(orders):
    record = yield from find(orders, "A")
    if record != 0:
        raise Wrong("a series that is there is not found")
    record = yield from find(orders, "B")
    if record is not None:
        yield from checked_range(orders, record)
    return record


def remover(orders):
    yield Store(("hash", 0), 0, orders["LabelIndex::remove, hash"])
    yield Zero(tuple((field, 0) for field in FIELDS))


def late(orders):
    record = yield from find(orders, "A")
    if record is not None:
        yield from checked_range(orders, record)
    return record


def one_record(values, results):
    return None if results[0] == results[1] else "equal values have two records"


def scenarios(orders):
    nothing = {"table": None, "mutex": 0}
    for me in range(2):
        nothing.update(table_memory(me, 2, there=False))
        nothing.update(record_memory(me))
    yield Scenario("two create the same", nothing, [lambda: with_values(orders, 0), lambda: with_values(orders, 1)], one_record)

    there = {"table": 0, **table_memory(0, 2, [0]), **record_memory(0, "A")}
    larger = {**there, **table_memory(1, 3, there=False), **record_memory(1)}
    yield Scenario("another table", larger, [lambda: creator(orders), lambda: looker(orders)], None,
                   lambda results: results[1] == 1)
    yield Scenario("a record is forgotten", there, [lambda: remover(orders), lambda: late(orders)], None,
                   lambda results: results[1] == 0)
