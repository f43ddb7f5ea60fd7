"""The request files that the server offers to its callers: one folder of its operator, for all of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vsync.batch.job import BatchJob
from vsync.serve.rest.batch_failures import busy
from vsync.store.client import Api
from vsync.store.rate_limit import Rates
from vsync.system.stop import Stop

WAIT_S = 5.0
"""How long a call waits while another one works in the folder."""

_LOOKING = 2
"""How many calls that change nothing may read the folder at the same time: they hash every request file."""

_MOST_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class BatchFolders:
    """Where the request files and the results are.

    | field | meaning |
    | --- | --- |
    | `root` | the top folder of the repository |
    | `source_folder`, `results_folder` | relative to the root, with `/` |
    | `source` | the name of the repository in the batches' metadata |
    """

    root: Path
    source_folder: str
    results_folder: str
    source: str


class OfferedBatches:
    """The folders, and who may work in them at the moment. `note` gets a line for the server's log."""

    def __init__(
        self,
        folders: BatchFolders,
        *,
        embedded: bool = False,
        concurrency: int = _MOST_AT_ONCE,
        note: Callable[[str], None] = lambda text: None,
        wait_s: float = WAIT_S,
    ) -> None:
        self.folders = folders
        self.note = note
        self._embedded = embedded
        self._concurrency = min(concurrency, _MOST_AT_ONCE)
        self._wait_s = wait_s
        self._changing = asyncio.Semaphore(1)
        self._looking = asyncio.Semaphore(_LOOKING)

    def job(self, api: Api, rates: Rates, stop: Stop, *, paths: Sequence[str] = (), dry_run: bool = False) -> BatchJob:
        """The job of one call. `api` and `rates` are those of the caller's key."""
        return BatchJob(
            root=self.folders.root,
            source_folder=self.folders.source_folder,
            results_folder=self.folders.results_folder,
            source=self.folders.source,
            connect=None,
            rates=rates,
            secrets=api.secrets,
            stop=stop,
            paths=tuple(paths),
            dry_run=dry_run,
            embedded=self._embedded,
            concurrency=self._concurrency,
            note=self.note,
            lock_wait_s=self._wait_s,
            # The folder was there when the server began. Git removes it with its last request file.
            source_optional=True,
        )

    @contextlib.asynccontextmanager
    async def at_work(self, *, changes: bool) -> AsyncIterator[None]:
        """The time of one call in the folder. Calls that change something come one at a time.

        Raises Failure when others are at work for long.
        """
        place = self._changing if changes else self._looking
        try:
            async with asyncio.timeout(self._wait_s):
                await place.acquire()
        except TimeoutError:
            raise busy() from None
        try:
            yield
        finally:
            place.release()
