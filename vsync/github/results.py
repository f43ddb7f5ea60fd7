"""What a person and a workflow see of a run: log, annotations, the step's outputs and the job summary."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from vsync.errors import EXIT_OK, VsyncError
from vsync.github import commands
from vsync.report.markdown import closed, failure, summary
from vsync.report.observer import Observer
from vsync.report.progress import Progress
from vsync.report.remedies import remedy
from vsync.report.report import FailedItem, Report
from vsync.report.text import plan_lines, summary_lines
from vsync.report.verification import Verification
from vsync.system.redaction import redacted
from vsync.system.secrets import Secrets

OUTPUTS = (
    "vector-store-id", "added", "updated", "renamed", "retagged", "removed", "unchanged", "skipped", "failed", "changed",
    "dry-run", "superseded", "base", "head", "manifest-path", "manifest-commit", "failure-reason", "report",
)  # fmt: skip

_LINE_EVERY_S = 10.0


def tell(report: Report, report_path: str, environ: Mapping[str, str]) -> None:
    """Log, annotations, outputs and summary of a run that has a report, from which secrets are cut already."""
    for line in summary_lines(report):
        commands.say(line)
    for text in report.warnings[: commands.MAX_ANNOTATIONS]:
        commands.warning("vsync", text)
    _annotate(report)
    commands.set_outputs(outputs(report, report_path), environ)
    commands.append_summary(summary(report), environ)


def tell_closed(report: Report, report_path: str, environ: Mapping[str, str]) -> None:
    """The same of a pull request that was closed without being merged, for which nothing is compared."""
    commands.say(f"Nothing to plan: the {report.comparison.reason}. The vector store stays as it is.")
    commands.set_outputs(outputs(report, report_path), environ)
    commands.append_summary(closed(report), environ)


def why_red(report: Report) -> str | None:
    """Why the job is red, in one sentence; None when it is not."""
    if report.error is not None:
        return str(report.error)
    if report.exit_code == EXIT_OK:
        return None
    number = len(report.verification.drift) if report.verification is not None else 0
    if number:
        differ = "1 difference is" if number == 1 else f"{number:,} differences are"
        return f"{differ} left between the manifest and the store: the job summary says what each kind means."
    number = len(report.failed)
    were = "1 document was" if number == 1 else f"{number:,} documents were"
    return f"{were} not synced: the job summary says why, and what to do."


def _annotate(report: Report) -> None:
    """One error for the run and one for each failed document, as many as GitHub shows."""
    if report.verification is not None:
        _annotate_drift(report, report.verification)
        return
    room = commands.MAX_ANNOTATIONS
    if (sentence := why_red(report)) is not None:
        commands.error("vsync", sentence)
        room -= 1
    shown = report.failed if len(report.failed) <= room else report.failed[: room - 1]
    for item in shown:
        commands.error(item["path"], _not_synced(item), file=item["path"])
    if len(shown) < len(report.failed):
        more = len(report.failed) - len(shown)
        commands.error("vsync", f"{more} more document{'' if more == 1 else 's'} failed: see the job summary.")


def _not_synced(item: FailedItem) -> str:
    return f"Not synced ({item['code']}): {item['message'].rstrip('.')}. {remedy(item['code'])}"


def _annotate_drift(report: Report, found: Verification) -> None:
    """One error for the run and one for each difference that is left, as many as GitHub shows."""
    room = commands.MAX_ANNOTATIONS
    if (sentence := why_red(report)) is not None:
        commands.error("vsync", sentence)
        room -= 1
    told = [(item.path, f"Drift ({item.kind}): {item.detail}") for item in found.drift]
    if found.synced:
        told += [(item["path"], _not_synced(item)) for item in report.failed]
    shown = told if len(told) <= room else told[: room - 1]
    for path, message in shown:
        commands.error(path or "vsync", message, file=path)
    if len(shown) < len(told):
        more = len(told) - len(shown)
        commands.error("vsync", f"{more} more difference{'' if more == 1 else 's'}: see the job summary.")


def outputs(report: Report, report_path: str) -> dict[str, str]:
    """The action's outputs. Pure."""
    return {
        "vector-store-id": report.vector_store_id or "",
        "added": str(len(report.added)),
        "updated": str(len(report.updated)),
        "renamed": str(len(report.renamed)),
        "retagged": str(len(report.retagged)),
        "removed": str(len(report.removed)),
        "unchanged": str(report.unchanged),
        "skipped": str(len(report.skipped)),
        "failed": str(len(report.failed)),
        "changed": _bool(report.changed),
        "dry-run": _bool(report.dry_run),
        "superseded": _bool(report.superseded),
        "base": report.base or "",
        "head": report.head or "",
        "manifest-path": report.manifest or "",
        "manifest-commit": report.manifest_commit or "",
        "failure-reason": report.failure_reason or "",
        "report": report_path,
    }


def _bool(value: bool) -> str:
    return "true" if value else "false"


def tell_failure(error: VsyncError, secrets: Secrets, environ: Mapping[str, str]) -> None:
    """Tells of a run that ended before there was a report."""
    message, remedy = (redacted(text, secrets) for text in (error.message, error.remedy))
    commands.error("vsync", f"{message} {remedy}".strip())
    commands.set_outputs({"failure-reason": error.reason}, environ)
    commands.append_summary(failure(error.exit_code, message, remedy), environ)


class ActionObserver(Observer):
    """Writes the log of the action: the plan, folded, and a line of progress every 10 seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._progress = Progress(_LINE_EVERY_S, clock)

    def note(self, text: str) -> None:
        commands.say(text)

    def planned(self, report: Report) -> None:
        title, *lines = plan_lines(report, 1_000)
        commands.group(title, lines)

    def stage(self, name: str, total: int) -> None:
        self._progress.add(name, total)

    def advance(self, name: str) -> None:
        self._progress.advance(name)
        if (line := self._progress.due_line()) is not None:
            commands.say(line)

    def failed(self, path: str, code: str, message: str) -> None:
        commands.say(f"failed: {path}: {code}: {message}")
