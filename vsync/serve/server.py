"""Serves an application on a port until the process is told to stop."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from vsync.system.stop import Stop

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

GRACE_S = 8.0
"""How long calls that are under way may take when the server is told to stop. Docker kills after 10 s."""

_CLOSING_S = 0.5
"""How much of that time is left for connections to close, when calls have not ended by then."""

_BACKLOG = 2_048
"""As many calls as uvicorn lets wait."""

NEEDS_EXTRA = "vsync serve needs the extra `serve`; in a clone of vsync: pip install '.[serve]'"


_MOST_CONNECTIONS = 4_096
"""More connections are closed, those first that have waited for a call for longest."""


def most_connections() -> int:
    """How many callers may be connected. The other file descriptors are for the API behind the server."""
    import resource

    return max(8, min(_MOST_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2))


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[tuple[socket.socket, str]]:
    """A socket that listens, and its address (`http://127.0.0.1:8000`). Port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without the protocol named, asyncio leaves Nagle's algorithm on, which costs each request 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)  # who reads that the server listens may call at once: the calls wait until it serves
        shown = f"[{host}]" if ":" in host else host
        yield listener, f"http://{shown}:{listener.getsockname()[1]}"


def run(
    made: Callable[[], AbstractAsyncContextManager[ASGIApp]],
    listener: socket.socket,
    stop: Stop,
    log: Callable[[str], None] = lambda _: None,
) -> None:
    """Serves the application that `made` gives until `stop` is requested. `log` gets what the HTTP server complains of.

    When it is told to stop, calls that are under way have `GRACE_S` seconds. Until the last of them has ended, the server
    still takes connections: so the application can tell everybody that it takes no more calls. Then it closes them all.
    Raises ImportError without the extra.
    """
    try:
        import asyncio

        import uvicorn

        from vsync.serve.http_connection import connection_class
    except ImportError as error:
        raise ImportError(NEEDS_EXTRA) from error

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            """The signals are those of `stop`."""
            yield

    async def serve() -> None:
        stop.attach()
        async with made() as app:
            # How a program logs is its own affair: uvicorn would configure it for the whole process.
            config = uvicorn.Config(
                app,
                http=connection_class(most_connections()),
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                proxy_headers=False,
                server_header=False,
            )
            server = Server(config)
            async with _told(stop, server):
                await server.serve(sockets=[listener])

    with _complaints(log):
        asyncio.run(serve())


@contextlib.asynccontextmanager
async def _told(stop: Stop, server: uvicorn.Server) -> AsyncIterator[None]:
    """Meanwhile a request to stop ends the server."""
    import asyncio

    async def tell() -> None:
        await stop.wait()
        clock = asyncio.get_running_loop().time
        until = clock() + GRACE_S
        while server.server_state.tasks and (left := until - _CLOSING_S - clock()) > 0:
            await asyncio.wait(set(server.server_state.tasks), timeout=left)
        # mypy: uvicorn declares whole seconds. It hands the number on to asyncio, which takes fractions as well.
        server.config.timeout_graceful_shutdown = max(0.0, until - clock())  # type: ignore[assignment]  # see above
        server.should_exit = True

    task = asyncio.ensure_future(tell())
    try:
        yield
    finally:
        task.cancel()


class _Complaints(logging.Handler):
    """Passes warnings of uvicorn on. What it says of an answer that broke off, the access log says as well."""

    def __init__(self, log: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if not text.startswith("ASGI callable returned without"):
            self._log(text)


@contextlib.contextmanager
def _complaints(log: Callable[[str], None]) -> Iterator[None]:
    logger, handler = logging.getLogger("uvicorn.error"), _Complaints(log)
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagated
