# promlite: examples/http_service: what it says about itself, and how it ends.
# SPDX-License-Identifier: MIT
import os
import re
import signal
import socket
import subprocess
import sys
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.memcached import DEADLINE, end, poll_until


def service_path():
    path = os.path.join(os.environ.get("PROMLITE_BUILD", ""), "examples", "http_service", "http_service")
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"http_service is not in the build tree: {path}")
    return path


def scrape(url):
    # No proxy stands between two programs of one machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=DEADLINE) as answer:
        return answer.read().decode()


def series(text):
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[:1] != "#"}


class HttpServiceTest(unittest.TestCase):
    def start(self, *flags):
        process = subprocess.Popen([service_path(), "--listen", "127.0.0.1:0", *flags], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(end, process)
        match = re.fullmatch(r"(http://127\.0\.0\.1:\d+/metrics)\n", process.stdout.readline())
        self.assertTrue(match)
        return process, match[1]

    def test_metrics_of_every_kind(self):
        process, url = self.start()
        routes = {("/products", "200"), ("/products/{id}", "200"), ("/orders", "201"), ("/search", "200")}
        pattern = re.compile(r'^http_requests_total\{code="(\d+)",method="\w+",route="([^"]+)"\}', re.MULTILINE)
        text = poll_until(lambda: (lambda t: t if routes <= {(r, c) for c, r in pattern.findall(t)} else None)(scrape(url)),
                          "a request of every route")
        found = series(text)
        types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
        for name, kind in {"http_requests_total": "counter", "http_request_duration_seconds": "histogram",
                           "http_response_size_bytes": "summary", "http_requests_in_flight": "gauge",
                           "jobs_total": "counter", "jobs_queued": "gauge", "http_service_build_info": "gauge",
                           "process_cpu_seconds_total": "counter"}.items():
            self.assertEqual(types.get(name), kind, name)
        for route, _ in routes:
            self.assertEqual(found[f'http_request_duration_seconds_count{{route="{route}"}}'],
                             found[f'http_request_duration_seconds_bucket{{route="{route}",le="+Inf"}}'])
        self.assertGreater(found['http_response_size_bytes{quantile="0.5"}'], 0)
        poll_until(lambda: series(scrape(url))["jobs_total"] > 0, "a job")
        check = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True,
                               timeout=DEADLINE)
        self.assertEqual((check.returncode, check.stdout, check.stderr), (0, "", ""))

    def test_it_ends(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process, _ = self.start()
            process.send_signal(number)
            self.assertEqual(process.wait(DEADLINE), 0)
        start = time.monotonic()
        process, _ = self.start("--seconds", "0.5")
        self.assertEqual(process.wait(DEADLINE), 0)
        self.assertGreater(time.monotonic() - start, 0.5)

    def test_wrong_use(self):
        def run(*flags):
            return subprocess.run([service_path(), *flags], capture_output=True, text=True, timeout=DEADLINE)
        for flags in (["--nonsense"], ["--seconds"], ["--seconds", "-1"], ["--seconds", "soon"], ["extra"]):
            result = run(*flags)
            self.assertEqual((result.returncode, result.stdout), (2, ""), flags)
            self.assertIn(f'"{flags[-1]}"', result.stderr)
        result = run("--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("--listen ADDRESS", result.stdout)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            result = run("--listen", address)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn(address, result.stderr)
        self.assertIn("Address already in use", result.stderr)


if __name__ == "__main__":
    sys.exit(unittest.main())
