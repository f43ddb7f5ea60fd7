"""`vsync batch`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from vsync.cli import completers
from vsync.cli.batch_options import cancel_options, common_options, fetch_options, status_options, submit_options
from vsync.cli.batch_output import person_agrees, show_lines, show_report, shown_data, shown_progress
from vsync.cli.batch_settings import opened, results_branch
from vsync.cli.context import Context, pass_context
from vsync.cli.environment import refuse_in_dry_run, refuse_variables
from vsync.cli.options import WithArgument
from vsync.cli.terminal import put
from vsync.cli.width import terminal_width
from vsync.errors import EXIT_INCOMPLETE, EXIT_OK, ConfigurationError

if TYPE_CHECKING:
    from vsync.batch.batch_report import Pending
    from vsync.store.connect import IfMissing

_JSON = "Print the report as JSON on stdout, and nothing else there."
_PATHS = "[PATH]..."


@click.group("batch")
def batch_group() -> None:
    """Run request files of the repository by OpenAI's Batch API.

    A request file is a `.jsonl` file with one request a line. The API answers within 24 hours, at half the price.

    \b
    vsync batch submit               upload what is new or changed in batches/, and start it
    vsync batch status               how far it is
    vsync batch fetch --wait         results, joined to their requests, in batch-results/
    vsync batch cancel --pending     stop what has not ended
    """


# --- Submit -------------------------------------------------------------------------------------------------


@batch_group.command("submit", cls=WithArgument)
@common_options(_JSON, transfers=True)
@submit_options
@click.argument("paths", metavar=_PATHS, nargs=-1, shell_complete=completers.files)
@click.pass_context
def batch_submit(ctx: click.Context, /, paths: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Validate request files, upload what is new or changed, and make a batch of each.

    PATH limits this to some files: paths or patterns. A file that has a batch of the same content, or good results, is
    left alone, so a second run pays nothing. All mistakes of all files are shown, with file and line, before anything is
    uploaded; a file with a mistake is not uploaded.

    \b
    vsync batch submit --dry-run           validate, and show what would be submitted
    vsync batch submit 'batches/2026-*'    only these files

    VSYNC_SOURCE is the name of the repository here too, as for a sync, and not the folder. What is paid for again must
    stand on the command line: VSYNC_AGAIN is refused.
    """
    from vsync.batch.submit import SubmitOptions, run

    context: Context = ctx.obj
    refuse_variables(ctx.command, context.environ, "what is paid for again", "submitted")
    dry_run = options["dry_run"] or context.listener.only_shows is not None
    wanted = SubmitOptions(options["endpoint"], options["window"], options["limit"], options["again"])
    if_missing: IfMissing = "empty" if dry_run else "make"
    with shown_progress(context, as_json=as_json) as progress:
        job = opened(context, options, progress, paths=paths, if_missing=if_missing, dry_run=dry_run)
        context.stop.install()
        report = run(job.job, wanted)
    show_report(report, context, as_json=as_json)


# --- Status -------------------------------------------------------------------------------------------------


@batch_group.command("status", cls=WithArgument)
@common_options("Print the batches as JSON on stdout.")
@status_options
@pass_context
def batch_status(context: Context, /, everybody: bool, as_json: bool, **options: Any) -> None:
    """Show the batches of this repository: state, requests, age, tokens, and the time that is left.

    Shows also the request files that have no batch. Changes nothing.
    """
    from vsync.batch.batch_summary import status_summary
    from vsync.batch.batch_table import status_lines
    from vsync.batch.status import run

    with shown_progress(context, as_json=as_json) as progress:
        job = opened(context, options, progress).job
        report = run(job, everybody=everybody)
    data = shown_data(report.to_json(), context)
    if as_json:
        put(sys.stdout, json.dumps(data, ensure_ascii=False, indent=2))
    else:
        show_lines(status_lines(report, job.source_folder, terminal_width(sys.stdout)), context)
    context.listener.batches_found(report, status_summary(report, job.source_folder, context.listener.advice), data)


