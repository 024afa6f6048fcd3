# promlite: what the examples' folders have for those who run them: units, configurations, rules, dashboards.
# SPDX-License-Identifier: MIT
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "examples"
BUILD = pathlib.Path(os.environ.get("PROMLITE_BUILD", "")) / "examples"
# A command of a unit: its prefixes, its program, its arguments, over continued lines.
COMMAND = re.compile(r"^(Exec\w+=[-@:+!|]*)(/\S+)((?:\\\n|.)*)$", flags=re.M)


def run(*command, folder=ROOT):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def built(path):
    """The program of this name in the build tree, if it is there."""
    name = pathlib.Path(path).name
    program = BUILD / name / name
    return program if os.access(program, os.X_OK) else None


class OperationsTest(unittest.TestCase):
    def files(self, pattern):
        found = sorted(EXAMPLES.glob(f"*/{pattern}"))
        self.assertNotEqual(found, [])
        return found

    def test_units(self):
        units = self.files("*.service") + sorted(EXAMPLES.glob("*/*.socket"))
        with tempfile.TemporaryDirectory() as scratch:
            for unit in units:
                # Only a program that is there passes.
                text = COMMAND.sub(lambda match: match[1] + str(built(match[2]) or
                                   (match[2] if os.path.exists(match[2]) else "/bin/true")) + match[3],
                                   unit.read_text(encoding="utf-8"))
                (pathlib.Path(scratch) / unit.name).write_text(text, encoding="utf-8")
            code, text = run("systemd-analyze", "verify", "--man=no", *(unit.name for unit in units), folder=scratch)
            self.assertEqual((code, text), (0, ""))

    def test_units_use_flags_that_there_are(self):
        for unit in self.files("*.service"):
            for _, path, arguments in COMMAND.findall(unit.read_text(encoding="utf-8")):
                program = built(path)
                if program:
                    code, text = run(program, "--help")
                    self.assertEqual(code, 0, text)
                    known = set(re.findall(r"--(?:\[no-\])?([\w.-]+)", text))
                    used = {flag.removeprefix("no-") for flag in re.findall(r"--([\w.-]+)", arguments)}
                    self.assertEqual(used - known, set(), unit.name)

    def test_configurations(self):
        for path in self.files("prometheus.yml"):
            with self.subTest(path=path):
                code, text = run("promtool", "check", "config", path.name, folder=path.parent)
                self.assertEqual(code, 0, text)
                for rules in path.parent.glob("*.rules.yml"):
                    self.assertIn(rules.name, text)
        for path in self.files("alertmanager.yml"):
            with self.subTest(path=path):
                code, text = run("amtool", "check-config", path.name, folder=path.parent)
                self.assertEqual(code, 0, text)

    def test_rules(self):
        for path in self.files("*.rules.yml"):
            with self.subTest(path=path):
                code, text = run("promtool", "check", "rules", path.name, folder=path.parent)
                self.assertEqual(code, 0, text)

    def test_tests_of_rules(self):
        for path in self.files("*.rules.yml"):
            with self.subTest(path=path):
                tests = sorted(path.parent.glob(path.name.replace(".rules.yml", "*.test.yml")))
                code, text = run("promtool", "test", "rules", *(test.name for test in tests), folder=path.parent)
                self.assertEqual(code, 0, text)
                # Each alert is expected to fire once at least, not only to be silent.
                alerts = re.findall(r"^ *- alert: (\w+)$", path.read_text(encoding="utf-8"), flags=re.M)
                self.assertNotEqual(alerts, [])
                fired = {re.search(r"alertname: (\w+)", case)[1] for test in tests
                         for case in test.read_text(encoding="utf-8").split("eval_time:") if re.search(r"exp_alerts:\s*(- |\[\s*\{)", case)}
                self.assertEqual(set(alerts) - fired, set())

    def test_dashboards(self):
        code, text = run(sys.executable, "tools/check_dashboards")
        self.assertEqual((code, text), (0, ""))

    def test_everything_is_compared_with_what_is_shown(self):
        """Each dashboard and each file of rules, by the test that has the program run."""
        tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "integration").glob("*_test.py"))
        compared = set(re.findall(r'check_operations\(\w+, "(\w+)"', tests))
        examples = {path.parent.name for path in self.files("dashboard.json") + self.files("*.rules.yml")}
        self.assertEqual(examples - compared, set())


if __name__ == "__main__":
    sys.exit(unittest.main())
