# promlite: what an example needs to be run and watched, against what it really shows.
# SPDX-License-Identifier: MIT
import pathlib
import subprocess
import sys
import tempfile

from support.memcached import DEADLINE

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def check_operations(test, example, *expositions):
    """Dashboard and alerts of examples/EXAMPLE ask for nothing that is in none of these expositions of it."""
    with tempfile.TemporaryDirectory() as scratch:
        scrapes = []
        for number, text in enumerate(expositions):
            path = pathlib.Path(scratch) / f"{number}.txt"
            path.write_text(text, encoding="utf-8")
            scrapes += ["--scrape", str(path)]
        done = subprocess.run([sys.executable, ROOT / "tools" / "check_dashboards", *scrapes, ROOT / "examples" / example],
                              capture_output=True, text=True, timeout=DEADLINE, check=False)
    test.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
