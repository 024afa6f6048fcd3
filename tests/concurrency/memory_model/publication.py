# promlite: memory that several threads make and one of them publishes (detail/slab.hpp, detail/cell_tree.hpp).
# SPDX-License-Identifier: MIT
"""Two threads add to a cell behind an address; who finds none makes the memory, and offers it. A third one reads. Whoever sees
the address sees the zeroes behind it, and both additions are counted in the same place."""

from explorer import GARBAGE, Change, CompareExchange, Load, Scenario, Store

# what it is: the updater's look, the publication, its failure, the reader's look
ADDRESSES = {
    "the shared slab": ["Chunk::shared", "Chunk::make_shared_slab", "Chunk::make_shared_slab, failure",
                        "Chunk::for_each_slab, shared"],
    "the side slab": ["Chunk::side", "Chunk::make_side", "Chunk::make_side, failure", "Chunk::side"],
    **{f"a page for {reader}": ["CellTree::page_at", "CellTree::make_page", "CellTree::make_page, failure", reader]
       for reader in ("CellTree::for_each_page", "CellTree::find, root", "CellTree::find, middle", "CellTree::find, leaf",
                      "NativeCounts, coarse")},
}
PLACES = sorted({place for places in ADDRESSES.values() for place in places})


def updater(me, look, publish, failure):
    cell = yield Load("address", look)
    if cell is None:
        made = ("cell", me)
        yield Store(made, 0, "relaxed")
        won, there = yield CompareExchange("address", None, made, publish, failure)
        cell = made if won else there
    yield Change(cell, lambda count: count + 1, "relaxed")


def reader(look):
    cell = yield Load("address", look)
    return None if cell is None else (yield Load(cell, "relaxed"))


def end(values, results):
    counted = values[values["address"]]
    return None if counted == 2 else f"2 updates, and {counted} are counted"


def scenarios(orders):
    memory = {"address": None, ("cell", 0): GARBAGE, ("cell", 1): GARBAGE}
    for what, places in ADDRESSES.items():
        look, publish, failure, read = (orders[place] for place in places)
        threads = [lambda me=me, how=(look, publish, failure): updater(me, *how) for me in range(2)]
        threads.append(lambda read=read: reader(read))
        yield Scenario(what, memory, threads, end, lambda results: results[2] == 2)
