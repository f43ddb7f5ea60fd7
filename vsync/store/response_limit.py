"""How large an answer may be: a few kilobytes that unpack to gigabytes must not fill the job's memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""The size after unpacking. The API's largest answers, pages of a hundred entries with all attributes, have some megabytes."""


class TooLarge(ValueError):
    """An answer is larger than any answer of the API."""


async def limit_size(response: httpx2.Response) -> None:
    """A hook of the client, called when the headers of a response have come. Raises TooLarge, here or while the body is read.

    httpx2 unpacks a body in pieces of at most a megabyte, but does not limit their sum.
    """
    import httpx2

    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length[:18]) > MAX_ANSWER_BYTES:
        await response.aclose()
        raise TooLarge(f"an answer of {length[:18]} bytes")
    # A second response unpacks the same stream. The first one then reads the unpacked bytes as its body.
    packed = httpx2.Response(response.status_code, headers=response.headers, stream=response.stream)

    class Limited(httpx2.AsyncByteStream):
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
    response.stream = Limited()
