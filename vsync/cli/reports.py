"""Prints the reports of the targets of a run: each under its name where there are several, or all as one JSON document."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import IO

from vsync.cli.colour import painted, wants_colour
from vsync.cli.context import Context, put_report, show_error
from vsync.cli.repeated import repeated
from vsync.cli.terminal import put
from vsync.errors import EXIT_OK, worst_exit_code
from vsync.report.of_plan import append_warnings
from vsync.report.report import Report
from vsync.report.text import summary_lines
from vsync.system.redaction import redacted


class Reports:
    """Prints as the targets run: `began`, then `done` for each, and `end` for all. `out` is where plans are printed."""

    def __init__(self, context: Context, targets: int, out: IO[str], *, as_json: bool) -> None:
        self._context = context
        self._several = targets > 1
        self._out = out
        self._as_json = as_json
        self._begun = False

    def began(self, target: str) -> None:
        if self._several:
            put(self._out, "\n".join([*([""] if self._begun else []), f"=== {target} ==="]))
            self._begun = True

    def done(self, report: Report) -> None:
        report = self._shown(report)
        if not self._as_json:
            options = tuple(repeated(self._context.arguments))
            if self._several:
                options = (*_without_target(options), "--target", report.target)
            lines = summary_lines(replace(report, options=options))
            put(sys.stdout, painted(lines, colour=wants_colour(sys.stdout, self._context.environ)))
        if report.error is not None and not self._as_json:
            show_error(report.error, self._context)

    def end(self, reports: Sequence[Report]) -> None:
        """Prints what is of all targets, and sets the exit code."""
        context = self._context
        context.exit_code = worst_exit_code([report.exit_code for report in reports])
        if self._as_json:
            shown = [self._shown(report) for report in reports]
            shown[0] = append_warnings(shown[0], context.warnings)
            if self._several:
                context.json_expected = False
                put(sys.stdout, json.dumps([report.to_json() for report in shown], ensure_ascii=False, indent=2))
            else:
                put_report(shown[0], context)
            for report in shown:
                if report.error is not None:
                    show_error(report.error, context, report.target if self._several else "")
        elif self._several:
            put(sys.stdout, f"\n{outcome(reports)}")

    def _shown(self, report: Report) -> Report:
        return report.mapped(lambda text: redacted(text, self._context.secrets))


def outcome(reports: Sequence[Report]) -> str:
    """One line for all targets."""
    failed = [report.target for report in reports if report.exit_code != EXIT_OK]
    if not failed:
        return f"All {len(reports)} targets are done."
    return f"{len(failed)} of {len(reports)} targets failed: {', '.join(failed)}."


def _without_target(words: Sequence[str]) -> Iterator[str]:
    """The options without those that name targets."""
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word == "--target":
            skip = True
        elif not word.startswith("--target="):
            yield word
