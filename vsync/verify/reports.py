"""Small changes of reports that the steps of verify share. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from vsync.report.report import Report
from vsync.report.verification import Verification


def verification_of(report: Report) -> Verification:
    """The verification in a report that has one."""
    assert report.verification is not None
    return report.verification


def with_verification(report: Report, **changes: object) -> Report:
    return replace(report, body=replace(verification_of(report), **changes))  # type: ignore[arg-type]  # by name


def with_warnings(report: Report, warnings: tuple[str, ...]) -> Report:
    """The report with these warnings before its own, each of them once."""
    return replace(report, warnings=tuple(dict.fromkeys([*warnings, *report.warnings])))


def added_requests(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return dict(Counter(one) + Counter(other))
