# promlite: examples/memcached_exporter against a real memcached, and against servers that only pretend.
# SPDX-License-Identifier: MIT
# needs: memcached_exporter
import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.memcached import DEADLINE, Client, FakeServer, Memcached, answer_text, answer_with, poll_until
from support.memcached_table import (COMMANDS, EXTSTORE, GAUGE, ITEMS, LRU_HITS, PROCESS, PROXY, SETTINGS, SLABS, STATS,
                                     expected_series, series)
from support.operations import check_operations


def exporter_path():
    return os.path.join(os.environ["PROMLITE_BUILD"], "examples", "memcached_exporter", "memcached_exporter")


# Metrics of promlite, of the exporter's collectors and process and of memcached's, which other tests look at.
OTHERS = re.compile(r"(# (HELP|TYPE) )?(promlite_|process_|memcached_collector_|memcached_process_(?!user_cpu|system_cpu))")


def parse(text):
    """Series to value, both as text, and family to type, without those of OTHERS."""
    values, types = {}, {}
    for line in text.splitlines():
        if OTHERS.match(line):
            continue
        if line.startswith("# TYPE "):
            _, _, name, types[name] = line.split(" ")
        elif not line.startswith("#"):
            one, value = line.rsplit(" ", 1)
            if one in values:
                raise AssertionError(f"{one} is there twice")
            values[one] = value
    return values, types


class Exporter:
    def __init__(self, memcached_address, *flags):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([exporter_path(), "--memcached.address", memcached_address,
                                         "--web.listen-address=127.0.0.1:0", *flags],
                                        stdout=subprocess.DEVNULL, stderr=self.errors)
        try:
            start = poll_until(lambda: re.search(r"msg=Listening address=127\.0\.0\.1:(\d+) path=(\S+)\n", self.messages())
                               or self.process.poll() is not None, "the exporter's start")
            if start is True:
                raise AssertionError("the exporter ended: " + self.messages())
        except BaseException:
            self.stop()
            raise
        self.port, self.path = int(start[1]), start[2]

    def messages(self):
        # Not through the shared file position, which is where the exporter writes.
        return os.pread(self.errors.fileno(), 1 << 20, 0).decode()

    def request(self, path, timeout=DEADLINE):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def scrape_text(self):
        status, text = self.request(self.path)
        if status != 200:
            raise AssertionError(f"status {status}: {text}")
        return text

    def scrape(self):
        return parse(self.scrape_text())[0]

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.process.returncode


