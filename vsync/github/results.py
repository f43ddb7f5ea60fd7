"""What people and workflows see of a run: log, annotations, the step's outputs and the job summary."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from vsync.errors import EXIT_OK, VsyncError
from vsync.github import commands
from vsync.report.body import Synced
from vsync.report.documents import FailedItem
from vsync.report.headline import headline
from vsync.report.observer import Observer
from vsync.report.progress import Progress
from vsync.report.remedies import remedy
from vsync.report.report import Report
from vsync.report.summary import closed, failure, summary
from vsync.report.text import plan_lines, summary_lines
from vsync.report.verification import Drift
from vsync.system.redaction import redacted
from vsync.system.secrets import Secrets
from vsync.system.wording import count

OUTPUTS = (
    "vector-store-id", "added", "updated", "renamed", "retagged", "removed", "unchanged", "skipped", "failed", "changed",
    "dry-run", "superseded", "base", "head", "manifest-path", "manifest-commit", "failure-reason", "report",
)  # fmt: skip

_LINE_EVERY_S = 10.0


def publish(report: Report, report_path: str, environ: Mapping[str, str]) -> None:
    """Log, annotations, outputs and summary of a run that has a report. The report holds no secrets any more."""
    for line in summary_lines(report):
        commands.say(line.text)
    for warning in warning_annotations(report, commands.MAX_ANNOTATIONS):
        commands.warning(warning.title, warning.message, warning.file)
    for error in error_annotations(report, commands.MAX_ANNOTATIONS):
        commands.error(error.title, error.message, error.file)
    commands.set_outputs(outputs(report, report_path), environ)
    commands.append_summary(summary(report), environ)


def publish_closed(report: Report, report_path: str, environ: Mapping[str, str]) -> None:
    """The same for a pull request that was closed without being merged. Nothing was compared."""
    commands.say(f"Nothing to plan: the {report.comparison.reason}. The vector store stays as it is.")
    commands.set_outputs(outputs(report, report_path), environ)
    commands.append_summary(closed(report), environ)


def publish_failure(error: VsyncError, secrets: Secrets, environ: Mapping[str, str]) -> None:
    """The same for a run that ended before it had a report."""
    message, remedy = (redacted(text, secrets) for text in (error.message, error.remedy))
    commands.error("vsync", f"{message} {remedy}".strip())
    commands.set_outputs({"failure-reason": error.reason}, environ)
    commands.append_summary(failure(error.exit_code, message, remedy), environ)


class Annotation(NamedTuple):
    """One error or warning that GitHub shows beside the run, or beside a file."""

    title: str
    message: str
    file: str | None = None


def warning_annotations(report: Report, room: int) -> list[Annotation]:
    """One for each warning, beside the file that it is about. At most `room` of them. Pure."""
    files = [report.document_warnings.get(text) for text in report.warnings]
    return [Annotation(file or "vsync", text, file) for text, file in zip(report.warnings, files, strict=True)][:room]


def error_annotations(report: Report, room: int) -> list[Annotation]:
    """One error for the run, and one for each document and difference. At most `room` of them. Pure."""
    sentence = _why_red(report)
    run = [] if sentence is None else [Annotation("vsync", sentence)]
    room -= len(run)
    verification = report.verification
    items = [_of_drift(item) for item in verification.drift] if verification else []
    if verification is None or isinstance(verification.sync, Synced):
        items += [_of_failure(item) for item in report.documents.failed]
    if len(items) <= room:
        return [*run, *items]
    left = len(items) - room + 1
    rest = count(left, "more difference") if verification else f"{count(left, 'more document')} failed"
    return [*run, *items[: room - 1], Annotation("vsync", f"{rest}: see the job summary.")]


def _why_red(report: Report) -> str | None:
    """Why the job is red, in a sentence. None: the job is not red."""
    if report.error is not None:
        return str(report.error)
    if report.exit_code == EXIT_OK:
        return None
    return f"{headline(report).sentence}. The job summary says why, and what to do."


def _of_failure(item: FailedItem) -> Annotation:
    message = f"Not synced ({item['code']}): {item['message'].rstrip('.')}. {remedy(item['code'])}"
    return Annotation(item["path"], message, item["path"])


def _of_drift(item: Drift) -> Annotation:
    return Annotation(item.path or "vsync", f"Drift ({item.kind}): {item.detail}", item.path)


def outputs(report: Report, report_path: str) -> dict[str, str]:
    """The action's outputs. Pure."""
    return {
        "vector-store-id": report.vector_store_id or "",
        **{word: str(number) for word, number in report.documents.counts.items()},
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


class ActionObserver(Observer):
    """Writes the log of the action: the plan, folded, and a line of progress every 10 seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, secrets: Iterable[str] = ()) -> None:
        self._secrets = secrets
        self._progress = Progress(_LINE_EVERY_S, clock)

    def note(self, text: str) -> None:
        commands.say(redacted(text, self._secrets))

    def planned(self, report: Report) -> None:
        title, *lines = (line.text for line in plan_lines(report, 1_000))
        commands.group(title, lines)

    def stage(self, name: str, total: int) -> None:
        self._progress.add(name, total)

    def advance(self, name: str) -> None:
        self._progress.advance(name)
        if (line := self._progress.due_line()) is not None:
            commands.say(line)

    def failed(self, path: str, code: str, message: str) -> None:
        commands.say(f"failed: {path}: {code}: {redacted(message, self._secrets)}")
