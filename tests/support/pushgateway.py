# promlite: a real Pushgateway and a real Prometheus for tests, on free loopback ports.
# SPDX-License-Identifier: MIT
import contextlib
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from support.memcached import DEADLINE, end, free_port, poll_until

# No proxy stands between two programs of one machine.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(url, headers=None):
    request = urllib.request.Request(url, headers=headers or {})
    with OPENER.open(request, timeout=DEADLINE) as answer:
        return answer.read().decode()


class Service:
    """A program that serves HTTP on a loopback port, from start() to stop()."""

    program = None
    ready_path = "/-/ready"

    def start(self):
        for _ in range(5):  # somebody else may take the port first
            self.port = free_port()
            self.log = tempfile.TemporaryFile("w+")
            self.process = subprocess.Popen([shutil.which(self.program) or f"/usr/bin/{self.program}", *self.arguments()],
                                            stdout=self.log, stderr=self.log)
            poll_until(lambda: self.process.poll() is not None or self.is_ready(), f"{self.program}'s start")
            if self.process.poll() is None:
                return self
            self.log.seek(0)
            text = self.log.read()
            self.log.close()
        raise AssertionError(f"{self.program} does not start: {text}")

    def is_ready(self):
        try:
            get(self.url + self.ready_path)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code == 401
        except OSError:
            return False
        return True

    def stop(self):
        end(self.process)
        self.log.close()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"http://{self.address}"


class Pushgateway(Service):
    program = "prometheus-pushgateway"

    def __init__(self, *flags, prefix=""):
        self.flags, self.prefix = flags, prefix

    def arguments(self):
        # No file: what is pushed lives in memory.
        prefix = [f"--web.route-prefix={self.prefix}"] if self.prefix else []
        return [f"--web.listen-address={self.address}", "--persistence.file=", *prefix, *self.flags]

    @property
    def url(self):
        return super().url + self.prefix

    def groups(self, headers=None):
        """{(sorted labels of the group): {family: [(labels, value)]}}; a value is text, a summary's a dictionary."""
        found = {}
        for group in json.loads(get(self.url + "/api/v1/metrics", headers))["data"]:
            key = tuple(sorted(group["labels"].items()))
            found[key] = {name: [(metric["labels"], metric.get("value", metric)) for metric in family["metrics"]]
                          for name, family in group.items() if isinstance(family, dict) and "metrics" in family}
        return found

    def keys_soon(self, wanted):
        """The keys of its groups, as soon as they are these: what it answers with 202 it has yet to do."""
        deadline = time.monotonic() + DEADLINE
        while list(self.groups()) != wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        return list(self.groups())


class Prometheus(Service):
    program = "prometheus"

    def __init__(self, configuration):
        self.folder = tempfile.TemporaryDirectory(prefix="promlite-prometheus-")
        self.file = pathlib.Path(self.folder.name) / "prometheus.yml"
        self.file.write_text(configuration)

    def arguments(self):
        return [f"--config.file={self.file}", f"--storage.tsdb.path={self.folder.name}/data",
                f"--web.listen-address={self.address}", "--log.level=error"]

    def stop(self):
        super().stop()
        with contextlib.suppress(OSError):
            self.folder.cleanup()

    def query(self, expression):
        """[(labels without __name__, value)]"""
        query = urllib.parse.urlencode({"query": expression})
        result = json.loads(get(f"{self.url}/api/v1/query?{query}"))["data"]["result"]
        return [({name: value for name, value in one["metric"].items() if name != "__name__"}, float(one["value"][1]))
                for one in result]
