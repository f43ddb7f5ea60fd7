"""The one command that goes on from a report. Pure."""

from __future__ import annotations

import shlex

from vsync.report.body import Planned
from vsync.report.report import Report


def next_command(report: Report) -> str | None:
    """The command line to run next, with the options of this run. None: there is nothing to do, or a message says it."""
    words = _next(report)
    return None if words is None else shlex.join(["vsync", *words, *report.options])


def _next(report: Report) -> list[str] | None:
    if report.error is not None or report.superseded or report.refused:
        return None
    verification = report.verification
    if verification is not None and verification.drift:
        return ["verify", "--repair"]
    if verification is not None and any(item.fate == "listed" for item in verification.taken):
        patterns = [word for pattern in verification.take_over for word in ("--take-over", pattern)]
        return ["verify", *patterns, "--yes"]
    if not isinstance(report.sync, Planned) or report.sync.of_pull_request:
        return None
    if report.unread_manifest is not None:
        return ["plan", "--push"]
    estimate = report.sync.estimate
    return ["sync"] if report.changed or (estimate is not None and estimate.deletes) else None
