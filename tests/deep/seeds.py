"""The seed of a long run. Tests that draw without Hypothesis take it from here. Also a plugin of pytest for `make soak`."""

from __future__ import annotations

import importlib
import os
import pkgutil

import pytest

import tests.deep
import tests.support
import vsync

VARIABLE = "SOAK_SEED"


def some(number: int) -> range:
    """So many seeds. They follow from the seed of the run; without it they are the first ones."""
    first = int(os.environ.get(VARIABLE, "0"))
    return range(first, first + number)


def pytest_report_header() -> str:
    return f"seed: {os.environ.get(VARIABLE, 'none')}"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Imports every module before the first test.

    Hypothesis draws some values from the constants of the modules that are loaded. So what a test draws would depend on
    which tests ran before it in the same process.
    """
    for package in (vsync, tests.support, tests.deep):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(".__main__"):
                importlib.import_module(module.name)
