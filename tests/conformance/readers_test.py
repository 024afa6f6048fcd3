# promlite: what others read from our expositions is what was put in: promtool, the Python client, Prometheus itself.
# SPDX-License-Identifier: MIT
# unsanitized: what it looks at is the readers of others, whose time it is
"""Needs promtool, prometheus (Debian: prometheus) and prometheus_client (Debian: python3-prometheus-client).
What is not installed is skipped, and named."""
import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.expectation import Expectation, pointed, same, without_empty_labels
from support.memcached import DEADLINE, end, free_port, poll_until

try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_to_metric_families
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    openmetrics_to_metric_families = text_string_to_metric_families = None


def cases_program():
    path = os.path.join(os.environ.get("PROMLITE_BUILD", ""), "tests", "exposition_cases")
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"exposition_cases is not in the build tree: {path}")
    return path


@functools.cache
def run(*arguments):
    """What exposition_cases says: the same whenever it is asked the same."""
    return subprocess.run([cases_program(), *arguments], stdout=subprocess.PIPE, check=True, timeout=DEADLINE).stdout


def text_of(name):
    return run("text", name)


def expectation(name):
    return Expectation(run("expected", name))


class ReadersTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.names = run("list").decode().split()

    def check_samples(self, found, expected):
        self.assertEqual(sorted(map(repr, set(expected) - set(found))), [], "missing")
        self.assertEqual(sorted(map(repr, set(found) - set(expected))), [], "not expected")
        for key, (value, tolerance) in expected.items():
            self.assertTrue(same(found[key], value, tolerance), f"{key}: {found[key]!r} instead of {value!r}")

    def need_program(self, name):
        if shutil.which(name) is None:
            self.skipTest(f"{name} is not installed")
        return shutil.which(name)


class PromtoolTest(ReadersTest):
    def check_with_promtool(self, body):
        return subprocess.run([self.need_program("promtool"), "check", "metrics"], input=body, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=DEADLINE)

    def test_every_case_parses(self):
        for name in self.names:
            with self.subTest(name):
                answer = self.check_with_promtool(text_of(name))
                # 3: it parses, and a name or a missing help text is not to the linter's taste.
                self.assertIn(answer.returncode, (0, 3), answer.stdout)

    def test_nothing_is_found_where_the_names_are_good(self):
        answer = self.check_with_promtool(text_of("well_named"))
        self.assertEqual((answer.returncode, answer.stdout), (0, b""))

    def test_a_body_that_is_cut_is_found(self):
        # The control: this promtool does refuse what is broken.
        self.assertEqual(self.check_with_promtool(text_of("well_named")[:-1]).returncode, 1)


@unittest.skipIf(text_string_to_metric_families is None, "prometheus_client is not installed")
class PythonClientTest(ReadersTest):
    def test_it_reads_what_was_put_in(self):
        for name in self.names:
            with self.subTest(name):
                expected = expectation(name)
                samples, families = {}, {}
                for family in text_string_to_metric_families(text_of(name).decode("utf-8")):
                    # The client calls a counter by its base name.
                    of_counter = family.type == "counter" and family.name + "_total" in expected.families
                    families[family.name + "_total" * of_counter] = (family.type, family.documentation.strip())
                    for sample in family.samples:
                        key = (sample.name, frozenset(sample.labels.items()))
                        self.assertNotIn(key, samples)
                        samples[key] = sample.value
                self.check_samples(samples, self.as_the_client_reads(expected.samples))
                # The client drops blanks around help texts, and more than blanks.
                self.assertEqual(families, {family: ({"untyped": "unknown"}.get(kind, kind), help_text.strip())
                                            for family, (kind, help_text) in expected.families.items()})

    def test_its_strict_parser_reads_the_openmetrics(self):
        for name in self.names:
            with self.subTest(name):
                expected = expectation(name)
                samples, families = {}, {}
                for family in openmetrics_to_metric_families(run("openmetrics", name).decode("utf-8")):
                    families[family.name] = (family.type, family.documentation)
                    for sample in family.samples:
                        key = (sample.name, frozenset(sample.labels.items()))
                        self.assertNotIn(key, samples)
                        samples[key] = sample.value
                self.check_samples(samples, expected.openmetrics_samples())
                self.assertEqual(families, expected.openmetrics_families())

    @staticmethod
    def as_the_client_reads(samples):
        """The client appends _total to the samples of counters that lack it."""
        return {("c_total" if name == "c" else name, labels): value for (name, labels), value in samples.items()}


class Bodies(http.server.ThreadingHTTPServer):
    """Serves /CASE as the library answers a scrape with the client's own Accept, or with the given one."""

    def __init__(self, accept):
        super().__init__(("127.0.0.1", 0), BodiesHandler)
        self.accept = accept
        self.answers = {}
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()

    def answer(self, name, accept):
        if (name, accept) not in self.answers:
            self.answers[name, accept] = run("scrape", name, accept).split(b"\n", 1)
        return self.answers[name, accept]

    def stop(self):
        self.shutdown()
        self.thread.join()
        self.server_close()


class BodiesHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        kind, body = self.server.answer(self.path[1:], self.server.accept or self.headers["Accept"])
        self.send_response(200)
        self.send_header("Content-Type", kind.decode())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class PrometheusTest(ReadersTest):
    """Prometheus and text format 0.0.4."""
    ACCEPT = "text/plain"
    CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
    FLAGS = []
    MISREAD = set()
    OWN = {"up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling",
           "scrape_series_added"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if shutil.which("prometheus") is None:
            raise unittest.SkipTest("prometheus is not installed")
        cls.bodies = Bodies(cls.ACCEPT)
        cls.addClassCleanup(cls.bodies.stop)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        port = free_port()
        with open(os.path.join(folder.name, "prometheus.yml"), "w", encoding="utf-8") as config:
            json.dump({"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [
                {"job_name": name, "metrics_path": "/" + name, "honor_labels": True,
                 "static_configs": [{"targets": ["127.0.0.1:%d" % cls.bodies.server_address[1]]}]}
                for name in cls.names]}, config)
        cls.log = open(os.path.join(folder.name, "log"), "wb+")
        cls.addClassCleanup(cls.log.close)
        cls.process = subprocess.Popen(
            ["prometheus", "--config.file=" + config.name, "--storage.tsdb.path=" + os.path.join(folder.name, "data"),
             "--web.listen-address=127.0.0.1:%d" % port, *cls.FLAGS], stdout=cls.log, stderr=subprocess.STDOUT)
        cls.addClassCleanup(end, cls.process)
        cls.url = "http://127.0.0.1:%d/api/v1/" % port
        cls.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        poll_until(cls.has_scraped_everything, "a scrape of every case")

    @classmethod
    def ask(cls, what, **parameters):
        url = cls.url + what + "?" + urllib.parse.urlencode(parameters)
        with cls.opener.open(url, timeout=DEADLINE) as answer:
            return json.load(answer)["data"]

    @classmethod
    def has_scraped_everything(cls):
        if cls.process.poll() is not None:
            raise AssertionError("prometheus ended")
        try:
            targets = cls.ask("targets")["activeTargets"]
        except OSError:
            return False
        # The first scrape of a case starts a program; where that takes too long, the next one finds its answer.
        return len(targets) == len(cls.names) and all(
            target["health"] != "unknown" and "deadline exceeded" not in target["lastError"] for target in targets)

    def test_every_scrape_succeeds(self):
        for target in self.ask("targets")["activeTargets"]:
            with self.subTest(target["labels"]["job"]):
                self.assertEqual((target["health"], target["lastError"]), ("up", ""))

    def test_it_stores_what_was_put_in(self):
        for name in self.names:
            with self.subTest(name):
                samples = {}
                for series in self.ask("query", query='{job="%s"}' % name)["result"]:
                    labels = dict(series["metric"])
                    metric = labels.pop("__name__")
                    self.assertEqual((labels.pop("job"), labels.pop("instance")[:10]), (name, "127.0.0.1:"))
                    if metric not in self.OWN and metric not in self.MISREAD:
                        samples[metric, frozenset(labels.items())] = float(series["value"][1])
                self.check_samples(samples, without_empty_labels(self.expected_samples(expectation(name))))

    def test_it_knows_type_and_help(self):
        for name in self.names:
            with self.subTest(name):
                found = {item["metric"]: (item["type"], item["help"].lstrip(" \t"))
                         for item in self.ask("targets/metadata", match_target='{job="%s"}' % name, limit=100000)}
                # Blanks before the text may belong to the syntax.
                self.assertEqual(found, {family: (kind, help_text.lstrip(" \t"))
                                         for family, (kind, help_text) in self.expected_families(expectation(name)).items()})

    def test_it_asked_for_this_format(self):
        self.assertEqual({kind for kind, _ in self.bodies.answers.values()}, {self.CONTENT_TYPE})

    @staticmethod
    def expected_samples(expected):
        return expected.samples

    @staticmethod
    def expected_families(expected):
        return {family: ({"untyped": "unknown"}.get(kind, kind), help_text)
                for family, (kind, help_text) in expected.families.items()}


class PrometheusOpenMetricsTest(PrometheusTest):
    """Prometheus as it asks by itself."""
    ACCEPT = None
    CONTENT_TYPE = b"application/openmetrics-text; version=1.0.0; charset=utf-8"

    @staticmethod
    def expected_samples(expected):
        return expected.openmetrics_samples()

    @staticmethod
    def expected_families(expected):
        return expected.openmetrics_families()


class PrometheusProtobufTest(PrometheusTest):
    """Prometheus with native histograms, which asks for protobuf."""
    ACCEPT = None
    CONTENT_TYPE = b"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
    FLAGS = ["--enable-feature=native-histograms"]
    # Prometheus 2.42 gives all series of a gauge histogram that is not native the family's name.
    MISREAD = {"age_seconds"}

    @staticmethod
    def expected_samples(expected):
        return {(name, labels): sample for (name, labels), sample in pointed(expected.samples).items()
                if name[:name.rfind("_")] not in PrometheusProtobufTest.MISREAD}

    @staticmethod
    def expected_families(expected):
        kinds = {"untyped": "unknown"}
        return {family: ("gaugehistogram" if expected.openmetrics_types[family] == "gaugehistogram"
                         else kinds.get(kind, kind), help_text)
                for family, (kind, help_text) in expected.families.items()}


if __name__ == "__main__":
    unittest.main()
