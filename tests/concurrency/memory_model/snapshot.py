# promlite: several cells read as they were at one moment (detail/snapshot.hpp, histogram.hpp).
# SPDX-License-Identifier: MIT
"""Two updates beside one reader. A reader that is satisfied has seen the finished updates and nothing else."""

from explorer import Change, Load, Scenario, Store

STARTED, FINISHED = 1, 1 << 16
PLACES = ["owned start", "owned datum", "owned sum", "owned end", "shared start", "shared datum", "shared sum", "shared end",
          "first look", "second look"]
# Who reads so: the places of the loads of a sum and of another datum.
READERS = [("Histogram, sum", "Histogram, bucket"), ("Summary, sum", "Summary, count"),
           ("NativeCounts, sum", "NativeCounts, zero"), ("NativeCounts, sum", "NativeCounts, classic"),
           ("NativeCounts, sum", "CellTree::for_each, cell")]
PLACES += sorted({place for places in READERS for place in places})


def owned_updates(orders):
    """One thread that makes two updates of cells which only it writes."""
    for before in range(2):
        yield Store("progress", before * FINISHED + STARTED, orders["owned start"])
        yield Store("bucket", before + 1, orders["owned datum"])
        yield Store("sum", before + 1, orders["owned sum"])
        yield Store("progress", (before + 1) * FINISHED, orders["owned end"])


def plus(amount):
    return lambda value: value + amount


def shared_update(orders):
    yield Change("progress", plus(STARTED), orders["shared start"])
    yield Change("bucket", plus(1), orders["shared datum"])
    yield Change("sum", plus(1), orders["shared sum"])
    yield Change("progress", plus(FINISHED - STARTED), orders["shared end"])


def reader(orders, data):
    before = yield Load("progress", orders["first look"])
    seen = []
    for cell, name in data:
        seen.append((yield Load(cell, orders[name])))
    after = yield Load("progress", orders["second look"])
    return (before // FINISHED, tuple(seen)) if before == after and before % FINISHED == 0 else None


def end(values, results):
    if results[-1] is not None:
        finished, seen = results[-1]
        if seen != (finished, finished):
            return f"satisfied after {finished} updates, having read {seen}"
    return None


def scenarios(orders):
    memory = {"progress": 0, "bucket": 0, "sum": 0}
    for kind, writers in (("owned", [lambda: owned_updates(orders)]), ("shared", [lambda: shared_update(orders)] * 2)):
        for places in READERS:
            data = list(zip(("sum", "bucket"), places))
            for read in (data, data[::-1]):
                threads = [*writers, lambda read=read: reader(orders, read)]
                name = f"{kind} cells, {read[0][1]} before {read[1][1]}"
                yield Scenario(name, memory, threads, end, lambda results: results[-1] is not None)
