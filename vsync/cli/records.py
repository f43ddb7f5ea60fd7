"""`vsync records`."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vsync.auth.api_address import api_address
from vsync.cli import completers
from vsync.cli.colour import painted, wants_colour
from vsync.cli.context import Context, connection_of, pass_context, resolved, show_error
from vsync.cli.environment import refuse_in_dry_run
from vsync.cli.options import WithArgument
from vsync.cli.records_options import records_options
from vsync.cli.records_progress import StreamProgress
from vsync.cli.records_settings import place_of, stream_settings, stream_target, with_defaults, without_limits
from vsync.cli.terminal import put
from vsync.config.origin import origin
from vsync.errors import ConfigurationError
from vsync.system.redaction import redacted
from vsync.system.workflow import inert

if TYPE_CHECKING:
    from vsync.config.settings import Settings
    from vsync.records.acks import Acks
    from vsync.records.job import StreamJob
    from vsync.records.stream_report import StreamReport
    from vsync.store.connect import Connect
    from vsync.store.embedded_file import EmbeddedFile
    from vsync.store.rate_limit import Rates
    from vsync.system.stop import Stop


@click.command("records", cls=WithArgument)
@records_options
@click.argument("file", required=False, metavar="[FILE|-]", shell_complete=completers.files)
@pass_context
def records_command(context: Context, /, file: str | None, as_json: bool, **options: Any) -> None:
    """Apply a stream of change records to a vector store.

    Reads records from FILE, or from standard input, one JSON object a line. A record adds, replaces or deletes the
    document of its key. Each record is acknowledged on stdout, in order, once the store has indexed its document, or
    once it has failed for good.

    \b
    kcat -J -C -b localhost -t docs | vsync records - --format debezium/json
    vsync records changes.jsonl --content-field text --name-template '{slug}.md'
    """
    from vsync.records.run import run

    _refuse_where_nothing_may_change(context)
    settings = resolved(context, with_defaults(options, context.environ))
    alone = not sys.stdout.isatty()
    progress = StreamProgress(sys.stderr, alone=alone, environ=context.environ, secrets=context.secrets)
    job = _job(context, file, options, settings, progress)
    context.stop.install()
    try:
        report = run(job)
    finally:
        progress.finished()
    report.state = str(job.settings.state)  # as it was given, and not where links lead
    _show(report, job.acks, context, as_json=as_json)


def _refuse_where_nothing_may_change(context: Context) -> None:
    if context.listener.only_shows is not None:
        raise ConfigurationError(
            f"No record is applied here: {context.listener.only_shows}.",
            "A stream has no plan. Leave the step out there, such as with `if: github.event_name != 'pull_request'`.",
        )
    refuse_in_dry_run(context.environ, "applies no record", "Unset the variable.")


# --- What it takes ------------------------------------------------------------------------------------------


def _job(
    context: Context, file: str | None, options: dict[str, Any], settings: Settings, progress: StreamProgress
) -> StreamJob:
    from vsync.git.discovery import checked_top
    from vsync.records.acks import Acks
    from vsync.records.job import StreamJob
    from vsync.state.journal_key import state_home
    from vsync.sync.embedded_place import embedded_file_of

    # Whose repository this is matters only where files are put into it.
    here = Path.cwd()
    top = here if options["state"] else checked_top(Path(settings.repo), context.trusted)
    place = place_of(options, top, here)
    embedded = embedded_file_of(settings, context.trusted)
    wanted = stream_settings(file, options, place, embedded.files if embedded is not None else ())
    if wanted.input is None and not context.listener.has_input:
        raise ConfigurationError(
            "An action has no standard input.", "Name the FILE with the records in the input args."
        )
    if len(settings.targets) > 1:
        raise ConfigurationError(
            f"A stream goes into one target, but {len(settings.targets)} are named: {', '.join(settings.targets)}.",
            "Name one --target (VSYNC_TARGET).",
        )
    target = stream_target(settings.target, options, place, origin(context.environ).repository)
    api = api_address(context.credentials, embedded=embedded is not None)

    def connect(stop: Stop) -> Connect:
        return connection_of(context, settings, embedded, if_missing="make", stop=stop, log=progress.note)

    connect(context.stop)  # a missing key is told before anything is read
    return StreamJob(
        settings=wanted,
        target=replace(target, api=api),
        connect=connect,
        embedded=embedded,
        rates=_rates(context, settings, embedded, api, progress),
        acks=Acks(sys.stdout, context.secrets, stop=context.stop, note=progress.note),
        secrets=context.secrets,
        stop=context.stop,
        api=api,
        index_timeout_s=settings.index_timeout,
        lock_timeout_s=settings.lock_timeout,
        state_home=state_home(context.environ),
        progress=progress.update,
        note=progress.note,
    )


def _rates(
    context: Context, settings: Settings, embedded: EmbeddedFile | None, api: str | None, progress: StreamProgress
) -> Rates:
    from vsync.store.rate_limit import make_rates

    return make_rates(
        settings.uploads_per_minute,
        settings.writes_per_minute,
        context.stop.pause,
        progress.note,
        unlimited=without_limits(api, embedded=embedded is not None),
    )


# --- What it prints -----------------------------------------------------------------------------------------


def _show(report: StreamReport, acks: Acks, context: Context, *, as_json: bool) -> None:
    """Prints the report and its error without secrets, tells the listener, and sets the exit code."""
    from vsync.records.stream_report import report_lines

    report = report.mapped(lambda text: redacted(text, context.secrets))
    report.warnings = [*report.warnings, *(redacted(warning, context.secrets) for warning in context.warnings)]
    context.json_expected = False
    put(sys.stderr, inert(painted(report_lines(report), colour=wants_colour(sys.stderr, context.environ))))
    if as_json:
        acks.write_report(json.dumps({"report": report.to_json()}))
    context.listener.applied(report)
    if report.error is not None:
        show_error(report.error, context)
    context.exit_code = report.exit_code
