"""`vsync verify`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from vsync.cli.context import Context, git_access, opened_runs, pass_context, resolved
from vsync.cli.environment import defaults, refuse_in_dry_run, wrong_variable
from vsync.cli.headings import REPAIRS, HeadedCommand
from vsync.cli.options import option, shared_options
from vsync.cli.reports import Reports
from vsync.errors import ConfigurationError

if TYPE_CHECKING:
    from vsync.report.report import Report
    from vsync.state.publication import Published
    from vsync.sync.assemble import Assembled
    from vsync.verify.options import VerifyOptions


@click.command("verify", cls=HeadedCommand)
@shared_options("Print the report as JSON on stdout, and nothing else there.")
@option("--repair", heading=REPAIRS, is_flag=True, help="Repair the drift, and make the store equal to the source.")
@option(
    "--rebuild", heading=REPAIRS, is_flag=True, help="Make a lost or damaged manifest again from what the store holds."
)
@option(
    "--take-over",
    heading=REPAIRS,
    metavar="PATTERN",
    multiple=True,
    help="Show entries of other tools whose path or file name matches (a gitignore pattern; repeatable).",
)
@option(
    "--yes",
    heading=REPAIRS,
    is_flag=True,
    help="With --take-over: sync first, then remove exactly the entries that were shown.",
)
@pass_context
def verify_command(context: Context, /, as_json: bool, **options: Any) -> None:
    """Compare manifest and store, and list the drift.

    Without --repair, --rebuild and --yes this command only reads. The exit code is 1 if there is drift; with --repair,
    if drift is left. Entries of other tools are listed; only --take-over with --yes removes them.
    """
    from vsync.sync.several import run_several
    from vsync.verify.run import run

    settings, chosen = resolved(context, options), _verify_options(options)
    out = sys.stderr if as_json else sys.stdout
    if chosen.writes:
        refuse_in_dry_run(
            context.environ,
            "repairs, rebuilds and takes over nothing",
            "Unset the variable, or leave out --repair, --rebuild and --yes.",
        )
        context.stop.install()
    access, if_missing = git_access(context, options), chosen.if_missing
    with opened_runs(context, settings, access, out, dry_run=False, if_missing=if_missing) as runs:
        printed = Reports(context, len(runs), out, as_json=as_json)

        def one(assembled: Assembled, _: Published | None) -> Report:
            printed.began(assembled.target.name)
            return run(*assembled, chosen)

        reports = run_several(runs, one, printed.done, manifest_may_be_damaged=chosen.rebuild)
    printed.end(reports)


def _verify_options(options: Mapping[str, Any]) -> VerifyOptions:
    from vsync.verify.options import VerifyOptions

    patterns = tuple(pattern for pattern in options["take_over"] if pattern.strip())
    if len(patterns) != len(options["take_over"]):
        raise ConfigurationError("The pattern of --take-over is empty.", "Give a gitignore pattern like 'old/**'.")
    return VerifyOptions(options["repair"], options["rebuild"], patterns, options["yes"])


def parse_verify(arguments: Sequence[str], environ: Mapping[str, str]) -> tuple[dict[str, Any], VerifyOptions]:
    """The settings that stand in arguments of `vsync verify`, and what it is to do. Raises ConfigurationError."""
    variables = defaults(verify_command, environ)
    try:
        options = verify_command.make_context(
            "vsync verify", list(arguments), help_option_names=["-h", "--help"], default_map=variables
        ).params
    except click.ClickException as error:
        if (wrong := wrong_variable(error)) is not None:
            raise wrong from None
        raise ConfigurationError(
            f"The arguments of verify: {error.format_message()}", "See vsync verify --help."
        ) from None
    except click.exceptions.Exit:
        raise ConfigurationError("The arguments of verify ask for its help.", "Leave out --help.") from None
    return {name.replace("_", "-"): value for name, value in options.items()}, _verify_options(options)
