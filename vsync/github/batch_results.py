"""What people and workflows see of batches: summary, outputs, and annotations at the lines of request files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from vsync.errors import EXIT_OK
from vsync.github import commands
from vsync.github.results import Annotation
from vsync.system.wording import count, sentence, shortened

if TYPE_CHECKING:
    from vsync.batch.batch_report import BatchReport

OUTPUTS = (
    "submitted", "completed", "failed", "pending", "changed", "dry-run", "manifest-commit", "failure-reason", "report",
)  # fmt: skip

_LONGEST_ID = 100
_COMMAND = re.compile(r"`vsync (batch [a-z]+)( [^`\n]+)?`")


def publish_batches(report: BatchReport, report_path: str, only_shows: str | None, environ: Mapping[str, str]) -> None:
    """Publishes a report that holds no secrets. `only_shows` says why the event only shows what it would submit."""
    from vsync.batch.batch_summary import batch_summary

    report = report.mapped(as_inputs)
    for warning in report.warnings[: commands.MAX_ANNOTATIONS]:
        commands.warning("vsync", warning)
    for error in error_annotations(report, commands.MAX_ANNOTATIONS):
        commands.error(error.title, error.message, error.file, error.line)
    commands.set_outputs(outputs(report, report_path), environ)
    why = only_shows if report.command == "submit" else None
    commands.append_summary(batch_summary(report, why, as_inputs), environ)


def as_inputs(text: str) -> str:
    """Advice as the user of a workflow follows it: its commands of `vsync batch` become inputs of the action. Pure."""
    return _COMMAND.sub(lambda found: f"`command: {found[1]}`{_with_arguments(found[2])}", text)


def _with_arguments(words: str | None) -> str:
    return f" with `args: {words.strip()}`" if words else ""


def error_annotations(report: BatchReport, room: int) -> list[Annotation]:
    """One error for the run, then one for each mistake and failure at its line. At most `room` of them. Pure."""
    if report.exit_code == EXIT_OK:
        return []
    run = Annotation("vsync", _why_red(report))
    items = list(_items(report))
    unnamed = sum(file.more for file in report.invalid) + report.failed_requests_total - len(report.failed_requests)
    room -= 1
    if len(items) + unnamed <= room:
        return [run, *items]
    shown = items[: room - 1]
    left = len(items) + unnamed - len(shown)
    rest = Annotation(
        "vsync", f"{count(left, 'more mistake or failure', 'more mistakes and failures')}: see the job summary."
    )
    return [run, *shown, rest]


def _why_red(report: BatchReport) -> str:
    """Why the job is red, in a sentence."""
    from vsync.batch.batch_text import batch_headline

    if report.error is not None:
        return str(report.error)
    return f"{batch_headline(report).sentence}. The job summary says why, and what to do."


def _items(report: BatchReport) -> Iterator[Annotation]:
    for file in report.invalid:
        for mistake in file.mistakes:
            yield Annotation(file.path, f"Not submitted: {sentence(mistake.message)}", file.path, mistake.line)
    for each in report.failed:
        yield Annotation(each.path, f"{sentence(each.message)} {each.remedy}".rstrip(), each.path)
        for mistake in each.mistakes:
            yield Annotation(each.path, f"{mistake.code}: {sentence(mistake.message)}", each.path, mistake.line)
    for request in report.failed_requests:
        message = f"The request {shortened(request.custom_id, _LONGEST_ID)} failed ({request.code}): {request.message}"
        yield Annotation(request.path, message, request.path, request.line)


def outputs(report: BatchReport, report_path: str) -> dict[str, str]:
    """The action's outputs. `failed` counts request files and batches. Pure."""
    changed = report.submitted or report.fetched or report.cancelled or report.cleaned
    return {
        "submitted": str(len(report.submitted)),
        "completed": str(len(report.results)),
        "failed": str(failed_files(report)),
        "pending": str(len(report.pending)),
        "changed": "true" if changed else "false",
        "dry-run": "true" if report.dry_run else "false",
        "manifest-commit": (report.published or {}).get("commit", ""),
        "failure-reason": report.failure_reason,
        "report": report_path,
    }


def failed_files(report: BatchReport) -> int:
    """How many request files or batches are invalid, failed, or have results with failures. A file counts once. Pure."""
    files = {file.path for file in report.invalid} | set(report.failing)
    return len(files) + len({(each.path, each.batch_id) for each in report.failed if each.path not in files})
