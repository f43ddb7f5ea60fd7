"""`vsync sync` and `vsync plan`."""

from __future__ import annotations

import sys
from typing import Any

import click

from vsync.cli.context import Context, git_access, opened_run, pass_context, resolved, show_report
from vsync.cli.options import how_options, what_options, where_options


@click.command("sync")
@where_options
@what_options
@how_options
@click.option("--dry-run", is_flag=True, help="Only show what sync would do, as `vsync plan` does.")
@pass_context
def sync_command(context: Context, /, dry_run: bool, as_json: bool, **options: Any) -> None:
    """Make the store equal to the source.

    Reads the files of a commit, not of the working tree. Uploads what was added or changed, and waits until it is
    searchable. Then removes what was replaced or removed, and records the result in the manifest.
    """
    _sync(context, options, dry_run=dry_run, as_json=as_json)


@click.command("plan")
@where_options
@what_options
@how_options
@pass_context
def plan_command(context: Context, /, as_json: bool, **options: Any) -> None:
    """Show what sync would do.

    Needs no API key and makes no API request. Only with --manifest none it asks the store.
    """
    _sync(context, options, dry_run=True, as_json=as_json)


def _sync(context: Context, options: dict[str, Any], *, dry_run: bool, as_json: bool) -> None:
    from vsync.sync.run import run

    settings = resolved(context, options)
    out = sys.stderr if as_json else sys.stdout
    if not dry_run:
        context.stop.install()
    with opened_run(context, settings, git_access(context, options), out, dry_run=dry_run) as opened:
        report = run(*opened)
    show_report(report, context, as_json=as_json)
