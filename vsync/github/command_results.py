"""What people and workflows see of a command of the command line: summary, outputs and annotations."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vsync.cli.listener import Listener
from vsync.errors import EXIT_OK, RepositoryError, VsyncError
from vsync.git.discovery import repository_at
from vsync.github import commands
from vsync.github.batch_results import as_inputs, publish_batches
from vsync.github.report_file import write_data
from vsync.github.results import Annotation, publish_failure
from vsync.github.stream_results import publish_stream
from vsync.manage.bulk_report import BulkReport, Failure
from vsync.manage.bulk_text import bulk_headline
from vsync.manage.summary import bulk_summary
from vsync.system.redaction import redacted
from vsync.system.secrets import Secrets
from vsync.system.wording import count, shortened

if TYPE_CHECKING:
    from vsync.batch.batch_report import BatchReport
    from vsync.batch.status_report import StatusReport
    from vsync.records.stream_report import StreamReport
    from vsync.search.check_report import CheckReport


class CommandResults(Listener):
    """Keeps what the command says until its output has ended: only then do workflow commands act."""

    has_input = False

    def __init__(self, only_shows: str | None) -> None:
        self.only_shows = only_shows
        self._failures: list[VsyncError] = []
        self._summaries: list[str] = []
        self._data: Any = None
        self._outputs: dict[str, str] = {}
        self._report: BulkReport | None = None
        self._stream: StreamReport | None = None
        self._batches: BatchReport | None = None
        self._checks: tuple[Sequence[CheckReport], str] | None = None

    def failed(self, error: VsyncError) -> None:
        self._failures.append(error)

    def found(self, markdown: str, data: Any = None) -> None:
        self._summaries.append(markdown)
        self._data = data

    def deleted(self, report: BulkReport) -> None:
        self._report = report

    def applied(self, report: StreamReport) -> None:
        self._stream = report

    def batched(self, report: BatchReport) -> None:
        self._batches = report

    def batches_found(self, report: StatusReport, markdown: str, data: Any) -> None:
        from vsync.github.batch_status import status_outputs

        self.found(markdown, data)
        self._outputs = status_outputs(report)

    def checked(self, reports: Sequence[CheckReport], markdown: str) -> None:
        self._checks = reports, markdown

    def advice(self, text: str) -> str:
        return as_inputs(text)

    def publish(self, secrets: Secrets, environ: Mapping[str, str]) -> None:
        for found in self._summaries:
            commands.append_summary(redacted(found, secrets), environ)
        if self._data is not None:
            path = _written(mapped_texts(self._data, lambda text: redacted(text, secrets)), environ)
            commands.set_outputs({**self._outputs, "report": path}, environ)
        if self._report is not None:
            _publish_deleted(self._report, self.only_shows, environ)
        if self._stream is not None:
            publish_stream(self._stream, _written(self._stream.to_json(), environ), environ)
        if self._batches is not None:
            publish_batches(self._batches, _written(self._batches.to_json(), environ), self.only_shows, environ)
        if self._checks is not None:
            _publish_checks(*self._checks, environ)
        for error in self._failures:
            publish_failure(error, secrets, environ)


def _publish_deleted(report: BulkReport, only_shows: str | None, environ: Mapping[str, str]) -> None:
    for warning in report.warnings[: commands.MAX_ANNOTATIONS]:
        commands.warning("vsync", warning)
    for error in error_annotations(report, commands.MAX_ANNOTATIONS):
        commands.error(error.title, error.message)
    commands.set_outputs(outputs(report, _written(report.to_json(), environ)), environ)
    commands.append_summary(bulk_summary(report, only_shows, int(time.time())), environ)


def _publish_checks(reports: Sequence[CheckReport], markdown: str, environ: Mapping[str, str]) -> None:
    from vsync.github.check_results import publish_checks
    from vsync.search.check_report import to_json

    publish_checks(reports, markdown, _written(to_json(reports), environ), environ)


def _written(data: Any, environ: Mapping[str, str]) -> str:
    """Writes the JSON into the repository or the working directory, and gives its path relative to the workspace."""
    here = Path.cwd()
    with contextlib.suppress(RepositoryError):
        here = repository_at(here)
    return write_data(data, here, Path(environ.get("GITHUB_WORKSPACE") or here).resolve())


def mapped_texts(data: Any, change: Callable[[str], str]) -> Any:
    """The same JSON with every text changed. Pure."""
    if isinstance(data, str):
        return change(data)
    if isinstance(data, list):
        return [mapped_texts(item, change) for item in data]
    if isinstance(data, dict):
        return {change(key): mapped_texts(value, change) for key, value in data.items()}
    return data


def error_annotations(report: BulkReport, room: int) -> list[Annotation]:
    """One error for the run, and one for each failure. At most `room` of them. Pure."""
    if report.exit_code == EXIT_OK:
        return []
    sentence = bulk_headline(report).sentence
    why = str(report.error) if report.error is not None else "The job summary says why, and what to do."
    run = Annotation("vsync", f"{sentence[0].upper()}{sentence[1:]}. {why}")
    of_files = report.files.failed if report.files is not None else ()
    failed = [failure for failure in (*report.deleted.failed, *of_files) if failure.was_tried]
    room -= 1
    if len(failed) <= room:
        return [run, *map(_of_failure, failed)]
    rest = Annotation("vsync", f"{count(len(failed) - room + 1, 'more failure')}: see the job summary.")
    return [run, *map(_of_failure, failed[: room - 1]), rest]


def _of_failure(failure: Failure) -> Annotation:
    status = "" if failure.status_code is None else f" ({failure.status_code})"
    return Annotation(shortened(failure.id), f"Not deleted{status}: {failure.error}")


def outputs(report: BulkReport, report_path: str) -> dict[str, str]:
    """The action's outputs. `removed` counts the stores or Files that were asked for. Pure."""
    return {
        "removed": str(len(report.deleted.success)),
        "failed": str(report.failed_count),
        "changed": _bool(bool(report.deleted.success or (report.files is not None and report.files.success))),
        "dry-run": _bool(report.dry_run),
        "failure-reason": _reason(report),
        "report": report_path,
    }


def _reason(report: BulkReport) -> str:
    if report.error is not None:
        return report.error.reason
    return "documents" if report.failed_count else ""


def _bool(value: bool) -> str:
    return "true" if value else "false"
