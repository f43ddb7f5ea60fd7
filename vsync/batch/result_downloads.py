"""The Files with the results of batches, downloaded into files without a name, which go with this process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from typing import IO

from vsync.batch.batch_report import BatchReport
from vsync.batch.decide_fetch import ended_at
from vsync.batch.job import BatchJob
from vsync.batch.live import now_of
from vsync.batch.merge import BatchResults
from vsync.batch.metadata import OwnBatch
from vsync.batch.result_file import may_be_cut
from vsync.errors import PublicationFailed
from vsync.store.api_errors import Refused
from vsync.store.batch_files import BatchFiles
from vsync.store.client import Api

_GONE = {404, 410}
SETTLED_AFTER_S = 24 * 3600
"""Some time after a batch has completed, the API may not show its Files yet, or not all of their content:
https://github.com/BerriAI/litellm/issues/11286. After this time they are taken as they are."""


class NotDownloaded(Exception):
    """The API refused to give a File of a batch."""

    def __init__(self, batch_id: str, file_id: str, refusal: Refused) -> None:
        super().__init__(file_id)
        self.batch_id = batch_id
        self.code = refusal.code
        self.message = (
            f"The File {file_id} cannot be downloaded ({refusal.status} {refusal.code}): {refusal.message.rstrip('.')}."
        )


class ResultFiles:
    """Downloads Files of results. What it downloads is closed with the stack that it is given.

    Methods raise NotDownloaded, and a VsyncError when the run cannot go on.
    """

    def __init__(self, job: BatchJob, api: Api, report: BatchReport) -> None:
        self._job = job
        self._api = api
        self._files = BatchFiles(api, job.rates)
        self._report = report

    async def of(self, batch: OwnBatch, stack: contextlib.ExitStack) -> BatchResults | None:
        """The results of a batch; None: the API does not have them any more."""
        info = batch.info
        names = {"output": info.output_file_id, "errors": info.error_file_id}
        counted = {"output": info.completed, "errors": 0}  # what counts as failed differs between servers
        files = {
            name: await self._whole(batch, file_id, counted[name], stack) for name, file_id in names.items() if file_id
        }
        if files and not any(files.values()):
            return None
        if lost := [names[name] for name, content in files.items() if content is None]:
            self._report.warn(
                f"The File {lost[0]} of {info.id} is gone: some results of {batch.made.path} are missing."
            )
        settled = self.is_settled(batch)
        output, errors = files.get("output"), files.get("errors")
        return BatchResults(info, batch.made.requests, output, errors, settled, lost=bool(lost))

    def is_settled(self, batch: OwnBatch) -> bool:
        """Whether the batch ended so long ago that its Files hold what they will ever hold."""
        return 0 < ended_at(batch) < now_of(self._api) - SETTLED_AFTER_S

    async def _whole(self, batch: OwnBatch, file_id: str, lines: int, stack: contextlib.ExitStack) -> IO[bytes] | None:
        """The content of a File of results. It is asked for twice where the first answer may have been cut on its way."""
        content = await self.content(batch, file_id, stack)
        if content is not None and await asyncio.to_thread(may_be_cut, content, lines):
            return await self.content(batch, file_id, stack)
        return content

    async def content(self, batch: OwnBatch, file_id: str, stack: contextlib.ExitStack) -> IO[bytes] | None:
        """The content of a File, in a file on disk; None: there is no such File."""
        try:
            content: IO[bytes] = stack.enter_context(self._temporary())
            self._report.bytes_downloaded += await self._files.download(file_id, content)
            content.seek(0)
        except Refused as error:
            if error.status in _GONE and error.by_api:
                return None
            raise NotDownloaded(batch.info.id, file_id, error) from error
        except OSError as error:
            raise PublicationFailed(
                f"The results of {batch.made.path} cannot be stored: {error.strerror}.",
                "Mend that and run again: the API keeps them for 30 days.",
            ) from error
        return content

    def _temporary(self) -> IO[bytes]:
        """A file without a name, on the disk to which the results go. A folder for temporary files may be small."""
        folders = (self._job.root / self._job.results_folder, self._job.root)
        return tempfile.TemporaryFile(dir=next((each for each in folders if os.access(each, os.W_OK)), None))