class ExporterTest(unittest.TestCase):
    maxDiff = None

    def start_memcached(self, *arguments, **options):
        memcached = Memcached(*arguments, **options)
        self.addCleanup(memcached.stop)
        return memcached

    def start_client(self, memcached):
        client = Client(memcached)
        self.addCleanup(client.close)
        return client

    def start_exporter(self, address, *flags):
        exporter = Exporter(address, *flags)
        self.addCleanup(exporter.errors.close)
        self.addCleanup(lambda: self.assertNotIn("Sanitizer", exporter.messages()))
        self.addCleanup(exporter.stop)
        return exporter

    def start_fake(self, talk):
        server = FakeServer(talk)
        self.addCleanup(server.stop)
        return server

    def scratch(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return folder.name

    def assert_matches(self, exporter, client):
        """The exposition holds what the table says, between the answers before it and behind it."""
        def look():
            before, types = expected_series(*client.all_stats())
            found = parse(exporter.scrape_text())
            after, types_after = expected_series(*client.all_stats())
            # memcached's threads empty a slab class when it suits them.
            return (before, types, found, after) if types == types_after and sorted(before) == sorted(after) else None
        before, types, (found, found_types), after = poll_until(look, "two equal lists of statistics")
        self.assertEqual(found.pop("memcached_up"), "1")
        self.assertEqual(found_types.pop("memcached_up"), GAUGE)
        self.assertEqual(found_types.pop("memcached_exporter_build_info"), GAUGE)
        build = [one for one in found if one.startswith("memcached_exporter_build_info{")]
        self.assertEqual([found.pop(one) for one in build], ["1"])
        for label in ("version", "revision", "branch", "compiler", "cxx_standard"):
            self.assertRegex(build[0], f'[{{,]{label}="[^"]+"')
        self.assertEqual(found_types, types)
        self.assertEqual(sorted(found), sorted(before))
        # The exporter's own connection.
        self.assertIn(int(found["memcached_current_connections"]) - int(before.pop("memcached_current_connections")),
                      (0, 1))
        for one, value in found.items():
            if one not in before:
                continue
            if before[one] == after[one]:
                self.assertEqual(value, before[one], one)
            elif float(before[one]) < float(after[one]):
                self.assertTrue(float(before[one]) <= float(value) <= float(after[one]), one)
        return found


class RealMemcachedTest(ExporterTest):
    def test_every_command_is_counted_exactly(self):
        memcached = self.start_memcached("-m", "64")
        client = self.start_client(memcached)
        exporter = self.start_exporter(memcached.address)

        for i in range(10):
            self.assertEqual(client.set(f"key{i}", b"x" * 100), "STORED")
        self.assertEqual(client.set("number", b"5"), "STORED")
        for i in range(7):
            self.assertEqual(client.get(f"key{i}")[0], b"x" * 100)
        for _ in range(3):
            self.assertIsNone(client.get("nothing"))
        self.assertEqual([client.ask(f"delete key{i}") for i in (8, 9, 9)], ["DELETED", "DELETED", "NOT_FOUND"])
        self.assertEqual([client.ask(f"incr {key} 4") for key in ("number", "number", "nothing")],
                         ["9", "13", "NOT_FOUND"])
        self.assertEqual([client.ask(f"decr {key} 3") for key in ("number", "nothing", "nothing")],
                         ["10", "NOT_FOUND", "NOT_FOUND"])
        self.assertEqual([client.ask(f"touch {key} 100") for key in ("key0", "key1", "key2", "nothing")],
                         ["TOUCHED", "TOUCHED", "TOUCHED", "NOT_FOUND"])
        unique = client.get("key0", "gets")[1]
        self.assertEqual([client.set("key0", b"y" * 100, "cas", f" {unique}") for _ in range(3)],
                         ["STORED", "EXISTS", "EXISTS"])
        self.assertEqual(client.set("nothing", b"z", "cas", " 1"), "NOT_FOUND")
        self.assertEqual(client.set("large", b"x" * (2 << 20)), "SERVER_ERROR object too large for cache")

        found = self.assert_matches(exporter, client)
        counted = {}
        for one, value in found.items():
            match = re.fullmatch(r'memcached_commands_total\{command="(\w+)",status="(\w+)"\}', one)
            if match:
                counted[match[1], match[2]] = value
        self.assertEqual(counted, {
            ("set", "hit"): "11", ("get", "hit"): "8", ("get", "miss"): "3",
            ("delete", "hit"): "2", ("delete", "miss"): "1", ("incr", "hit"): "2", ("incr", "miss"): "1",
            ("decr", "hit"): "1", ("decr", "miss"): "2", ("touch", "hit"): "3", ("touch", "miss"): "1",
            ("cas", "hit"): "1", ("cas", "badval"): "2", ("cas", "miss"): "1", ("flush", "hit"): "0"})
        self.assertEqual(found["memcached_current_items"], "9")
        self.assertEqual(found["memcached_item_too_large_total"], "1")
        self.assertEqual(found["memcached_limit_bytes"], str(64 << 20))
        self.assertEqual(found["memcached_items_evicted_total"], "0")

        self.assertEqual(client.ask("flush_all"), "OK")
        self.assertEqual(self.assert_matches(exporter, client)[series("commands_total", command="flush", status="hit")],
                         "1")

    def test_evictions(self):
        memcached = self.start_memcached("-m", "4")
        client = self.start_client(memcached)
        exporter = self.start_exporter(memcached.address)
        for i in range(200):
            self.assertEqual(client.set(f"key{i}", b"x" * 100000), "STORED")
        found = self.assert_matches(exporter, client)
        evicted = int(found["memcached_items_evicted_total"])
        self.assertGreater(evicted, 100)
        self.assertEqual(evicted + int(found["memcached_current_items"]), 200)
        self.assertEqual(evicted, sum(int(value) for one, value in found.items()
                                      if one.startswith("memcached_slab_items_evicted_total{")))

    def test_external_storage(self):
        memcached = self.start_memcached("-m", "64", "-o", f"ext_path={self.scratch()}/store:64m")
        client = self.start_client(memcached)
        self.assertEqual(client.set("key", b"x" * 5000), "STORED")
        found = self.assert_matches(self.start_exporter(memcached.address), client)
        self.assertEqual(found["memcached_extstore_bytes_limit"], str(64 << 20))

    def test_unix_socket_and_host_name(self):
        memcached = self.start_memcached("-m", "16", path=f"{self.scratch()}/memcached.sock")
        client = self.start_client(memcached)
        self.assert_matches(self.start_exporter(memcached.address), client)
        memcached = self.start_memcached("-m", "16")
        client = self.start_client(memcached)
        self.assert_matches(self.start_exporter(memcached.address.replace("127.0.0.1", "localhost")), client)

    def test_promtool_accepts_it(self):
        memcached = self.start_memcached("-m", "16")
        client = self.start_client(memcached)
        client.set("key", b"value")
        text = self.start_exporter(memcached.address).scrape_text()
        check_operations(self, "memcached_exporter", text)
        check = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True,
                               timeout=DEADLINE)
        # Names that memcached's users know, and that the linter would have chosen otherwise.
        self.assertEqual(sorted(line for line in (check.stdout + check.stderr).splitlines() if line), sorted([
            'memcached_uptime_seconds counter metrics should have "_total" suffix',
            'memcached_slab_items_evicted_time_seconds counter metrics should have "_total" suffix',
            'memcached_slab_items_moves_to_cold counter metrics should have "_total" suffix',
            'memcached_slab_items_moves_to_warm counter metrics should have "_total" suffix',
            'memcached_slab_items_moves_within_lru counter metrics should have "_total" suffix']))

    def test_the_server_goes_and_comes_back(self):
        memcached = self.start_memcached("-m", "16")
        exporter = self.start_exporter(memcached.address)
        self.assertEqual(exporter.scrape()["memcached_up"], "1")

        memcached.stop()
        for _ in range(3):
            start = time.monotonic()
            values = exporter.scrape()
            self.assertLess(time.monotonic() - start, 1)
            self.assertEqual(values.pop("memcached_up"), "0")
            self.assertEqual([one for one in values if not one.startswith("memcached_exporter_build_info{")], [])
        self.assertEqual(exporter.messages().count("Connection refused"), 1, exporter.messages())

        memcached.port = memcached.target[1]
        memcached.start()
        self.assertEqual(exporter.scrape()["memcached_up"], "1")
        self.assertIn("works again", exporter.messages())

    def test_no_connection_stays(self):
        memcached = self.start_memcached("-m", "16")
        client = self.start_client(memcached)
        exporter = self.start_exporter(memcached.address)
        total = int(client.stats()["total_connections"])
        for _ in range(20):
            exporter.scrape()
        poll_until(lambda: client.stats()["curr_connections"] == "1", "the end of the exporter's connections")
        self.assertEqual(int(client.stats()["total_connections"]), total + 20)

    def test_the_server_process(self):
        memcached = self.start_memcached("-m", "16", "-t", "3")
        path = os.path.join(self.scratch(), "memcached.pid")
        exporter = self.start_exporter(memcached.address, f"--memcached.pid-file={path}")
        pattern = re.compile(r"^(memcached_process_(?!user_cpu|system_cpu)\w+) (\S+)$", re.MULTILINE)
        self.assertEqual(pattern.findall(exporter.scrape_text()), [])
        with open(path, "w") as file:
            file.write(f"{memcached.process.pid}\n")
        text = exporter.scrape_text()
        found = dict(pattern.findall(text))
        allowed = {"memcached_process_" + name for name in PROCESS}
        self.assertLessEqual(set(found), allowed)
        self.assertLessEqual(allowed - set(found), {"memcached_process_virtual_memory_max_bytes"})
        for name in found:
            self.assertIn(f"# TYPE {name} {PROCESS[name[18:]]}\n", text)
        pid = memcached.process.pid
        self.assertEqual(int(found["memcached_process_threads"]), len(os.listdir(f"/proc/{pid}/task")))
        self.assertLess(abs(float(found["memcached_process_start_time_seconds"]) - time.time()), 120)
        poll_until(lambda: dict(pattern.findall(exporter.scrape_text()))["memcached_process_open_fds"] in
                   [str(len(os.listdir(f"/proc/{pid}/fd")) + more) for more in (0, 1)], "the same count of descriptors")
        memcached.stop()
        self.assertEqual(pattern.findall(exporter.scrape_text()), [])

    def test_own_process(self):
        memcached = self.start_memcached("-m", "16")
        exporter = self.start_exporter(memcached.address)
        exporter.scrape()  # starts the collectors' threads
        found = dict(re.findall(r"^(process_\w+) (\S+)$", exporter.scrape_text(), re.MULTILINE))
        allowed = {"process_" + name for name in PROCESS}
        self.assertLessEqual(set(found), allowed)
        self.assertLessEqual(allowed - set(found), {"process_virtual_memory_max_bytes"})
        self.assertEqual(int(found["process_threads"]), len(os.listdir(f"/proc/{exporter.process.pid}/task")))


