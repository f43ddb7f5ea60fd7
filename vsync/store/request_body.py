"""The body of an upload, sent in few large pieces."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

_PIECE_BYTES = 64 * 1024


def joined(stream: Iterable[bytes]) -> httpx2.AsyncByteStream:
    """The body in pieces of 64 KiB or more. httpx2 sends a multipart body in ten pieces, each with a system call of its own."""
    return _joined()(stream)


@functools.cache
def _joined() -> Callable[[Iterable[bytes]], httpx2.AsyncByteStream]:
    """Makes such a body. A class for each request would be work for each."""
    import httpx2

    class Joined(httpx2.AsyncByteStream):
        def __init__(self, stream: Iterable[bytes]) -> None:
            self._stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            held: list[bytes] = []
            for piece in self._stream:
                held.append(piece)
                if sum(map(len, held)) >= _PIECE_BYTES:
                    yield b"".join(held)
                    held.clear()
            if held:
                yield b"".join(held)

    return Joined
