# promlite: one thread is told by a flag that another one has done its part.
# SPDX-License-Identifier: MIT
"""Whoever sees the flag may look at what was done before: the addresses of a host, a pusher's last deadline and result, a
probe's body, what a probe's code did, what the table of passwords learned, and what came before a gate was closed."""

from explorer import Await, Change, Lock, Read, Scenario, Store, Unlock, Write

PLACES = ["Resolver::run", "Resolver::resolve", "PusherState::stop", "PusherState::stopping", "PusherState::run",
          "PusherState::wait_until, look", "PusherState::wait_until, late look", "Probe::run, running", "Probe::run, done",
          "Probe::ready", "ProbePage::running", "PasswordQuestion::answer", "PasswordQuestion::verdict", "CallGate::close",
          "CallGate::closed"]
FLAGS = {
    "a host is looked up": ("Resolver::run", "Resolver::resolve"),
    "a gate is closed": ("CallGate::close", "CallGate::closed"),
    "a probe has a body": ("Probe::run, done", "Probe::ready"),
}


def tells(order):
    yield Write("data", 1)
    yield Store("flag", True, order)


def is_told(order):
    yield Await("flag", order, True)
    return (yield Read("data"))


def push(orders):
    yield Await("stopping", orders["PusherState::stopping"], True)
    deadline = yield Read("deadline")
    yield Write("last", ("by", deadline))
    yield Store("finished", True, orders["PusherState::run"])


def pusher_owner(orders, look):
    yield Write("deadline", 5)
    yield Store("stopping", True, orders["PusherState::stop"])
    yield Await("finished", orders[look], True)
    return (yield Read("last"))


def probe(orders):
    yield Write("data", 1)
    yield Change("running", lambda count: count - 1, orders["Probe::run, running"])


def refused():
    """A probe that gets no place."""
    yield Change("running", lambda count: count + 1, "relaxed")
    yield Change("running", lambda count: count - 1, "relaxed")


def end_of_exporter(orders):
    yield Await("running", orders["ProbePage::running"], 0)
    return (yield Read("data"))


def answer(orders):
    yield Lock("mutex")
    yield Write("data", 1)
    yield Unlock("mutex")
    yield Store("flag", True, orders["PasswordQuestion::answer"])


def asks_again(orders):
    yield Await("flag", orders["PasswordQuestion::verdict"], True)
    yield Lock("mutex")
    learned = yield Read("data")
    yield Unlock("mutex")
    return learned


def seen(what):
    return lambda _, results: None if results[-1] == what else f"seen was {results[-1]}"


def scenarios(orders):
    memory = {"flag": False, "data": 0}
    for name, (store, load) in FLAGS.items():
        threads = [lambda order=orders[store]: tells(order), lambda order=orders[load]: is_told(order)]
        yield Scenario(name, memory, threads, seen(1), plain=("data",))
    pusher = {"stopping": False, "finished": False, "deadline": 0, "last": None}
    for look in ("PusherState::wait_until, look", "PusherState::wait_until, late look"):
        threads = [lambda: push(orders), lambda look=look: pusher_owner(orders, look)]
        yield Scenario(look, pusher, threads, seen(("by", 5)), plain=("deadline", "last"))
    threads = [lambda: probe(orders), refused, lambda: end_of_exporter(orders)]
    yield Scenario("no probe runs", {"running": 1, "data": 0}, threads, seen(1), plain=("data",))
    threads = [lambda: answer(orders), lambda: asks_again(orders)]
    yield Scenario("a password was checked", {**memory, "mutex": 0}, threads, seen(1), plain=("data",))
