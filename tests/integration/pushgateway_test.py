# promlite: pushes read back from a real Pushgateway, and from a Prometheus that scrapes it.
# SPDX-License-Identifier: MIT
import base64
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.memcached import DEADLINE, poll_until
from support.pushgateway import Prometheus, Pushgateway, get

# bcrypt of "s3cret"
PASSWORD_HASH = "$2b$04$uRuuJPVlkP.6D2YAVRDOUemjCPTkUcS8fEeG8GZC6XhD8TIM1tp4G"

PROMETHEUS = """
global: {{scrape_interval: 100ms}}
scrape_configs:
  - job_name: pushgateway
    honor_labels: true
    static_configs: [{{targets: ["{address}"]}}]
"""


def program():
    path = os.path.join(os.environ.get("PROMLITE_BUILD", ""), "tests", "push_program")
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"push_program is not in the build tree: {path}")
    return path


def push(url, job, action, **labels):
    """(exit code, what it prints)"""
    groups = [f"{name.replace('at_', '@')}={value}" for name, value in labels.items()]
    done = subprocess.run([program(), url, job, action, *groups], capture_output=True, text=True, timeout=DEADLINE)
    return done.returncode, done.stdout + done.stderr


class PushgatewayTest(unittest.TestCase):
    maxDiff = None

    def start(self, service):
        service.start()
        self.addCleanup(service.stop)
        return service

    def test_every_kind_of_metric(self):
        gateway = self.start(Pushgateway())
        self.assertEqual((0, "200 \n"), push(gateway.url, "nightly", "push", instance="db1"))
        text = get(gateway.url + "/metrics")
        for line in (r'files_processed_total{instance="db1",job="nightly",kind="a/b \"odd\" ë"} 3',
                     'files_processed_total_seconds_bucket{instance="db1",job="nightly",le="1"} 0',
                     'files_processed_total_seconds_bucket{instance="db1",job="nightly",le="2"} 1',
                     'files_processed_total_seconds_bucket{instance="db1",job="nightly",le="+Inf"} 1',
                     'files_processed_total_seconds_sum{instance="db1",job="nightly"} 1.5',
                     'file_size_bytes_count{instance="db1",job="nightly"} 1',
                     'importer_build_info{instance="db1",job="nightly",version="1.2"} 1',
                     'importer_state{importer_state="done",instance="db1",job="nightly"} 1',
                     'row_size_bytes_count{instance="db1",job="nightly"} 1',
                     "# TYPE files_processed_total counter", "# TYPE files_processed_total_seconds histogram",
                     "# TYPE file_size_bytes summary", "# HELP files_processed_total Files."):
            self.assertIn(line + "\n", text)

    def test_grouping_keys_of_any_text(self):
        gateway = self.start(Pushgateway())
        values = ["db1", "/var/lib/x", "", "Zoë x", "日本", ".", "..", "a+b", "100%", "%2F", "a?b#c", "\\ \"'", "=", "x" * 2000,
                  "\t", "*", "a//b/", "-_~", "1.5:x"]
        for value in values:
            with self.subTest(value=value):
                wanted = (("job", value or "j"), ("other", "y"), ("value", value))
                labels = {"value": value, "other": "y"}
                self.assertEqual((0, "200 \n"), push(gateway.url, value or "j", "push", **labels))
                self.assertEqual([wanted], list(gateway.groups()))
                self.assertEqual((0, "202 \n"), push(gateway.url, value or "j", "remove", **labels))
                self.assertEqual([], gateway.keys_soon([]))

    def test_push_replaces_push_add_adds_and_remove_takes_one_group(self):
        gateway = self.start(Pushgateway())
        own = {"push_time_seconds", "push_failure_time_seconds"}
        key, other = (("job", "j"),), (("job", "j"), ("shard", "1"))
        self.assertEqual(0, push(gateway.url, "j", "run=0")[0])
        self.assertEqual(0, push(gateway.url, "j", "push_add")[0])
        self.assertEqual(0, push(gateway.url, "j", "push_add", shard="1")[0])
        self.assertLess({"batch_job_success", "files_processed_total"}, set(gateway.groups()[key]) - own)
        self.assertEqual(0, push(gateway.url, "j", "push")[0])
        self.assertEqual({"files_processed_total", "files_processed_total_seconds", "file_size_bytes", "importer_build_info",
                          "importer_state", "row_size_bytes"},
                         set(gateway.groups()[key]) - own)
        self.assertEqual(0, push(gateway.url, "j", "remove")[0])
        self.assertEqual([other], gateway.keys_soon([other]))

    def test_the_last_success_outlives_a_failure(self):
        gateway = self.start(Pushgateway())
        self.assertEqual((0, "200 \n"), push(gateway.url, "nightly", "run=0"))
        def value(name):
            return float(gateway.groups()[(("job", "nightly"),)]["batch_job_" + name][0][1])
        succeeded = value("last_success_timestamp_seconds")
        self.assertEqual((1, succeeded), (value("success"), value("last_completion_timestamp_seconds")))
        self.assertAlmostEqual(time.time(), succeeded, delta=60)
        self.assertEqual((0, "200 \n"), push(gateway.url, "nightly", "run=1"))
        self.assertEqual((0, succeeded), (value("success"), value("last_success_timestamp_seconds")))
        self.assertGreater(value("last_completion_timestamp_seconds"), succeeded)

    def test_the_gateway_says_why_not(self):
        gateway = self.start(Pushgateway())
        self.assertEqual(0, push(gateway.url, "a", "push")[0])
        code, text = push(gateway.url, "b", "clash")
        self.assertEqual(1, code)
        self.assertRegex(text, rf'^400 cannot push job "b" at {gateway.address}: the answer was 400: pushed metrics are invalid '
                               r"or inconsistent with existing metrics: .*files_processed_total_seconds")
        self.assertLess(len(text), 400)
        self.assertNotIn((("job", "b"), ("x", "y")), gateway.groups())

    def test_authentication_and_prefix(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        config = pathlib.Path(folder.name) / "web.yml"
        config.write_text(f"basic_auth_users: {{importer: {PASSWORD_HASH}}}\n")
        gateway = self.start(Pushgateway(f"--web.config.file={config}", prefix="/gate"))
        self.assertEqual((0, "200 \n"), push(gateway.url, "a", "push", at_user="importer", at_password="s3cret"))
        url = gateway.url.replace("http://", "http://importer:s3cret@")
        self.assertEqual((0, "200 \n"), push(url, "b", "push"))
        headers = {"Authorization": "Basic " + base64.b64encode(b"importer:s3cret").decode()}
        self.assertEqual({(("job", "a"),), (("job", "b"),)}, set(gateway.groups(headers)))
        for labels in ({}, {"at_user": "importer", "at_password": "wr0ng"}, {"at_token": "wr0ng"}):
            self.assertEqual((1, f'401 cannot push job "a" at {gateway.address}: the answer was 401: Unauthorized\n'),
                             push(gateway.url, "a", "push", **labels))
        without_prefix = gateway.url.replace("/gate", "")
        self.assertEqual(1, push(without_prefix, "a", "push", at_user="importer", at_password="s3cret")[0])

    def test_through_prometheus(self):
        gateway = self.start(Pushgateway())
        prometheus = self.start(Prometheus(PROMETHEUS.format(address=gateway.address)))
        self.assertEqual((0, "200 \n"), push(gateway.url, "nightly", "push", instance="db1", path="/var/lib", empty=""))
        labels = {"job": "nightly", "instance": "db1", "path": "/var/lib"}  # an empty label is none, to Prometheus
        poll_until(lambda: prometheus.query("files_processed_total"), "a scrape of the gateway")
        self.assertEqual([({**labels, "kind": 'a/b "odd" ë'}, 3)], prometheus.query("files_processed_total"))
        self.assertEqual([(labels, 1)], prometheus.query("files_processed_total_seconds_count"))
        self.assertEqual([({**labels, "quantile": "0.5"}, True)], [
            (found, math.isclose(value, 10, rel_tol=0.01)) for found, value in prometheus.query("file_size_bytes")])
        self.assertEqual((0, "202 \n"), push(gateway.url, "nightly", "remove", instance="db1", path="/var/lib", empty=""))
        poll_until(lambda: not prometheus.query("files_processed_total"), "the group's end")


if __name__ == "__main__":
    sys.exit(unittest.main())
