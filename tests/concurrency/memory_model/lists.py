# promlite: lists that grow at their heads: blocks of pages, tables of handles (detail/page_pool.hpp, enum_family.hpp).
# SPDX-License-Identifier: MIT
"""Two threads take a page each, where a block has room for one or for both: they get different ones. Two threads keep a table
of handles each, while a third one looks through all that there are. A block and a table are plain memory: no data race."""

from explorer import CompareExchange, FetchAdd, Load, Read, Scenario, Write

PLACES = ["PagePool::take, look", "PagePool::take, publication", "PagePool::take, failure", "PagePool::for_each_block",
          "HandleTables::find", "HandleTables::keep"]


def take(orders, me, pages_of_block):
    there = yield Load("head", orders["PagePool::take, look"])
    while True:
        if there is not None:
            used = yield FetchAdd(("used", there), 1, "relaxed")
            if used + 1 <= (yield Read(("content", there)))[0]:
                return there, used
        yield Write(("content", me), (pages_of_block, there))
        won, found = yield CompareExchange("head", there, me, orders["PagePool::take, publication"],
                                           orders["PagePool::take, failure"])
        if won:
            return me, 0
        there = found


def keep(orders, me):
    head = yield Load("head", "relaxed")
    while True:
        yield Write(("content", me), (me, head))
        won, head = yield CompareExchange("head", head, me, orders["HandleTables::keep"], "relaxed")
        if won:
            return me


def walk(look):
    at = yield Load("head", look)
    found = ()
    while at is not None:
        found += (at,)
        at = (yield Read(("content", at)))[1]
    return found


def different(values, results):
    return "two threads got the same page" if results[0] == results[1] else None


def all_there(values, results):
    return None if len(set(results[2])) == len(results[2]) else "a table is in the list twice"


def scenarios(orders):
    memory = {"head": None, **{("content", me): None for me in range(2)}}
    plain = tuple(name for name in memory if name != "head")
    pool = {**memory, **{("used", me): 1 for me in range(2)}}  # its maker has the first page
    for room in (1, 2):
        threads = [lambda me=me, room=room: take(orders, me, room) for me in range(2)]
        threads.append(lambda: walk(orders["PagePool::for_each_block"]))
        yield Scenario(f"blocks of {room}", pool, threads, different, lambda results: results[2] != (), plain)
    threads = [lambda me=me: keep(orders, me) for me in range(2)]
    threads.append(lambda: walk(orders["HandleTables::find"]))
    yield Scenario("tables of handles", memory, threads, all_there, lambda results: len(results[2]) == 2, plain)
