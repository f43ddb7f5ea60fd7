"""A report as the job summary. Pure. Nothing in file names or messages renders."""

from __future__ import annotations

from collections.abc import Iterator

from vsync.errors import EXIT_USAGE
from vsync.report.document_tables import Sections, sections
from vsync.report.headline import headline
from vsync.report.markdown import (
    cautions,
    converted,
    counts,
    detail,
    first_line,
    notes,
    provenance,
    store_line,
    warnings,
)
from vsync.report.markup import code, prose
from vsync.report.report import Report
from vsync.report.verification import Verification
from vsync.report.verification_summary import details
from vsync.system.wording import count

MAX_BYTES = 1024 * 1024
"""GitHub's limit for the summary of one step. GitHub does not show a longer summary at all."""

BUDGET = 900_000


def summary(report: Report, budget: int = BUDGET) -> str:
    """The headline, what to do, and every document. Failures come first, and where all comes from is folded at the end.

    `budget` is the room in bytes of UTF-8. Documents that do not fit are counted.
    """
    if isinstance(report.body, Verification):
        return details(report, report.body, _title(report, " verify"), budget)
    return _sync(report, _title(report, " plan" if report.dry_run else ""), budget)


def section(report: Report, title: str, budget: int) -> str:
    """The same under another title, as a part of the summary of several targets."""
    if isinstance(report.body, Verification):
        return details(report, report.body, title, budget)
    return _sync(report, title, budget)


def _title(report: Report, command: str) -> str:
    target = "" if report.target == "default" else f" {code(report.target)}"
    return f"## {headline(report).mark} vsync{command}{target}: {first_line(report)}"


def _sync(report: Report, title: str, budget: int) -> str:
    refused = report.error is not None and report.refused is not None
    # A plan that a limit refused is listed as a plan: the reader has to decide about it.
    documents = report.plan.documents if refused else report.documents
    planned = refused or report.dry_run or report.superseded
    lines = [
        title,
        "",
        *detail(report),
        *_why(report),
        *counts(documents, planned=planned),
        *notes(report),
        *converted(documents),
    ]
    head = "\n".join([*lines, *cautions(report)])
    warned = "\n".join(warnings(report))
    foot = "\n".join([*store_line(report, report.sync.store if report.sync else None), provenance(report)])
    made = sections(report, documents, planned=planned, budget=budget - len((head + warned + foot).encode()) - 300)
    rest = made.left_out
    more = f"… and {count(rest, 'more document')}, listed in the JSON report (output `report`).\n" if rest else ""
    tables = _in_order(made, warned, planned=planned)
    return "\n".join(filter(None, [head, *tables, made.skipped.markup, more, foot]))


def _in_order(made: Sections, warned: str, *, planned: bool) -> tuple[str, ...]:
    """Failures, warnings, changes. The failures of a plan are of earlier runs and come last."""
    failed, changed = made.failed.markup, made.changed.markup
    return (warned, changed, failed) if planned else (failed, warned, changed)


def _why(report: Report) -> Iterator[str]:
    """Why the run changed nothing although it might have been expected to."""
    if report.started_by and (report.dry_run or report.superseded):
        what = "Planned only" if report.dry_run else "Was to be synced"
        yield f"{what} ({prose(report.started_by, 300)})."
        yield ""


def failure(exit_code: int, message: str, remedy: str) -> str:
    """The summary of a run that ended before it had a report."""
    title = "nothing was done" if exit_code == EXIT_USAGE else "the run could not go on"
    # Mistakes in a config stand on a line each.
    lines = message.strip().split("\n")
    said = prose(message) if len(lines) == 1 else "\n".join(f"- {prose(line)}" for line in lines)
    return f"## ❌ vsync: {title}\n\n{said}\n\n**What to do:** {prose(remedy or 'See the log.')}\n"


def closed(report: Report) -> str:
    """The summary of a pull request that was closed without being merged."""
    why = f"The {prose(report.comparison.reason, 300)}: the vector store stays as it is."
    return f"## 🚪 vsync: nothing to plan\n\n{why}\n"
