"""Clients of a fresh store: in the same process, and over a real port."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
import uvicorn

from vsync.embedded import EmbeddedStore
from vsync.embedded.transport import EmbeddedTransport
from vsync.serve.app import create_app

MakeClient = Callable[..., openai.OpenAI]
MakeAsyncClient = Callable[[], openai.AsyncOpenAI]


class Server:
    """One server for all tests; each test puts its own store behind it."""

    def __init__(self) -> None:
        self.app: Any = None
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._listener.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        self._server = uvicorn.Server(
            uvicorn.Config(self._call, interface="asgi3", log_config=None, access_log=False, lifespan="off")
        )
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],))

    async def _call(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)

    def __enter__(self) -> Server:
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.005)
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._listener.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture(params=["in-process", "http"])
def way(request: pytest.FixtureRequest) -> str:
    way: str = request.param
    return way


@pytest.fixture
def make_client(way: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeClient]:
    with contextlib.ExitStack() as cleanup:

        def make(indexing_delay_s: float = 0.0, api_key: str | None = None, sent_key: str = "local") -> openai.OpenAI:
            store = EmbeddedStore(tmp_path / "store.db", indexing_delay_s=indexing_delay_s)
            cleanup.callback(store.close)
            url = "http://embedded/v1"
            transport: httpx2.BaseTransport = EmbeddedTransport(store)
            if way == "http":
                server: Server = request.getfixturevalue("server")
                server.app, url = create_app(store, api_key), server.url
                # Not to load the certificates of the world for each test.
                transport = httpx2.HTTPTransport(verify=False)
            http_client = cleanup.enter_context(httpx2.Client(transport=transport, timeout=30))
            return cleanup.enter_context(
                openai.OpenAI(
                    api_key=sent_key,
                    base_url=url,
                    http_client=http_client,
                    max_retries=0,
                    _strict_response_validation=True,
                )
            )

        yield make


@pytest.fixture
def client(make_client: MakeClient) -> openai.OpenAI:
    return make_client()


@pytest.fixture
def make_async_client(way: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeAsyncClient]:
    """To be called, and closed, inside the event loop that uses it."""
    store = EmbeddedStore(tmp_path / "store.db")

    def make() -> openai.AsyncOpenAI:
        url, http_client = "http://embedded/v1", None
        if way == "http":
            server: Server = request.getfixturevalue("server")
            server.app, url = create_app(store), server.url
        else:
            http_client = httpx2.AsyncClient(transport=EmbeddedTransport(store))
        return openai.AsyncOpenAI(api_key="local", base_url=url, http_client=http_client, max_retries=0)

    yield make
    store.close()
