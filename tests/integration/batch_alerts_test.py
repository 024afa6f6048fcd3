# promlite: examples/batch_alerts: an alert about a job that has really failed.
# SPDX-License-Identifier: MIT
# needs: pushgateway_sweeper
import contextlib
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.exporter import program
from support.memcached import DEADLINE, end, free_port, poll_until
from support.operations import check_operations
from support.pushgateway import Prometheus, Pushgateway, get

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "batch_alerts"


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
    return done.returncode, done.stdout + done.stderr


def push_program():
    return os.path.join(os.environ["PROMLITE_BUILD"], "tests", "push_program")


class BatchAlertsTest(unittest.TestCase):
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
            self.assertEqual((0, "200 \n"), run(push_program(), gateway.url, "nightly_import", f"run={code}"))

        def firing():
            return [labels["job"] for labels, _ in prometheus.query('ALERTS{alertname="BatchJobFailed",alertstate="firing"}')]
        push(1)
        poll_until(lambda: firing() == ["nightly_import"], "the alert")
        push(0)
        poll_until(lambda: prometheus.query("batch_job_success == 1") and firing() == [], "its end")


    def test_the_alerts_ask_for_what_is_shown(self):
        gateway = Pushgateway().start()
        self.addCleanup(gateway.stop)
        self.assertEqual((0, "200 \n"), run(push_program(), gateway.url, "nightly_import", "run=0"))
        address = f"127.0.0.1:{free_port()}"
        sweeper = subprocess.Popen([program("pushgateway_sweeper"), "--gateway", gateway.url, "--interval=1s",
                                    f"--web.listen-address={address}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(end, sweeper)

        def swept():
            with contextlib.suppress(OSError):
                text = get(f"http://{address}/metrics")
                return text if "\npushgateway_sweeper_last_sweep_timestamp_seconds " in text else None
        check_operations(self, "batch_alerts", get(gateway.url + "/metrics"), poll_until(swept, "a sweep"))


if __name__ == "__main__":
    sys.exit(unittest.main())
