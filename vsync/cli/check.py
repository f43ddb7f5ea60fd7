"""`vsync check`."""

from __future__ import annotations

import contextlib
from typing import Any

import click

from vsync.cli.context import Context, found_targets, git_access, pass_context, resolved
from vsync.cli.headings import HeadedCommand
from vsync.cli.options import NOT_FOR_A_CHECK, shared_options
from vsync.config.origin import origin


@click.command("check", cls=HeadedCommand)
@shared_options("Print the results as JSON on stdout, and nothing else there.", hidden=NOT_FOR_A_CHECK, reading=True)
@pass_context
def check_command(context: Context, /, as_json: bool, **options: Any) -> None:
    """Ask the questions of the config, and see whether the store finds what is expected.

    The config of a target says under `checks` what is asked, and which document must be among the first results. The exit
    code is 1 if a check fails. The command only reads.
    """
    from vsync.cli.checks import check_targets, show
    from vsync.search.check_report import exit_code
    from vsync.search.check_text import checks_summary
    from vsync.sync.several import listed_once
    from vsync.sync.workspace import open_workspace

    settings = resolved(context, options)
    workspace = open_workspace(settings, origin(context.environ), git_access(context, options))
    with contextlib.closing(workspace):
        at_head = found_targets(context, settings, workspace)
        reports = check_targets(context, at_head, listed_once(workspace, at_head))
    context.exit_code = exit_code(reports)
    by_words = workspace.embedded is not None
    show(context, reports, at_head.config, as_json=as_json, by_words=by_words)
    context.listener.checked(reports, checks_summary(reports, by_words=by_words))
