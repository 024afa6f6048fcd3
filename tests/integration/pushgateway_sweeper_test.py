# promlite: examples/pushgateway_sweeper against a real Pushgateway.
# SPDX-License-Identifier: MIT
# needs: pushgateway_sweeper
import os
import re
import signal
import subprocess
import sys
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.memcached import DEADLINE, end, poll_until
from support.pushgateway import OPENER, Pushgateway, get


def sweeper_path():
    path = os.path.join(os.environ.get("PROMLITE_BUILD", ""), "examples", "pushgateway_sweeper", "pushgateway_sweeper")
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"pushgateway_sweeper is not in the build tree: {path}")
    return path


def push(gateway, path, body="up 1\n"):
    request = urllib.request.Request(f"{gateway.url}/metrics{path}", body.encode(), method="PUT")
    OPENER.open(request, timeout=DEADLINE).close()


def expires(at):
    return f"batch_job_expires_timestamp_seconds {at}\n"


class SweeperTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.gateway = Pushgateway().start()
        self.addCleanup(self.gateway.stop)

    def sweep(self, *flags):
        done = subprocess.run([sweeper_path(), "--gateway", self.gateway.url, *flags], capture_output=True, text=True,
                              timeout=DEADLINE)
        # Action, reason, group; the age between the first two is not the same twice.
        rows = {(line[:13].rstrip(), line[23:43].rstrip(), line[44:]) for line in done.stdout.splitlines()[1:]}
        return done.returncode, done.stderr, rows

    def jobs(self):
        return {dict(key)["job"] for key in self.gateway.groups()}

    def push_all(self):
        push(self.gateway, "/job/plain")
        push(self.gateway, "/job@base64/b2RkL2pvYg/who@base64/Wm_DqyB4/shard@base64/=")  # odd/job, Zoë x
        push(self.gateway, "/job/gone/instance@base64/=", expires(time.time() - 7200.5))
        push(self.gateway, "/job/old/instance/db1", expires(time.time() - 86400.5))
        push(self.gateway, "/job/later", expires(time.time() + 86400 * 2.5))
        push(self.gateway, "/job/own/x/y")

    def test_dry_run_then_deletion(self):
        self.push_all()
        flags = ("--ttl=1s", "--ttl.job=own=2d")
        poll_until(lambda: time.time() - min(float(group["push_time_seconds"][0][1])
                                             for group in self.gateway.groups().values()) > 2.5, "two seconds")
        expired = {("older than 1s", '{instance="",job="plain"}'),
                   ("older than 1s", '{instance="",job="odd/job",shard="",who="Zoë x"}'),
                   ("expired 2h ago", '{instance="",job="gone"}'), ("expired 1d ago", '{instance="db1",job="old"}')}
        kept = {("keep", "expires in 2d11h", '{instance="",job="later"}'),
                ("keep", "younger than 2d", '{instance="",job="own",x="y"}')}
        self.assertEqual((0, "", {("would remove", *row) for row in expired} | kept), self.sweep(*flags))
        self.assertEqual({"plain", "odd/job", "gone", "old", "later", "own"}, self.jobs())
        self.assertEqual((0, "", {("removed", *row) for row in expired} | kept), self.sweep(*flags, "--delete"))
        # The gateway answers a removal with 202 and does it afterwards.
        poll_until(lambda: self.jobs() == {"later", "own"}, "the removal of all others")

    def test_on_a_schedule(self):
        self.push_all()
        with subprocess.Popen([sweeper_path(), "--gateway", self.gateway.url, "--interval=1s", "--delete",
                               "--web.listen-address=127.0.0.1:0"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True) as process:
            self.addCleanup(end, process)
            address = re.fullmatch(r"pushgateway_sweeper: serving /metrics on (\S+)\n", process.stderr.readline())[1]

            def metrics():
                text = get(f"http://{address}/metrics")
                return dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("pushgateway_sweeper_"))
            poll_until(lambda: float(metrics()['pushgateway_sweeper_sweeps_total{outcome="success"}']) >= 2, "two sweeps")
            self.assertEqual({"plain", "odd/job", "later", "own"}, self.jobs())
            push(self.gateway, "/job/old", expires(1))
            poll_until(lambda: metrics().get('pushgateway_sweeper_removed_groups_total{job="old"}') == "2", "its removal")
            found = metrics()
            self.assertEqual("1", found['pushgateway_sweeper_removed_groups_total{job="gone"}'])
            self.assertEqual("1", found["pushgateway_sweeper_up"])
            self.assertEqual("4", found['pushgateway_sweeper_groups{state="kept"}'])
            self.assertAlmostEqual(time.time(), float(found["pushgateway_sweeper_last_sweep_timestamp_seconds"]), delta=60)
            self.gateway.stop()
            poll_until(lambda: metrics()["pushgateway_sweeper_up"] == "0", "the gateway's end to be noticed")
            self.assertIn("cannot read the gateway: Connection refused", process.stderr.readline())
            process.send_signal(signal.SIGTERM)
            self.assertEqual(0, process.wait(DEADLINE))
        self.gateway.start()

    def test_failures(self):
        self.assertEqual(2, subprocess.run([sweeper_path(), "--ttl=soon"], capture_output=True, timeout=DEADLINE).returncode)
        code, errors, _ = self.sweep("--gateway.metrics-path=/nowhere")
        self.assertEqual((1, "pushgateway_sweeper: cannot read the gateway: the answer was 404\n"), (code, errors))
        code, errors, _ = self.sweep("--gateway=https://user:s3cret@gateway")
        self.assertEqual(1, code)
        self.assertIn("https is not supported", errors)
        self.assertNotIn("s3cret", errors)
        code, errors, _ = self.sweep("--gateway.token-file=/nowhere")
        self.assertEqual((2, "pushgateway_sweeper: cannot read a secret from /nowhere\n"), (code, errors))


if __name__ == "__main__":
    sys.exit(unittest.main())
