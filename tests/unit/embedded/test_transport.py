from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.support.places import ROOT
from tests.unit.embedded.helpers import ask, upload
from vsync.embedded import EmbeddedStore
from vsync.embedded.transport import EmbeddedTransport


async def parts() -> AsyncIterator[bytes]:
    yield b'{"name":'
    await asyncio.sleep(0)
    yield b' "n"}'


def test_an_asynchronous_body_is_accepted(store: EmbeddedStore) -> None:
    async def post() -> Any:
        async with httpx2.AsyncClient(transport=EmbeddedTransport(store)) as client:
            return (await client.post("http://embedded/v1/vector_stores", content=parts())).json()

    assert asyncio.run(post())["name"] == "n"


def test_an_asynchronous_body_needs_the_asynchronous_side(store: EmbeddedStore) -> None:
    request = httpx2.Request("POST", "http://embedded/v1/vector_stores", content=parts())
    with pytest.raises(TypeError, match="asynchronous body"):
        EmbeddedTransport(store).handle_request(request)


def test_closing_the_client_leaves_the_store_open(store: EmbeddedStore) -> None:
    with httpx2.Client(transport=EmbeddedTransport(store)) as client:
        assert client.get("http://embedded/v1/files").status_code == 200
    assert ask(store, "GET", "/files")["data"] == []


def test_query_parameters_arrive(store: EmbeddedStore) -> None:
    upload(store)
    with httpx2.Client(transport=EmbeddedTransport(store)) as client:
        answer = client.get("http://embedded/v1/files", params={"purpose": "batch"}).json()
    assert answer["data"] == []


def test_the_event_loop_runs_while_the_store_works(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    async def race() -> list[str]:
        order: list[str] = []
        async with httpx2.AsyncClient(transport=EmbeddedTransport(store)) as client:
            released = asyncio.Event()
            loop = asyncio.get_running_loop()

            def wait_for_the_loop(context: object) -> None:
                asyncio.run_coroutine_threadsafe(released.wait(), loop).result(5)
                order.append("store")

            monkeypatch.setattr("vsync.embedded.files.remove_expired", wait_for_the_loop)
            request = asyncio.create_task(client.get("http://embedded/v1/files"))
            await asyncio.sleep(0.01)
            order.append("loop")
            released.set()
            assert (await request).status_code == 200
        return order

    assert asyncio.run(race()) == ["loop", "store"]


def test_a_large_file_passes_without_being_held_in_memory(store: EmbeddedStore) -> None:
    size = 40 * 1024 * 1024

    async def there_and_back() -> int:
        async with httpx2.AsyncClient(transport=EmbeddedTransport(store)) as client:
            with tempfile.TemporaryFile() as big:
                big.truncate(size)
                sent = await client.post(
                    "http://embedded/v1/files",
                    data={"purpose": "assistants"},
                    files={"file": ("big.txt", big, "text/plain")},
                )
            received = 0
            async with client.stream("GET", f"http://embedded/v1/files/{sent.json()['id']}/content") as response:
                async for piece in response.aiter_bytes():
                    received += len(piece)
            return received

    tracemalloc.start()
    try:
        assert asyncio.run(there_and_back()) == size
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < size / 4


def test_importing_the_store_imports_nothing_heavy() -> None:
    script = (
        "import sys, vsync.embedded;"
        "print([name for name in ('httpx2', 'openai', 'fastapi', 'pydantic', 'asyncio') if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert printed.stdout.strip() == "[]"
