"""What the commands need of the world, and how they print reports and errors."""

from __future__ import annotations

import contextlib
import functools
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from vsync.auth.credentials import Credentials, check_header, credentials
from vsync.cli.colour import painted, wants_colour
from vsync.cli.listener import Listener
from vsync.cli.repeated import repeated
from vsync.cli.terminal import TerminalObserver, put
from vsync.config.origin import origin
from vsync.config.settings import Settings, resolve
from vsync.config.variables import short_key, unheard
from vsync.errors import EXIT_OK, VsyncError
from vsync.network.address import in_addresses
from vsync.network.environment import check_network
from vsync.network.proxies import passwords
from vsync.report.of_plan import append_warnings
from vsync.report.text import summary_lines
from vsync.system.logs import traceback_lines
from vsync.system.redaction import printable, redacted
from vsync.system.secrets import Secrets
from vsync.system.stop import Stop
from vsync.system.workflow import inert

if TYPE_CHECKING:
    from vsync.auth.identity_token import TokenSource
    from vsync.report.report import Report
    from vsync.store.connect import Connect, IfMissing
    from vsync.store.embedded_file import EmbeddedFile
    from vsync.sync.assemble import Assembled
    from vsync.sync.workspace import GitAccess


RECORDS = "records"
"""The target of a stream of records, where nobody names another."""


class Context:
    """What the commands need of the world."""

    def __init__(
        self,
        environ: Mapping[str, str],
        secrets: Secrets,
        stop: Stop,
        listener: Listener | None = None,
        trusted: Path | None = None,
    ) -> None:
        self.environ = environ
        self.listener = Listener() if listener is None else listener
        self.trusted = trusted
        """A folder whose repositories may belong to another user: the workspace of a job."""
        self.stop = stop
        self.secrets = secrets
        self.exit_code = EXIT_OK
        self.verbose = False
        self.target = environ.get("VSYNC_TARGET", "").strip()
        """The name of the target, as far as it is given."""
        self.arguments: tuple[str, ...] = ()
        self.json_expected = False
        """Whether stdout must get a report as JSON, and has none yet."""
        self.warnings: tuple[str, ...] = ()
        """What a report says beside the warnings of its run."""
        for secret in (environ.get("OPENAI_API_KEY", "").strip(), *passwords(environ), *in_addresses(environ)):
            secrets.add(secret)

    @functools.cached_property
    def credentials(self) -> Credentials:
        return credentials(self.environ)

    @functools.cached_property
    def token(self) -> TokenSource | None:
        """Where the job's identity token comes from, for keyless credentials."""
        if self.credentials.identity is None:
            return None
        from vsync.auth.identity_token import token_source

        return token_source(self.environ, self.credentials.identity.audience, self.secrets.add)


pass_context = click.make_pass_decorator(Context)


def show_error(error: VsyncError, context: Context) -> int:
    """Prints the error and gives its exit code."""
    put_error(error, context)
    put(sys.stderr, inert(f"vsync: {printable(redacted(str(error), context.secrets))}"))
    if context.verbose:
        for line in traceback_lines(error, context.secrets):
            put(sys.stderr, inert(line))
    return error.exit_code


def put_report(report: Report, context: Context) -> None:
    context.json_expected = False
    put(sys.stdout, json.dumps(report.to_json(), ensure_ascii=False, indent=2))


def put_error(error: VsyncError, context: Context) -> None:
    """Prints the error as JSON where a report as JSON is expected and there is none."""
    if context.json_expected:
        context.json_expected = False
        shown = error.mapped(lambda text: redacted(text, context.secrets))
        # The output of `records` is a line of JSON for each record, and one for the report.
        indent = None if context.arguments[0] == "records" else 2
        put(sys.stdout, json.dumps(_error_json(shown, context), ensure_ascii=False, indent=indent))


def _error_json(error: VsyncError, context: Context) -> dict[str, Any]:
    """An error in the form of the report that the command would print."""
    from vsync.report.report import error_data

    command = context.arguments[0]
    if command in {"stores", "files"}:
        from vsync.manage.bulk_report import BulkReport

        return BulkReport("stores" if command == "stores" else "files", error=error).to_json()
    if command == "records":
        return {"report": {"target": context.target or RECORDS, "error": error_data(error)}}
    return {"target": context.target or "default", "error": error_data(error)}


def resolved(context: Context, options: dict[str, Any]) -> Settings:
    context.verbose = bool(options.get("verbose"))
    context.target = options.get("target") or context.target
    _warn_of_variables(context)
    given = {name.replace("_", "-"): value for name, value in options.items()}
    return resolve(given, context.environ)


def _warn_of_variables(context: Context) -> None:
    """Says which variables nobody hears, once, and before anything is done: one of them may have been meant as a limit."""
    unsaid = [
        warning
        for warning in (*short_key(context.environ), *unheard(context.environ))
        if warning not in context.warnings
    ]
    for warning in unsaid:
        put(sys.stderr, f"vsync: warning: {redacted(warning, context.secrets)}")
    context.warnings = (*context.warnings, *unsaid)


def git_access(context: Context, options: Mapping[str, Any]) -> GitAccess:
    """How git reaches the remote. A missing remote is an error only when --push stands on the command line itself."""
    from vsync.sync.workspace import GitAccess

    token = context.environ.get("VSYNC_GITHUB_TOKEN", "").strip() or None
    context.secrets.add(token)
    check_header("VSYNC_GITHUB_TOKEN", token or "")
    return GitAccess(
        context.environ,
        token,
        optional=not options.get("push"),
        found=context.secrets.add,
        stopped=lambda: context.stop.requested_for,
        trusted=context.trusted,
    )


@contextlib.contextmanager
def opened_run(
    context: Context,
    settings: Settings,
    access: GitAccess,
    out: IO[str],
    *,
    dry_run: bool,
    if_missing: IfMissing = "make",
) -> Iterator[Assembled]:
    """All that a run of the target takes. What it opens is closed at the end."""
    from vsync.sync.assemble import assemble
    from vsync.sync.workspace import open_workspace

    # With --json the report is what the user asked for. A program may read only that, so little goes to stderr.
    whole_plan = dry_run and out is sys.stdout
    observer = TerminalObserver(
        out, verbose=context.verbose, whole_plan=whole_plan, environ=context.environ, secrets=context.secrets
    )
    workspace = open_workspace(settings, origin(context.environ), access)
    with contextlib.closing(workspace):
        yield assemble(
            settings,
            context.credentials,
            origin(context.environ),
            workspace,
            observer,
            context.stop,
            dry_run=dry_run,
            token=context.token,
            secrets=context.secrets,
            if_missing=if_missing,
            check_network=functools.partial(check_network, context.environ),
        )


def connection_of(
    context: Context,
    settings: Settings,
    embedded: EmbeddedFile | None,
    *,
    if_missing: IfMissing,
    stop: Stop | None = None,
    log: Callable[[str], None] = lambda _: None,
) -> Connect:
    """How to reach the store. Raises MissingCredentials and ConfigurationError.

    With `stop` the requests end when the command is told to stop. `log` gets a line for each retry.
    """
    from vsync.store.connect import connector, missing

    connect = connector(
        context.credentials,
        concurrency=settings.concurrency,
        embedded=embedded,
        if_missing=if_missing,
        log=log,
        stop=stop,
        token=context.token,
        secrets=context.secrets,
    )
    if connect is None:
        in_workflow = origin(context.environ).in_workflow
        raise missing(context.credentials, context.token, in_workflow=in_workflow)
    if embedded is None:
        check_network(context.environ)
    return connect


def show_report(report: Report, context: Context, *, as_json: bool) -> None:
    """Prints the report and its error without secrets, and sets the exit code."""
    report = report.mapped(lambda text: redacted(text, context.secrets))
    if as_json:
        put_report(append_warnings(report, context.warnings), context)
    else:
        report = replace(report, options=repeated(context.arguments))
        put(sys.stdout, painted(summary_lines(report), colour=wants_colour(sys.stdout, context.environ)))
    if report.error is not None:
        show_error(report.error, context)
    context.exit_code = report.exit_code
