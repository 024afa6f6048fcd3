# promlite: docs/writing-exporters.md: its files built as they are pasted, its exporter run with a command that plays the ovens.
# SPDX-License-Identifier: MIT
# needs: promlite::exporter
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.memcached import DEADLINE, end, poll_until
from support.pushgateway import get

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "writing-exporters.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)


class ExporterDocs(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="promlite-exporter-docs-")
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.folder = pathlib.Path(cls.scratch.name)
        for block in blocks("cpp"):
            (cls.folder / re.match(r"// (\S+)\n", block)[1]).write_text(block)
        command = re.search(r"^g\+\+ .*$", "".join(blocks("sh")), re.M)[0]
        cls.build(command.replace("-I include", f"-I {ROOT / 'include'}").replace("-O2", "-O0 -Wall -Wextra -Werror"))

    @classmethod
    def build(cls, command):
        subprocess.run(command, shell=True, check=True, cwd=cls.folder)

    def play_ovens(self, script):
        path = self.folder / "ovenctl"
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
        return str(path)

    def start(self, *flags):
        log = tempfile.TemporaryFile("w+")
        process = subprocess.Popen([self.folder / "bakery_exporter", "--web.listen-address=127.0.0.1:0", *flags], stderr=log)
        self.addCleanup(log.close)
        self.addCleanup(end, process)

        def text():
            return os.pread(log.fileno(), 1 << 20, 0).decode()
        address = poll_until(lambda: re.search(r"address=(127\.0\.0\.1:\d+)", text()), "the exporter's start")[1]
        return process, f"http://{address}", text

    @staticmethod
    def own(text):
        """Without the lines of others, and without what differs each time."""
        lines = [line for line in text.splitlines() if re.match(r"(# \w+ )?bakery_", line)]
        return [re.sub(r"(duration_seconds\{.*\}) \S+|(build_info)\{.*", r"\1\2", line) for line in lines]

    def test_what_the_page_shows(self):
        status = re.search(r"\$ ovenctl status\n(.*)", blocks("console")[0], re.S)[1]
        process, url, log = self.start(f"--ovens.command={self.play_ovens(f'cat <<END{chr(10)}{status}END{chr(10)}')}")
        text = get(f"{url}/metrics")
        self.assertEqual(self.own(blocks("text")[0]), self.own(text))
        check = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual((0, "", ""), (check.returncode, check.stdout, check.stderr))
        self.assertIn("bakery_exporter", get(f"{url}/"))

        self.play_ovens("echo the ovens are fine\n")
        for _ in range(2):
            lines = self.own(get(f"{url}/metrics"))
            self.assertIn("bakery_up 0", lines)
            self.assertIn('bakery_collector_success{collector="ovens"} 0', lines)
            self.assertFalse([line for line in lines if "oven=" in line])
        self.assertEqual(1, log().count("not about an oven"), log())

        self.play_ovens("exec sleep 60\n")
        lines = self.own(get(f"{url}/metrics", {"X-Prometheus-Scrape-Timeout-Seconds": "1"}))
        self.assertIn('bakery_collector_success{collector="ovens"} 0', lines)
        self.assertFalse([line for line in lines if re.match("bakery_(up|oven|loaves)", line)])
        self.assertEqual("OK\n", get(f"{url}/-/healthy"))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(0, process.wait(DEADLINE))

    def test_the_other_files(self):
        compiler = f"g++ -O0 -Wall -Wextra -Werror -I {ROOT / 'include'} -pthread"
        (self.folder / "whole.cpp").write_text('#include "more_collectors.cpp"\n#include "probe.cpp"\n#include "bakery_exporter.cpp"\n'
                                               .replace('"bakery_exporter.cpp"', '"whole_main.cpp"'))
        main = (self.folder / "bakery_exporter.cpp").read_text()
        self.assertIn("  return exporter.run", main)
        (self.folder / "whole_main.cpp").write_text(main.replace(
            "  return exporter.run", "  add_recipes(exporter, command);\n  add_probe(exporter, command);\n  return exporter.run"))
        self.build(f"{compiler} -std=c++17 whole.cpp -o bakery_exporter -lyaml-cpp -lcrypt")
        command = self.play_ovens('case $1 in\nstatus) echo "upper 221.5 1204 closed";;\nrecipes) echo bread 7;;\nesac\n')
        # What the page adds takes the command by value: the default one.
        os.environ["PATH"] = f"{self.folder}:{os.environ['PATH']}"
        _, url, _ = self.start(f"--ovens.command={command}", "--collector.recipes")
        lines = self.own(get(f"{url}/metrics"))
        self.assertIn('bakery_recipes{kind="bread"} 7', lines)
        self.assertTrue([line for line in lines if line.startswith('bakery_collector_age_seconds{collector="recipes"} ')])
        self.assertIn("bakery_oven_temperature_celsius 221.5", get(f"{url}/probe?target=upper"))

        self.build(f"{compiler} -std=c++20 bakery_test.cpp -o bakery_test")
        done = subprocess.run([self.folder / "bakery_test"], capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))


if __name__ == "__main__":
    sys.exit(unittest.main())
