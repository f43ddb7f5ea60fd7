"""Runs the fault matrix, or a part of it. Prints what did not hold, and the figures.

examples:
  make faults                                   the whole matrix: hours
  make faults ARGS="--part 3/24"                one of 24 parts, all of the same kind: some minutes
  make faults ARGS="--sum"                      the sum over the parts that were run at this commit
  make faults ARGS="--only 'repair: storm 7'"   one case again: a violation prints this command
  make faults ARGS="--list --part 3/24"         the cases of a part

Every random draw is part of its case's line (`storm 7`, `0.213 s on`), so the line repeats it. The instants at which
processes are killed are the same each time; how far a process has come by then depends on the machine.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

from tests.deep.faults import figures, matrix, processes
from tests.deep.faults.parts import Part, deal, parse_part
from tests.deep.faults.results import Result
from tests.support.gitrepo import ENVIRONMENT

AnyCase = matrix.Case | matrix.Storm | processes.Kill | processes.Signals | processes.Push | processes.FullDisk

_LONGEST_S = 90


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.sum:
        print(figures.summed(figures.kept(), figures.current_commit()))
        return 0
    os.environ.update(ENVIRONMENT)
    with tempfile.TemporaryDirectory(prefix="vsync-faults-", ignore_cleanup_errors=True) as folder:
        tempfile.tempdir = folder
        cases = chosen(list(every()), options.only, options.every, options.part)
        if options.list:
            print("\n".join(map(str, cases)))
            return 0
        return _run(cases, options)


def _run(cases: Sequence[AnyCase], options: argparse.Namespace) -> int:
    commit = figures.current_commit()
    print(f"{len(cases):,} cases, {options.jobs} at once, commit {commit}", file=sys.stderr)
    started = time.monotonic()
    results = []
    for result in _in_processes(cases, options.jobs):
        results.append(result)
        if result.violations:
            print(told(result), flush=True)
        if len(results) % 20 == 0:
            print(f"{len(results)} of {len(cases)}", file=sys.stderr)
    seconds = time.monotonic() - started
    print(summary(results, seconds))
    if options.part is not None and not options.only and options.every == 1:
        figures.keep(figures.measured(options.part, commit, results, seconds))
    return int(any(result.violations for result in results))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.deep.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--part", type=_part, metavar="K/N", help="the Kth of N parts; its figures are kept in .faults/"
    )
    parser.add_argument(
        "--sum", action="store_true", help="print the sum of the figures that were kept, and run nothing"
    )
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="only the case of this line, else all that contain it"
    )
    parser.add_argument("--every", type=_positive, default=1, metavar="N", help="only every Nth")
    parser.add_argument("--jobs", type=_positive, default=os.cpu_count() or 1, metavar="N", help="so many at once")
    parser.add_argument("--list", action="store_true", help="only list the cases")
    return parser


_Read = TypeVar("_Read")


def _or_wrong(read: Callable[[str], _Read], text: str, form: str) -> _Read:
    try:
        return read(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not {form}") from error


def _part(text: str) -> Part:
    return _or_wrong(parse_part, text, "a part: 3/24 is the third of 24")


def _positive(text: str) -> int:
    number = _or_wrong(int, text, "a number")
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def every() -> Iterator[AnyCase]:
    """The whole matrix, always in the same order."""
    yield from matrix.every()
    yield from processes.every()


def chosen(cases: Sequence[AnyCase], only: str = "", every: int = 1, part: Part | None = None) -> list[AnyCase]:
    """The cases that these options leave."""
    named = [case for case in cases if str(case) == only] or [case for case in cases if only in str(case)]
    thinned = named[::every]
    return thinned if part is None else deal(thinned, part.of)[part.number - 1]


def _in_processes(cases: Sequence[AnyCase], jobs: int) -> Iterator[Result]:
    with ProcessPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(run_case, case) for case in cases]):
            yield done.result()


class _TooLongError(BaseException):
    """Nothing that is tested may catch it, as it may catch a TimeoutError."""


def run_case(case: AnyCase, longest_s: float = _LONGEST_S) -> Result:
    """Runs one case. A case that does not end in time, and a check that raises, are violations as well."""
    alarms: list[str] = []

    def too_long(*_: object) -> None:
        alarms.append(f"not ended after {longest_s} s")
        raise _TooLongError

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, longest_s)
    try:
        result = matrix.run_case(case) if isinstance(case, matrix.Case | matrix.Storm) else processes.run_case(case)
    except _TooLongError:
        result = Result(case, met=True)
    except Exception as error:
        result = Result(case, met=True, violations=[f"the check broke off: {type(error).__name__}: {error}"])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    result.add(alarms)
    return result


def told(result: Result) -> str:
    """What did not hold in a case, how its runs ended, and the command that runs the case again."""
    again = figures.command(f"--only {shlex.quote(str(result.case))}")
    return "\n  ".join([f"{result.case}", *result.violations, *(f"({text})" for text in result.endings), again])


def summary(results: Sequence[Result], seconds: float) -> str:
    """The figures of a run of the tool."""
    met = [result for result in results if result.met]
    groups = Counter(_group(result.case) for result in met)
    rested = Counter(result.rested_after for result in met if not result.violations)
    return "\n".join(
        [
            *(f"{number:6,} {group}" for group, number in sorted(groups.items())),
            *(f"{number:6,} at rest after {runs} run(s) without faults" for runs, number in sorted(rested.items())),
            f"{len(met):,} faults in {sum(result.runs for result in met):,} runs ({seconds:,.0f} s): "
            f"{sum(bool(result.violations) for result in results)} violations; "
            f"{sum(result.named for result in met)} Files named in reports and not deleted",
        ]
    )


def _group(case: object) -> str:
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
