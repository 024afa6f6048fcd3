# promlite: the index of series, as the models of its look-ups share it (detail/label_index.hpp, series.hpp).
# SPDX-License-Identifier: MIT
"""A table is a number, and so is a record; the hash of a record is the name of its values."""

from explorer import GARBAGE, Load, Store

FIELDS = ["hash", "values", "chunk", "offset"]
OFFSET = 7


def table_memory(table, places, records=(), there=True):
    """A table that is there from the beginning, with these records in its first places, or one that is yet to be made."""
    contents = list(records) + [None] * (places - len(records))
    return {("place", table, at): contents[at] if there else GARBAGE for at in range(places)}


def record_memory(record, values=GARBAGE):
    contents = [GARBAGE] * 4 if values is GARBAGE else [values, values, "chunk", OFFSET]
    return {(field, record): content for field, content in zip(FIELDS, contents)}


def make_record(record, values):
    for field, content in zip(FIELDS, [values, values, "chunk", OFFSET]):
        yield Store((field, record), content, "relaxed")


def place(orders, table, record):
    at = 0
    while (yield Load(("place", table, at), "relaxed")) is not None:
        at += 1
    yield Store(("place", table, at), record, orders["LabelIndex::place"])


def make_anew(orders, table, places, records):
    """With the records of the table before it."""
    for at in range(places):
        yield Store(("place", table, at), None, "relaxed")
    for record in records:
        yield from place(orders, table, record)
    yield Store("table", table, orders["LabelIndex::make_anew"])


def find(orders, values):
    table = yield Load("table", orders["LabelIndex::find, table"])
    if table is None:
        return None
    at = 0
    while True:
        record = yield Load(("place", table, at), orders["LabelIndex::find, place"])
        if record is None:
            return None
        if (yield Load(("hash", record), orders["LabelIndex::find, hash"])) == values:
            if (yield Load(("values", record), "relaxed")) == values:
                return record
        at += 1


def series_range(orders, record):
    offset = yield Load(("offset", record), orders["Series::range, offset"])
    chunk = yield Load(("chunk", record), orders["Series::range, chunk"])
    return chunk, offset
