"""Lets an httpx2 client, and so the OpenAI SDK, speak to an embedded store in its process, without a port."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from urllib.parse import parse_qs

import httpx2

from .api import EmbeddedStore
from .messages import PIECE_BYTES, Request


class EmbeddedTransport(httpx2.AsyncBaseTransport, httpx2.BaseTransport):
    """The store stays its owner's: closing the client does not close it."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if not isinstance(request.stream, httpx2.SyncByteStream):
            raise TypeError("a synchronous client cannot send an asynchronous body")
        return self._answer(request, request.stream)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        stream = request.stream
        # Nearly every body can be read without the event loop, so it is read where the store works: a thread.
        if isinstance(stream, httpx2.SyncByteStream):
            return await asyncio.to_thread(self._answer, request, stream)
        with tempfile.SpooledTemporaryFile(PIECE_BYTES) as spool:
            async for part in stream:
                spool.write(part)
            spool.seek(0)
            return await asyncio.to_thread(self._answer, request, iter(lambda: spool.read(PIECE_BYTES), b""))

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
