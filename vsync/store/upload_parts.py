"""A large File, uploaded in parts: a broken connection costs one part, and memory holds only the parts under way.

https://platform.openai.com/docs/api-reference/uploads
"""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Awaitable, Callable

from vsync.errors import GatewayRefused, PermissionDenied
from vsync.store.answers import id_of, uploaded_file_of
from vsync.store.api_errors import AnswerLost, Refused
from vsync.store.client import Api
from vsync.store.entries import UploadedFile
from vsync.store.rate_limit import SlidingWindow
from vsync.store.refusals import not_there, says_expired
from vsync.store.send_once import send_once
from vsync.store.upload_body import UploadBody

PART_BYTES = 8 * 1024 * 1024
PARTS_UNDER_WAY = 2
"""Of all uploads of a run together."""

JSON_LINES = "text/jsonl"
"""The media type that the API's own examples have for an upload of JSON lines."""

_CANCEL_S = 2.0
"""How long the request to cancel an upload may take. An upload that stays is deleted by the API after an hour."""

FindAgain = Callable[[], Awaitable[UploadedFile | None]]


class NoUploads(Exception):
    """The server takes no File in parts."""


class PartsUpload:
    """Uploads Files in parts. `under_way` holds a place for each part that may be under way."""

    def __init__(self, api: Api, window: SlidingWindow, under_way: asyncio.Semaphore) -> None:
        self._api = api
        self._uploads = api.client.uploads
        self._window = window
        self._under_way = under_way

    async def upload(self, filename: str, body: UploadBody, find_again: FindAgain) -> UploadedFile:
        """The File, as the server describes it.

        `find_again` looks for the File when the last answer was lost. An upload that has expired is begun again, once.
        Raises Refused, FileChanged, or NoUploads when the server did not even begin.
        """
        upload_id = await self._create(filename, body.size)
        try:
            return await self._fill(upload_id, filename, body, find_again)
        except Refused as error:
            if not (says_expired(error) or not_there(error)):
                raise
        upload_id = await self._create(filename, body.size)
        return await self._fill(upload_id, filename, body, find_again)

    async def _create(self, filename: str, size: int) -> str:
        async def send() -> str:
            return id_of(
                await self._uploads.create(filename=filename, bytes=size, mime_type=JSON_LINES, purpose="batch")
            )

        try:
            # It may be sent twice: an upload without parts costs nothing, and is gone after an hour.
            return await self._api.ask(f"uploading {filename!r} in parts", send)
        except (Refused, PermissionDenied, GatewayRefused) as error:
            raise NoUploads from error

    async def _fill(self, upload_id: str, filename: str, body: UploadBody, find_again: FindAgain) -> UploadedFile:
        try:
            part_ids = await self._send_parts(upload_id, filename, body)
            return await self._complete(upload_id, filename, part_ids, body.md5, find_again)
        except BaseException:
            await self._cancel(upload_id)
            raise

    async def _send_parts(self, upload_id: str, filename: str, body: UploadBody) -> list[str]:
        """The ids of the parts in their order. The body is read from its beginning to its end, part by part."""
        count = -(-body.size // PART_BYTES)
        parts: list[asyncio.Task[str]] = []
        try:
            async with asyncio.TaskGroup() as tasks:
                body.seek(0)
                for number in range(1, count + 1):
                    await self._under_way.acquire()
                    try:
                        # In a thread: it is hashed as well, and a server has other calls to answer meanwhile.
                        part = await asyncio.to_thread(read_exactly, body, min(PART_BYTES, body.size - body.tell()))
                    except BaseException:
                        self._under_way.release()
                        raise
                    what = f"uploading part {number} of {count} of {filename!r}"
                    task = tasks.create_task(self._send_part(upload_id, what, part))
                    task.add_done_callback(lambda _: self._under_way.release())
                    parts.append(task)
                    del part
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        return [part.result() for part in parts]

    async def _send_part(self, upload_id: str, what: str, part: bytes) -> str:
        async def send() -> str:
            async with self._window.admit():
                # A stream of the bytes is sent in small pieces; httpx2 would copy the bytes themselves as a whole.
                data = ("part", io.BytesIO(part), "application/octet-stream")
                return id_of(await self._uploads.parts.create(upload_id, data=data))

        # A part may be sent twice: only the parts that are named at the end become the File.
        return await self._api.ask(what, send, of_document=True, limited=self._window.lower)

    async def _complete(
        self, upload_id: str, filename: str, part_ids: list[str], md5: str, find_again: FindAgain
    ) -> UploadedFile:
        tries = 0

        async def send() -> UploadedFile:
            return uploaded_file_of((await self._uploads.complete(upload_id, part_ids=part_ids, md5=md5)).file)

        async def request() -> UploadedFile:
            nonlocal tries
            tries += 1
            try:
                return await self._api.ask(f"uploading {filename!r} in parts: the end", send, once=True)
            except Refused:
                # An upload that an earlier request ended cannot be ended again.
                found = await find_again() if tries > 1 else None
                if found is None:
                    raise
                return found

        try:
            return await send_once(request, find_again, wait=self._api.sleep)
        except AnswerLost as lost:
            raise lost.cause from lost

    async def _cancel(self, upload_id: str) -> None:
        # Not by `Api.ask`, which would try for minutes, or not at all when the run was told to stop.
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_CANCEL_S):
                await self._uploads.cancel(upload_id)


def read_exactly(body: UploadBody, size: int) -> bytes:
    """The next `size` bytes. A file may return fewer at once."""
    pieces: list[bytes] = []
    while size > 0:
        pieces.append(body.read(size))
        size -= len(pieces[-1])
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
