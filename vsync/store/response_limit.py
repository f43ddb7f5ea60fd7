"""How much of an answer is taken: a few kilobytes that unpack to gigabytes must not fill a job's memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Unpacked. The largest answers are pages of a hundred entries with all their attributes, some megabytes."""


class TooLarge(ValueError):
    """An answer that is larger than any of the API."""


async def bounded(response: httpx2.Response) -> None:
    """Lets no more than that be read of a response. A hook of the client, called when its headers are there.

    Raises TooLarge, there or while it is read. httpx2 unpacks in pieces of a megabyte at most, and has no limit of its
    own for their sum.
    """
    import httpx2

    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length[:18]) > MAX_ANSWER_BYTES:
        await response.aclose()
        raise TooLarge(f"an answer of {length[:18]} bytes")
    # The same stream, unpacked by a response of its own and then handed on as if it had come so.
    packed = httpx2.Response(response.status_code, headers=response.headers, stream=response.stream)

    class Bounded(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for piece in packed.aiter_bytes():
                size += len(piece)
                if size > MAX_ANSWER_BYTES:
                    raise TooLarge(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
                yield piece

        async def aclose(self) -> None:
            await packed.aclose()

    response.headers.pop("content-encoding", None)
    response.stream = Bounded()
