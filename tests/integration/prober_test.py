# promlite: examples/prober and servers that are up, down, slow or strange.
# SPDX-License-Identifier: MIT
# needs: prober
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.exporter import Exporter, parse, program
from support.memcached import DEADLINE, FakeServer, free_port
from support.operations import check_operations

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "prober"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
METRICS = re.findall(r"^\| `(probe_\w+)(?:\{[\w,]+\})?` \|", README, flags=re.M)
PHASES = ["resolve", "connect", "processing", "transfer"]


def run(*command, **options):
    """(status, all output)."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE, check=False,
                          **options)
    return done.returncode, done.stdout


def answer(*pieces, then_wait=False):
    """Takes a request and says these pieces."""
    def talk(server, connection):
        request = b""
        while b"\r\n\r\n" not in request:
            more = connection.recv(4096)
            if not more:
                return
            request += more
        server.requests.append(request)
        for piece in pieces:
            connection.sendall(piece)
        if then_wait:
            connection.recv(1)
    return talk


def response(status, body=b"", headers=b""):
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(body), headers, body)


class ProberTest(unittest.TestCase):
    maxDiff = None

    def start(self, *flags):
        prober = Exporter("prober", *flags)
        self.addCleanup(prober.errors.close)
        self.addCleanup(lambda: self.assertNotIn("Sanitizer", prober.messages()))
        self.addCleanup(prober.stop)
        return prober

    def serve(self, talk):
        server = FakeServer(talk)
        server.requests = []
        self.addCleanup(server.stop)
        return server

    def probe_text(self, prober, target, module="http", timeout=20):
        status, text = prober.request(f"/probe?module={module}&target={urllib.parse.quote(target, safe='')}",
                                      {"X-Prometheus-Scrape-Timeout-Seconds": str(timeout)})
        self.assertEqual(status, 200, text)
        return text

    def probe(self, prober, target, module="http", timeout=20):
        """(success or the phase and reason of the failure, status, bytes, phases)."""
        values = parse(self.probe_text(prober, target, module, timeout))
        failures = [re.match(r'probe_failure_info\{phase="(.*)",reason="(.*)"\}', one) for one in values]
        failures = [f"{one[1]}: {one[2]}" for one in failures if one]
        self.assertEqual(values["probe_success"], str(int(not failures)))
        self.assertLessEqual({one.partition("{")[0] for one in values}, set(METRICS))
        phases = {phase: float(values[f'probe_phase_duration_seconds{{phase="{phase}"}}']) for phase in PHASES
                  if f'probe_phase_duration_seconds{{phase="{phase}"}}' in values}
        self.assertAlmostEqual(sum(phases.values()), float(values["probe_duration_seconds"]))
        return (failures or ["success"])[0], values.get("probe_http_status_code"), values.get("probe_http_body_bytes"), list(phases)

    def test_good_and_bad_answers(self):
        prober = self.start()
        closed = f"127.0.0.1:{free_port()}"
        good = self.serve(answer(response(b"200 OK", b"hello")))
        for talk, expected in (
                (answer(response(b"204 No Content")), ("success", "204", "0", PHASES)),
                (answer(response(b"302 Found", b"", b"Location: http://" + good.address.encode() + b"/\r\n")),
                 ("answer: status", "302", "0", PHASES)),
                (answer(response(b"503 Service Unavailable", b"no")), ("answer: status", "503", "2", PHASES)),
                (answer(b"SSH-2.0-OpenSSH\r\n"), ("transfer: not HTTP", None, None, PHASES)),
                (answer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), ("transfer: connection lost", "200", "4", PHASES)),
                (answer(), ("processing: connection lost", None, None, PHASES[:3]))):
            with self.subTest(expected):
                server = self.serve(talk)
                self.assertEqual(self.probe(prober, f"http://{server.address}/"), expected)
                self.assertEqual(self.probe(prober, server.address, "tcp"), ("success", None, None, PHASES[:2]))
        self.assertEqual(good.requests, [])
        self.assertEqual(self.probe(prober, good.address + "/health?deep=1"), ("success", "200", "5", PHASES))
        self.assertRegex(good.requests[0].decode(), r"^GET /health\?deep=1 HTTP/1\.1\r\nHost: " + re.escape(good.address) +
                         r"\r\nUser-Agent: promlite-prober/[\d.]+\r\n")
        for module in ("http", "tcp"):
            self.assertEqual(self.probe(prober, closed, module), ("connect: refused", None, None, PHASES[:2]))
        self.assertEqual(self.probe(prober, "https://" + good.address)[0], "target: TLS is not spoken")
        self.assertEqual(self.probe(prober, "http://user:secret@" + good.address)[0], "target: not understood")
        self.assertEqual(self.probe(prober, good.address, "icmp")[0], "target: no such module")
        self.assertEqual(len(good.requests), 1)
        self.assertEqual(prober.request("/probe")[0], 400)

    def test_a_giant_body(self):
        def talk(_, connection):
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                connection.sendall(b"x" * 65536)
        server = self.serve(talk)
        failure, status, size, _ = self.probe(self.start("--http.max-body-bytes=100000"), f"http://{server.address}")
        self.assertEqual((failure, status), ("transfer: too long", "200"))
        self.assertLess(100000, int(size))
        self.assertLess(int(size), 200000)

    def test_what_a_good_answer_is(self):
        server = self.serve(answer(response(b"401 Unauthorized", b"who are you?")))
        for flags, expected in ((["--http.expect-status=200", "--http.expect-status=4xx"], "success"),
                                (["--http.expect-status=401", "--http.expect-text=are you"], "success"),
                                (["--http.expect-status=401", "--http.expect-text=welcome"], "answer: text"),
                                (["--http.expect-status=500-599"], "answer: status")):
            self.assertEqual(self.probe(self.start(*flags), f"http://{server.address}")[0], expected)

    def test_who_may_be_probed(self):
        server = self.serve(answer(response(b"200 OK")))
        port = server.address.split(":")[1]
        prober = self.start(f"--target.allow=127.0.0.?:{port}", "--target.allow=*.example.org:*")
        self.assertEqual(self.probe(prober, f"http://{server.address}")[0], "success")
        self.assertEqual(self.probe(prober, server.address, "tcp")[0], "success")
        for target in (f"http://localhost:{port}", "http://127.0.0.1", f"http://localhost:{port}/127.0.0.1:{port}",
                       f"http://[::1]:{port}/?.example.org:80"):
            self.assertEqual(self.probe(prober, target)[0], "target: not allowed")
        self.assertEqual(len(server.requests), 1)

    def test_targets_that_hang_delay_nobody(self):
        prober = self.start("--probe.timeout=3s", "--log.level=debug")
        hanging = self.serve(lambda _, connection: connection.recv(1 << 20) and connection.recv(1))
        slow = self.serve(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"slow", then_wait=True))
        good = self.serve(answer(response(b"200 OK")))
        start = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(33) as pool:
            hung = [pool.submit(self.probe, prober, f"http://{hanging.address}/{number}") for number in range(30)]
            slowly = pool.submit(self.probe, prober, f"http://{slow.address}")
            sooner = pool.submit(self.probe, prober, f"http://{hanging.address}", timeout=1)
            for _ in range(5):
                self.assertEqual(self.probe(prober, f"http://{good.address}")[0], "success")
            self.assertFalse(any(one.done() for one in hung), "the good ones waited")
            self.assertEqual(sooner.result(), ("processing: timeout", None, None, PHASES[:3]))
            self.assertFalse(any(one.done() for one in hung), "Prometheus' timeout counts")
            self.assertEqual({one.result()[0] for one in hung}, {"processing: timeout"})
            self.assertEqual(slowly.result(), ("transfer: timeout", "200", "4", PHASES))
        self.assertLess(time.monotonic() - start, 20, "the hanging ones waited for each other")
        lines = [line for line in prober.messages().splitlines() if "phase=processing" in line]
        self.assertEqual(len(lines), 31, prober.messages())
        self.assertIn(f"target=http://{hanging.address}/7 ", prober.messages())

    def test_metrics_rules_and_dashboard(self):
        prober = self.start()
        server = self.serve(answer(response(b"200 OK")))
        names = set()
        texts = self.probe_text(prober, f"http://{server.address}"), self.probe_text(prober, "https://x"), prober.scrape_text()
        for text in texts:
            self.assertEqual(run("promtool", "check", "metrics", input=text), (0, ""))
            names |= set(re.findall(r"^# TYPE (probe_\S+) gauge$", text, flags=re.M))
        self.assertEqual(names, set(METRICS))
        check_operations(self, "prober", *texts)


class CommandLineTest(unittest.TestCase):
    def run_prober(self, *arguments):
        return run(program("prober"), "--web.listen-address=127.0.0.1:0", *arguments)

    def test_help(self):
        code, output = self.run_prober("--help")
        self.assertEqual(code, 0)
        for flag in re.findall(r"^\| `--([\w.-]+)` \|", README, flags=re.M):
            self.assertIn(flag, output)

    def test_wrong_values(self):
        for flag, message in (
                ("--http.expect-status=ok", '--http.expect-status: "ok" is not like 200, 2xx or 200-299'),
                ("--probe.timeout=0s", '--probe.timeout: "0s" is not a duration'),
                ("--target.allow=*.example.org", '--target.allow: "*.example.org" is not HOST:PORT'),
                ("--target.allow=http://a:80/", '--target.allow: "http://a:80/" is not HOST:PORT'),
                ("--target.alow=x", "--target.allow")):
            with self.subTest(flag):
                code, output = self.run_prober(flag)
                self.assertEqual(code, 2)
                self.assertIn(message, output)


if __name__ == "__main__":
    sys.exit(unittest.main())
