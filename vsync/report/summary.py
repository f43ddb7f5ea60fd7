"""A report as the job summary. Pure. Nothing in file names or messages renders."""

from __future__ import annotations

from collections.abc import Iterator

from vsync.errors import EXIT_USAGE
from vsync.report.headline import headline
from vsync.report.markdown import alerts, changes, context, counts, documents_table, skipped, store_sizes, what_to_do
from vsync.report.markup import prose
from vsync.report.report import Report
from vsync.report.verification import Verification
from vsync.report.verification_summary import details
from vsync.system.wording import count

MAX_BYTES = 1024 * 1024
"""GitHub's limit for the summary of one step. GitHub does not show a longer summary at all."""

_BUDGET = 900_000


def summary(report: Report, budget: int = _BUDGET) -> str:
    """The headline, the numbers, what to do, and every document. Failures come first.

    `budget` is the room in bytes of UTF-8. Documents that do not fit are counted.
    """
    mark, sentence = headline(report)
    if isinstance(report.body, Verification):
        title = f"## {mark} vsync verify: {sentence}"
        return details(report, report.body, title, budget)
    title = f"## {mark} vsync{' plan' if report.dry_run else ''}: {sentence}"
    return _sync(report, title, budget)


def _sync(report: Report, title: str, budget: int) -> str:
    refused = report.error is not None and report.refused is not None
    # A plan that a limit refused is listed as a plan: the reader has to decide about it.
    documents, planned = (report.plan.documents, True) if refused else (report.documents, report.dry_run)
    lines = [title, "", *context(report), *_why(report), *alerts(report)]
    if report.error is None or any(documents.counts.values()):
        lines += counts(documents)
    lines += [*store_sizes(report.sync.store if report.sync else None), *what_to_do(report)]
    head = "\n".join(lines)
    rows = [*changes(report, documents, planned=planned), *skipped(report, documents)]
    shown, rest = documents_table(rows, budget - len(head.encode()) - 200)
    more = f"\n… and {count(rest, 'more document')}, listed in the JSON report (output `report`).\n" if rest else ""
    return f"{head}\n{shown}{more}"


def _why(report: Report) -> Iterator[str]:
    """Why the run planned or synced."""
    if report.started_by:
        what = "Planned only" if report.dry_run else "Synced"
        if report.superseded or report.error is not None:
            what = "Was to be synced"
        yield f"{what} ({prose(report.started_by, 300)})."
        yield ""


def failure(exit_code: int, message: str, remedy: str) -> str:
    """The summary of a run that ended before it had a report."""
    title = "nothing was done" if exit_code == EXIT_USAGE else "the run could not go on"
    return f"## ❌ vsync: {title}\n\n{prose(message)}\n\n**What to do:** {prose(remedy or 'See the log.')}\n"


def closed(report: Report) -> str:
    """The summary of a pull request that was closed without being merged."""
    why = f"The {prose(report.comparison.reason, 300)}: the vector store stays as it is."
    return f"## 🚪 vsync: nothing to plan\n\n{why}\n"
