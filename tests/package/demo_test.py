# promlite: scripts/demo, as a script would run it and as somebody who interrupts it.
# SPDX-License-Identifier: MIT
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

DEADLINE = 240.0
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEMO = os.path.join(TOP, "scripts", "demo")


def processes_with(text):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if text.encode() in file.read():
                    found.append(pid)
        except OSError:
            pass
    return found


class DemoTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.scratch = folder.name
        tools = tempfile.TemporaryDirectory()
        self.addCleanup(tools.cleanup)
        # The demonstration's own -O2 takes three times as long, and is not what is tested.
        self.compiler = os.path.join(tools.name, "compiler")
        self.write_compiler("exec g++ \"$@\" -O0\n")
        self.environment = {**os.environ, "TMPDIR": self.scratch, "CXX": self.compiler}

    def write_compiler(self, script):
        with open(self.compiler, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + script)
        os.chmod(self.compiler, 0o755)

    def assert_nothing_left(self):
        self.assertEqual(os.listdir(self.scratch), [])
        self.assertEqual(processes_with(self.scratch), [])

    def run_demo(self, *arguments):
        return subprocess.run([DEMO, *arguments], env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=DEADLINE)

    def test_with_prometheus(self):
        result = self.run_demo("--prometheus", "--seconds", "1")
        self.assertEqual(result.returncode, 0, result.stdout)
        url = re.search(r"http://(127\.0\.0\.1:\d+)/metrics", result.stdout)
        self.assertTrue(url, result.stdout)
        self.assertRegex(result.stdout, r'(?m)^http_requests_total\{.*\} [1-9]\d*$')
        self.assertIn(f'up{{instance="{url[1]}", job="http_service"}} => 1\n', result.stdout)
        for query in ("http_requests_total", r"rate\(http_requests_total\[5s\]\)"):
            self.assertRegex(result.stdout, rf'sum by \(code\) \({query}\)\n    \{{code="200"\}} => [1-9]')
        self.assert_nothing_left()

    def test_interrupted(self):
        for number, moment, expected in ((signal.SIGINT, "Running until interrupted", 0),
                                         (signal.SIGTERM, "Building the service", 143)):
            with self.subTest(moment):
                demo = subprocess.Popen([DEMO], env=self.environment, text=True, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                                        # A suite in the background of a shell ignores SIGINT, and its children with it.
                                        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
                try:
                    for line in demo.stdout:
                        if moment in line:
                            break
                    os.killpg(demo.pid, number)  # as a terminal does: the whole group
                    self.assertEqual(demo.wait(DEADLINE), expected)
                finally:
                    if demo.poll() is None:
                        demo.terminate()
                        demo.wait()
                    demo.stdout.close()
                self.assert_nothing_left()

    def test_failures_are_told(self):
        self.write_compiler("echo 'there is no such thing' >&2\nexit 1\n")
        start = time.monotonic()
        result = self.run_demo()
        self.assertEqual(result.returncode, 1)
        self.assertIn("demo: the service does not compile:\nthere is no such thing\n", result.stdout)
        self.assertLess(time.monotonic() - start, 20)
        for arguments in (["--nonsense"], ["--seconds"], ["--seconds", "0"], ["--seconds", "1.5"]):
            result = self.run_demo(*arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertIn(arguments[0], result.stdout)
        self.assert_nothing_left()


if __name__ == "__main__":
    sys.exit(unittest.main())
