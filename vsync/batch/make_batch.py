"""Makes one batch: its input File is found or uploaded, then the batch is made once, whatever becomes of the answers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import IO, NamedTuple

from vsync.batch.limits import WINDOW
from vsync.batch.live import no_metadata
from vsync.batch.metadata import Made, input_filename, made_of, own_batches
from vsync.store.api_errors import AnswerLost, Refused
from vsync.store.batch_files import BatchFiles
from vsync.store.batch_info import BatchInfo
from vsync.store.batches import Batches
from vsync.store.entries import UploadedFile
from vsync.store.refusals import is_unknown_file
from vsync.store.send_once import send_once
from vsync.system.retry import Sleep

LOOKS_S = (0.0, 1.0, 2.0, 4.0, 8.0)
"""After a lost answer the listing is asked after each of these pauses. Only then the request is sent again."""

_TRIES = 3
_NEEDED_FOR_S = 25 * 3600
"""An input File must live as long as its batch: 24 hours, and one to begin with."""


class Wanted(NamedTuple):
    """A batch to make: of what, how many bytes, and for which endpoint."""

    made: Made
    size: int
    endpoint: str
    window: str = WINDOW

    @property
    def sha256(self) -> str:
        """Of the bytes to upload."""
        return self.made.part_sha256 or self.made.sha256

    @property
    def filename(self) -> str:
        return input_filename(self.made.path, self.sha256, self.made.source)


class NewBatch(NamedTuple):
    """A batch that was made. `found`: its answer was lost, and the listing showed it."""

    info: BatchInfo
    found: bool


class BatchMaker:
    """Makes batches.

    | argument | meaning |
    | --- | --- |
    | `uploaded` | the input Files that the API has |
    | `now` | the API's time, in seconds since the epoch |
    """

    def __init__(
        self, batches: Batches, files: BatchFiles, uploaded: Iterable[UploadedFile], now: int, sleep: Sleep
    ) -> None:
        self._batches = batches
        self._files = files
        self._sleep = sleep
        self._ready = {
            (file.filename, file.bytes): file.id
            for file in sorted(uploaded, key=lambda file: file.created_at)
            if file.status != "error" and (file.expires_at is None or file.expires_at > now + _NEEDED_FOR_S)
        }

    async def make(self, wanted: Wanted, opened: Callable[[], IO[bytes]]) -> NewBatch:
        """Makes the batch. `opened` opens the bytes to upload.

        Raises FileChanged when they are not those that were checked, Refused when the API does not take the batch, and a
        VsyncError when the run cannot go on.
        """
        ready = self._ready.get((wanted.filename, wanted.size))
        if ready is not None:
            try:
                return await self._create(wanted, ready)
            except Refused as error:
                # The File may have gone since it was listed. Whatever else is wrong would be wrong with a new File too.
                if not (error.by_api and is_unknown_file(error)):
                    raise
        return await self._create(wanted, await self._upload(wanted, opened))

    async def _upload(self, wanted: Wanted, opened: Callable[[], IO[bytes]]) -> str:
        with closing(opened()) as content:
            return await self._files.upload(wanted.filename, content, wanted.size, sha256=wanted.sha256)

    async def _create(self, wanted: Wanted, file_id: str) -> NewBatch:
        """Creates the batch once. After a lost answer the listing shows whether it was made."""
        found = False

        async def request() -> BatchInfo:
            return await self._batches.create(
                input_file_id=file_id,
                endpoint=wanted.endpoint,
                window=wanted.window,
                metadata=wanted.made.to_metadata(),
            )

        async def find_again() -> BatchInfo | None:
            nonlocal found
            for pause in LOOKS_S:
                await self._sleep(pause)
                own = own_batches(await self._batches.list(), wanted.made.source)
                made = [batch.info for batch in own if batch.made.key == wanted.made.key]
                if made:
                    found = True
                    return made[0]
            return None

        try:
            info = await send_once(request, find_again, wait=self._sleep, tries=_TRIES)
        except AnswerLost as lost:
            raise lost.error from lost
        await self._check(info, wanted.made)
        return NewBatch(info, found)

    async def _check(self, info: BatchInfo, made: Made) -> None:
        """Raises ApiUnavailable, and cancels the batch, when the server does not keep what the metadata say.

        They are the only record. Without them the next run would make the batch again, and that would be paid again.
        """
        if await self._is_kept(info, made):
            return
        with contextlib.suppress(Refused):
            await self._batches.cancel(info.id)
        raise no_metadata(info.id)

    async def _is_kept(self, info: BatchInfo, made: Made) -> bool:
        """Whether the server shows the metadata: in its answer, in a look at the batch, or in the listing."""

        async def looked_up() -> list[BatchInfo]:
            with contextlib.suppress(Refused):
                found = await self._batches.get(info.id)
                return [found] if found is not None else []
            return []

        async def answered() -> list[BatchInfo]:
            return [info]

        for look in (answered, looked_up, self._batches.list):
            shown = [made_of(each.metadata) for each in await look() if each.id == info.id]
            if any(kept is not None and kept.key == made.key for kept in shown):
                return True
        return False
