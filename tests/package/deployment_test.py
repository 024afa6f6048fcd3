# promlite: examples/deployment: the playbook into a folder, twice.
# SPDX-License-Identifier: MIT
# needs: memcached_exporter
# needs: system_exporter
# needs: log_exporter
# needs: mysql_exporter
# needs: prober
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "examples" / "deployment"
BUILD = pathlib.Path(os.environ["PROMLITE_BUILD"])


class DeploymentTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="promlite-deployment-")
        self.addCleanup(scratch.cleanup)
        self.home = pathlib.Path(scratch.name)
        self.root = self.home / "root"

    def play(self, *arguments, code=0):
        environment = {**os.environ, "HOME": str(self.home), "ANSIBLE_LOCALHOST_WARNING": "False", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(["ansible-playbook", "-i", "localhost,", "-c", "local", *arguments, "playbook.yml"], cwd=FOLDER,
                              env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240)
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def files(self):
        return {path.relative_to(self.root).as_posix(): path.stat().st_mode & 0o777
                for path in self.root.rglob("*") if path.is_file()}

    def test_into_a_folder_and_again(self):
        self.play("--syntax-check")
        variables = ["-e", f"root={self.root}", "-e", f"build={BUILD}"]
        self.assertRegex(self.play(*variables), r"\blocalhost +: ok=\d+ +changed=[1-9]\d* +unreachable=0 +failed=0 ")
        listed = re.findall(r"^  - name: (\w+)", (FOLDER / "exporters.yml").read_text(), re.M)
        expected = {"etc/prometheus/prometheus.yml": 0o644}
        for name in listed:
            expected |= {f"usr/local/bin/{name}": 0o755, f"etc/systemd/system/{name}.service": 0o644,
                         f"etc/systemd/system/{name}.service.d/flags.conf": 0o644,
                         f"etc/prometheus/rules/{name}.rules.yml": 0o644}
        self.assertEqual(expected, self.files())
        for name in listed:
            self.assertEqual((ROOT / "examples" / name / f"{name}.service").read_bytes(),
                             (self.root / "etc/systemd/system" / f"{name}.service").read_bytes())
            self.assertEqual((BUILD / "examples" / name / name).read_bytes(), (self.root / "usr/local/bin" / name).read_bytes())
        drop_in = (self.root / "etc/systemd/system/memcached_exporter.service.d/flags.conf").read_text()
        self.assertEqual("[Service]\nExecStart=\nExecStart=/usr/local/bin/memcached_exporter "
                         "--web.listen-address=127.0.0.1:9150 --memcached.address=127.0.0.1:11211\n", drop_in)
        self.assertIn('--state.file=${STATE_DIRECTORY}/state\n',
                      (self.root / "etc/systemd/system/log_exporter.service.d/flags.conf").read_text())
        configuration = (self.root / "etc/prometheus/prometheus.yml").read_text()
        self.assertIn('  - job_name: memcached\n    static_configs:\n      - targets: ["127.0.0.1:9150"]\n', configuration)
        (self.home / "prometheus.yml").write_text(configuration.replace("/etc/", f"{self.root}/etc/"))
        check = subprocess.run(["promtool", "check", "config", self.home / "prometheus.yml"], capture_output=True, text=True,
                               timeout=60)
        self.assertEqual(0, check.returncode, check.stdout + check.stderr)
        self.assertEqual(len(listed), len(re.findall("rules found", check.stdout)), check.stdout)

        self.assertRegex(self.play(*variables), r"\blocalhost +: ok=\d+ +changed=0 +unreachable=0 +failed=0 ")

    def test_flags_that_a_program_does_not_know_are_not_there(self):
        text = (FOLDER / "exporters.yml").read_text()
        for block in re.split(r"^  - ", text, flags=re.M)[1:]:
            name = re.search(r"name: (\w+)", block)[1]
            help_text = subprocess.run([BUILD / "examples" / name / name, "--help"], capture_output=True, text=True, timeout=60)
            for flag in re.findall(r"--([\w.-]+)", block):
                self.assertIn(f"--{flag}", help_text.stdout, name)


if __name__ == "__main__":
    sys.exit(unittest.main())
