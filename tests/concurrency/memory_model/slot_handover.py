# promlite: a slot and its cells pass from one thread to the next (detail/thread_slot.hpp, Chunk::owned in detail/slab.hpp).
# SPDX-License-Identifier: MIT
"""Threads that take a slot, make its slab unless it is there, count once, and give the slot back. Nothing is lost, nobody
makes a second slab, and each next owner's stores come after the last owner's. Beside them a thread that takes and gives back
a slot without counting, whose changes of the word come in between, or a scrape, for which no cell falls. And a slab that is
forgotten: the system's zeroes come after its own."""

from explorer import GARBAGE, Change, CompareExchange, Load, Scenario, Store, Wrong, Zero

PLACES = ["SlotAllocator::acquire", "SlotAllocator::release", "Chunk::owned, look", "Chunk::owned, slab pointer",
          "Chunk::for_each_slab, owned", "Chunk::forget"]
SLOTS = 2
ALL = (1 << SLOTS) - 1


def acquire(orders):
    taken = yield Load("taken", "relaxed")
    while taken != ALL:
        bit = ~taken & (taken + 1)
        won, taken = yield CompareExchange("taken", taken, taken | bit, orders["SlotAllocator::acquire"], "relaxed")
        if won:
            return bit
    return None


def release(orders, bit):
    yield Change("taken", lambda taken: taken & ~bit, orders["SlotAllocator::release"])


def updater(orders, me):
    bit = yield from acquire(orders)
    if bit is None:
        return 0  # it would count in shared cells
    cell = yield Load(("slab of slot", bit), orders["Chunk::owned, look"])
    if cell is None:
        cell = ("cell", bit, me)
        yield Store(cell, 0, "relaxed")
        yield Store(("slab of slot", bit), cell, orders["Chunk::owned, slab pointer"])
    count = yield Load(cell, "relaxed")
    yield Store(cell, count + 1, "relaxed")
    yield from release(orders, bit)
    return 1


def passer_by(orders):
    bit = yield from acquire(orders)
    if bit is not None:
        yield from release(orders, bit)
    return 0


def scrape(orders):
    cell = yield Load(("slab of slot", 1), orders["Chunk::for_each_slab, owned"])
    if cell is None:
        return 0
    first = yield Load(cell, "relaxed")
    second = yield Load(cell, "relaxed")
    if second < first:
        raise Wrong("a cell falls")
    return 0


def maker(orders):
    yield Store("cell", 0, "relaxed")
    yield Store("slab", "cell", orders["Chunk::owned, slab pointer"])


def forget(orders):
    slab = yield Load("slab", orders["Chunk::forget"])
    if slab is not None:
        yield Zero((slab,))


def end(values, results):
    slabs = [values["slab of slot", 1 << slot] for slot in range(SLOTS)]
    counted = sum(values[slab] for slab in slabs if slab is not None)
    return None if counted == sum(results) else f"{sum(results)} updates, and {counted} are counted"


def scenarios(orders):
    memory = {"taken": 0}
    for bit in (1, 2):
        memory["slab of slot", bit] = None
        for me in range(3):
            memory["cell", bit, me] = GARBAGE
    owners = [lambda me=me: updater(orders, me) for me in range(3)]
    yield Scenario("three owners", memory, owners, end)
    for beside, other in (("a passer-by", passer_by), ("a scrape", scrape)):
        yield Scenario(f"two owners beside {beside}", memory, [*owners[:2], lambda other=other: other(orders)], end)
    yield Scenario("a slab is forgotten", {"slab": None, "cell": GARBAGE}, [lambda: maker(orders), lambda: forget(orders)])
