"""How large an answer may be: a few kilobytes that unpack to gigabytes must not fill the job's memory."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""The size after unpacking. The API's largest answers, pages of a hundred entries with all attributes, have some megabytes."""


_MAKE_IT_LONGER = {"content-encoding", "transfer-encoding"}
"""With one of these headers a body may be longer than its content-length."""


class TooLarge(ValueError):
    """An answer is larger than any answer of the API."""


_of_any_size: ContextVar[bool] = ContextVar("_of_any_size", default=False)


@contextlib.contextmanager
def of_any_size() -> Iterator[None]:
    """Meanwhile the answers to this task's requests may be of any size. The caller must read them in pieces.

    The content of a File is as large as it is. The SDK reads an error's answer as a whole, so the limit holds for it all the same.
    """
    before = _of_any_size.set(True)
    try:
        yield
    finally:
        _of_any_size.reset(before)


async def limit_size(response: httpx2.Response) -> None:
    """A hook of the client, called when the headers of a response have come. Raises TooLarge, here or while the body is read.

    httpx2 unpacks a body in pieces of at most a megabyte, but does not limit their sum.
    """
    if _of_any_size.get() and response.is_success:
        return
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length[:18]) > MAX_ANSWER_BYTES:
        await response.aclose()
        raise TooLarge(f"an answer of {length[:18]} bytes")
    if length.isdecimal() and not response.headers.keys() & _MAKE_IT_LONGER:
        return  # HTTP ends the body there
    response.stream = _limited()(response)
    response.headers.pop("content-encoding", None)


@functools.cache
def _limited() -> Callable[[httpx2.Response], httpx2.AsyncByteStream]:
    """Makes the body of a response that ends it when it is too large. A class for each response would be work for each."""
    import httpx2

    class Limited(httpx2.AsyncByteStream):
        def __init__(self, response: httpx2.Response) -> None:
            # A second response unpacks the same stream. The first one then reads the unpacked bytes as its body.
            self._packed = httpx2.Response(response.status_code, headers=response.headers, stream=response.stream)

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for piece in self._packed.aiter_bytes():
                size += len(piece)
                if size > MAX_ANSWER_BYTES:
                    raise TooLarge(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
                yield piece

        async def aclose(self) -> None:
            await self._packed.aclose()

    return Limited
