"""Runs the checks of each target, and prints their results. Imported by `vsync check` alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace

from vsync.cli.colour import painted, wants_colour
from vsync.cli.context import Context, connection_of, show_error
from vsync.cli.terminal import put
from vsync.cli.width import terminal_width
from vsync.config.settings import Settings
from vsync.config.state_options import state_options
from vsync.config.target_config import Config
from vsync.errors import VsyncError
from vsync.report.text import Line
from vsync.search.check_report import CheckReport, to_json
from vsync.search.check_text import check_lines, last_line, no_checks
from vsync.search.expected_paths import path_warnings
from vsync.search.rendering import BY_WORDS
from vsync.search.run import known_store
from vsync.search.run_checks import run_checks
from vsync.sync.assemble import target_in
from vsync.sync.config_at_head import AtHead
from vsync.sync.target_state import open_publication
from vsync.sync.workspace import Workspace
from vsync.system.redaction import printable, redacted


def check_targets(context: Context, at_head: AtHead, workspace: Workspace) -> list[CheckReport]:
    """The report of each target, without secrets. An error of the only target is raised; of several it stands in the report."""
    reports = []
    for settings in at_head.targets:
        report = _check_target(context, settings, workspace)
        if report.error is not None and len(at_head.targets) == 1:
            raise report.error
        reports.append(report)
    first = replace(reports[0], warnings=(*workspace.warnings, *at_head.warnings, *reports[0].warnings))
    return [report.mapped(lambda text: redacted(text, context.secrets)) for report in (first, *reports[1:])]


def _check_target(context: Context, settings: Settings, workspace: Workspace) -> CheckReport:
    report = CheckReport(settings.target.name)
    try:
        if not settings.target.checks:
            publication = open_publication(settings, workspace)
            store_id = known_store(settings.target, publication, workspace.identity, state_options(settings))
            return replace(report, vector_store_id=store_id)
        connect = connection_of(context, settings, workspace.embedded, if_missing="refuse")
        target = target_in(workspace, settings, context.credentials)
        publication = open_publication(settings, workspace)
        ran = run_checks(target, publication, workspace.identity, connect, state_options(settings))
        warnings = path_warnings(workspace.reaching(workspace.source, target), target, ran.synced)
    except VsyncError as error:
        return replace(report, error=context.stop.cause(error))
    return replace(report, results=ran.results, vector_store_id=ran.vector_store_id, warnings=tuple(warnings))


def show(
    context: Context, reports: Sequence[CheckReport], config: Config | None, *, as_json: bool, by_words: bool
) -> None:
    """Prints the reports. `config` is what was read, `by_words` says that the embedded store was asked."""
    several = len(reports) > 1
    for report in reports:
        for warning in report.warnings:
            put(sys.stderr, f"vsync: warning: {printable(warning)}")
    if as_json:
        context.json_expected = False
        put(sys.stdout, json.dumps(to_json(reports), ensure_ascii=False, indent=2))
    elif any(report.results or report.error for report in reports):
        _show_tables(context, reports)
    else:
        lines = no_checks(None if config is None else config.path, named=config is not None and config.named)
        put(sys.stdout, "\n".join(lines))
    if by_words and any(report.results for report in reports):
        put(sys.stderr, BY_WORDS)
    for report in reports:
        if report.error is not None:
            show_error(report.error, context, report.target if several else "")


def _show_tables(context: Context, reports: Sequence[CheckReport]) -> None:
    lines: list[Line] = []
    for report in reports:
        lines += [Line(f"=== {report.target} ===")] if len(reports) > 1 else []
        lines += [*check_lines(report, terminal_width(sys.stdout)), Line("")]
    put(sys.stdout, painted([*lines, last_line(reports)], colour=wants_colour(sys.stdout, context.environ)))
