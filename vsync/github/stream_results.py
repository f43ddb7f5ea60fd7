"""What people and workflows see of a stream of records: summary, outputs and annotations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vsync.errors import EXIT_OK
from vsync.github import commands

if TYPE_CHECKING:
    from vsync.records.stream_report import StreamReport


def publish_stream(report: StreamReport, report_path: str, environ: Mapping[str, str]) -> None:
    """Publishes a report that holds no secrets."""
    from vsync.records.stream_summary import stream_summary

    for warning in report.warnings[: commands.MAX_ANNOTATIONS]:
        commands.warning("vsync", warning)
    if (why := why_red(report)) is not None:
        commands.error("vsync", why)
    commands.set_outputs(outputs(report, report_path), environ)
    commands.append_summary(stream_summary(report), environ)


def why_red(report: StreamReport) -> str | None:
    """Why the job is red, in a sentence; None: it is not red. Pure."""
    from vsync.records.stream_report import stream_headline

    if report.exit_code == EXIT_OK:
        return None
    if report.error is not None:
        return str(report.error)
    return f"{stream_headline(report).sentence}. The job summary says why."


def outputs(report: StreamReport, report_path: str) -> dict[str, str]:
    """The action's outputs, which count documents. Pure."""
    return {
        "vector-store-id": report.vector_store_id or "",
        "added": str(report.uploaded),
        "updated": str(report.replaced),
        "retagged": str(report.retagged),
        "removed": str(report.deleted),
        "unchanged": str(report.unchanged),
        "failed": str(report.dead + report.failed),
        "changed": "true" if report.changed else "false",
        "dry-run": "false",
        "failure-reason": report.failure_reason or "",
        "report": report_path,
    }
