"""What people and workflows see of a run: log, annotations, the step's outputs and the job summary."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from vsync.report.several import (
    Reports,
    Shared,
    changed,
    counts,
    dry_run,
    failure_reason,
    gravest_first,
    superseded,
)
from vsync.report.several_summary import several_summary
from vsync.report.several_text import several_lines
from vsync.report.summary import closed, failure
from vsync.report.text import plan_lines
from vsync.report.verification import Drift
from vsync.system.redaction import redacted
from vsync.system.secrets import Secrets
from vsync.system.wording import count

OUTPUTS = (
    "vector-store-id", "added", "updated", "renamed", "retagged", "removed", "unchanged", "skipped", "failed", "changed",
    "dry-run", "superseded", "base", "head", "manifest-path", "manifest-commit", "failure-reason", "report",
)  # fmt: skip

_LINE_EVERY_S = 10.0


def publish(reports: Reports, report_path: str, environ: Mapping[str, str]) -> None:
    """Log, annotations, outputs and summary of a run that has reports. They hold no secrets any more."""
    for line in several_lines(reports):
        commands.say(line.text)
    for warning in warning_annotations(reports, commands.MAX_ANNOTATIONS):
        commands.warning(warning.title, warning.message, warning.file)
    for error in error_annotations(reports, commands.MAX_ANNOTATIONS):
        commands.error(error.title, error.message, error.file)
    commands.set_outputs(outputs(reports, report_path), environ)
    commands.append_summary(several_summary(reports), environ)


def publish_closed(report: Report, report_path: str, environ: Mapping[str, str]) -> None:
    """The same for a pull request that was closed without being merged. Nothing was compared."""
    commands.say(f"Nothing to plan: the {report.comparison.reason}. The vector store stays as it is.")
    commands.set_outputs(outputs([report], report_path), environ)
    commands.append_summary(closed(report), environ)


def publish_failure(error: VsyncError, secrets: Secrets, environ: Mapping[str, str]) -> None:
    """The same for a run that ended before it had a report. A mistake in the config is told at its place."""
    error = error.mapped(lambda text: redacted(text, secrets))
    for item in failure_annotations(error, commands.MAX_ANNOTATIONS):
        commands.error(item.title, item.message, item.file, item.line, item.column)
    commands.set_outputs({"failure-reason": error.reason}, environ)
    commands.append_summary(failure(error.exit_code, error.message, error.remedy), environ)


class Annotation(NamedTuple):
    """One error or warning that GitHub shows beside the run, or beside a file, or at a line and a column of it."""

    title: str
    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None


def warning_annotations(reports: Reports, room: int) -> list[Annotation]:
    """One for each warning, beside the file that it is about. At most `room` of them. Pure."""
    shared = Shared.of(reports) if len(reports) > 1 else None
    common = shared.warnings if shared is not None else ()
    found = [Annotation("vsync", text) for text in common]
    for report in reports:
        whose = _title(report, reports)
        for text in report.warnings:
            if text not in common:
                file = report.document_warnings.get(text)
                found.append(Annotation(file or whose, text, file))
    return found[:room]


def error_annotations(reports: Reports, room: int) -> list[Annotation]:
    """One error for each target, and one for each document and difference. At most `room` of them. Pure."""
    found: list[Annotation] = []
    failed = [report for report in gravest_first(reports) if report.exit_code != EXIT_OK]
    left = len(failed) - room + 1 if len(failed) > room else 0
    rest = [Annotation("vsync", f"{count(left, 'more target')} failed: see the job summary.")] if left else []
    shown = failed[: len(failed) - left]
    for number, report in enumerate(shown):
        share = (room - len(rest) - len(found)) // (len(shown) - number)
        found += _errors(report, share, _title(report, reports))
    return [*found, *rest]


def _title(report: Report, reports: Reports) -> str:
    return "vsync" if len(reports) == 1 else f"vsync {report.target}"


def _errors(report: Report, room: int, title: str) -> list[Annotation]:
    sentence = _why_red(report)
    run = [] if sentence is None else [Annotation(title, sentence)]
    room -= len(run)
    verification = report.verification
    items = [_of_drift(item) for item in verification.drift] if verification else []
    if verification is None or isinstance(verification.sync, Synced):
        items += [_of_failure(item) for item in report.documents.failed]
    if len(items) <= room:
        return [*run, *items]
    left = len(items) - room + 1
    rest = count(left, "more difference") if verification else f"{count(left, 'more document')} failed"
    more = [Annotation(title, f"{rest}: see the job summary.")] if room else []
    return [*run, *items[: max(room - 1, 0)], *more]


_PLACE = re.compile(r"(?P<file>[^:\n]+):(?P<line>[0-9]{1,9}):(?P<column>[0-9]{1,9}): (?P<text>.+)")
"""A line of an error that names a place in a file."""


def failure_annotations(error: VsyncError, room: int) -> list[Annotation]:
    """The errors of a run that has no report: each at the place that it names, else one for the run. Pure."""
    found = [match for match in map(_PLACE.fullmatch, error.message.splitlines()) if match]
    if not found:
        return [Annotation("vsync", f"{error.message} {error.remedy}".strip())]
    shown = [
        Annotation("vsync", match["text"], match["file"], int(match["line"]), int(match["column"])) for match in found
    ]
    if len(shown) <= room:
        return shown
    left = count(len(shown) - room + 1, "more mistake")
    return [*shown[: room - 1], Annotation("vsync", f"{left}: see the job summary.")]


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


def outputs(reports: Reports, report_path: str) -> dict[str, str]:
    """The action's outputs. Of several targets the counts are summed, and the stores stand one a line. Pure."""
    return {
        "vector-store-id": "\n".join(report.vector_store_id or "" for report in reports),
        **{word: str(number) for word, number in counts(reports).items()},
        "changed": _bool(changed(reports)),
        "dry-run": _bool(dry_run(reports)),
        "superseded": _bool(superseded(reports)),
        "base": _of_all([report.base for report in reports]),
        "head": _of_all([report.head for report in reports]),
        "manifest-path": _of_all([report.manifest for report in reports]),
        # Each commit of the manifest's branch holds what the earlier ones hold.
        "manifest-commit": next((report.manifest_commit for report in reversed(reports) if report.manifest_commit), ""),
        "failure-reason": failure_reason(reports) or "",
        "report": report_path,
    }


def _of_all(values: Sequence[str | None]) -> str:
    """What all targets have in common, else one a line, in the order of the targets."""
    texts = [value or "" for value in values]
    return texts[0] if len(set(texts)) == 1 else "\n".join(texts)


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
