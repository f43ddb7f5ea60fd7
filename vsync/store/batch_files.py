"""The Files of batches: request files are uploaded, results are downloaded."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import IO, Any, Literal

from vsync.errors import ApiUnavailable, VsyncError
from vsync.store.answers import uploaded_file_of
from vsync.store.api_errors import AnswerLost, Refused
from vsync.store.batch_permission import permission_named
from vsync.store.client import Api
from vsync.store.download import Download, Progress
from vsync.store.entries import UploadedFile
from vsync.store.files import Files
from vsync.store.rate_limit import Rates
from vsync.store.send_once import send_once
from vsync.store.upload_body import UploadBody
from vsync.store.upload_parts import JSON_LINES, PARTS_UNDER_WAY, FindAgain, NoUploads, PartsUpload
from vsync.system.retry import backoff

PURPOSE: Literal["batch"] = "batch"

ONE_REQUEST_BYTES = 32 * 1024 * 1024
"""A larger File is uploaded in parts."""

_LOOKS = 4
"""How often the listing is asked for a File whose answer was lost. A new File may not be listed at once."""
_SLACK_S = 600
"""The server's clocks may differ by so much."""


class BatchFiles:
    """The Files of a project's batches. Uploads and deletes keep the rates."""

    def __init__(self, api: Api, rates: Rates) -> None:
        self._api = api
        self._files = Files(api, rates)
        self._uploads = rates.uploads
        self._parts = PartsUpload(api, rates.uploads, asyncio.Semaphore(PARTS_UNDER_WAY))

    async def upload(
        self,
        filename: str,
        file: IO[bytes],
        size: int,
        *,
        sha256: str | None = None,
        progress: Callable[[int], None] = lambda _: None,
    ) -> str:
        """Uploads the first `size` bytes of a file for a batch, and returns the File's id.

        | argument | meaning |
        | --- | --- |
        | `filename` | must name this content and nothing else: a File whose answer was lost is found by it and the size |
        | `file` | is read from its beginning to its end in order, perhaps more than once. It stays open |
        | `sha256` | the digest (hexadecimal) that the bytes must have; None: any |
        | `progress` | called with the number of bytes read so far to be sent; it begins again when the upload does |

        Raises Refused, or FileChanged when the bytes are others than they should be: then there is no File. Raises
        ApiUnavailable when the File has another size: then it is deleted. An OSError of `file` is raised as it is.
        """
        body = UploadBody(file, size, sha256, progress)
        began = self._api.traffic.date or 0

        async def find_again() -> UploadedFile | None:
            return await self._find_again(filename, size, max(0, began - _SLACK_S))

        with permission_named():
            made = await self._send(filename, body, find_again)
        await self._check_size(made, filename, size)
        self._api.traffic.bytes_uploaded += size
        return made.id

    async def list(self) -> list[UploadedFile]:
        """The Files of purpose `batch`, each once: what batches were made from, and not their results."""
        with permission_named():
            found = {file.id: file async for page in self._files.pages(PURPOSE) for file in page}
        return [file for file in found.values() if file.purpose == PURPOSE]

    async def download(self, file_id: str, into: IO[bytes], progress: Progress = lambda _, __: None) -> int:
        """Writes the content of a File into an empty file, and returns its number of bytes.

        `progress` is called with the number of bytes so far, and of all bytes if the server says it. What comes is written from
        the beginning of `into`, whatever it held. Raises Refused (404: there is no such File any more). An OSError of `into` is
        raised as it is. After any error `into` may hold a part of the content.
        """
        with permission_named():
            return await Download(self._api, file_id, into, progress).run()

    async def delete(self, file_id: str) -> bool:
        """Deletes a File. Raises Refused. False: there was no such File any more before this was asked."""
        with permission_named():
            return await self._files.delete(file_id)

    async def _send(self, filename: str, body: UploadBody, find_again: FindAgain) -> UploadedFile:
        if body.size > ONE_REQUEST_BYTES:
            with contextlib.suppress(NoUploads):
                return await self._parts.upload(filename, body, find_again)
        return await self._send_whole(filename, body, find_again)

    async def _send_whole(self, filename: str, body: UploadBody, find_again: FindAgain) -> UploadedFile:
        # mypy: a RawIOBase that was given `read` is what the SDK takes for a file, but no IO[bytes].
        content: Any = body

        async def send() -> UploadedFile:
            async with self._uploads.admit():
                body.seek(0)
                given = (filename, content, JSON_LINES)
                return uploaded_file_of(await self._api.client.files.create(file=given, purpose=PURPOSE))

        async def request() -> UploadedFile:
            what = f"uploading {filename!r}"
            return await self._api.ask(what, send, once=True, of_document=True, limited=self._uploads.lower)

        try:
            return await send_once(request, find_again, wait=self._api.sleep)
        except AnswerLost as lost:
            raise lost.cause from lost

    async def _check_size(self, made: UploadedFile, filename: str, size: int) -> None:
        """Deletes a File of another size, and raises ApiUnavailable. A size of 0 is one that the server does not say."""
        if made.bytes in {0, size}:
            return
        with contextlib.suppress(Refused, VsyncError):
            await self.delete(made.id)
        raise ApiUnavailable(
            f"{filename!r} has {size:,} bytes, but {made.bytes:,} arrived at the API, so the File is not used.",
            "A gateway or proxy may change what it passes on: check OPENAI_BASE_URL and the proxy, and run again.",
        )

    async def _find_again(self, filename: str, size: int, since: int) -> UploadedFile | None:
        """The newest File of that name and size; None when several looks at the listing do not show it."""
        for look in range(_LOOKS):
            if look:
                await self._api.sleep(backoff(look))
            for file in await self._files.since(since, PURPOSE):
                if (file.filename, file.bytes, file.purpose) == (filename, size, PURPOSE) and file.status != "error":
                    return file
        return None
