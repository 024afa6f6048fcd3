# promlite: Prometheus ingests native histograms, whose quantiles are those of what was observed, and exemplars.
# SPDX-License-Identifier: MIT
# unsanitized: what it looks at is the readers of others, whose time it is
"""Needs prometheus (Debian: prometheus, 2.40 or newer)."""
import json
import math
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.memcached import DEADLINE, end, free_port, poll_until


def growth(schema):
    return 2.0 ** 2.0 ** -schema


class ObservationsTest(unittest.TestCase):
    """The service, and a Prometheus that has scraped it."""
    FEATURES = ""

    @classmethod
    def setUpClass(cls):
        if shutil.which("prometheus") is None:
            raise unittest.SkipTest("prometheus is not installed")
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
             "--web.listen-address=127.0.0.1:%d" % port, "--enable-feature=" + cls.FEATURES],
            stdout=log, stderr=subprocess.STDOUT)
        cls.addClassCleanup(end, cls.process)
        cls.url = "http://127.0.0.1:%d/api/v1/" % port
        cls.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        cls.start = time.time()
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
            return cls.ask("query", query="jobs_total")["result"]
        except OSError:
            return False

    def value(self, query):
        result = self.ask("query", query=query)["result"]
        self.assertEqual(len(result), 1, query)
        return float(result[0]["value"][1])

    def test_the_scrape_succeeds(self):
        target, = self.ask("targets")["activeTargets"]
        self.assertEqual((target["health"], target["lastError"]), ("up", ""))


class ExemplarsTest:
    """A mix-in."""

    def exemplars(self, query):
        found = []
        for series in self.ask("query_exemplars", query=query, start=self.start - 60, end=self.start + 600):
            labels = dict(series["seriesLabels"])
            for name in ("instance", "job", "__name__"):
                del labels[name]
            for exemplar in series["exemplars"]:
                self.assertLess(abs(exemplar["timestamp"] - self.start), 60)
                found.append((labels, exemplar["labels"], float(exemplar["value"])))
        return sorted(found, key=repr)

    def test_exemplars_of_a_counter(self):
        poll_until(lambda: self.exemplars("jobs_total"), "exemplars")
        self.assertEqual(self.exemplars("jobs_total"), [
            ({"q": "a"}, {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7"}, 1),
            ({"q": "b"}, {"note": "\u20ac 5"}, 2.5)])

    def test_exemplars_of_buckets(self):
        self.assertEqual(self.exemplars("step_seconds_bucket"), [
            ({"le": "+Inf"}, {"trace_id": "long"}, 7), ({"le": "0.1"}, {"trace_id": "short"}, 0.05)])


class OpenMetricsTest(ExemplarsTest, ObservationsTest):
    """What Prometheus scrapes as OpenMetrics."""
    FEATURES = "exemplar-storage"

    def test_an_exemplar_of_a_native_histogram(self):
        self.assertEqual(self.exemplars("wait_seconds_bucket"), [({"le": "+Inf"}, {"trace_id": "waited"}, 0.3)])


class ProtobufTest(ExemplarsTest, ObservationsTest):
    """What Prometheus scrapes as protobuf."""
    FEATURES = "native-histograms,exemplar-storage"
    QUANTILES = (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999)

    def test_escapes(self):
        # Prometheus 2.42 leaves them in when it reads exemplars of OpenMetrics.
        self.assertEqual(self.exemplars("escapes_total"), [({}, {"note": "\\ \"quoted\" \n"}, 1)])

    def test_an_exemplar_of_a_native_histogram(self):
        self.assertEqual(self.exemplars("wait_seconds"), [({}, {"trace_id": "waited"}, 0.3)])

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
