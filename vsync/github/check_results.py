"""What people and workflows see of checks: annotations and outputs. The job summary is made elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vsync.errors import EXIT_OK
from vsync.github import commands
from vsync.github.results import Annotation
from vsync.search.check_report import CheckReport, exit_code, failure_reason
from vsync.search.check_text import expected, found, headline
from vsync.search.checks import CheckResult
from vsync.system.wording import count, shortened

_LONGEST = 200


def publish_checks(reports: Sequence[CheckReport], summary: str, report_path: str, environ: Mapping[str, str]) -> None:
    """Publishes reports that hold no secrets."""
    warnings = [warning for report in reports for warning in report.warnings]
    for warning in warnings[: commands.MAX_ANNOTATIONS]:
        commands.warning("vsync", warning)
    if exit_code(reports) != EXIT_OK:
        for error in error_annotations(reports, commands.MAX_ANNOTATIONS):
            commands.error(error.title, error.message)
    commands.set_outputs(outputs(reports, report_path), environ)
    commands.append_summary(summary, environ)


def error_annotations(reports: Sequence[CheckReport], room: int) -> list[Annotation]:
    """One error for the run, then one for each target that could not be checked and each check that failed. Pure."""
    run = Annotation("vsync", f"{headline(reports).sentence}. The job summary says what was found.")
    items = list(_items(reports))
    if len(items) < room:
        return [run, *items]
    shown = items[: room - 2]
    return [run, *shown, Annotation("vsync", f"{count(len(items) - len(shown), 'more failure')}: see the job summary.")]


def _items(reports: Sequence[CheckReport]) -> Iterator[Annotation]:
    for report in reports:
        title = f"vsync {report.target}" if len(reports) > 1 else "vsync"
        if report.error is not None:
            yield Annotation(title, str(report.error))
        for result in report.failed:
            yield Annotation(title, _sentence(result))


def _sentence(result: CheckResult) -> str:
    instead = f" Instead came {shortened(result.first[0].name, _LONGEST)}." if result.first else ""
    wanted = shortened(expected(result), _LONGEST)
    return f"Check failed: {shortened(result.check.question, _LONGEST)} Expected: {wanted}. Found: {found(result)}.{instead}"


def outputs(reports: Sequence[CheckReport], report_path: str) -> dict[str, str]:
    """The action's outputs. `failed` counts checks, and the stores of several targets stand one a line. Pure."""
    return {
        "vector-store-id": "\n".join(report.vector_store_id or "" for report in reports),
        "failed": str(sum(len(report.failed) for report in reports)),
        "changed": "false",
        "dry-run": "false",
        "failure-reason": failure_reason(reports),
        "report": report_path,
    }
