# promlite: exporters of the kit for tests: the process, what it logs, and requests to it.
# SPDX-License-Identifier: MIT
import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import tempfile
import time

DEADLINE = 20.0  # seconds that anything here may take


def poll_until(condition, what):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError(f"{what} did not happen within {DEADLINE} s")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def get(address, path, headers=None):
    """(status, headers, text) of a GET of the path at `HOST:PORT` or `unix:PATH`."""
    if address.startswith("unix:"):
        connection = UnixConnection(address[5:], DEADLINE)
    else:
        host, port = address.rsplit(":", 1)
        connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=DEADLINE)
    with contextlib.closing(connection):
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()


class Exporter:
    """A program that has begun to serve, on as many addresses as its log tells in one go."""

    def __init__(self, program, *flags, addresses=1, environment=None, **options):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([program, *flags], stdout=subprocess.DEVNULL, stderr=self.errors,
                                        env={**os.environ, **(environment or {})}, **options)
        try:
            poll_until(lambda: len(self.addresses()) >= addresses or self.process.poll() is not None, "the exporter's start")
            if self.process.poll() is not None:
                raise AssertionError("the exporter ended: " + self.log())
        except BaseException:
            self.stop()
            raise
        self.address = self.addresses()[0]

    def log(self):
        # Not through the shared file position, which is where the exporter writes.
        return os.pread(self.errors.fileno(), 1 << 20, 0).decode()

    def lines(self):
        """The log without its times."""
        return [re.sub(r"^time=\S+ ", "", line) for line in self.log().splitlines()]

    def addresses(self):
        return re.findall(r"msg=Listening address=(\S+) ", self.log())

    def get(self, path, headers=None):
        return get(self.address, path, headers)

    def scrape(self, headers=None):
        status, _, text = self.get("/metrics", headers)
        if status != 200:
            raise AssertionError(f"status {status}: {text}")
        return text

    def stop(self, number=signal.SIGTERM):
        """The exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.process.returncode

    def close(self):
        self.stop()
        self.errors.close()
