"""The command line: a composition root. Reads options and environment, builds a job, runs it, prints, exits."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from . import __version__
from .confidential import Secrets
from .errors import EXIT_OK, ConfigurationError, Interrupted, VsyncError
from .logs import guarded, internal, traceback_lines
from .settings import Credentials, Settings, credentials, origin, resolve
from .stop import Stop
from .terminal import TerminalObserver, put
from .text import printable, redacted, summary_lines

if TYPE_CHECKING:
    from .api import Api
    from .assemble import GitAccess
    from .github.identity import TokenSource
    from .reporting import Report
    from .sync import Connect, Job
    from .verification import Wish

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

_REPORTING = {"sync", "plan", "verify"}
"""Commands whose `--json` is a report."""

_EPILOG = """\b
Environment: OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_ORG_ID, OPENAI_PROJECT_ID; and each option as VSYNC_… (VSYNC_INCLUDE).
In a workflow, without a key: OPENAI_IDENTITY_PROVIDER_ID, OPENAI_SERVICE_ACCOUNT_ID, OPENAI_WIF_AUDIENCE.
Exit codes:
  0    the store equals the source; a plan
  1    some documents failed; verify: manifest and store differ
  2    wrong usage, configuration or manifest; nothing was done
  3    the API or git refused or could not be reached; run again
  4    a safety limit refused the plan; nothing was done
  130, 143  interrupted
"""


class _Context:
    """What the commands need of the world."""

    def __init__(self, environ: Mapping[str, str], secrets: Secrets, stop: Stop) -> None:
        self.environ = environ
        self.stop = stop
        self.secrets = secrets
        self.exit_code = EXIT_OK
        self.verbose = False
        self.target = environ.get("VSYNC_TARGET", "").strip() or "default"
        self.owes_json = False
        """Whether stdout is to hold a report as JSON, and holds none yet."""
        secrets.add(environ.get("OPENAI_API_KEY", "").strip())

    @functools.cached_property
    def credentials(self) -> Credentials:
        return credentials(self.environ)

    @functools.cached_property
    def token(self) -> TokenSource | None:
        """Where the job's identity token comes from, for keyless credentials."""
        if self.credentials.identity is None:
            return None
        from .github.identity import token_source

        return token_source(self.environ, self.credentials.identity.audience, self.secrets.add)


pass_context = click.make_pass_decorator(_Context)


def run(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    failed: Callable[[VsyncError], None] = lambda _: None,
    secrets: Secrets | None = None,
    stop: Stop | None = None,
) -> int:
    """Runs one command and gives the exit code. Every error a user can cause is one sentence on stderr.

    `failed` is told of it as well. Keys and tokens are added to `secrets`, and never shown. `stop` listens to signals
    already; commands that do not look at it are interrupted by them.
    """
    context = _Context(environ, Secrets() if secrets is None else secrets, stop or Stop())
    with guarded(context.secrets):
        try:
            if stop is not None:
                stop.install(raising=True)
                if stop.signum is not None:
                    return Interrupted(stop.signum).exit_code
            return _run(arguments, context, failed)
        except KeyboardInterrupt:
            cause = Interrupted(context.stop.signum or signal.SIGINT)
            failed(cause)
            _put_error(cause, context)
            return cause.exit_code
        finally:
            if stop is not None:
                stop.install()


def _run(arguments: Sequence[str], context: _Context, failed: Callable[[VsyncError], None]) -> int:
    context.owes_json = "--json" in arguments and arguments[0] in _REPORTING
    try:
        main.main(args=list(arguments), prog_name="vsync", obj=context, standalone_mode=False)
    except click.exceptions.Exit as stopped:
        return stopped.exit_code
    except click.ClickException as error:
        error.show()
        failed(ConfigurationError(error.format_message()))
        _put_error(ConfigurationError(error.format_message()), context)
        return 2
    except VsyncError as error:
        cause = context.stop.cause(error)
        failed(cause)
        return _tell(cause, context)
    except click.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        defect = internal(error, context.secrets)
        failed(defect)
        return _tell(defect, context)
    return context.exit_code


