# promlite: the programs of docs/batch-jobs.md, built as they are pasted and run against a real Pushgateway.
# SPDX-License-Identifier: MIT
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.pushgateway import Pushgateway

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class BatchDocs(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="promlite-batch-docs-")
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.gateway = Pushgateway().start()
        self.addCleanup(self.gateway.stop)

    def run_program(self, code):
        (self.folder / "example.cpp").write_text(code.replace("gateway:9091", self.gateway.address))
        subprocess.run(["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-I", ROOT / "include", "-pthread",
                        self.folder / "example.cpp", "-o", self.folder / "example"], check=True)
        done = subprocess.run([self.folder / "example", self.folder / "backup.prom"], capture_output=True, text=True, timeout=60)
        self.assertEqual((0, ""), (done.returncode, done.stderr))

    def test_the_programs(self):
        page = (ROOT / "docs" / "batch-jobs.md").read_text()
        nightly, pipeline, textfile, background, by_hand = re.findall(r"^```cpp\n(.*?)^```", page, re.M | re.S)
        self.run_program(nightly)
        group = self.gateway.groups()[(("job", "nightly_import"),)]
        for name in re.findall(r"^\| `(batch_job_\w+)` \|", page, re.M):
            self.assertIn(name, group)
        self.assertEqual([{"instance": "", "job": "nightly_import", "kind": "csv"}, "100"], list(group["files_processed_total"][0]))
        self.run_program(pipeline)
        group = self.gateway.groups()[(("branch", "feature/push"), ("job", "ci"), ("project", "promlite"))]
        self.assertEqual({"build": "1", "test": "1", "package": "1"},
                         {labels["stage"]: value for labels, value in group["batch_job_stage_success"]})
        self.run_program(textfile)
        self.assertIn("\nbackup_files_processed_total 1000\n", (self.folder / "backup.prom").read_text())
        self.run_program(background)
        self.assertEqual("12", self.gateway.groups()[(("job", "migration"),)]["rows_migrated_total"][0][1])
        self.run_program("#include <promlite/promlite.hpp>\n#include <iostream>\nusing namespace std::chrono_literals;\nint main() {\n"
                         + by_hand.replace("/prefix", "") + "return put && post && gone ? 0 : 1;\n}\n")


if __name__ == "__main__":
    if shutil.which("g++") is None:
        raise SystemExit("this test needs g++")
    unittest.main()
