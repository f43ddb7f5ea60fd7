"""`vsync verify`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from vsync.cli.context import Context, git_access, opened_job, pass_context, put_report, resolved, show_error
from vsync.cli.options import how_options, what_options, where_options
from vsync.cli.terminal import put
from vsync.errors import ConfigurationError
from vsync.report.text import summary_lines

if TYPE_CHECKING:
    from vsync.verify.run import Wish


# --- Verify -------------------------------------------------------------------------------------------------


@click.command("verify")
@where_options
@what_options
@how_options
@click.option("--repair", is_flag=True, help="Repair the drift, and make the store equal to the source.")
@click.option("--rebuild", is_flag=True, help="Make a lost or damaged manifest again from what the store holds.")
@click.option(
    "--take-over",
    metavar="PATTERN",
    multiple=True,
    help="Show entries of other tools whose path or file name matches (a gitignore pattern; repeatable).",
)
@click.option(
    "--yes", is_flag=True, help="With --take-over: sync first, then remove exactly the entries that were shown."
)
@pass_context
def verify_command(context: Context, /, as_json: bool, **options: Any) -> None:
    """Compare manifest and store, and list the drift.

    Without --repair, --rebuild and --yes this command only reads. The exit code is 1 if there is drift; with --repair,
    if drift is left. Entries of other tools are listed; only --take-over with --yes removes them.
    """
    from vsync.verify.run import run as verify

    settings, wish = resolved(context, options), _wish(options)
    out = sys.stderr if as_json else sys.stdout
    if wish.writes:
        context.stop.install()
    with opened_job(context, settings, git_access(context, options), out, dry_run=False) as job:
        report = verify(job, wish)
    if as_json:
        put_report(report, context)
    else:
        put(sys.stdout, "\n".join(summary_lines(report)))
    if report.error is not None:
        show_error(report.error, context)
    context.exit_code = report.exit_code


def _wish(options: Mapping[str, Any]) -> Wish:
    from vsync.verify.run import Wish

    patterns = tuple(pattern for pattern in options["take_over"] if pattern.strip())
    if len(patterns) != len(options["take_over"]):
        raise ConfigurationError("The pattern of --take-over is empty.", "Give a gitignore pattern like 'old/**'.")
    return Wish(options["repair"], options["rebuild"], patterns, options["yes"])


def parse_verify(arguments: Sequence[str]) -> tuple[dict[str, Any], Wish]:
    """The settings that stand in arguments of `vsync verify`, and what it is to do. Raises ConfigurationError."""
    try:
        options = verify_command.make_context("vsync verify", list(arguments)).params
    except click.ClickException as error:
        raise ConfigurationError(
            f"The arguments of verify: {error.format_message()}", "See vsync verify --help."
        ) from None
    except click.exceptions.Exit:
        raise ConfigurationError("The arguments of verify ask for its help.", "Leave out --help.") from None
    return {name.replace("_", "-"): value for name, value in options.items()}, _wish(options)
