"""`vsync serve`."""

from __future__ import annotations

import sys
from typing import Any

import click

from vsync.cli.context import Context, pass_context, resolved
from vsync.cli.terminal import put
from vsync.errors import ConfigurationError

# --- Serve --------------------------------------------------------------------------------------------------


@click.command("serve")
@click.option(
    "--local",
    metavar="[FILE]",
    is_flag=False,
    flag_value="true",
    help="The embedded store to offer.  [default FILE: .vsync/local.db]",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port to listen on; 0 takes a free port.",
)
@click.option("--repo", metavar="DIR", hidden=True)
@click.option("-v", "--verbose", is_flag=True, help="Show the tracebacks of errors.")
@pass_context
def serve_command(context: Context, /, host: str, port: int, **options: Any) -> None:
    """Offer the embedded store over HTTP.

    Any OpenAI client can then use it. This command needs the extra `serve` (pip install '.[serve]' in a clone of vsync).
    Start it in one terminal, and sync in another:

    \b
    vsync serve --local
    OPENAI_BASE_URL=http://127.0.0.1:8000/v1 OPENAI_API_KEY=any vsync sync
    """
    from vsync.serve.server import run as serve
    from vsync.store.connect import opened_embedded
    from vsync.sync.workspace import embedded_file_of

    file = embedded_file_of(resolved(context, options), context.trusted)
    if file is None:
        raise ConfigurationError("There is nothing to serve.", "Give --local, and with it the embedded store's file.")
    with opened_embedded(file) as store:
        try:
            serve(store, host, port, lambda text: put(sys.stderr, text), api_key=None)
        except ImportError as error:
            raise ConfigurationError(f"{error}.") from error
        except OSError as error:
            raise ConfigurationError(
                f"Cannot listen on {host}:{port}: {error.strerror}.", "Choose another --port."
            ) from error
