"""The content of a File, streamed into a file of this machine."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING

from vsync.store.client import Api
from vsync.store.response_limit import of_any_size
from vsync.system.retry import Clock

if TYPE_CHECKING:
    import httpx2

LONGEST_S = 24 * 3600.0
"""How long one try of a download may take in all. A File of a batch can have gigabytes."""

SLOW_S, SLOW_BYTES = 600.0, 1024 * 1024
"""A try ends when it brings less than so many bytes in so many seconds: a server could send one byte every two minutes."""

Progress = Callable[[int, int | None], None]


class Download:
    """One download. Each try goes on where the last one broke off, if the server can do that; else it begins again.

    The content is asked for unpacked: then its length says whether all of it has come, and it can be resumed at any byte.
    """

    def __init__(
        self, api: Api, file_id: str, into: IO[bytes], progress: Progress, *, clock: Clock = time.monotonic
    ) -> None:
        self._api = api
        self._file_id = file_id
        self._into = into
        self._progress = progress
        self._clock = clock
        self._received = 0
        self._total: int | None = None
        self._resumable = False

    async def run(self) -> int:
        """The number of bytes. Raises Refused. An OSError of `into` ends it, e.g. when the disk is full."""
        what = f"downloading {self._file_id}"
        return await self._api.ask(what, self._try, of_document=True, longest_s=LONGEST_S)

    async def _try(self) -> int:
        import httpx2
        import openai

        content = self._api.client.files.with_streaming_response.content
        headers = {"Accept-Encoding": "identity"}
        if self._resumable:
            headers["Range"] = f"bytes={self._received}-"
        with of_any_size():
            async with content(self._file_id, extra_headers=headers) as answer:
                response = answer.http_response
                self._begin(response)
                try:
                    await self._read(response)
                except httpx2.RequestError as error:
                    # The SDK translates the errors of what it reads itself.
                    raise openai.APIConnectionError(request=response.request) from error
                if self._total not in {None, self._received}:
                    raise openai.APIConnectionError(message="The answer broke off.", request=response.request)
                self._into.flush()  # a full disk shows here at the latest
                return self._received

    def _begin(self, response: httpx2.Response) -> None:
        """Decides by the head of an answer where its first byte belongs. Raises ValueError when it is no content."""
        if response.headers.get("content-type", "").lower().startswith("text/html"):
            raise ValueError("the answer is a page, not the content of a File")
        packed = response.headers.get("content-encoding", "identity").lower() != "identity"
        if response.status_code == 206:
            given = re.fullmatch(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", response.headers.get("content-range", ""))
            if packed or not (self._resumable and given and int(given[1]) == self._received):
                self._resumable = False
                raise ValueError("the answer is another part of the File than the one that was asked for")
            return
        self._received = 0
        self._into.seek(0)
        self._into.truncate()
        length = response.headers.get("content-length", "")
        self._total = int(length) if length.isdecimal() and len(length) <= 18 and not packed else None
        self._resumable = self._total is not None and response.headers.get("accept-ranges", "").lower() == "bytes"

    async def _read(self, response: httpx2.Response) -> None:
        since, moved = self._clock(), 0
        async for piece in response.aiter_bytes():
            self._into.write(piece)
            self._received += len(piece)
            moved += len(piece)
            self._progress(self._received, self._total)
            now = self._clock()
            if now - since > SLOW_S:
                if moved < SLOW_BYTES:
                    raise TimeoutError(f"only {moved:,} bytes in {now - since:.0f} s")
                since, moved = now, 0
