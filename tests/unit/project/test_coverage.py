"""The gate on coverage stands, for the whole package, and little is left out of it."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from tests.support.places import ROOT

BUDGET = {"if TYPE_CHECKING:": 60, 'raise AssertionError\\("the last': 8, ": \\.\\.\\.$": 20}
"""How often each pattern may stand in the package. Whoever needs more of one says why here."""


def settings() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["coverage"]
    return found


def lines() -> list[str]:
    return [line for path in sorted((ROOT / "vsync").rglob("*.py")) for line in path.read_text().splitlines()]


def test_branches_of_the_whole_package_are_counted_and_must_be_reached() -> None:
    run, report = settings()["run"], settings()["report"]
    assert run["branch"] is True
    assert run["source"] == ["vsync"]
    assert not {"omit", "include"} & (run.keys() | report.keys())
    assert report["fail_under"] >= 97


def test_what_is_left_out_is_what_no_run_can_reach() -> None:
    assert set(settings()["report"]["exclude_also"]) == BUDGET.keys()
    assert not {"exclude_lines", "partial_branches", "partial_also"} & settings()["report"].keys()


def test_what_is_left_out_stays_within_its_budget() -> None:
    for pattern, most in BUDGET.items():
        found = sum(1 for line in lines() if re.search(pattern, line))
        assert 0 < found <= most, f"{pattern} stands {found} times"


def test_no_line_is_left_out_by_a_comment() -> None:
    assert [line for line in lines() if re.search(r"#\s*pragma:\s*no\s*(cover|branch)", line, re.IGNORECASE)] == []