def _tell(error: VsyncError, context: _Context) -> int:
    _put_error(error, context)
    put(sys.stderr, f"vsync: {printable(redacted(str(error), context.secrets))}")
    if context.verbose:
        for line in traceback_lines(error, context.secrets):
            put(sys.stderr, line)
    return error.exit_code


def _put_report(report: Report, context: _Context) -> None:
    context.owes_json = False
    put(sys.stdout, json.dumps(report.to_json(), ensure_ascii=False, indent=2))


def _put_error(error: VsyncError, context: _Context) -> None:
    """What stands in a report's place on stdout when a run ended before there was one."""
    from .reporting import error_data

    if context.owes_json:
        context.owes_json = False
        told = error_data(error.mapped(lambda text: redacted(text, context.secrets)))
        put(sys.stdout, json.dumps({"target": context.target, "error": told}, ensure_ascii=False, indent=2))


# --- Options ------------------------------------------------------------------------------------------------


def _options(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    def apply(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


class WithArgument(click.Command):
    """A command with an argument beside `--local [FILE]`: what follows --local is FILE only when it is a store's file."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        told = [
            "--local=true" if word == "--local" and not _is_store_file(following) else word
            for word, following in itertools.zip_longest(args, args[1:], fillvalue="")
        ]
        return super().parse_args(ctx, told)


def _is_store_file(name: str) -> bool:
    if name.endswith((".db", ".sqlite", ".sqlite3")):
        return True
    try:
        with Path(name).open("rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except (OSError, ValueError):
        return False


_where = _options(
    click.option("--repo", metavar="DIR", help="The repository's folder.  [default: .]"),
    click.option("--folder", metavar="DIR", help="A plain folder as source, instead of a repository."),
    click.option("--source", metavar="NAME", help="The source's readable name.  [default: owner/repo, or the folder]"),
    click.option("--target", metavar="NAME", help="The target's name in the manifest.  [default: default]"),
    click.option("--vector-store-id", metavar="ID", help="The vector store."),
    click.option("--vector-store-name", metavar="NAME", help="The store's name; made when there is none.  [default: the source]"),
    click.option("--config", metavar="FILE", hidden=True),
    click.option("--manifest", metavar="PATH", help="The manifest, in the repository; `none` keeps none.  [default: .vsync/manifest.json]"),
    click.option("--manifest-branch", metavar="NAME", help="The branch that holds it with --commit or --push.  [default: vsync-manifest]"),
    click.option("--commit/--no-commit", default=None, help="Commit the manifest to that branch of this clone.  [default: keep a file]"),
    click.option("--push/--no-push", default=None, help="Keep manifest and seal on the remote origin, for runs on any machine."),
    click.option(
        "--local",
        metavar="[FILE]",
        is_flag=False,
        flag_value="true",
        help="Use the embedded store in FILE; needs no key.  [default: .vsync/local.db]",
    ),
    click.option("-v", "--verbose", is_flag=True, help="Show every operation, and tracebacks."),
)  # fmt: skip
_what = _options(
    click.option("--include", metavar="GLOB", multiple=True, help="Sync these (gitignore patterns; repeatable).  [default: documentation]"),
    click.option("--exclude", metavar="GLOB", multiple=True, help="But not these (gitignore patterns; repeatable)."),
    click.option("--allow-secrets", metavar="GLOB", multiple=True, help="Sync these although they seem to hold secrets (repeatable)."),
    click.option("--head", metavar="REV", help="The commit to sync.  [default: HEAD]"),
    click.option("--base", metavar="REV", help="Where the comparison starts.  [default: the manifest's commit]"),
    click.option("--full", is_flag=True, default=None, help="Compare the whole tree, not only what git says has changed."),
    click.option("--attributes", metavar="K=V", multiple=True, help="An attribute for every document (repeatable)."),
    click.option("--chunk-size", metavar="N", help="Tokens in a chunk, 100 to 4096.  [default: the server's, 800]"),
    click.option("--chunk-overlap", metavar="N", help="Tokens that chunks share, at most half of a chunk."),
    click.option("--max-delete", metavar="N|P%", help="Refuse to delete more documents.  [default: not all, not over half of 10 or more]"),
    click.option("--max-upload", metavar="N|SIZE", help="Refuse to upload more.  [default: 2000,500MB]"),
    click.option("--force", is_flag=True, default=None, help="Go past both limits."),
    click.option("--json", "as_json", is_flag=True, help="The report as JSON on stdout, and nothing else there."),
)  # fmt: skip
_how = _options(
    click.option("--concurrency", metavar="N", help="Uploads at once.  [default: 16]"),
    click.option("--index-timeout", metavar="S", help="Seconds to wait until a document is indexed.  [default: 600]"),
    click.option("--lock-timeout", metavar="S", help="Seconds to wait for another run.  [default: 600]"),
    click.option("--uploads-per-minute", metavar="N", help="[default: 1000, the API's limit]"),
    click.option("--writes-per-minute", metavar="N", help="Changes of the store.  [default: 300, the API's limit]"),
    click.option("--branch", metavar="NAME", hidden=True),
)


@click.group(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, "--version", prog_name="vsync")
def main() -> None:
    """Keeps an OpenAI vector store equal to chosen files of a git repository.

    \b
    vsync sync --vector-store-name docs      sync this repository's documentation
    vsync plan                               show what that would do; needs no key
    vsync sync --local && vsync search "how do I …" --local
                                             try it without a key
    """


def _resolved(context: _Context, options: dict[str, Any]) -> Settings:
    context.verbose = bool(options.get("verbose"))
    context.target = options.get("target") or context.target
    given = {name.replace("_", "-"): value for name, value in options.items()}
    return resolve(given, context.environ)


def _git_access(context: _Context, options: Mapping[str, Any]) -> GitAccess:
    """How git reaches the remote. Only what stands on the command line itself must be possible."""
    from .assemble import GitAccess

    token = context.environ.get("VSYNC_GITHUB_TOKEN", "").strip() or None
    context.secrets.add(token)
    return GitAccess(
        context.environ,
        token,
        optional=not options.get("push"),
        found=context.secrets.add,
        stopped=lambda: context.stop.requested_for,
    )


@contextlib.contextmanager
def _job(context: _Context, settings: Settings, access: GitAccess, out: IO[str], *, dry_run: bool) -> Iterator[Job]:
    from .assemble import make_job, open_place

    observer = TerminalObserver(out, verbose=context.verbose)
    place = open_place(settings, origin(context.environ), access)
    with contextlib.closing(place):
        yield make_job(
            settings,
            context.credentials,
            origin(context.environ),
            place,
            observer,
            context.stop,
            dry_run=dry_run,
            token=context.token,
            secrets=context.secrets,
        )


# --- Sync, plan, status -------------------------------------------------------------------------------------


@main.command("sync")
@_where
@_what
@_how
@click.option("--dry-run", is_flag=True, help="Only show what would be done (the same as `vsync plan`).")
@pass_context
def sync_command(context: _Context, /, dry_run: bool, as_json: bool, **options: Any) -> None:
    """Make the store equal to the source.

    Reads the files of a commit (not of the working tree), uploads what was added or changed, waits until it is
    searchable, then removes what was replaced or removed, and records the result in the manifest.
    """
    _sync(context, options, dry_run=dry_run, as_json=as_json)


@main.command("plan")
@_where
@_what
@_how
@pass_context
def plan_command(context: _Context, /, as_json: bool, **options: Any) -> None:
    """Show what sync would do. Needs no API key and makes no request (unless --manifest none)."""
    _sync(context, options, dry_run=True, as_json=as_json)


def _sync(context: _Context, options: dict[str, Any], *, dry_run: bool, as_json: bool) -> None:
    from .sync import run as run_job

    settings = _resolved(context, options)
    out = sys.stderr if as_json else sys.stdout
    if not dry_run:
        context.stop.install()
    with _job(context, settings, _git_access(context, options), out, dry_run=dry_run) as job:
        report = run_job(job)
    if as_json:
        _put_report(report, context)
    else:
        put(sys.stdout, "\n".join(summary_lines(report)))
    if report.error is not None:
        _tell(report.error, context)
    context.exit_code = report.exit_code


# --- Verify -------------------------------------------------------------------------------------------------


@main.command("verify")
@_where
@_what
@_how
@click.option("--repair", is_flag=True, help="Mend what differs, and make the store equal to the source.")
@click.option("--rebuild", is_flag=True, help="Make a lost or damaged manifest anew from what the store holds.")
@click.option(
    "--take-over",
    metavar="PATTERN",
    multiple=True,
    help="Show entries of others whose path or file name matches (a gitignore pattern; repeatable).",
)
@click.option("--yes", is_flag=True, help="Sync first, then remove just the entries that --take-over shows.")
@pass_context
def verify_command(context: _Context, /, as_json: bool, **options: Any) -> None:
    """Compare manifest and store, and list what differs.

    Only reads, unless told otherwise. Exit code 1 when something differs; with --repair, when something is left.
    What others put into the store is listed and never touched.
    """
    from .verification import run as verify

    settings, wish = _resolved(context, options), _wish(options)
    out = sys.stderr if as_json else sys.stdout
    if wish.writes:
        context.stop.install()
    with _job(context, settings, _git_access(context, options), out, dry_run=False) as job:
        report = verify(job, wish)
    if as_json:
        _put_report(report, context)
    else:
        put(sys.stdout, "\n".join(summary_lines(report)))
    if report.error is not None:
        _tell(report.error, context)
    context.exit_code = report.exit_code


def _wish(options: Mapping[str, Any]) -> Wish:
    from .verification import Wish

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


@main.command("status", cls=WithArgument)
@_where
@click.option("--head", metavar="REV", help="The commit to compare with.  [default: HEAD]")
@click.option("--json", "as_json", is_flag=True, help="The status as JSON on stdout.")
@click.argument("path", required=False)
@pass_context
def status_command(context: _Context, /, path: str | None, as_json: bool, **options: Any) -> None:
    """Tell from manifest and seal alone which commit is live, how far behind it is, and whether PATH is in the store."""
    from .assemble import open_place, open_publication
    from .status import path_in, status, status_lines

    settings = _resolved(context, options)
    place = open_place(settings, origin(context.environ), _git_access(context, options))
    with contextlib.closing(place):
        path = path_in(place.root, path) if path is not None else None
        found = status(open_publication(settings, place), place, settings, path)
    if as_json:
        put(sys.stdout, json.dumps(found.to_json(), ensure_ascii=False, indent=2))
    else:
        put(sys.stdout, "\n".join(status_lines(found)))


# --- Search, stores -----------------------------------------------------------------------------------------


@main.command("search", cls=WithArgument)
@_where
@click.option("--head", hidden=True)
@click.option("-n", "limit", type=click.IntRange(1, 50), default=10, show_default=True, help="How many results.")
@click.option(
    "--filter",
    "filters",
    metavar="K=V",
    multiple=True,
    help="Only documents with this attribute (repeatable).",
)
@click.option("--json", "as_json", is_flag=True, help="The results as JSON on stdout.")
@click.argument("query", required=False)
@pass_context
def search_command(
    context: _Context, /, query: str | None, limit: int, filters: tuple[str, ...], as_json: bool, **options: Any
) -> None:
    """Query the store that holds the documents."""
    from .queries import find_store_id, search_filters

    settings = _resolved(context, options)
    if not query:
        raise click.UsageError("There is no query.")
    from .assemble import open_place, open_publication

    place = open_place(settings, origin(context.environ), _git_access(context, options))
    with contextlib.closing(place):
        publication = open_publication(settings, place)
        connect = _connector(context, settings, place.root)

        async def ask(api: Api) -> list[Any]:
            from .store import Stores

            stores = Stores(api)
            store_id = await find_store_id(stores, publication, place, settings)
            store = stores.open(store_id)
            return await store.search(query, limit, search_filters(filters))

        hits = _ask(connect, ask)
    from .queries import hit_data, hit_lines

    if as_json:
        put(sys.stdout, json.dumps([hit_data(hit) for hit in hits], ensure_ascii=False, indent=2))
    else:
        put(sys.stdout, "\n".join(hit_lines(hits)))


@main.group("stores")
def stores_group() -> None:
    """List, create and show vector stores."""


def _stores_options(function: F) -> F:
    return _options(
        click.option(
            "--local", metavar="[FILE]", is_flag=False, flag_value="true", help="Use the embedded store in FILE."
        ),
        click.option("--repo", metavar="DIR", hidden=True),
        click.option("--json", "as_json", is_flag=True, help="JSON on stdout."),
        click.option("-v", "--verbose", is_flag=True, help="Show tracebacks."),
    )(function)


@stores_group.command("list")
@_stores_options
@pass_context
def stores_list(context: _Context, /, as_json: bool, **options: Any) -> None:
    """List the vector stores of the project."""

    async def ask(api: Api) -> list[Any]:
        from .store import Stores

        return await Stores(api).list()

    _show_stores(_with_stores(context, options, ask), as_json=as_json)


@stores_group.command("show", cls=WithArgument)
@_stores_options
@click.argument("store_id")
@pass_context
def stores_show(context: _Context, /, store_id: str, as_json: bool, **options: Any) -> None:
    """Show one vector store."""

    async def ask(api: Api) -> Any:
        from .errors import StoreGone
        from .store import Stores

        try:
            return await Stores(api).get(store_id)
        except StoreGone as error:
            raise StoreGone(error.message, "See `vsync stores list`.") from None

    _show_stores(_with_stores(context, options, ask), as_json=as_json)


@stores_group.command("create", cls=WithArgument)
@_stores_options
@click.argument("name")
@pass_context
def stores_create(context: _Context, /, name: str, as_json: bool, **options: Any) -> None:
    """Create a vector store. To sync into it, give its id: a name alone never proves that a store is yours."""

    async def ask(api: Api) -> Any:
        from .store import Stores

        return await Stores(api).create(name)

    _show_stores(_with_stores(context, options, ask), as_json=as_json)


def _with_stores(context: _Context, options: dict[str, Any], ask: Callable[[Api], Any]) -> Any:
    settings = _resolved(context, options)
    return _ask(_connector(context, settings, Path(settings.repo)), ask)


def _show_stores(found: Any, *, as_json: bool) -> None:
    from .queries import store_data, store_lines

    if as_json:
        data = [store_data(info) for info in found] if isinstance(found, list) else store_data(found)
        put(sys.stdout, json.dumps(data, ensure_ascii=False, indent=2))
    else:
        put(sys.stdout, "\n".join(store_lines(found if isinstance(found, list) else [found])))


def _ask(connect: Callable[[], Any], ask: Callable[[Api], Any]) -> Any:
    import asyncio

    from .api import Refused
    from .errors import ApiUnavailable

    async def connected() -> Any:
        async with connect() as api:
            return await ask(api)

    try:
        return asyncio.run(connected())
    except Refused as error:
        raise ApiUnavailable(f"The API refused the request ({error.status} {error.code}): {error.message}") from error


def _connector(context: _Context, settings: Settings, root: Path) -> Connect:
    """How to reach the store. Raises MissingCredentials."""
    from .assemble import connector, missing
    from .sync import no_key

    connect = connector(settings, context.credentials, root, token=context.token, secrets=context.secrets)
    if connect is None:
        raise missing(context.credentials, context.token) or no_key()
    return connect


# --- Serve --------------------------------------------------------------------------------------------------


@main.command("serve")
@click.option(
    "--local",
    metavar="[FILE]",
    is_flag=False,
    flag_value="true",
    help="The embedded store to serve.  [default: .vsync/local.db]",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port; 0 takes a free one.",
)
@click.option("--repo", metavar="DIR", hidden=True)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
@pass_context
def serve_command(context: _Context, /, host: str, port: int, **options: Any) -> None:
    """Put the embedded store on HTTP, for any OpenAI client (needs the extra `serve`).

    \b
    vsync serve --local
    OPENAI_BASE_URL=http://127.0.0.1:8000/v1 OPENAI_API_KEY=any vsync sync
    """
    from .assemble import local_store_path, open_embedded
    from .serve import run as serve

    settings = _resolved(context, options)
    if settings.local is None:
        raise ConfigurationError("There is nothing to serve.", "Give --local, and with it the embedded store's file.")
    store = open_embedded(local_store_path(settings.local, Path(settings.repo)))
    try:
        serve(store, host, port, lambda text: put(sys.stderr, text), api_key=None)
    except ImportError as error:
        raise ConfigurationError(f"{error}.") from error
    except OSError as error:
        raise ConfigurationError(
            f"Cannot listen on {host}:{port}: {error.strerror}.", "Choose another --port."
        ) from error
    finally:
        store.close()
