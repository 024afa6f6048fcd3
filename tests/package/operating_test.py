# promlite: docs/operating.md with real programs: memcached, its exporter, Prometheus, Alertmanager, and a receiver.
# SPDX-License-Identifier: MIT
# needs: memcached_exporter
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.memcached import DEADLINE, Memcached, end, free_port, poll_until
from support.pushgateway import Prometheus, Service, get
from support.receiver import Receiver

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXPORTER = pathlib.Path(os.environ["PROMLITE_BUILD"]) / "examples" / "memcached_exporter" / "memcached_exporter"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "docs" / "operating.md").read_text(), re.M | re.S)


class Alertmanager(Service):
    program = "prometheus-alertmanager"

    def __init__(self, configuration):
        self.folder = tempfile.TemporaryDirectory(prefix="promlite-alertmanager-")
        self.file = pathlib.Path(self.folder.name) / "alertmanager.yml"
        self.file.write_text(configuration)

    def arguments(self):
        # Without a cluster: it would look for this machine's address.
        return [f"--config.file={self.file}", f"--storage.path={self.folder.name}/data", "--cluster.listen-address=",
                f"--web.listen-address={self.address}", "--log.level=error"]

    def stop(self):
        super().stop()
        self.folder.cleanup()


class OperatingTest(unittest.TestCase):
    maxDiff = None

    def replaced(self, text, *pairs):
        for old, new in pairs:
            self.assertIn(old, text)
            text = text.replace(old, new)
        return text

    def run_tool(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def start(self, service):
        self.addCleanup(service.stop)
        return service.start()

    def start_exporter(self, memcached):
        port = free_port()
        process = subprocess.Popen([EXPORTER, f"--memcached.address={memcached.address}", f"--web.listen-address=127.0.0.1:{port}"],
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(end, process)

        def healthy():
            try:
                return get(f"http://127.0.0.1:{port}/-/healthy")
            except OSError:
                return False
        poll_until(healthy, "the exporter's start")
        return f"127.0.0.1:{port}"

    def test_an_alert_arrives_and_ends(self):
        prometheus_yml, alertmanager_yml = blocks("yaml")[:2]
        memcached = Memcached()
        self.addCleanup(memcached.stop)
        exporter = self.start_exporter(memcached)
        receiver = self.start(Receiver())
        alertmanager = self.start(Alertmanager(self.replaced(
            alertmanager_yml, ("127.0.0.1:9095", receiver.address), ("group_wait: 30s", "group_wait: 100ms"),
            ("group_interval: 5m", "group_interval: 200ms"))))
        rules = tempfile.TemporaryDirectory(prefix="promlite-rules-")
        self.addCleanup(rules.cleanup)
        alerts = (ROOT / "examples" / "memcached_exporter" / "memcached_exporter.rules.yml").read_text()
        (pathlib.Path(rules.name) / "memcached_exporter.rules.yml").write_text(self.replaced(alerts, ("for: 1m", "for: 1s")))
        prometheus = Prometheus(self.replaced(prometheus_yml, ("15s", "200ms"), ("127.0.0.1:9093", alertmanager.address),
                                              ("127.0.0.1:9150", exporter), ("/etc/prometheus/rules", rules.name)))
        self.assertIn("SUCCESS", self.run_tool("promtool", "check", "config", str(prometheus.file)))
        self.assertIn("SUCCESS", self.run_tool("amtool", "check-config", str(alertmanager.file)))
        self.start(prometheus)

        ours = {"job": "memcached", "instance": exporter}
        poll_until(lambda: prometheus.query("memcached_up") == [(ours, 1)], "memcached in Prometheus")
        self.assertEqual([(ours, 1)], prometheus.query('up{job="memcached"}'))

        port = memcached.target[1]
        memcached.stop()
        fired = receiver.wait_for(lambda message: message["status"] == "firing", DEADLINE)
        shown = json.loads(blocks("json")[0].replace("127.0.0.1:9150", exporter))
        for key in ("status", "receiver", "groupLabels"):
            self.assertEqual(shown[key], fired[key])
        self.assertEqual(shown["alerts"], [{key: alert[key] for key in shown["alerts"][0]} for alert in fired["alerts"]])

        again = Memcached(port=port)
        self.addCleanup(again.stop)
        resolved = receiver.wait_for(lambda message: message["status"] == "resolved", DEADLINE)
        self.assertEqual([("resolved", "MemcachedDown")],
                         [(alert["status"], alert["labels"]["alertname"]) for alert in resolved["alerts"]])

        silence = next(line for line in "\n".join(blocks("sh")).splitlines() if " silence add " in line)
        self.run_tool("sh", "-c", self.replaced(silence, ("127.0.0.1:9093", alertmanager.address)))
        again.stop()
        poll_until(lambda: [alert["status"]["state"] for alert in json.loads(get(f"{alertmanager.url}/api/v2/alerts"))
                            if alert["labels"]["alertname"] == "MemcachedDown"] == ["suppressed"], "a silenced alert")
        self.assertEqual(1, sum(message["status"] == "firing" for message in receiver.messages))

    def test_the_table_of_exporters(self):
        page = (ROOT / "docs" / "operating.md").read_text()
        listed = set(re.findall(r"^\| \[`(\w+)`\]\(\.\./examples/(?:\w+)\)", page, re.M))
        self.assertEqual({unit.stem for unit in ROOT.glob("examples/*/*.service")} - {"pushgateway_sweeper"}, listed)
        for name in listed:
            unit = (ROOT / "examples" / name / f"{name}.service").read_text()
            port = re.search(rf"^\| \[`{name}`\].*? \| (\d+) \|", page, re.M)[1]
            self.assertIn(f":{port}", unit + (ROOT / "examples" / name / "README.md").read_text(), name)
            self.assertIn(f":{port}", (ROOT / "examples" / name / "prometheus.yml").read_text(), name)


if __name__ == "__main__":
    sys.exit(unittest.main())