class PretendedMemcachedTest(ExporterTest):
    TIMEOUT = 0.3

    def scrape_within_timeout(self, talk, *flags):
        exporter = self.start_exporter(self.start_fake(talk).address, f"--memcached.timeout={self.TIMEOUT}s", *flags)
        values = {}
        for _ in range(2):
            start = time.monotonic()
            values = exporter.scrape()
            self.assertLess(time.monotonic() - start, self.TIMEOUT + 1)
        self.assertEqual(exporter.request("/-/healthy")[0], 200)
        values = {one: value for one, value in values.items() if "build_info" not in one}
        return values, exporter.messages()

    def test_the_whole_table(self):
        numbers = iter(range(1000, 100000))
        stats = {key: str(next(numbers)) for key in [*STATS, *EXTSTORE, *PROXY] if key != "total_malloced"}
        stats.update({"rusage_user": "12.000345", "rusage_system": "0.500000", "version": '1.6 "x\\y"', "pid": "7"})
        stats.update({key: str(next(numbers)) for key, _, _ in COMMANDS}, cmd_set="18446744073709551615")
        stats["bytes_read"] = "18446744073709551615"
        settings = {key: str(next(numbers)) for key in SETTINGS}
        settings.update(lru_crawler="yes", lru_maintainer_thread="no", hot_max_factor="0.20", warm_max_factor="2.25")
        items, slabs = {}, {"active_slabs": "2", "total_malloced": str(next(numbers))}
        for slab in ("1", "42"):
            items.update({f"items:{slab}:{key}": str(next(numbers)) for key in [*ITEMS, *LRU_HITS]})
            slabs.update({f"{slab}:{key}": str(next(numbers)) for key in SLABS})
            slabs.update({f"{slab}:{key}": str(next(numbers)) for key, _, status in COMMANDS if status != "miss"})
            slabs[f"{slab}:cmd_set"] = "900000"
            del slabs[f"{slab}:cmd_flush"]
        expected, types = expected_series(stats, settings, items, slabs)
        version = expected.pop(series("version", version='1.6 "x\\y"'))
        expected[series("version", version='1.6 \\"x\\\\y\\"')] = version
        server = self.start_fake(answer_with(*map(answer_text, (stats, settings, items, slabs))))
        found, found_types = parse(self.start_exporter(server.address).scrape_text())
        found = {one: value for one, value in found.items() if "build_info" not in one}
        self.assertEqual(found, {**expected, "memcached_up": "1"})
        self.assertEqual(found_types, {**types, "memcached_up": GAUGE, "memcached_exporter_build_info": GAUGE})

        readme = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/memcached_exporter/README.md")
        with open(readme, encoding="utf-8") as file:
            documented = set(re.findall(r"^\| `(memcached_\w+)[^`]*` \| (\w+) \|", file.read(), re.MULTILINE))
        self.assertEqual(documented, {*types.items(), ("memcached_up", GAUGE)})

    def test_it_never_answers(self):
        values, messages = self.scrape_within_timeout(lambda server, _: server.stopping.wait(DEADLINE))
        self.assertEqual(values, {"memcached_up": "0"})
        self.assertIn("read: the timeout has passed", messages)

    def test_it_never_accepts(self):
        # A full queue: the system neither accepts nor refuses what comes then.
        with socket.socket() as listener, contextlib.ExitStack() as stack:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            for _ in range(4):
                client = stack.enter_context(socket.socket())
                client.setblocking(False)
                client.connect_ex(listener.getsockname())
            exporter = self.start_exporter("127.0.0.1:%d" % listener.getsockname()[1], "--memcached.timeout=300ms")
            start = time.monotonic()
            self.assertEqual(exporter.scrape()["memcached_up"], "0")
            self.assertLess(time.monotonic() - start, 2)
            self.assertIn("the timeout has passed", exporter.messages())

    def test_it_talks_nonsense(self):
        values, messages = self.scrape_within_timeout(
            lambda server, connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
        self.assertEqual(values, {"memcached_up": "0"})
        self.assertIn("the server's answer is not memcached's", messages)

    def test_it_closes_at_once(self):
        values, _ = self.scrape_within_timeout(lambda server, connection: None)
        self.assertEqual(values, {"memcached_up": "0"})

    def test_it_closes_in_the_middle(self):
        def talk(_, connection):
            connection.recv(4096)
            connection.sendall(b"STAT uptime 3\r\nEND\r\nSTAT maxconns 5\r\nEN")
        values, messages = self.scrape_within_timeout(talk)
        self.assertEqual(values, {"memcached_up": "0", "memcached_uptime_seconds": "3"})
        self.assertIn("closed the connection", messages)

    def test_it_sends_without_end(self):
        for head, chunk in ((b"", b"STAT a 1\r\n" * 5000), (b"", b"x" * 50000),
                            (b"END\r\n" * 3, b"STAT 1:x 1\r\n" * 5000)):
            with self.subTest(head + chunk[:20]):
                def talk(server, connection, head=head, chunk=chunk):
                    connection.sendall(head)
                    while not server.stopping.is_set():
                        connection.sendall(chunk)
                values, messages = self.scrape_within_timeout(talk)
                self.assertEqual(values, {"memcached_up": "0"})
                self.assertIn("longer than 1 MiB", messages)

    def test_it_dribbles(self):
        def talk(server, connection):
            for byte in b"STAT uptime 3\r\n" * 1000:
                connection.sendall(bytes([byte]))
                if server.stopping.wait(0.02):
                    return
        values, messages = self.scrape_within_timeout(talk)
        self.assertEqual(values, {"memcached_up": "0"})
        self.assertIn("the timeout has passed", messages)

    def test_a_value_that_cannot_be_read(self):
        values, messages = self.scrape_within_timeout(
            answer_with("STAT uptime 3\r\nSTAT curr_items few\r\nEND\r\n", "END\r\n", "END\r\n", "END\r\n"))
        self.assertEqual(values, {"memcached_up": "0", "memcached_uptime_seconds": "3"})
        self.assertIn("a value cannot be read: curr_items=few", messages)

    def test_commands_that_it_does_not_know(self):
        known = ("STAT uptime 3\r\nEND\r\n", "STAT maxconns 5\r\nEND\r\n")
        values, _ = self.scrape_within_timeout(answer_with(*known, "ERROR\r\n", "CLIENT_ERROR no\r\n"))
        self.assertEqual(values, {"memcached_up": "1", "memcached_uptime_seconds": "3",
                                  "memcached_max_connections": "5"})
        values, _ = self.scrape_within_timeout(answer_with(known[0], "ERROR\r\n", "END\r\n", "END\r\n"))
        self.assertEqual(values, {"memcached_up": "0", "memcached_uptime_seconds": "3"})
        values, _ = self.scrape_within_timeout(answer_with("ERROR\r\n", known[1], "END\r\n", "END\r\n"))
        self.assertEqual(values, {"memcached_up": "0", "memcached_max_connections": "5"})

    def test_it_ends_while_a_scrape_waits(self):
        accepted = threading.Event()

        def talk(server, _):
            accepted.set()
            server.stopping.wait(DEADLINE)
        exporter = self.start_exporter(self.start_fake(talk).address, "--memcached.timeout=1m")

        def scrape():
            with contextlib.suppress(OSError, http.client.HTTPException):
                exporter.request("/metrics")
        scraper = threading.Thread(target=scrape)
        scraper.start()
        self.assertTrue(accepted.wait(DEADLINE))
        start = time.monotonic()
        self.assertEqual(exporter.stop(), 0)
        self.assertLess(time.monotonic() - start, 2)
        scraper.join()


class CommandLineTest(ExporterTest):
    def run_exporter(self, *arguments):
        return subprocess.run([exporter_path(), *arguments], capture_output=True, text=True, timeout=DEADLINE)

    def test_help_and_version(self):
        result = self.run_exporter("--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        for flag in ("memcached.address", "memcached.timeout", "memcached.pid-file", "web.listen-address",
                     "web.telemetry-path", "help", "version"):
            self.assertIn(f"--{flag}", result.stdout)
        result = self.run_exporter("--version")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertRegex(result.stdout, r"^memcached_exporter, version \d+\.\d+\.\d+ ")

    def test_wrong_flags(self):
        for arguments, named in (
                (["--memcached.adress=localhost:1"], "--memcached.adress; did you mean --memcached.address?"),
                (["extra"], "unexpected argument extra"),
                (["--memcached.timeout"], "--memcached.timeout"),
                (["--memcached.timeout", "soon"], '--memcached.timeout: "soon"'),
                (["--memcached.timeout=0s"], '--memcached.timeout: "0s"'),
                (["--memcached.address", "localhost:http"], '--memcached.address: "localhost:http"'),
                (["--web.telemetry-path=metrics"], '--web.telemetry-path: "metrics"')):
            with self.subTest(arguments):
                result = self.run_exporter(*arguments)
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertIn(named, result.stderr)

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            result = self.run_exporter(f"--web.listen-address={address}")
            self.assertEqual((result.returncode, result.stdout), (1, ""))
            self.assertIn(address, result.stderr)
            self.assertIn("Address already in use", result.stderr)

    def test_signals_and_path(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            exporter = self.start_exporter("127.0.0.1:1", "--web.telemetry-path", "/other")
            self.assertEqual(exporter.path, "/other")
            self.assertEqual(exporter.scrape()["memcached_up"], "0")
            self.assertEqual(exporter.request("/metrics")[0], 404)
            self.assertEqual(exporter.stop(number), 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
