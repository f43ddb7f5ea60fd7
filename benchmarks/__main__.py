"""`python -m benchmarks`: measures, prints a table, and exits with 1 when a goal is missed."""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.cases import CASES
from benchmarks.figures import Figure, Measured
from benchmarks.measure import CommandFailed
from vsync import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures vsync against a local server and compares with the goals.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(CASES)}")
    parser.add_argument("--quick", action="store_true", help="only those that take seconds, once each")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - CASES.keys())
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(CASES)}")
    names = options.names or [name for name, case in CASES.items() if case.quick or not options.quick]
    print(machine(), flush=True)
    if os.getloadavg()[0] > 0.5:
        print("The machine is busy with something else: times will come out too long.", flush=True)
    missed = failed = 0
    for name in names:
        case = CASES[name]
        with tempfile.TemporaryDirectory(prefix="vsync-bench-") as folder:
            try:
                found = case.measure(Path(folder), 1 if options.quick else case.times)
            except CommandFailed as error:
                print(f"\n{name}: FAILED\n{error}", flush=True)
                failed += 1
                continue
        for measured in found:
            print("\n".join(table(name, measured)), flush=True)
            missed += sum(figure.missed for figure in measured.figures)
    print(f"\nGoals missed: {missed}, benchmarks failed: {failed}." if missed or failed else "\nAll goals met.")
    return 1 if missed or failed else 0


def machine() -> str:
    """What the figures were measured on, in one line."""
    git = subprocess.run(["git", "--version"], check=True, capture_output=True, text=True).stdout.split()[2]
    return (
        f"vsync {__version__} · {processor()}, {os.cpu_count()} cores · Python {platform.python_version()} · "
        f"git {git} · load {os.getloadavg()[0]:.1f}"
    )


def processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def table(name: str, measured: Measured) -> list[str]:
    width = max(len(figure.name) for figure in measured.figures)
    return [
        "",
        f"{name}: {measured.what}",
        f"  $ {measured.command}",
        *(f"  {figure.name:<{width}}  {_row(figure)}" for figure in measured.figures),
    ]


def _row(figure: Figure) -> str:
    value = f"{_number(figure.value, figure.unit):>9}"
    if figure.goal is None:
        return value
    verdict, sign = "MISSED" if figure.missed else "ok", "≥ " if figure.at_least else "≤ "
    return f"{value}   goal {sign + _number(figure.goal, figure.unit):<9}   {verdict}"


def _number(value: float, unit: str) -> str:
    return f"{value:.2f} s" if unit == "s" else f"{value:,.0f} {unit}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
