"""`vsync sync` and `vsync plan`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from vsync.cli.context import Context, git_access, opened_runs, pass_context, resolved
from vsync.cli.headings import FILES, LIMITS, OUTPUT, HeadedCommand
from vsync.cli.options import NOT_FOR_A_PLAN, option, shared_options
from vsync.cli.reports import Reports
from vsync.errors import EXIT_INCOMPLETE, EXIT_LIMIT, EXIT_OK, worst_exit_code
from vsync.report.report import Report

if TYPE_CHECKING:
    from vsync.state.publication import Published
    from vsync.sync.assemble import Assembled

_JSON = "Print the report as JSON on stdout, and nothing else there."

_reindex = option(
    "--reindex",
    heading=FILES,
    metavar="GLOB",
    multiple=True,
    help="Upload these documents again although they are the same (a gitignore pattern; repeatable).",
)


@click.command("sync", cls=HeadedCommand)
@shared_options(_JSON)
@_reindex
@option(
    "--expect",
    heading=LIMITS,
    metavar="PLAN_ID",
    help="Refuse every plan but the one that `vsync plan` showed with this id.",
)
@option("--dry-run", heading=OUTPUT, is_flag=True, help="Only show what sync would do, as `vsync plan` does.")
@pass_context
def sync_command(context: Context, /, dry_run: bool, as_json: bool, **options: Any) -> None:
    """Make the store equal to the source.

    Reads the files of a commit, not of the working tree. Uploads what was added or changed, and waits until it is
    searchable. Then removes what was replaced or removed, and records the result in the manifest.
    """
    _sync(context, options, dry_run=dry_run, as_json=as_json)


@click.command("plan", cls=HeadedCommand)
@shared_options(_JSON, hidden=NOT_FOR_A_PLAN, reading=True)
@_reindex
@option(
    "--exit-code",
    heading=OUTPUT,
    is_flag=True,
    help="Exit with 1 if sync would change anything, and with 4 if a limit refuses the plan.",
)
@pass_context
def plan_command(context: Context, /, as_json: bool, exit_code: bool, **options: Any) -> None:
    """Show what sync would do.

    Needs no API key and makes no API request. Only with --manifest none it asks the store.
    """
    reports = _sync(context, options, dry_run=True, as_json=as_json)
    if exit_code and context.exit_code == EXIT_OK:
        context.exit_code = worst_exit_code(list(map(_as_exit_code, reports)))


def _as_exit_code(report: Report) -> int:
    """What a plan says, as an exit code. As in `git diff --exit-code`, 1 means a difference."""
    if report.superseded:
        return EXIT_OK
    if report.refused:
        return EXIT_LIMIT
    return EXIT_OK if report.plan.is_empty else EXIT_INCOMPLETE


def _sync(context: Context, options: dict[str, Any], *, dry_run: bool, as_json: bool) -> list[Report]:
    from vsync.sync.run import run
    from vsync.sync.several import run_several

    settings = resolved(context, options)
    out = sys.stderr if as_json else sys.stdout
    if not dry_run:
        context.stop.install()
    with opened_runs(context, settings, git_access(context, options), out, dry_run=dry_run) as runs:
        printed = Reports(context, len(runs), out, as_json=as_json)

        def one(assembled: Assembled, published: Published | None) -> Report:
            printed.began(assembled.target.name)
            return run(*assembled, published)

        reports = run_several(runs, one, printed.done)
    printed.end(reports)
    return reports
