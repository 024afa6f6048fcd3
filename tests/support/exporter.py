# promlite: an exporter of the kit, started for a test and scraped.
# SPDX-License-Identifier: MIT
import http.client
import os
import re
import signal
import subprocess
import tempfile

from support.memcached import DEADLINE, poll_until

SAMPLE = re.compile(r"([^\s{]+(?:\{.*\})?) (\S+)$")


def program(name):
    """Where the build tree has examples/NAME's program."""
    path = os.path.join(os.environ.get("PROMLITE_BUILD", ""), "examples", name, name)
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"{name} is not in the build tree: {path}")
    return path


def parse(text):
    """Series to value, both as text."""
    values = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            series, value = SAMPLE.match(line).groups()
            if series in values:
                raise AssertionError(f"{series} is there twice")
            values[series] = value
    return values


class Exporter:
    """examples/NAME with these flags, on a free loopback port; `options` are those of subprocess.Popen."""

    def __init__(self, name, *flags, **options):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([program(name), "--web.listen-address=127.0.0.1:0", *flags],
                                        stdout=subprocess.DEVNULL, stderr=self.errors, **options)
        try:
            start = poll_until(lambda: re.search(r"address=\"?127\.0\.0\.1:(\d+)", self.messages())
                               or self.process.poll() is not None, f"the start of {name}")
            if start is True:
                raise AssertionError(f"{name} ended: {self.messages()}")
        except BaseException:
            self.stop()
            raise
        self.port = int(start[1])
        self.address = f"127.0.0.1:{self.port}"

    def messages(self):
        # Not through the shared file position, which is where the exporter writes.
        return os.pread(self.errors.fileno(), 1 << 20, 0).decode()

    def request(self, path, headers=None):
        """(status, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def scrape_text(self):
        status, text = self.request("/metrics")
        if status != 200:
            raise AssertionError(f"status {status}: {text}")
        return text

    def scrape(self):
        return parse(self.scrape_text())

    def stop(self, number=signal.SIGTERM):
        """Its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.process.returncode
