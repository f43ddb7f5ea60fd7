from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from vsync.embedded import EmbeddedStore
from vsync.embedded.messages import MAX_BODY_BYTES
from vsync.serve import server as serve
from vsync.serve.app import create_app
from vsync.system.stop import Stop

KEY = {"Authorization": "Bearer k"}


def test_it_serves_at_the_address_that_it_reports_until_it_is_told_to_stop(store: EmbeddedStore) -> None:
    stop = Stop()

    @contextlib.asynccontextmanager
    async def made() -> AsyncIterator[FastAPI]:
        yield create_app(store, "k")

    with serve.listening("127.0.0.1", 0) as (listener, url):
        thread = threading.Thread(target=serve.run, args=(made, listener, stop))
        thread.start()
        try:
            with httpx2.Client(transport=httpx2.HTTPTransport(retries=10), headers=KEY) as client:
                assert client.get(url + "/v1/files").json()["data"] == []
                assert client.get(url + "/v1/files", headers={"Authorization": "Bearer other"}).status_code == 401
        finally:
            stop.request(signal.SIGTERM)
            thread.join(10)
        assert not thread.is_alive()


def test_without_the_extra_it_says_what_to_install(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with (
        serve.listening("127.0.0.1", 0) as (listener, _),
        pytest.raises(ImportError, match=r"extra `serve`; in a clone"),
    ):
        serve.run(lambda: contextlib.nullcontext(create_app(store)), listener, Stop())


def test_a_client_that_hangs_up_while_it_sends_gets_no_answer(store: EmbeddedStore) -> None:
    sent = []

    async def hang_up() -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"authorization", b"Bearer k")]
        scope = {"type": "http", "method": "POST", "path": "/v1/files", "raw_path": b"/v1/files"}
        await create_app(store)({**scope, "query_string": b"", "headers": headers}, receive, send)

    asyncio.run(hang_up())
    assert sent == []


def answer(store: EmbeddedStore, method: str, path: str, headers: dict[str, str], content: Any = b"") -> Any:
    """Through the application, without a port."""

    async def send() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=create_app(store))
        async with httpx2.AsyncClient(transport=transport, base_url="http://local") as client:
            return await client.request(method, path, headers=headers, content=content)

    return asyncio.run(send())


@pytest.mark.parametrize("value", ["", "Basic abc", "Bearer", "Bearer  "])
def test_without_any_bearer_nothing_is_done(store: EmbeddedStore, value: str) -> None:
    response = answer(store, "POST", "/v1/vector_stores", {"Authorization": value}, b"{}")
    assert (response.status_code, response.json()["error"]["code"]) == (401, "missing_api_key")
    assert answer(store, "GET", "/v1/vector_stores", KEY).json()["data"] == []


def test_there_is_one_date_header_which_the_server_adds(store: EmbeddedStore) -> None:
    response = answer(store, "GET", "/v1/files", KEY)
    assert "date" not in response.headers
    assert response.headers["x-request-id"].startswith("req_")


def test_a_body_past_the_limit_is_refused_while_it_arrives(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vsync.serve.app.MAX_BODY_BYTES", 1000)
    assert MAX_BODY_BYTES > 1000
    response = answer(store, "POST", "/v1/files", KEY, bytes(1001))
    assert (response.status_code, response.json()["error"]["code"]) == (413, "file_too_large")


def test_a_body_that_cannot_be_spooled_is_an_error_of_the_same_shape(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vsync.serve.app._spool", full)
    response = answer(store, "POST", "/v1/files", KEY, b"x")
    assert (response.status_code, response.json()["error"]["type"]) == (500, "server_error")
