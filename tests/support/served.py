"""`vsync serve` in this process: the real application on a real port, and what it logs."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any, Self

import httpx2
from starlette.types import ASGIApp

from tests.support.wire import QuickStop
from vsync.embedded import EmbeddedStore
from vsync.serve import server
from vsync.serve.app import create_app as create_embedded
from vsync.serve.rest.app import Access, create_app
from vsync.serve.rest.clients import Clients
from vsync.serve.rest.connections import Connections
from vsync.serve.rest.limits import Limits
from vsync.serve.rest.offered_batches import OfferedBatches
from vsync.serve.rest.service import Service

KEY = "sk-caller-0123456789abcdef"

_BUILDING = threading.Lock()
"""FastAPI changes the filters of warnings while it builds an application, and Python has one list of them for all threads."""


class Served:
    """The server as a context manager. Waits between tries of a request take a thousandth of their time.

    `priced`: it shows costs, as it does for OpenAI's own API.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        store: EmbeddedStore | None = None,
        access: Access | None = None,
        limits: Limits | None = None,
        concurrency: int = 16,
        verbose: bool = False,
        priced: bool | None = None,
        batches: OfferedBatches | None = None,
    ) -> None:
        self.lines: list[str] = []
        self.complaints: list[str] = []
        self.stop = QuickStop()
        self.clients: Clients | None = None
        self._connections = Connections(base_url, store, concurrency, self.stop)
        self._access = access or Access()
        self._limits = limits or Limits()
        self._verbose = verbose
        self._batches = batches
        self._priced = self._connections.priced if priced is None else priced
        self._stack = ExitStack()
        self._made_calls = 0

    def __enter__(self) -> Self:
        listener, self.url = self._stack.enter_context(server.listening("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self._thread = threading.Thread(
            target=server.run, args=(self._made, listener, self.stop, self.complaints.append), daemon=True
        )
        self._thread.start()
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._stack.close()

    def end(self) -> None:
        """Tells the server to stop, as SIGTERM does, and waits until it has."""
        self.stop.request(signal.SIGTERM)
        self._thread.join(15)
        assert not self._thread.is_alive()

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The lines of the log for calls. A line is written right after its answer, so they are waited for."""
        deadline = time.monotonic() + 10
        while len(found := self._logged()) < self._made_calls and time.monotonic() < deadline:
            time.sleep(0.002)
        return found

    def _logged(self) -> list[dict[str, Any]]:
        return [line for line in map(json.loads, list(self.lines)) if "status" in line]

    def call(
        self, method: str, path: str, *, key: str | None = KEY, body: object = None, **more: Any
    ) -> httpx2.Response:
        """One call on a connection of its own."""
        headers = {"x-openai-api-key": key} if key is not None else {}
        headers |= more.pop("headers", {})
        self._made_calls += 1
        with httpx2.Client(timeout=30) as client:
            if body is not None:
                more["json"] = body
            return client.request(method, self.url + path, headers=headers, **more)

    @contextlib.asynccontextmanager
    async def _made(self) -> AsyncIterator[ASGIApp]:
        store = self._connections.store
        embedded = None if store is None else create_embedded(store, self._access.token)
        async with self._connections.pool(self._limits.max_calls) as clients:
            self.clients = clients
            service = Service(
                clients, self._limits, self.stop, self._connections.concurrency, self._priced, self._batches
            )
            with _BUILDING:
                app = create_app(service, self._access, self.lines.append, embedded=embedded, verbose=self._verbose)
            yield app

    def _wait(self) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                # The port takes connections before the application is made.
                if self.clients is not None:
                    return
            time.sleep(0.005)
        raise AssertionError("the server did not start")
