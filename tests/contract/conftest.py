"""Clients of a fresh store in this process. tests/deep/contract asks the same of a store behind a real port."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import openai
import pytest

from tests.support.servers.web import Server
from vsync.embedded import EmbeddedStore
from vsync.embedded.transport import EmbeddedTransport
from vsync.serve.app import create_app

MakeClient = Callable[..., openai.OpenAI]
MakeAsyncClient = Callable[[], openai.AsyncOpenAI]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def way() -> str:
    return "in-process"


@pytest.fixture
def make_client(way: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeClient]:
    with contextlib.ExitStack() as cleanup:

        def make(
            indexing_delay_s: float = 0.0,
            batch_delay_s: float = 0.0,
            api_key: str | None = None,
            sent_key: str = "local",
        ) -> openai.OpenAI:
            store = EmbeddedStore(tmp_path / "store.db", indexing_delay_s=indexing_delay_s, batch_delay_s=batch_delay_s)
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
