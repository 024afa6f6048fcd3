# promlite: walks through the executions of a few threads that the C++ memory model allows.
# SPDX-License-Identifier: MIT
"""A location holds its modification order, a list of messages (value, view). A view says for each location the oldest
message that may still be read. A load reads any message that its thread's view allows; an acquire load takes over the
message's view. A release store leaves its thread's view in the message, a relaxed one its own place alone. A
read-modify-write reads the newest message and hands on that message's view (release sequence, C++17 [intro.races]/5;
of the same thread's later relaxed stores, which C++20 took out, nothing is assumed).

A thread is a generator: it yields an operation, is given what the operation read, and raises Wrong or returns a result.
It does nothing that depends on anything else, so that its state is what it has read.

Always wrong, whatever the protocol: to be able to read memory from before it was written; a store that nothing orders
after the newest one of its location (no protocol here has such); a data race of plain accesses; to wait for ever.

Not covered: a load that reads a store which stands later in the walk (load buffering: a cycle of "comes before in the
program" and "is read by"). What a load may read is a store that has been made."""

from collections import namedtuple

GARBAGE = "garbage"  # what fresh memory holds

Load = namedtuple("Load", "location order")
Await = namedtuple("Await", "location order value")  # loads until it reads that
Store = namedtuple("Store", "location value order")
Change = namedtuple("Change", "location function order")  # a read-modify-write that tells nothing
FetchAdd = namedtuple("FetchAdd", "location amount order")
CompareExchange = namedtuple("CompareExchange", "location expected desired success failure")  # -> (won, what it read)
Lock = namedtuple("Lock", "location")  # a mutex: 0 when free
Unlock = namedtuple("Unlock", "location")
Read = namedtuple("Read", "location")  # plain
Write = namedtuple("Write", "location value")
Zero = namedtuple("Zero", "locations")  # the system takes a page back: whoever sees one zero sees them all
Newest = namedtuple("Newest", "location")  # for properties, not for programs: the newest message's place
Seen = namedtuple("Seen", "location")  # likewise: the oldest place that this thread may still read
Done = namedtuple("Done", "result")

# `end(values, results)` looks at the newest values and the threads' results when all have ended, and says what is wrong.
# `reached(results)` holds at some end: otherwise the scenario shows nothing.
Scenario = namedtuple("Scenario", "name memory threads end reached plain", defaults=(None, None, ()))
Outcome = namedtuple("Outcome", "states wrong reached")


class Wrong(Exception):
    """What an execution must not come to."""


def join(a, b):
    return tuple(map(max, a, b))


def raised(view, at, place):
    return view if view[at] >= place else view[:at] + (place,) + view[at + 1:]