# --- Fetch --------------------------------------------------------------------------------------------------


@batch_group.command("fetch", cls=WithArgument)
@common_options(_JSON, transfers=True)
@fetch_options
@click.argument("paths", metavar=_PATHS, nargs=-1, shell_complete=completers.files)
@pass_context
def batch_fetch(context: Context, /, paths: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Download the results of batches that have ended, and join them to their requests.

    Line n of a results file answers line n of its request file. A summary beside it names each request that failed, and
    why. Exits with 1 as long as results of a present request file hold failures. Batches under way are no failure, unless
    --wait ends before they do.

    \b
    vsync batch fetch --wait                   wait until all have ended
    vsync batch fetch --wait --resubmit-failed run what failed once more, and wait for that too
    """
    from vsync.batch.fetch import FetchOptions, run

    _refuse_what_pays(context, options)
    wanted = FetchOptions(options["wait"], options["wait_timeout"], options["resubmit_failed"], options["clean"])
    noted: list[str] = []
    # The request files of a pull request are others than those of the default branch. So are their results.
    only_named = context.listener.only_shows is not None
    with shown_progress(context, as_json=as_json) as progress:
        job = opened(context, options, progress, paths=paths, dry_run=options["dry_run"])
        context.stop.install()
        with results_branch(job, options["results_branch"], noted.append, only_named=only_named) as branch:
            report = run(job.job, wanted, branch)
    report.warnings += noted
    show_report(report, context, as_json=as_json)


def _refuse_what_pays(context: Context, options: dict[str, Any]) -> None:
    why = context.listener.only_shows
    given = [name for name in ("resubmit_failed", "clean") if options[name]]
    if why is not None and given and not options["dry_run"]:
        raise ConfigurationError(
            f"Nothing is submitted or deleted here: {why}.",
            f"Leave out --{given[0].replace('_', '-')} there. Results can be fetched on every event.",
        )


# --- Cancel -------------------------------------------------------------------------------------------------


@batch_group.command("cancel", cls=WithArgument)
@common_options(_JSON)
@cancel_options
@click.argument("names", metavar="[PATH|BATCH_ID]...", nargs=-1, shell_complete=completers.files)
@click.pass_context
def batch_cancel(ctx: click.Context, /, names: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Stop batches that have not ended.

    Give request files, ids of batches, or --pending. Shows the batches and asks. What has run by then is paid for, and
    `vsync batch fetch` brings it.
    """
    from vsync.batch.cancel import CancelOptions, run

    context: Context = ctx.obj
    refuse_variables(ctx.command, context.environ, "what is cancelled", "cancelled")
    _refuse_where_nothing_may_change(context)
    if bool(names) == options["pending"]:
        raise ConfigurationError(
            "Both --pending and a PATH or BATCH_ID are given." if names else "Nothing says which batches are meant.",
            "Give request files or ids of batches, or --pending for all that have not ended.",
        )
    with shown_progress(context, as_json=as_json) as progress:
        job = opened(context, options, progress, paths=names).job
        refused = False

        def confirm(pending: list[Pending]) -> bool:
            nonlocal refused
            refused = not (options["yes"] or person_agrees(pending, context, progress))
            context.stop.install()  # until here a signal ends the question
            return not refused

        report = run(job, CancelOptions(job.paths, options["pending"]), confirm)
    show_report(report, context, as_json=as_json)
    if refused and context.exit_code == EXIT_OK:
        context.exit_code = EXIT_INCOMPLETE


def _refuse_where_nothing_may_change(context: Context) -> None:
    if context.listener.only_shows is not None:
        raise ConfigurationError(
            f"No batch is cancelled here: {context.listener.only_shows}.",
            "Leave the step out there, such as with `if: github.event_name != 'pull_request'`.",
        )
    refuse_in_dry_run(
        context.environ, "cancels no batch", "Unset the variable. `vsync batch status` shows the batches."
    )
