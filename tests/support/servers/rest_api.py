"""The REST API on a real port of this machine, in a thread of this process."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from starlette.types import ASGIApp

from vsync.embedded import EmbeddedStore
from vsync.serve.rest.app import Access, create_app
from vsync.serve.rest.connections import Connections
from vsync.serve.rest.limits import Limits
from vsync.serve.rest.service import Service
from vsync.serve.server import listening, run
from vsync.system.stop import Stop

MANY_CALLS = Limits(calls_per_minute=1_000_000)


@dataclass
class RestApi:
    """A server that runs. `lines` is what it has logged."""

    url: str
    stop: Stop
    lines: list[str] = field(default_factory=list)


@contextlib.contextmanager
def served(
    *,
    store: EmbeddedStore | None = None,
    base_url: str | None = None,
    access: Access | None = None,
    limits: Limits = MANY_CALLS,
) -> Iterator[RestApi]:
    """The REST API before an embedded store of this process, or before the API at `base_url`."""
    stop = Stop()
    ready = threading.Event()
    lines: list[str] = []

    @contextlib.asynccontextmanager
    async def made() -> AsyncIterator[ASGIApp]:
        async with Connections(base_url, store, 8, stop).pool() as clients:
            service = Service(clients, limits, stop)
            app = create_app(service, access or Access(), lines.append)
            ready.set()
            yield app

    with listening("127.0.0.1", 0) as (listener, url):
        listener.listen()  # calls that come before the server runs wait for it
        thread = threading.Thread(target=run, args=(made, listener, stop, lines.append))
        thread.start()
        try:
            assert ready.wait(20)
            yield RestApi(url, stop, lines)
        finally:
            stop.request(signal.SIGTERM)
            thread.join(20)
            assert not thread.is_alive()