class Exploration:
    def __init__(self, scenario):
        self.scenario = scenario
        names = list(scenario.memory)
        self.reads = {name: [(name, "read", number) for number in range(len(scenario.threads))] for name in scenario.plain}
        names += [ghost for ghosts in self.reads.values() for ghost in ghosts]
        self.index = {name: at for at, name in enumerate(names)}
        self.none = (0,) * len(names)
        self.operations = {}

    def run(self, stop_when_wrong):
        """Through all executions, or up to the first that is wrong."""
        memory = tuple(((self.scenario.memory.get(name), self.none),) for name in self.index)
        start = (memory, tuple(((), self.none) for _ in self.scenario.threads))
        stack, known = [start], {start}
        wrong, reached = [], self.scenario.reached is None
        while stack:
            state = stack.pop()
            try:
                states = self.following(*state)
                if not states:
                    results = self.results(state)
                    reached = reached or self.scenario.reached(results)
                    self.check_end(state, results)
            except Wrong as problem:
                wrong.append(str(problem))
                if stop_when_wrong:
                    break
                continue
            for new in states:
                if new not in known:
                    known.add(new)
                    stack.append(new)
        return Outcome(len(known), wrong, reached)

    def operation(self, number, history):
        """What the thread does next, having read `history`."""
        key = number, history
        if key not in self.operations:
            program = self.scenario.threads[number]()
            try:
                operation = next(program)
                for value in history:
                    operation = program.send(value)
            except StopIteration as end:
                operation = Done(end.value)
            except Wrong as problem:
                operation = problem
            self.operations[key] = operation
        operation = self.operations[key]
        if isinstance(operation, Wrong):
            raise operation
        return operation

    def following(self, memory, threads):
        states = []
        for number, (history, view) in enumerate(threads):
            if isinstance(history, Done):
                continue
            operation = self.operation(number, history)
            for changed, after, value in self.steps(number, operation, memory, view):
                mine = (history + (value,), after)
                next_one = self.operation(number, mine[0])
                if isinstance(next_one, Done):
                    mine = (next_one, self.none)  # its view matters no more
                states.append((changed, threads[:number] + (mine,) + threads[number + 1:]))
        return states

    def results(self, state):
        if not all(isinstance(history, Done) for history, _ in state[1]):
            raise Wrong("a thread waits for ever")
        return [history.result for history, _ in state[1]]

    def check_end(self, state, results):
        if self.scenario.end is not None:
            values = {name: state[0][at][-1][0] for name, at in self.index.items()}
            problem = self.scenario.end(values, results)
            if problem:
                raise Wrong(problem)

    def steps(self, number, operation, memory, view):
        """[(memory, view, what was read)] after each way in which the operation may happen."""
        kind = type(operation)
        if kind in (Load, Await):
            found = self.loads(operation.location, operation.order, memory, view)
            return [(memory, after, value) for after, value in found if kind is Load or value == operation.value]
        if kind is Store:
            self.must_be_ordered(operation.location, memory, view)
            return [self.stored(operation.location, operation.value, operation.order, memory, view)]
        if kind is Change:
            return [self.changed(operation.location, operation.function, operation.order, memory, view)]
        if kind is FetchAdd:
            before = memory[self.index[operation.location]][-1][0]
            total = before + operation.amount
            changed, after, _ = self.changed(operation.location, lambda _: total, operation.order, memory, view)
            return [(changed, after, before)]
        if kind is CompareExchange:
            return self.compared(operation, memory, view)
        if kind is Lock:
            free = memory[self.index[operation.location]][-1][0] == 0
            return [self.changed(operation.location, lambda _: 1, "acquire", memory, view)] if free else []
        if kind is Unlock:
            return [self.stored(operation.location, 0, "release", memory, view)]
        if kind is Read:
            return [self.plainly_read(number, operation.location, memory, view)]
        if kind is Write:
            for location in [operation.location, *self.reads[operation.location]]:
                self.must_be_ordered(location, memory, view, "a data race")
            return [self.stored(operation.location, operation.value, "relaxed", memory, view)]
        if kind is Zero:
            return [self.zeroed(operation.locations, memory, view)]
        at = self.index[operation.location]
        return [(memory, view, len(memory[at]) - 1 if kind is Newest else view[at])]

    def loads(self, location, order, memory, view):
        at = self.index[location]
        for place in range(view[at], len(memory[at])):
            value, left = memory[at][place]
            if value is GARBAGE:
                raise Wrong(f"{location} may be read before it is written")
            after = raised(view, at, place)
            yield (join(after, left) if order == "acquire" else after), value

    def must_be_ordered(self, location, memory, view, what="a store that nothing orders after the one before"):
        at = self.index[location]
        if view[at] != len(memory[at]) - 1:
            raise Wrong(f"{what}: {location}")

    def stored(self, location, value, order, memory, view, handed_on=None):
        at = self.index[location]
        place = len(memory[at])
        after = raised(view, at, place)
        left = after if order == "release" else raised(self.none, at, place)
        if handed_on is not None:
            left = join(left, handed_on)
        return memory[:at] + (memory[at] + ((value, left),),) + memory[at + 1:], after, None

    def changed(self, location, function, order, memory, view):
        at = self.index[location]
        if memory[at][view[at]][0] is GARBAGE:
            raise Wrong(f"{location} may be read before it is written")
        value, left = memory[at][-1]
        if order == "acquire":
            view = join(view, left)
        return self.stored(location, function(value), order, memory, view, left)

    def compared(self, operation, memory, view):
        ways = []
        for after, value in self.loads(operation.location, operation.failure, memory, view):
            if value != operation.expected:
                ways.append((memory, after, (False, value)))
        if memory[self.index[operation.location]][-1][0] == operation.expected:
            changed, after, _ = self.changed(operation.location, lambda _: operation.desired, operation.success, memory, view)
            ways.append((changed, after, (True, operation.expected)))
        return ways

    def plainly_read(self, number, location, memory, view):
        self.must_be_ordered(location, memory, view, "a data race")
        value = memory[self.index[location]][-1][0]
        changed, after, _ = self.stored(self.reads[location][number], None, "relaxed", memory, view)
        return changed, after, value

    def zeroed(self, locations, memory, view):
        for location in locations:
            self.must_be_ordered(location, memory, view)
            view = raised(view, self.index[location], len(memory[self.index[location]]))
        for location in locations:
            at = self.index[location]
            memory = memory[:at] + (memory[at] + ((0, view),),) + memory[at + 1:]
        return memory, view, None


def explore(scenario, stop_when_wrong=False):
    return Exploration(scenario).run(stop_when_wrong)
