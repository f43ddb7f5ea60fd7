"""What the commands need of the world, and how they print reports and errors."""

from __future__ import annotations

import contextlib
import functools
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, get_args

import click

from vsync.auth.credentials import Credentials, check_header, credentials
from vsync.cli.listener import Listener
from vsync.cli.terminal import TerminalObserver, put
from vsync.config.origin import origin
from vsync.config.settings import Settings, resolve
from vsync.config.variables import short_key, unheard
from vsync.errors import EXIT_OK, ConfigMistakes, VsyncError
from vsync.network.address import in_addresses
from vsync.network.environment import check_network
from vsync.network.proxies import passwords
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
    from vsync.store.rate_limit import Rates
    from vsync.sync.assemble import Assembled
    from vsync.sync.config_at_head import AtHead
    from vsync.sync.git_access import GitAccess
    from vsync.sync.workspace import Workspace


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
        self.target = environ.get("VSYNC_TARGET", "").strip().split(",")[0]
        """The name of the target, as far as it is given."""
        self.targets: tuple[str, ...] = ()
        """The names of the targets of the run, as soon as they are known."""
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


def show_error(error: VsyncError, context: Context, target: str = "") -> int:
    """Prints the error and gives its exit code. `target`: of which of several targets it is."""
    put_error(error, context)
    whose, text = f"{target}: " if target else "", redacted(str(error), context.secrets)
    for line in text.split("\n") if isinstance(error, ConfigMistakes) else [text]:
        put(sys.stderr, inert(f"vsync: {whose}{printable(line)}"))
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


def _error_json(error: VsyncError, context: Context) -> dict[str, Any] | list[dict[str, Any]]:
    """An error in the form of the report that the command would print. Of several targets each has it."""
    from vsync.report.report import error_data

    command = context.arguments[0]
    if command in {"stores", "files"}:
        from vsync.manage.bulk_report import BulkReport

        return BulkReport("stores" if command == "stores" else "files", error=error).to_json()
    if command == "batch":
        from vsync.batch.batch_report import BatchReport, Command

        for name in get_args(Command):
            if name in context.arguments[1:2]:
                return BatchReport(name, error=error).to_json()
        return {"error": error_data(error)}
    if command == "records":
        return {"report": {"target": context.target or RECORDS, "error": error_data(error)}}
    names = context.targets or (context.target or "default",)
    if command in {"sync", "plan", "verify"}:
        from vsync.report.several import without_run

        found = [without_run(name, error, dry_run=command == "plan").to_json() for name in names]
    else:
        found = [{"target": name, "error": error_data(error)} for name in names]
    return found if len(found) > 1 else found[0]


def resolved(context: Context, options: dict[str, Any]) -> Settings:
    context.verbose = bool(options.get("verbose"))
    named = options.get("target") or ()
    context.target = (named if isinstance(named, str) else next(iter(named), "")) or context.target
    _warn_of_variables(context)
    given = {name.replace("_", "-"): value for name, value in options.items()}
    settings = resolve(given, context.environ)
    context.target = settings.target.name if settings.targets else context.target
    return settings


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
    from vsync.sync.git_access import GitAccess

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
def opened_runs(
    context: Context,
    settings: Settings,
    access: GitAccess,
    out: IO[str],
    *,
    dry_run: bool,
    if_missing: IfMissing = "make",
) -> Iterator[Sequence[Assembled]]:
    """All that the run of each target takes. What it opens is closed at the end."""
    from vsync.sync.assemble import assemble
    from vsync.sync.several import assemble_each
    from vsync.sync.workspace import open_workspace

    # With --json the report is what the user asked for. A program may read only that, so little goes to stderr.
    whole_plan = dry_run and out is sys.stdout
    observer = TerminalObserver(
        out, verbose=context.verbose, whole_plan=whole_plan, environ=context.environ, secrets=context.secrets
    )
    workspace = open_workspace(settings, origin(context.environ), access)
    with contextlib.closing(workspace):

        def make(of_target: Settings, opened: Workspace, rates: Rates | None) -> Assembled:
            return assemble(
                of_target,
                context.credentials,
                origin(context.environ),
                opened,
                observer,
                context.stop,
                dry_run=dry_run,
                token=context.token,
                secrets=context.secrets,
                rates=rates,
                if_missing=if_missing,
                check_network=functools.partial(check_network, context.environ),
            )

        yield assemble_each(found_targets(context, settings, workspace), workspace, make)


def found_targets(context: Context, settings: Settings, workspace: Workspace) -> AtHead:
    """The targets of the run. From here on an error is told of each of them."""
    from vsync.sync.config_at_head import targets_at_head

    found = targets_at_head(settings, workspace)
    context.targets = tuple(each.target.name for each in found.targets)
    return found


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
