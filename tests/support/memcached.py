# promlite: memcached for tests: the real one, a client of it, and a server that only pretends.
# SPDX-License-Identifier: MIT
import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time

DEADLINE = 20.0  # seconds that anything here may take


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def poll_until(condition, what):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError(f"{what} did not happen within {DEADLINE} s")


def end(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Memcached:
    """Debian's memcached on a free loopback port or a unix socket."""

    def __init__(self, *arguments, path=None, port=None):
        self.arguments, self.path, self.port = arguments, path, port
        self.start()

    def start(self):
        for _ in range(5):  # somebody else may take the port first
            where = ["-s", self.path] if self.path else ["-l", "127.0.0.1", "-p", str(self.port or free_port())]
            as_user = ["-u", "root"] if os.getuid() == 0 else []
            self.process = subprocess.Popen([shutil.which("memcached") or "/usr/bin/memcached", *as_user, *where,
                                             *self.arguments])
            self.target = self.path or ("127.0.0.1", int(where[3]))
            if poll_until(lambda: self.answers() or self.process.poll() is not None, "memcached's start") is True \
                    and self.process.poll() is None:
                return
            end(self.process)
        raise AssertionError("memcached does not start")

    def answers(self):
        """On a connection that it has counted by then."""
        with contextlib.suppress(OSError), self.connect() as client:
            client.sendall(b"version\r\n")
            return client.recv(100).startswith(b"VERSION ")
        return False

    def connect(self):
        client = socket.socket(socket.AF_UNIX if self.path else socket.AF_INET)
        client.settimeout(DEADLINE)
        try:
            client.connect(self.target)
        except OSError:
            client.close()
            raise
        return client

    @property
    def address(self):
        return self.path or f"127.0.0.1:{self.target[1]}"

    def stop(self):
        end(self.process)


class Client:
    """One connection to memcached."""

    def __init__(self, memcached):
        self.socket = memcached.connect()
        self.input = self.socket.makefile("rb")

    def close(self):
        self.input.close()
        self.socket.close()

    def ask(self, command, value=None):
        """The first line of the answer."""
        text = command.encode() + b"\r\n"
        if value is not None:
            text += value + b"\r\n"
        self.socket.sendall(text)
        return self.input.readline().decode().rstrip("\r\n")

    def set(self, key, value, command="set", more=""):
        return self.ask(f"{command} {key} 0 0 {len(value)}{more}", value)

    def get(self, key, command="get"):
        """(value, unique number) or None."""
        head = self.ask(f"{command} {key}")
        if head == "END":
            return None
        words = head.split()
        value = self.input.read(int(words[3]) + 2)[:-2]
        assert self.input.readline() == b"END\r\n"
        return value, words[4] if len(words) > 4 else None

    def stats(self, what=""):
        self.socket.sendall(f"stats {what}".strip().encode() + b"\r\n")
        found = {}
        while True:
            line = self.input.readline().decode().rstrip("\r\n")
            if line == "END":
                return found
            _, key, value = line.split(" ", 2)
            found[key] = value

    def all_stats(self):
        return self.stats(), self.stats("settings"), self.stats("items"), self.stats("slabs")


class FakeServer:
    """Calls `talk` with every connection, on a thread each."""

    def __init__(self, talk):
        self.talk = talk
        self.connections = []
        self.stopping = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self.accept)]
        self.threads[0].start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            self.threads.append(threading.Thread(target=self.serve, args=(connection,)))
            self.threads[-1].start()

    def serve(self, connection):
        with contextlib.suppress(OSError), connection:
            self.talk(self, connection)

    def stop(self):
        self.stopping.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()


def answer_with(*answers):
    """Says the answers once the commands have come, then waits for the other side to leave."""
    def talk(_, connection):
        received = b""
        while received.count(b"\n") < 4:
            more = connection.recv(4096)
            if not more:
                return
            received += more
        assert received == b"stats\r\nstats settings\r\nstats items\r\nstats slabs\r\n", received
        connection.sendall("".join(answers).encode())
        connection.recv(1)
    return talk


def answer_text(answer):
    return "".join(f"STAT {key} {value}\r\n" for key, value in answer.items()) + "END\r\n"
