# promlite: the answer of a full family without its lock, beside removal and creation (series_set.hpp).
# SPDX-License-Identifier: MIT
"""One thread changes the family, one change after the other (the lock's order), and notes after each whether the family is full
and without the series A. Another one asks for A without the lock. When it is told that the family is full and has no A, this
was true after some change: not before the last one that the asker knew of, and not after the last one that there is."""

from explorer import Load, Newest, Scenario, Seen, Store, Wrong
from label_index import find, make_record, place, record_memory, table_memory

PLACES = ["LabelIndex::find, table", "LabelIndex::find, place", "LabelIndex::find, hash", "LabelIndex::remove, hash",
          "LabelIndex::place", "SeriesSet::Change, start", "SeriesSet::Change, end", "SeriesSet::miss, full",
          "SeriesSet::miss, not full", "SeriesSet::is_full_without, first look", "SeriesSet::is_full_without, full",
          "SeriesSet::is_full_without, second look", "SeriesSet::overflow_used", "SeriesSet::list_overflow",
          "SeriesSet::remove, not full"]
OVERFLOW = 9


def create(orders, record, values):
    yield Store("full", False, orders["SeriesSet::miss, not full"])
    yield from make_record(record, values)
    yield from place(orders, 0, record)


def remove(orders, record):
    yield Store(("hash", record), 0, orders["LabelIndex::remove, hash"])
    yield Store("full", False, orders["SeriesSet::remove, not full"])


def refuse(orders, lists_overflow=False):
    """Somebody else asked in vain."""
    yield Store("full", True, orders["SeriesSet::miss, full"])
    if lists_overflow:
        yield from place(orders, 0, OVERFLOW)
        yield Store("overflow used", True, orders["SeriesSet::list_overflow"])


def changer(orders, changes, opening, closing):
    for number, (change, *arguments) in enumerate(changes):
        if opening:
            yield Store("changes", 2 * number + 1 if closing else 2 * number + 2, orders["SeriesSet::Change, start"])
        yield from change(orders, *arguments)
        yield Store("version", number + 1, "relaxed")
        if closing:
            yield Store("changes", 2 * number + 2, orders["SeriesSet::Change, end"])


def asker(orders, truth, looks_twice):
    oldest = yield Seen("version")
    before = yield Load("changes", orders["SeriesSet::is_full_without, first look"])
    if before % 2 != 0 or not (yield Load("full", orders["SeriesSet::is_full_without, full"])):
        return "lock"
    if not (yield Load("overflow used", orders["SeriesSet::overflow_used"])):
        return "lock"
    if (yield from find(orders, "A")) is not None:
        return "lock"
    if looks_twice and (yield Load("changes", orders["SeriesSet::is_full_without, second look"])) != before:
        return "lock"
    newest = yield Newest("version")
    if not any(truth[oldest:newest + 1]):
        raise Wrong("told that the family is full without A, which it never was")
    return "full"


def truths(full, has_a, changes):
    """Whether the family is full without A: before the changes, and after each."""
    yield full and not has_a
    for change, *arguments in changes:
        full = change is refuse
        if change is create and arguments[1] == "A":
            has_a = True
        if change is remove:
            has_a = False  # only A is removed
        yield full and not has_a


def scenario(name, orders, full, changes, opening=True, closing=True, looks_twice=True):
    memory = {"table": 0, "full": full, "overflow used": full, "changes": 0, "version": 0}
    memory.update(table_memory(0, 6, [0] if full else []))
    memory.update(record_memory(0, "A") if full else {})
    for change, *arguments in changes:
        if change is create:
            memory.update(record_memory(arguments[0]))
    memory.update(record_memory(OVERFLOW, "overflow"))
    truth = tuple(truths(full, full, changes))
    threads = [lambda: changer(orders, changes, opening, closing), lambda: asker(orders, truth, looks_twice)]
    answered = (lambda results: results[1] == "full") if any(truth) else None
    return Scenario(name, memory, threads, None, answered)


LEAVES = [(remove, 0), (create, 1, "A"), (refuse,), (remove, 1), (create, 2, "A"), (refuse,)]
COMES = [(create, 0, "A"), (refuse, True), (remove, 0)]
REPLACED = [(remove, 0), (create, 1, "B"), (refuse,)]


def scenarios(orders):
    yield scenario("A leaves and comes", orders, True, LEAVES)
    yield scenario("A comes and leaves", orders, False, COMES)
    yield scenario("B instead of A", orders, True, REPLACED)


def mistakes(orders):
    """Protocols with something left out."""
    yield scenario("a change is marked at its beginning only", orders, True, LEAVES, closing=False)
    yield scenario("a change is marked at its end only", orders, True, LEAVES, opening=False)
    yield scenario("no second look", orders, True, LEAVES, looks_twice=False)
