"""`vsync serve`."""

from __future__ import annotations

import contextlib
import errno
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from vsync.auth.api_address import base_url
from vsync.auth.credentials import Credentials
from vsync.cli.context import Context, pass_context, resolved
from vsync.cli.serve_batches import batch_options, offered_folders
from vsync.cli.serve_options import access_of, limits_of, token_of
from vsync.cli.terminal import put
from vsync.errors import ConfigurationError
from vsync.network.address import is_loopback
from vsync.network.environment import check_network
from vsync.system.logs import guarded
from vsync.system.redaction import printable

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from vsync.embedded import EmbeddedStore
    from vsync.serve.rest.app import Access
    from vsync.serve.rest.limits import Limits
    from vsync.serve.rest.offered_batches import BatchFolders
    from vsync.store.embedded_file import EmbeddedFile

_HOST = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63}){0,20}|[0-9A-Fa-f:.]{2,45}")


def _limit(default: int, name: str, text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An option that takes a whole number from 1 on."""
    return click.option(name, type=click.IntRange(1, 10**9), metavar="N", default=default, show_default=True, help=text)


@click.command("serve")
@click.option(
    "--local",
    metavar="[FILE]",
    is_flag=False,
    flag_value="true",
    help="Serve the embedded store: the calls work on it, and it is an OpenAI-compatible API at /v1.  [default FILE: "
    ".vsync/local.db]",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on. 0.0.0.0 is all.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port to listen on; 0 takes a free port.",
)
@click.option(
    "--token",
    metavar="SECRET",
    help="A secret of this server, of 16 characters or more, that every call must send as well. Better give it as "
    "VSYNC_TOKEN: a list of processes shows options.",
)
@click.option(
    "--allow-origin",
    metavar="ORIGIN",
    multiple=True,
    help="A web page whose scripts may call, such as https://app.example.com. Repeatable.",
)
@click.option(
    "--allow-host",
    metavar="NAME",
    multiple=True,
    help="A name of this server, besides those of this machine. Repeatable.",
)
@batch_options
@click.option("--max-body", metavar="SIZE", default="4MB", show_default=True, help="The largest body of a call.")
@_limit(10_000, "--max-ids", "Ids in one call.")
@_limit(200, "--max-calls", "Calls that are answered at the same time.")
@_limit(600, "--calls-per-minute", "Calls of one key in a minute.")
@click.option(
    "--concurrency",
    metavar="N",
    help="Requests of one call to the API at the same time. All calls of one key together have four more.  [default: 16]",
)
@click.option("--repo", metavar="DIR", hidden=True)
@click.option("-v", "--verbose", is_flag=True, help="Show the tracebacks of errors.")
@pass_context
def serve_command(context: Context, /, host: str, port: int, **options: Any) -> None:
    """Offer a REST API for vector stores and Files.

    Each caller sends its own OpenAI API key: this command needs no key, and uses none that is set. The page /docs shows
    every call and tries it out. This command needs the extra `serve` (pip install '.[serve]' in a clone of vsync).

    With --local, any OpenAI client can use the embedded store as well. Start it in one terminal, and sync in another:

    \b
    vsync serve --local
    OPENAI_BASE_URL=http://127.0.0.1:8000/v1 OPENAI_API_KEY=any vsync sync

    With --source, callers can submit the request files of that folder to OpenAI's Batch API, and fetch the results.
    """
    from vsync.sync.embedded_place import embedded_file_of

    if not _HOST.fullmatch(host):
        raise ConfigurationError(
            f"--host is {host!r}, which is no address.", "Give one, such as 127.0.0.1, or 0.0.0.0 for all."
        )
    token = token_of(context, options.pop("token"))
    names = ("max_body", "max_ids", "max_calls", "calls_per_minute", "allow_origin", "allow_host")
    own = {name: options.pop(name) for name in names}
    offered = offered_folders(context, options, has_token=token is not None, only_here=is_loopback(host))
    settings = resolved(context, options)
    file = embedded_file_of(settings, context.trusted)
    address = Credentials(base_url=context.environ.get("OPENAI_BASE_URL", "").strip() or None)
    if file is None:
        base_url(address)
        check_network(context.environ)
    try:
        limits = limits_of(own)
        access = access_of(own, token, host)
        from vsync.serve.server import listening, run

        with _opened(file) as store, listening(host, port) as (listener, url):
            _announce(context, url, access, offered, embedded=store is not None)
            context.stop.install()
            run(
                lambda: _application(context, store, address.base_url, settings.concurrency, access, limits, offered),
                listener,
                context.stop,
                lambda text: put(sys.stderr, f"vsync: {text}"),
            )
    except ImportError as error:
        raise ConfigurationError(f"{_needs_extra()}.") from error
    except OSError as error:
        raise ConfigurationError(f"Cannot listen on {host}:{port}: {error.strerror}.", _other_address(error)) from error
    if context.stop.signum is not None:
        put(sys.stderr, f"Stopped by {signal.Signals(context.stop.signum).name}.")
        context.exit_code = 128 + context.stop.signum


def _other_address(error: OSError) -> str:
    """What to do when the address cannot be listened on."""
    if isinstance(error, socket.gaierror) or error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
        return "Give --host an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them."
    if error.errno == errno.EACCES:
        return "Choose a --port from 1024 on: the system lets only an administrator take a lower one."
    return "Choose another --port."


def _needs_extra() -> str:
    from vsync.serve.server import NEEDS_EXTRA

    return NEEDS_EXTRA


@contextlib.contextmanager
def _opened(file: EmbeddedFile | None) -> Iterator[EmbeddedStore | None]:
    from vsync.store.connect import opened_embedded

    if file is None:
        yield None
        return
    with opened_embedded(file) as store:
        yield store


@contextlib.asynccontextmanager
async def _application(
    context: Context,
    store: EmbeddedStore | None,
    address: str | None,
    concurrency: int,
    access: Access,
    limits: Limits,
    offered: BatchFolders | None,
) -> AsyncIterator[ASGIApp]:
    """What is served. All its clients are closed at the end."""
    from vsync.serve.app import create_app as create_embedded
    from vsync.serve.rest.app import create_app
    from vsync.serve.rest.clients import CallersSecrets
    from vsync.serve.rest.connections import Connections
    from vsync.serve.rest.offered_batches import OfferedBatches
    from vsync.serve.rest.service import Service

    embedded = None if store is None else create_embedded(store, access.token)
    connections = Connections(address, store, concurrency, context.stop)
    batches = None
    if offered is not None:
        batches = OfferedBatches(offered, embedded=store is not None, concurrency=concurrency, note=_note)
    async with connections.pool(limits.max_calls) as clients:
        with guarded(CallersSecrets(clients)):
            yield create_app(
                Service(clients, limits, context.stop, concurrency, connections.priced, batches),
                access,
                _log,
                embedded=embedded,
                verbose=context.verbose,
            )


def _log(line: str) -> None:
    with contextlib.suppress(OSError):  # a full disk behind stderr must not fail a call
        put(sys.stderr, line)


def _note(text: str) -> None:
    _log(f"vsync: {printable(text)}")


def _announce(context: Context, url: str, access: Access, offered: BatchFolders | None, *, embedded: bool) -> None:
    """Says where the server listens, and what its operator may not expect."""
    if embedded:
        put(sys.stderr, f"Listening on {url}/v1")
        put(sys.stderr, f"The REST API for stores and files: {url}/docs")
    else:
        put(sys.stderr, f"Listening on {url}")
        put(sys.stderr, f"Its documentation: {url}/docs")
    if offered is not None:
        where = f"request files in {offered.source_folder}, results in {offered.results_folder}, below {offered.root}"
        put(sys.stderr, printable(f"Batches of {offered.source}: {where}"))
    if context.environ.get("OPENAI_API_KEY", "").strip():
        put(sys.stderr, "vsync: note: the key in OPENAI_API_KEY is not used. Each caller sends its own.")
    if embedded and not access.only_here and access.token is None:
        warning = "everybody who reaches this address can read and change the embedded store. Set VSYNC_TOKEN."
        put(sys.stderr, f"vsync: warning: {warning}")
