# promlite: what the server's threads hand to each other (transport/scrape_worker.hpp, server_loop.hpp, server.hpp).
# SPDX-License-Identifier: MIT
"""A collection's key and body go to the worker and back, twice, as plain memory without a data race. And the end: what the
owner did before stop() is seen at the end of run(), and what the threads used is the owner's when it sees their ends."""

from explorer import Await, Load, Lock, Read, Scenario, Store, Unlock, Write

PLACES = ["ScrapeWorker::start", "ScrapeWorker::take", "ScrapeWorker::run, wanted", "ScrapeWorker::run, done",
          "ScrapeWorker::stop", "ScrapeWorker::run, stopping", "ServerLoop::stop", "ServerLoop::run, stopping",
          "Server, the loop's end", "Server, the worker's end", "Server::stop", "Server::end_thread"]


def server(orders):
    bodies = []
    for job in range(2):
        yield Write("key", job)
        yield Write("body", None)
        yield Store("phase", "wanted", orders["ScrapeWorker::start"])
        yield Await("phase", orders["ScrapeWorker::take"], "done")
        bodies.append((yield Read("body")))
        yield Store("phase", "idle", "relaxed")
    return tuple(bodies)


def worker(orders):
    for _ in range(2):
        yield Await("phase", orders["ScrapeWorker::run, wanted"], "wanted")
        key = yield Read("key")
        yield Write("body", ("of", key))
        yield Store("phase", "done", orders["ScrapeWorker::run, done"])


def owner(orders, stop):
    yield Write("before", 1)
    yield Store("stopping", True, orders[stop])
    yield Await("finished", orders["Server::stop"], True)
    yield Load("finished", orders["Server::end_thread"])
    # join() returns when the thread has ended.
    yield Lock("running")
    yield Write("used", 2)


def thread(orders, stopping, finished):
    yield Write("used", 1)
    yield Await("stopping", orders[stopping], True)
    yield Read("before")
    yield Store("finished", True, orders[finished])
    yield Unlock("running")


def scenarios(orders):
    idle = {"phase": "idle", "key": None, "body": None}
    yield Scenario("two collections", idle, [lambda: server(orders), lambda: worker(orders)],
                   lambda _, results: None if results[0] == (("of", 0), ("of", 1)) else f"the server got {results[0]}",
                   plain=("key", "body"))
    running = {"before": 0, "used": 0, "stopping": False, "finished": False, "running": 1}
    for name, stop, stopping, finished in (
            ("the loop", "ServerLoop::stop", "ServerLoop::run, stopping", "Server, the loop's end"),
            ("the worker", "ScrapeWorker::stop", "ScrapeWorker::run, stopping", "Server, the worker's end")):
        threads = [lambda stop=stop: owner(orders, stop),
                   lambda places=(stopping, finished): thread(orders, *places)]
        yield Scenario(f"the end of {name}", running, threads, plain=("before", "used"))
