"""The seed of a long run, and how much of an enumeration a short run tries. Also a plugin of pytest for `make soak`.

Tests that draw without Hypothesis take the seed from here. Tests that go through every request of a run, and every fault
at each, take a sample in `make check`; a soak tries all of them.
"""

from __future__ import annotations

import importlib
import itertools
import os
import pkgutil
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

import tests.deep
import tests.support
import vsync

VARIABLE = "SOAK_SEED"
AGAIN = "SOAK_AGAIN"
"""The variable that holds the command which repeats the run."""

settings.register_profile(
    "soak", max_examples=20_000, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def some(number: int) -> range:
    """So many seeds. They follow from the seed of the run; without it they are the first ones."""
    first = int(os.environ.get(VARIABLE, "0"))
    return range(first, first + number)


def moments(every: int, of: str) -> Iterator[int]:
    """The first number, 1, and one of so many that follow it, without an end.

    Which ones follows from the name of what they are `of`, so that tests of one name each try other moments. A soak tries
    all of them.
    """
    if VARIABLE in os.environ:
        return itertools.count(1)
    return itertools.chain([1], itertools.count(2 + zlib.crc32(of.encode()) % every, every))


def places(last: int, every: int, of: str) -> Iterator[int]:
    """The same up to the last number."""
    return itertools.takewhile(lambda number: number <= last, moments(every, of))


def pytest_report_header() -> str:
    return _told()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    if exitstatus != pytest.ExitCode.OK:
        terminalreporter.write_line(_told())


def _told() -> str:
    return f"seed {os.environ.get(VARIABLE)}: {os.environ.get(AGAIN)} repeats this run"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Imports every module before the first test.

    Hypothesis draws some values from the constants of the modules that are loaded. So what a test draws would depend on
    which tests ran before it in the same process.
    """
    for package in (vsync, tests.support, tests.deep):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(".__main__"):
                importlib.import_module(module.name)
