# promlite: examples/batch_alerts: the rules' own tests, and an alert about a job that has really failed.
# SPDX-License-Identifier: MIT
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.memcached import DEADLINE, poll_until
from support.pushgateway import Prometheus, Pushgateway

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "batch_alerts"


def run(*command, folder=FOLDER):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=DEADLINE)
    return done.returncode, done.stdout + done.stderr


class BatchAlertsTest(unittest.TestCase):
    def test_rules_and_configurations(self):
        for command in (("promtool", "test", "rules", "batch_jobs.test.yml"), ("promtool", "check", "config", "prometheus.yml"),
                        ("amtool", "check-config", "alertmanager.yml")):
            code, text = run(*command)
            self.assertEqual(0, code, text)

    def test_every_alert_is_tested(self):
        rules = (FOLDER / "batch_jobs.rules.yml").read_text()
        alerts = re.findall(r"^ +- alert: (\w+)$", rules, flags=re.M)
        self.assertEqual(8, len(alerts))
        with tempfile.TemporaryDirectory() as scratch:
            shutil.copy(FOLDER / "batch_jobs.test.yml", scratch)
            for alert in alerts:
                with self.subTest(alert=alert):
                    (pathlib.Path(scratch) / "batch_jobs.rules.yml").write_text(rules.replace(f"alert: {alert}\n", "alert: Other\n"))
                    self.assertIn(f"alertname: {alert}", run("promtool", "test", "rules", "batch_jobs.test.yml", folder=scratch)[1])

    def test_a_job_that_fails(self):
        gateway = Pushgateway().start()
        self.addCleanup(gateway.stop)
        configuration = (FOLDER / "prometheus.yml").read_text()
        for old, new in (("15s", "100ms"), ("127.0.0.1:9091", gateway.address),
                         ("batch_jobs.rules.yml", str(FOLDER / "batch_jobs.rules.yml"))):
            self.assertIn(old, configuration)
            configuration = configuration.replace(old, new)
        prometheus = Prometheus(configuration).start()
        self.addCleanup(prometheus.stop)

        def push(code):
            job = [os.path.join(os.environ["PROMLITE_BUILD"], "tests", "push_program"), gateway.url, "nightly_import"]
            self.assertEqual((0, "200 \n"), run(*job, f"run={code}"))

        def firing():
            return [labels["job"] for labels, _ in prometheus.query('ALERTS{alertname="BatchJobFailed",alertstate="firing"}')]
        push(1)
        poll_until(lambda: firing() == ["nightly_import"], "the alert")
        push(0)
        poll_until(lambda: prometheus.query("batch_job_success == 1") and firing() == [], "its end")


if __name__ == "__main__":
    sys.exit(unittest.main())
