#!/usr/bin/env python3
# promlite: the protocols as Spin models: each holds, and each of its seeded mistakes is noticed.
# SPDX-License-Identifier: MIT
"""models_test.py [MODEL]  runs the models beside this file with Spin. In a model's head stand its `variants:`, ways of one
protocol that must all hold, and its `mistakes:`, each a macro that breaks something the argument needs."""

import pathlib
import re
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent


def listed(text, what):
    found = re.search(rf"^ *{what}: ([A-Z_ ]+)", text, re.M)
    return found[1].split() if found else []


def explore(model, macros):
    """(errors, states) of the model."""
    with tempfile.TemporaryDirectory(prefix="promlite-model-") as scratch:
        defines = [f"-D{macro}" for macro in macros]
        subprocess.run(["spin", "-a", *defines, model], cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        # -DSAFETY: assertions and ends in which somebody still waits; nothing here is about fairness.
        subprocess.run(["cc", "-O1", "-w", "-DSAFETY", "-o", "pan", "pan.c"], cwd=scratch, check=True)
        said = subprocess.run(["./pan", "-m1000000"], cwd=scratch, check=True, capture_output=True, text=True).stdout
    assert "max search depth too small" not in said, said
    errors = int(re.search(r"errors: (\d+)", said)[1])
    # Without an error the search went through all there is, and left out no statement but those behind a mistake.
    return errors, int(re.search(r"(\d+) states, stored", said)[1])


def main():
    failures = []
    for model in sorted(FOLDER.glob(f"{sys.argv[1] if sys.argv[1:] else '*'}.pml")):
        text = model.read_text()
        for variant in listed(text, "variants") or [None]:
            chosen = [variant] if variant else []
            for mistake in [None, *listed(text, "mistakes")]:
                errors, states = explore(model, chosen + ([mistake] if mistake else []))
                name = " ".join([model.stem, *chosen, mistake or "as it is"])
                good = (errors == 0) == (mistake is None)
                print(f"{'ok    ' if good else 'FAILED'} {name}: {states} states, {'an error' if errors else 'no error'}")
                if not good:
                    failures.append(name)
    print("\n".join(f"failed: {name}" for name in failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
