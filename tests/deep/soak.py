"""Looks for histories, races and damaged input that break something, with new ones each time. May take hours.

It also lets runs die, and faults come, at every request where `make check` tries some of them.

examples:
  make soak                                              all of it
  make soak ARGS="tests/deep/model"                      only the histories and races
  make soak ARGS="--seed 1234 tests/deep/model"          the same histories as in the run that printed this seed
  make soak ARGS="--seed 1234 -k on_a_remote tests/deep/model"

The seed is printed when the run starts and when it has failed. It decides every random draw of the tests, so the same seed
gives the same histories, the same damage and the same pairs of runs, as long as the commit and Python are the same. One
test alone draws what it draws among all. The races also depend on how fast processes are, and no seed repeats that. For
a single failure of a history, `@reproduce_failure` in the output of the test is quicker than the seed.

Other arguments go to pytest.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shlex
import sys
from collections.abc import Sequence

from tests.deep import seeds
from tests.support.places import ROOT

_FOLDERS = ("tests/deep/model", "tests/deep/fuzz", "tests/deep/property", "tests/deep/kills", "tests/deep/faults")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.deep.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, metavar="N", help="repeat the run that printed this seed")
    options, rest = parser.parse_known_args(arguments)
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    os.chdir(ROOT)
    os.execve(sys.executable, command(seed, rest), os.environ | environment(seed, rest))


def command(seed: int, rest: Sequence[str]) -> list[str]:
    """The call of pytest. All folders are meant where no argument names a file or a folder."""
    named = any((ROOT / argument.partition("::")[0]).exists() for argument in rest if argument[:1] not in {"", "-"})
    return [
        *(sys.executable, "-m", "pytest", "-p", "tests.deep.seeds", "--numprocesses", "2"),
        *("--hypothesis-profile=soak", f"--hypothesis-seed={seed}"),
        *rest,
        *(() if named else _FOLDERS),
    ]


def environment(seed: int, rest: Sequence[str]) -> dict[str, str]:
    """Where the tests read the seed, what repeats the run, and the order of sets, which Python would draw by itself."""
    again = f'make soak ARGS="{shlex.join(["--seed", str(seed), *rest])}"'
    return {seeds.VARIABLE: str(seed), seeds.AGAIN: again, "PYTHONHASHSEED": str(seed % 2**32)}


if __name__ == "__main__":
    main()
