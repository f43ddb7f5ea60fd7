"""Tries every fault there is, and tells how many, in how many runs, and what did not hold.

python -m tests.deep.faults [--only TEXT] [--every N] [--jobs N] [--list]
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.deep.faults import matrix, processes
from tests.deep.faults.matrix import Result
from tests.support.gitrepo import ENVIRONMENT

AnyCase = matrix.Case | matrix.Storm | processes.Kill | processes.Signals | processes.Push | processes.FullDisk

_LONGEST_S = 90


def main() -> int:
    options = _options()
    os.environ.update(ENVIRONMENT)
    with tempfile.TemporaryDirectory(prefix="vsync-faults-", ignore_cleanup_errors=True) as folder:
        tempfile.tempdir = folder
        cases = [case for case in [*matrix.every(), *processes.every()] if options.only in str(case)][:: options.every]
        if options.list:
            print("\n".join(map(str, cases)))
            return 0
        started = time.monotonic()
        results = _tried(cases, options.jobs)
        print(summary(results, time.monotonic() - started))
    return int(any(result.violations for result in results))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.deep.faults", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="only faults whose line contains it")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="so many at once")
    parser.add_argument("--list", action="store_true", help="only list them")
    return parser.parse_args()


def _tried(cases: Sequence[AnyCase], jobs: int) -> list[Result]:
    results: list[Result] = []
    with ProcessPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(tried, case) for case in cases]):
            result = done.result()
            results.append(result)
            if result.violations:
                print("\n  ".join([f"{result.case}", *result.violations, *(f"({text})" for text in result.endings)]))
            if len(results) % 20 == 0:
                print(f"{len(results)} of {len(cases)}", file=sys.stderr)
            sys.stdout.flush()
    return results


def tried(case: AnyCase) -> Result:
    """Tries one case; one that does not end, and a check that breaks off, are told like any other."""

    def too_long(*_: object) -> None:
        raise TimeoutError(f"not ended after {_LONGEST_S} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(_LONGEST_S)
    try:
        return matrix.tried(case) if isinstance(case, matrix.Case | matrix.Storm) else processes.tried(case)
    except Exception as error:
        return Result(case, met=True, violations=[f"the check broke off: {type(error).__name__}: {error}"])
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def summary(results: Iterable[Result], seconds: float) -> str:
    """The figures."""
    met = [result for result in results if result.met]
    words: Counter[str] = Counter()
    for result in met:
        words[_sort(result.case)] += 1
    return "\n".join(
        [
            *(f"{number:6,} {word}" for word, number in sorted(words.items())),
            f"{len(met):,} faults tried in {sum(result.runs for result in met):,} runs ({seconds:,.0f} s): "
            f"{sum(bool(result.violations) for result in met)} violations; "
            f"{sum(result.listed for result in met)} Files listed in reports and not deleted",
        ]
    )


def _sort(case: object) -> str:
    where = ", fresh machines" if getattr(case, "fresh", False) else ""
    if isinstance(case, matrix.Case):
        return f"faults at a request, in process{where}"
    return {
        matrix.Storm: "storms of faults in three runs",
        processes.Kill: "processes killed",
        processes.Signals: "processes told to stop",
        processes.Push: "faults at a push",
        processes.FullDisk: "full disks",
    }[type(case)] + where


if __name__ == "__main__":
    sys.exit(main())
