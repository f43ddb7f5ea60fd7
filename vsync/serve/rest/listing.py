"""Long lists as answers: a JSON array that is written while its pages arrive."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from typing import Any, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from vsync.errors import VsyncError
from vsync.serve.rest.exchange import BrokenOff, call_of
from vsync.serve.rest.failure import Failure
from vsync.serve.rest.fields import Part
from vsync.store.api_errors import Refused
from vsync.store.client import Api

T = TypeVar("T")

_PIECE = 1_000
"""How many items are written at once."""


async def part_of(
    pages: AsyncIterator[Sequence[T]], part: Part, id_of: Callable[[T], str], show: Callable[[T], Any]
) -> AsyncGenerator[list[Any]]:
    """The part of a listing that the caller wants, piece by piece, each item once. Raises Failure for an unknown `after`."""
    seen: set[str] = set()
    left, begun = part.limit, part.after is None
    async for page in pages:
        wanted: list[Any] = []
        for item in page:
            item_id = id_of(item)
            if item_id in seen or left == 0:
                continue
            seen.add(item_id)
            if begun:
                wanted.append(show(item))
                left = None if left is None else left - 1
            begun = begun or item_id == part.after
        for at in range(0, len(wanted), _PIECE):
            yield wanted[at : at + _PIECE]
        if left == 0:
            return
    if not begun:
        message = "`after` is not an id of this list. Ask for the list from its beginning."
        raise Failure(404, "unknown_after", message, param="after")


def now_of(api: Api) -> int:
    """The server's time, by its last answer."""
    return api.traffic.date or int(time.time())


async def one_page(items: Iterable[T]) -> AsyncIterator[Sequence[T]]:
    """A listing that is known as a whole."""
    yield list(items)


async def array(pieces: AsyncGenerator[list[Any]]) -> Response:
    """The answer. Its first piece is read before its status is sent, so that an error has a status of its own."""
    first: list[Any] = await anext(pieces, [])
    return _JsonArray(first, pieces)


class _JsonArray(Response):
    """Writes the pieces as one JSON array. When a later piece fails, the answer breaks off."""

    media_type = "application/json"

    def __init__(self, first: list[Any], pieces: AsyncGenerator[list[Any]]) -> None:
        super().__init__()
        del self.headers["content-length"]
        self.headers["cache-control"] = "no-store"
        self._first = first
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            await send({"type": "http.response.body", "body": b"[" + _text(self._first), "more_body": True})
            begun = bool(self._first)
            async for piece in self._pieces:
                if piece:
                    body = (b",\n" if begun else b"") + _text(piece)
                    await send({"type": "http.response.body", "body": body, "more_body": True})
                    begun = True
        except (VsyncError, Refused, Failure) as error:
            call_of(scope).reason = type(error).__name__
            raise BrokenOff from error
        finally:
            await self._pieces.aclose()
        await send({"type": "http.response.body", "body": b"]\n"})


def _text(items: list[Any]) -> bytes:
    return b",\n".join(json.dumps(item).encode() for item in items)
