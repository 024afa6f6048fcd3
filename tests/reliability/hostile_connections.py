# promlite: what many connections that never finish a request do to a program, its scrapes and a real Prometheus.
# SPDX-License-Identifier: MIT
import contextlib
import pathlib
import resource
import socket
import subprocess
import threading
import time

from support.memcached import end, poll_until
from support.pushgateway import Prometheus

HELD = {"short": 1500, "normal": 10000, "long": 10000}  # connections, at any moment of the attack
SECONDS = {"short": 3, "normal": 20, "long": 600}  # of attack, for each of the two limits
MEBIBYTE = 1 << 20


class NotSo(Exception):
    pass


def demand(holds, promise):
    if not holds:
        raise NotSo(promise)


class Program:
    """The program under attack, and what can be seen of it from outside."""

    def __init__(self, path, *arguments):
        self.process = subprocess.Popen([path, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.proc = pathlib.Path("/proc", str(self.process.pid))

    def line(self):
        return self.process.stdout.readline().strip()

    def stop(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        end(self.process)
        self.process.stdout.close()

    def memory(self):
        status = (self.proc / "status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def threads(self):
        return sorted((task / "comm").read_text().strip() for task in (self.proc / "task").iterdir())

    def descriptors(self):
        return len(list((self.proc / "fd").iterdir()))

    def processor(self):
        """{thread: its seconds of processor time}"""
        found = {}
        for task in (self.proc / "task").iterdir():
            nanoseconds = int((task / "schedstat").read_text().split()[0])
            found[(task / "comm").read_text().strip()] = nanoseconds / 1e9
        return found


def scrape(address):
    """(seconds, the body) of a scrape on a connection of its own."""
    host, port = address.rsplit(":", 1)
    start = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = b""
        while True:
            more = client.recv(1 << 16)
            if not more:
                break
            answer += more
    demand(answer.startswith(b"HTTP/1.1 200 "), f"a scrape is answered with 200, not {answer[:40]}")
    return time.monotonic() - start, answer


def demand_sound(address):
    """A fresh scrape is what promtool accepts."""
    body = scrape(address)[1].split(b"\r\n\r\n", 1)[1]
    done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, timeout=60)
    demand(done.returncode == 0, "promtool accepts a fresh scrape: " + (done.stdout + done.stderr).decode())


def jobs(body):
    return float(body.split(b"\njobs_total ")[1].split()[0])


class Window:
    """What happened within some seconds: durations of scrapes, and the work done a second of processor time."""

    def __init__(self, program, address, seconds):
        before, processor, start = jobs(scrape(address)[1]), program.processor(), time.monotonic()
        self.durations = []
        while time.monotonic() < start + seconds:
            self.durations.append(scrape(address)[0])
            time.sleep(0.01)
        done, after, wall = jobs(scrape(address)[1]) - before, program.processor(), time.monotonic() - start
        used = {name: after[name] - processor[name] for name in processor}
        self.rate = done / used["work"]
        self.others = sum(value for name, value in used.items() if name != "work") / wall

    def p99(self):
        return sorted(self.durations)[int(len(self.durations) * 0.99)]


def clients_for(held):
    """The server ends each connection after five seconds, and its client needs up to two to be back."""
    return held * 3 // 2


def attack(path, size, wanted, limit):
    """The figures with so many connections held, if the server takes so many."""
    seconds, count = SECONDS[size], clients_for(wanted)
    with contextlib.ExitStack() as stack:
        program = Program(path, "serve", limit)
        stack.callback(program.stop)
        address = program.line()
        prometheus = Prometheus("{global: {scrape_interval: 1s, scrape_timeout: 1s}, scrape_configs: [{job_name: a, "
                                f"static_configs: [{{targets: ['{address}']}}]}}]}}").start()
        stack.callback(prometheus.stop)
        poll_until(lambda: prometheus.query("up == 1"), "Prometheus' first scrape")
        calm = Window(program, address, min(seconds - 1, 5))
        memory, threads, descriptors, start = program.memory(), program.threads(), program.descriptors(), time.time()
        client = Program(path, "attack", address, count)
        stack.callback(client.stop)
        held, opened = [0], 0  # by the server, once a second

        def listen():
            nonlocal opened
            for line in client.process.stdout:
                opened = int(line.split()[1])
                with contextlib.suppress(OSError):  # the program may have ended
                    held.append(program.descriptors() - descriptors)

        threading.Thread(target=listen, daemon=True).start()
        if limit < wanted:  # those that give way come back after a while
            wanted = limit // 2
        poll_until(lambda: held[-1] >= wanted, f"{wanted} connections are held")
        # The client, Prometheus and the program share the machine, with others perhaps: one of three windows has to be
        # fast enough, and what scrapes took before counts.
        most = 0.05 + 4 * calm.p99()
        for _ in range(3):
            del held[:-1]
            window = Window(program, address, seconds)
            if window.p99() < most and window.rate >= 0.8 * calm.rate and min(held) >= wanted:
                break
        least, grown, now = min(held), program.memory() - memory, program.threads()
        span = f"[{max(1, round(time.time() - start))}s]"
        up, scrapes = (prometheus.query(f"{function}_over_time(up{span})")[0][1] for function in ("min", "count"))
        ratio = window.rate / calm.rate
        figures = (f"limit {limit}: {least} held at least, {opened} opened; scrapes 99 % "
                   f"{window.p99() * 1000:.1f} ms of {len(window.durations)} (before {calm.p99() * 1000:.1f}); "
                   f"memory +{grown / MEBIBYTE:.1f} MiB; {len(now)} threads of {len(threads)}; inc() {ratio:.2f} of before; "
                   f"server {window.others:.2f} of a processor; up >= {up:.0f} in {scrapes:.0f} scrapes of Prometheus")
        promises = {f"{wanted} connections are held throughout": least >= wanted,
                    "no thread is added": now == threads, "memory grows by less than 64 MiB": grown < 64 * MEBIBYTE,
                    f"99 of 100 scrapes take less than {most * 1000:.0f} ms": window.p99() < most,
                    "inc() has 0.8 of its throughput": ratio >= 0.8, "Prometheus sees it up throughout": up == 1}
        broken = "; ".join(promise for promise, holds in promises.items() if not holds)
        demand(not broken, f"not so: {broken}. {figures}")
        demand_sound(address)
        return figures


def run(path, size):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    held = HELD[size]
    note = ""
    if hard != resource.RLIM_INFINITY and hard < clients_for(held) + 3000:
        held = (hard - 3000) * 2 // 3
        note = f"the limit of descriptors, {hard}, allows no more than {held} connections; "
    try:
        return True, note + "; ".join(attack(path, size, held, limit) for limit in (clients_for(held) + 2000, 128))
    except (NotSo, AssertionError, OSError) as reason:
        return False, note + str(reason)
