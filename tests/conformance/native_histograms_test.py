# promlite: Prometheus ingests native histograms, and its quantiles of them are those of what was observed.
# SPDX-License-Identifier: MIT
"""Needs prometheus (Debian: prometheus, 2.40 or newer)."""
import json
import math
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.memcached import DEADLINE, end, free_port, poll_until


def growth(schema):
    return 2.0 ** 2.0 ** -schema


@unittest.skipIf(shutil.which("prometheus") is None, "prometheus is not installed")
class NativeHistogramsTest(unittest.TestCase):
    QUANTILES = (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999)

    @classmethod
    def setUpClass(cls):
        program = os.path.join(os.environ.get("PROMLITE_BUILD", ""), "tests", "observations")
        cls.service = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        cls.addClassCleanup(cls.service.stdout.close)
        cls.addClassCleanup(end, cls.service)
        cls.addClassCleanup(cls.service.stdin.close)
        address = cls.service.stdout.readline().decode().strip()
        cls.observed = {}
        while len(cls.observed) < 6:
            name, *bits = cls.service.stdout.readline().decode().split()
            cls.observed[name] = sorted(struct.unpack(">d", bytes.fromhex(one))[0] for one in bits)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        port = free_port()
        with open(os.path.join(folder.name, "prometheus.yml"), "w", encoding="utf-8") as config:
            json.dump({"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [
                {"job_name": "observations", "static_configs": [{"targets": [address]}]}]}, config)
        log = open(os.path.join(folder.name, "log"), "wb+")
        cls.addClassCleanup(log.close)
        cls.process = subprocess.Popen(
            ["prometheus", "--config.file=" + config.name, "--storage.tsdb.path=" + os.path.join(folder.name, "data"),
             "--web.listen-address=127.0.0.1:%d" % port, "--enable-feature=native-histograms"],
            stdout=log, stderr=subprocess.STDOUT)
        cls.addClassCleanup(end, cls.process)
        cls.url = "http://127.0.0.1:%d/api/v1/" % port
        cls.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        poll_until(cls.has_scraped, "a scrape")

    @classmethod
    def ask(cls, what, **parameters):
        with cls.opener.open(cls.url + what + "?" + urllib.parse.urlencode(parameters), timeout=DEADLINE) as answer:
            return json.load(answer)["data"]

    @classmethod
    def has_scraped(cls):
        if cls.process.poll() is not None:
            raise AssertionError("prometheus ended")
        try:
            return cls.ask("query", query="histogram_count(all_decades)")["result"]
        except OSError:
            return False

    def value(self, query):
        result = self.ask("query", query=query)["result"]
        self.assertEqual(len(result), 1, query)
        return float(result[0]["value"][1])

    def test_the_scrape_succeeds(self):
        target, = self.ask("targets")["activeTargets"]
        self.assertEqual((target["health"], target["lastError"]), ("up", ""))

    def test_count_and_sum(self):
        for name, values in self.observed.items():
            with self.subTest(name):
                self.assertEqual(self.value(f"histogram_count({name})"), len(values))
                self.assertAlmostEqual(self.value(f"histogram_sum({name})") / math.fsum(values), 1, places=9)

    def check_quantiles(self, name, factor):
        values = self.observed[name]
        for q in self.QUANTILES:
            with self.subTest(f"{q} of {name}"):
                # The values beside the rank: implementations differ in which of them a quantile is.
                rank = q * len(values)
                low = values[max(0, math.ceil(rank) - 2)]
                high = values[min(len(values) - 1, math.floor(rank) + 1)]
                told = self.value(f"histogram_quantile({q}, {name})")
                self.assertGreaterEqual(told, low / factor if low > 0 else low * factor)
                self.assertLessEqual(told, high * factor if high > 0 else high / factor)

    def test_quantiles_are_within_the_width_of_a_bucket(self):
        self.check_quantiles("latency_seconds", growth(3))
        self.check_quantiles("labelled_seconds", growth(8))
        self.check_quantiles("with_classic_seconds", growth(3))
        self.check_quantiles("around_zero", growth(5))
        self.check_quantiles("all_decades", growth(-4))

    def test_a_limit_on_the_buckets_lowers_the_resolution_no_more_than_it_must(self):
        def buckets(schema):
            return {math.ceil(math.log2(value) * 2.0 ** schema) for value in self.observed["lowered"]}
        schema = max(schema for schema in range(-4, 4) if len(buckets(schema)) <= 20)
        self.assertIn(schema, range(-3, 3))
        self.check_quantiles("lowered", growth(schema))

    def test_a_fraction(self):
        values = self.observed["latency_seconds"]
        expected = sum(value <= 0.0625 for value in values) / len(values)
        self.assertAlmostEqual(self.value("histogram_fraction(0, 0.0625, latency_seconds)"), expected, places=9)

    def test_one_without_observations_is_ingested(self):
        self.assertEqual(self.value("histogram_count(empty)"), 0)


if __name__ == "__main__":
    unittest.main()
