"""`make e2e`: opens the lab, builds the image, runs the tests in this folder. Arguments go to pytest, e.g. `-k pull`."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.e2e.lab import Lab, NoLab, open_lab
from tests.support.places import ROOT

IMAGE = "vsync-e2e:latest"
ACT_IMAGE = "act-dockeraction:latest"
"""The name under which `act` looks for the image of `uses: ./` before it builds one."""


def main(arguments: list[str]) -> int:
    try:
        with open_lab(ROOT, tell) as lab:
            return build(lab) or run_tests(lab, arguments)
    except NoLab as reason:
        tell(f"The end-to-end tests cannot run here: {reason}.")
        # Where they are counted on, not to run is a failure.
        return 1 if os.environ.get("CI", "").lower() == "true" else 0


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def build(lab: Lab) -> int:
    tell("Building the image …")
    built = lab.engine.docker("build", "--network=host", "--tag", IMAGE, "--tag", ACT_IMAGE, str(ROOT))
    if built.returncode:
        tell(built.stdout[-4000:] + built.stderr[-4000:])
        return 1
    return 0


def run_tests(lab: Lab, arguments: list[str]) -> int:
    variables = {"E2E_IMAGE": IMAGE, "E2E_BASE_IMAGE": lab.base, "E2E_ACT": str(lab.act), "VSYNC_IMAGE": IMAGE}
    command = [sys.executable, "-m", "pytest", "tests/e2e", "tests/e2e/container", *arguments]
    return subprocess.run(command, cwd=ROOT, env=lab.engine.environment(**variables)).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
