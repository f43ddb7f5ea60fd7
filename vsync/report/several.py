"""What the reports of a run's targets say together. Pure. One report says the same as it says alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from vsync.config.config_change import ConfigChange
from vsync.errors import EXIT_OK, VsyncError, worst_exit_code
from vsync.plan.comparison import Comparison
from vsync.report.body import Planned, Synced
from vsync.report.report import Report

Reports = Sequence[Report]
"""The reports of a run, one for each target, in the order of the targets. There is at least one."""


def exit_code(reports: Reports) -> int:
    """The exit code of all: the first of 130/143, 2, 3, 4, 1 that is among them."""
    return worst_exit_code([report.exit_code for report in reports])


def failure_reason(reports: Reports) -> str | None:
    """The reason of the first report with that exit code. None: no target failed."""
    worst = exit_code(reports)
    return next((report.failure_reason for report in reports if report.exit_code == worst), None)


def counts(reports: Reports) -> dict[str, int]:
    """How many documents there are of each kind, in the order in which people read them."""
    total: Counter[str] = Counter()
    for report in reports:
        total.update(report.documents.counts)
    return dict(total)


def of_one_kind(reports: Reports) -> Reports:
    """The reports whose numbers can be added for a reader: where some targets were synced, those that only planned are left out."""
    return [report for report in reports if not report.dry_run] or reports


def changed(reports: Reports) -> bool:
    return any(report.changed for report in reports)


def dry_run(reports: Reports) -> bool:
    """Whether no target was synced."""
    return all(report.dry_run for report in reports)


def superseded(reports: Reports) -> bool:
    """Whether newer runs have synced all of the targets."""
    return all(report.superseded for report in reports)


def to_json(reports: Reports) -> Any:
    """The JSON of the contract: an object for one target, a list for several."""
    found = [report.to_json() for report in reports]
    return found[0] if len(found) == 1 else found


def without_run(target: str, error: VsyncError, *, dry_run: bool, source: str = "") -> Report:
    """The report of a target whose run ended before it had a report."""
    body = Planned() if dry_run else Synced()
    return Report(target, Comparison("full", "nothing was compared"), body=body, source=source, error=error)


# --- What people read ---------------------------------------------------------------------------------------------

_GRAVEST = (2, 3, 4, 1)
"""Exit codes, the gravest first. The code of an interruption is graver than these."""


def gravest_first(reports: Reports) -> list[Report]:
    """The reports in the order in which people must read them: what failed, what is refused, what changes, the rest."""
    return sorted(reports, key=_rank)


def _rank(report: Report) -> int:
    code = report.exit_code
    if code != EXIT_OK:
        return _GRAVEST.index(code) if code in _GRAVEST else -1
    return len(_GRAVEST) + (0 if report.refused else 1 if report.changed else 2)


@dataclass(frozen=True, slots=True)
class Shared:
    """What all reports of a run say alike, so that it is said once."""

    warnings: tuple[str, ...]
    config_change: ConfigChange | None
    started_by: str

    @classmethod
    def of(cls, reports: Reports) -> Shared:
        first, *others = reports
        common = [text for text in first.warnings if all(text in other.warnings for other in others)]
        same_config = all(other.config_change == first.config_change for other in others)
        same_start = all(other.started_by == first.started_by for other in others)
        return cls(tuple(common), first.config_change if same_config else None, first.started_by if same_start else "")

    def taken_from(self, report: Report) -> Report:
        """The report with what only it says."""
        return replace(
            report,
            warnings=tuple(text for text in report.warnings if text not in self.warnings),
            config_change=None if report.config_change == self.config_change else report.config_change,
            started_by="" if report.started_by == self.started_by else report.started_by,
        )


def is_quiet(report: Report) -> bool:
    """Whether one line says all of the report. What all reports say alike is taken from it."""
    documents = report.documents
    said = (report.exit_code, report.changed, report.refused, report.error, report.warnings, report.config_change)
    asked = report.started_by and (report.dry_run or report.superseded)
    more = (documents.failed, documents.skipped, report.plan.hints, report.plan.backlog, report.orphans)
    found = report.verification is not None and (report.verification.foreign or report.verification.mended)
    return not any((*said, asked, *more, found))
