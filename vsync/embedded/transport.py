"""Connects an httpx2 client, and so the OpenAI SDK, to an embedded store in the same process, without a port."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import httpx2

from vsync.embedded.api import EmbeddedStore
from vsync.embedded.messages import PIECE_BYTES, Request


class EmbeddedTransport(httpx2.AsyncBaseTransport, httpx2.BaseTransport):
    """A transport to one store. Closing the client does not close the store."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store
        # One thread is enough: the store handles one request at a time, and each thread needs memory of its own.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedded-store")

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if not isinstance(request.stream, httpx2.SyncByteStream):
            raise TypeError("a synchronous client cannot send an asynchronous body")
        return self._answer(request, request.stream)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        stream = request.stream
        # Nearly every body can be read without the event loop, so the store's thread reads it.
        if isinstance(stream, httpx2.SyncByteStream):
            return await self._in_thread(self._answer, request, stream)
        with tempfile.SpooledTemporaryFile(PIECE_BYTES) as spool:
            async for part in stream:
                spool.write(part)
            spool.seek(0)
            return await self._in_thread(self._answer, request, iter(lambda: spool.read(PIECE_BYTES), b""))

    async def _in_thread(self, work: Callable[..., httpx2.Response], *arguments: object) -> httpx2.Response:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    async def aclose(self) -> None:
        self.close()

    def close(self) -> None:
        self._thread.shutdown(wait=False)

    def _answer(self, request: httpx2.Request, body: Iterable[bytes]) -> httpx2.Response:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        response = self._store.handle(
            Request(
                method=request.method,
                path=path,
                query=parse_qs(query, keep_blank_values=True),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=body,
            )
        )
        if isinstance(response.body, bytes):
            return httpx2.Response(response.status, headers=response.headers, content=response.body)
        return httpx2.Response(response.status, headers=response.headers, stream=_Body(response.body))


class _Body(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await asyncio.to_thread(next, self._pieces, None)) is not None:
            yield piece
