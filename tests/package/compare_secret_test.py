# promlite: comparing a secret takes the same instructions wherever a guess is wrong.
# SPDX-License-Identifier: MIT
import os
import re
import shutil
import subprocess
import tempfile
import unittest

PROGRAM = os.path.join(os.environ["PROMLITE_BUILD"], "tests", "compare_secret")
SECRET = "prometheus:correct horse battery"


class CompareSecretTest(unittest.TestCase):
    def instructions(self, guess, secret=SECRET):
        with tempfile.NamedTemporaryFile() as profile:
            done = subprocess.run(["valgrind", "--tool=callgrind", "--toggle-collect=compare_guess",
                                   f"--callgrind-out-file={profile.name}", PROGRAM, secret, guess],
                                  capture_output=True, text=True, timeout=120)
        self.assertEqual(0 if guess == secret else 1, done.returncode, done.stderr)
        return int(re.search(r"Collected : (\d+)", done.stderr)[1])

    def test_the_place_of_the_first_wrong_byte_shows_nowhere(self):
        right = self.instructions(SECRET)
        self.assertGreater(right, len(SECRET))
        for at in (0, 1, len(SECRET) // 2, len(SECRET) - 1):
            self.assertEqual(right, self.instructions(SECRET[:at] + "#" + SECRET[at + 1:]), f"wrong at {at}")
        self.assertEqual(right, self.instructions("#" * len(SECRET)))

    def test_the_length_of_the_secret_shows_nowhere(self):
        counts = {self.instructions("a guess of some length", secret) for secret in
                  ("another one, as long!!", "a guess of some lengtH", "a guess of some length and more", "z" * 500)}
        self.assertEqual(1, len(counts), counts)


if __name__ == "__main__":
    if shutil.which("valgrind") is None:
        raise SystemExit("this test needs valgrind")
    unittest.main()
