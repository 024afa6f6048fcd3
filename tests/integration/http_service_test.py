# promlite: examples/http_service: a load of known requests, and what the service says about it.
# SPDX-License-Identifier: MIT
# needs: http_service
import concurrent.futures
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.memcached import DEADLINE, end, poll_until
from support.operations import check_operations

# Each thread of wrk sends these by turns; at the end it says how many were answered, and with an error.
WRK_SCRIPT = """
local requests = {}
function init(arguments)
  local form = { ["Content-Type"] = "application/x-www-form-urlencoded" }
  for i = 1, 7 do requests[i] = wrk.format("GET", "/products/book") end
  requests[8] = wrk.format("GET", "/products/unicorn")
  requests[9] = wrk.format("POST", "/orders", form, "product=pen&payment=card&account=7")
  requests[10] = wrk.format("POST", "/registrations", form, "plan=premium")
end
local at = 0
function request()
  at = at % 10 + 1
  return requests[at]
end
function done(summary, latency, rates)
  io.write(string.format("answered %d refused %d broken %d\\n", summary.requests, summary.errors.status,
                         summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""


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


def with_prefix(found, *prefixes):
    return {name: value for name, value in found.items() if name.startswith(prefixes)}


class HttpServiceTest(unittest.TestCase):
    maxDiff = None

    def start(self, *flags):
        process = subprocess.Popen([service_path(), "--listen", "127.0.0.1:0", "--port", "0", *flags],
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(end, process)
        metrics = re.fullmatch(r"(http://127\.0\.0\.1:\d+/metrics)\n", process.stdout.readline())
        shop = re.fullmatch(r"http://(127\.0\.0\.1:\d+)/\n", process.stdout.readline())
        self.assertTrue(metrics and shop)
        return process, metrics[1], shop[1]

    def send(self, shop, requests):
        """The status of each request, sent one after the other on one connection."""
        client = http.client.HTTPConnection(shop, timeout=DEADLINE)
        statuses = []
        for method, path, form in requests:
            client.request(method, path, urllib.parse.urlencode(form) if form else None,
                           {"Content-Type": "application/x-www-form-urlencoded"} if form else {})
            answer = client.getresponse()
            answer.read()
            statuses.append(answer.status)
        client.close()
        return statuses

    def test_every_request_is_counted_once(self):
        _, metrics, shop = self.start("--stock", "2")
        order = {"product": "book", "payment": "card", "account": "1234"}
        statuses = self.send(shop, [("GET", "/products/lamp", None), ("GET", "/products/unicorn", None),
                                    ("POST", "/orders", order), ("POST", "/orders", {**order, "account": "990"}),
                                    ("POST", "/orders", {**order, "payment": "transfer", "account": ""}),
                                    ("POST", "/orders", order), ("POST", "/orders", {**order, "payment": "shells"}),
                                    ("POST", "/registrations", {"plan": "free"}), ("GET", "/products/lamp/../x", None)])
        self.assertEqual([200, 404, 201, 402, 201, 409, 400, 201, 404], statuses)
        text = scrape(metrics)
        found = series(text)
        self.assertEqual({
            'http_requests_total{code="200",method="GET",route="/products/{id}"}': 1,
            'http_requests_total{code="404",method="GET",route="/products/{id}"}': 1,
            'http_requests_total{code="201",method="POST",route="/orders"}': 2,
            'http_requests_total{code="402",method="POST",route="/orders"}': 1,
            'http_requests_total{code="409",method="POST",route="/orders"}': 1,
            'http_requests_total{code="400",method="POST",route="/orders"}': 1,
            'http_requests_total{code="201",method="POST",route="/registrations"}': 1,
            'http_requests_total{code="404",method="other",route="other"}': 1,
        }, with_prefix(found, "http_requests_total"))
        self.assertEqual({
            'shop_orders_total{outcome="placed"}': 2, 'shop_orders_total{outcome="declined"}': 1,
            'shop_orders_total{outcome="sold_out"}': 1, 'shop_orders_total{outcome="unavailable"}': 0,
            'shop_payments_total{accepted="true",method="card"}': 1, 'shop_payments_total{accepted="false",method="card"}': 1,
            'shop_payments_total{accepted="true",method="transfer"}': 1,
            'shop_payments_total{accepted="false",method="transfer"}': 0,
            'shop_registrations_total{plan="free"}': 1, 'shop_registrations_total{plan="premium"}': 0,
            "shop_revenue_euros_total": 38, 'shop_stock_items{product="book"}': 0, 'shop_stock_items{product="lamp"}': 2,
            'shop_stock_items{product="pen"}': 2,
        }, with_prefix(found, "shop_"))
        self.assertEqual({'database_pool_connections{state="idle"}': 4, 'database_pool_connections{state="in_use"}': 0,
                          "database_pool_wait_seconds_count": 5, "database_pool_timeouts_total": 0,
                          'database_query_duration_seconds_count{statement="select"}': 1,
                          'database_query_duration_seconds_count{statement="update"}': 4},
                         {name: value for name, value in with_prefix(found, "database_").items()
                          if not re.search("_sum|_bucket", name)})
        check = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual((check.returncode, check.stdout, check.stderr), (0, "", ""))
        check_operations(self, "http_service", text)

    def test_load(self):
        process, metrics, shop = self.start()
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(WRK_SCRIPT)
            script.flush()
            load = subprocess.run(["wrk", "-t1", "-c4", "-d2s", "-s", script.name, f"http://{shop}"], capture_output=True,
                                  text=True, timeout=DEADLINE)
        answered, refused, broken = (int(n) for n in re.search(r"answered (\d+) refused (\d+) broken (\d+)",
                                                               load.stdout).groups())
        self.assertEqual(0, broken, load.stdout)
        self.assertGreater(answered, 100)
        found = poll_until(lambda: (lambda f: f if f["http_requests_in_flight"] == 0 else None)(series(scrape(metrics))),
                           "the last request's end")
        by_code = {tuple(re.findall(r'"([^"]*)"', name)): value for name, value in found.items()
                   if name.startswith("http_requests_total")}
        served = sum(by_code.values())
        # What wrk had sent when its time was up is served, and not counted by it: at most one request a connection.
        self.assertTrue(answered <= served <= answered + 4, (answered, by_code))
        unknown = by_code[("404", "GET", "/products/{id}")]
        self.assertTrue(refused <= unknown <= refused + 4, (refused, by_code))
        shares = {("200", "GET", "/products/{id}"): 7, ("404", "GET", "/products/{id}"): 1, ("201", "POST", "/orders"): 1,
                  ("201", "POST", "/registrations"): 1}
        self.assertEqual(set(shares), set(by_code))
        for key, share in shares.items():
            self.assertLessEqual(abs(by_code[key] - served * share / 10), 7, (key, by_code))
        placed = by_code[("201", "POST", "/orders")]
        self.assertEqual(
            [placed, placed, 2.5 * placed, 1000000 - placed, by_code[("201", "POST", "/registrations")], served],
            [found['shop_orders_total{outcome="placed"}'], found['shop_payments_total{accepted="true",method="card"}'],
             found["shop_revenue_euros_total"], found['shop_stock_items{product="pen"}'],
             found['shop_registrations_total{plan="premium"}'], found["http_response_size_bytes_count"]])
        self.assertEqual(served, sum(value for name, value in found.items()
                                     if name.startswith("http_request_duration_seconds_count")))

    def test_a_database_that_is_too_small(self):
        _, metrics, shop = self.start("--connections", "1", "--delay", "200")
        order = ("POST", "/orders", {"product": "book", "payment": "card", "account": "1"})
        with concurrent.futures.ThreadPoolExecutor(5) as pool:
            statuses = sum(pool.map(lambda _: self.send(shop, [order]), range(5)), [])
        found = series(scrape(metrics))
        placed, refused = statuses.count(201), statuses.count(503)
        self.assertEqual(5, placed + refused)
        self.assertGreaterEqual(refused, 1)
        self.assertEqual([placed, refused, refused, 5],
                         [found['shop_orders_total{outcome="placed"}'], found['shop_orders_total{outcome="unavailable"}'],
                          found["database_pool_timeouts_total"], found["database_pool_wait_seconds_count"]])

    def test_customers_and_the_end(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process, metrics, _ = self.start("--customers", "2")
            poll_until(lambda: series(scrape(metrics)).get('shop_orders_total{outcome="placed"}'), "an order")
            process.send_signal(number)
            self.assertEqual(process.wait(DEADLINE), 0)
        # However early it comes.
        for _ in range(30):
            process, _, _ = self.start()
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(DEADLINE), 0)
        start = time.monotonic()
        process, _, _ = self.start("--seconds", "0.5")
        self.assertEqual(process.wait(DEADLINE), 0)
        self.assertGreater(time.monotonic() - start, 0.5)

    def test_wrong_use(self):
        def run(*flags):
            return subprocess.run([service_path(), *flags], capture_output=True, text=True, timeout=DEADLINE)
        for flags in (["--nonsense"], ["--seconds"], ["--seconds", "-1"], ["--seconds", "soon"], ["extra"],
                      ["--port", "65536"], ["--threads", "0"], ["--customers", "1.5"]):
            result = run(*flags)
            self.assertEqual((result.returncode, result.stdout), (2, ""), flags)
            self.assertIn(f'cannot use "{" ".join(flags)}"', result.stderr)
        result = run("--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("--listen ADDRESS", result.stdout)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            for flags, message in ((["--port", "0", "--listen", f"127.0.0.1:{port}"], "Address already in use"),
                                   (["--port", str(port)], "cannot serve the shop")):
                result = run(*flags)
                self.assertEqual((result.returncode, result.stdout), (1, ""))
                self.assertIn(f"127.0.0.1:{port}", result.stderr)
                self.assertIn(message, result.stderr)


if __name__ == "__main__":
    sys.exit(unittest.main())
