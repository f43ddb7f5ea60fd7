"""What a run of `vsync batch` works with."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from vsync.batch.batch_report import BatchReport, Command
from vsync.batch.decide_fetch import Folders
from vsync.batch.results_folder import ResultsFolder
from vsync.errors import SealHeld
from vsync.state.process_lock import exclusive
from vsync.store.connect import Connect
from vsync.store.rate_limit import Rates
from vsync.system.secrets import Secrets
from vsync.system.stop import Stop

LOCK_WAIT_S = 600.0
"""A run that submits holds its lock while it uploads."""


class BatchProgress(Protocol):
    """Is told how far a run is. Sizes in bytes, times in seconds."""

    def validated(self, path: str, done: int, total: int) -> None:
        """`done` of `total` request files were checked; `path` is the last of them."""

    def uploading(self, path: str, size: int) -> None:
        """The upload of a request file begins."""

    def waiting(self, ended: int, batches: int, requests_done: int, requests: int, next_look_s: float) -> None:
        """So many batches have ended, and so many of their requests; the API is asked again after a while."""

    def looking(self, files: int, next_look_s: float) -> None:
        """Every batch has ended. So many request files seem to have none: the API is asked again after a while."""

    def downloading(self, path: str, batch_id: str) -> None:
        """The download of the results of a batch begins."""


class NoProgress:
    """Tells nobody."""

    def validated(self, path: str, done: int, total: int) -> None: ...
    def uploading(self, path: str, size: int) -> None: ...
    def waiting(self, ended: int, batches: int, requests_done: int, requests: int, next_look_s: float) -> None: ...
    def looking(self, files: int, next_look_s: float) -> None: ...
    def downloading(self, path: str, batch_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class BatchJob:
    """What a run works with.

    | field | meaning |
    | --- | --- |
    | `root` | the top folder of the repository. All paths of request files and results are relative to it |
    | `source_folder`, `results_folder` | relative to the root, with `/` |
    | `source_optional` | where there is no source folder, there are no request files: nobody named the folder |
    | `source` | the name of the repository in the batches' metadata |
    | `connect` | the way to the API; None: there is no key, which only a dry run can do without |
    | `paths` | the request files that are meant, as paths or patterns; empty: all |
    | `embedded` | whether the API is the embedded store |
    | `note` | gets a line of log |
    | `lock_wait_s` | for how many seconds the run waits at most while another one is at work here |
    """

    root: Path
    source_folder: str
    results_folder: str
    source: str
    connect: Connect | None
    rates: Rates
    secrets: Secrets
    stop: Stop
    paths: tuple[str, ...] = ()
    dry_run: bool = False
    embedded: bool = False
    concurrency: int = 4
    note: Callable[[str], None] = lambda text: None
    progress: BatchProgress = field(default_factory=NoProgress)
    lock_wait_s: float = LOCK_WAIT_S
    source_optional: bool = False

    @property
    def folders(self) -> Folders:
        return Folders(self.source_folder, self.results_folder)

    def results(self, report: BatchReport) -> ResultsFolder:
        """The results folder. What is odd there becomes a warning of the report."""
        return ResultsFolder(self.root, self.results_folder, warn=report.warn)

    def report(self, command: Command) -> BatchReport:
        return BatchReport(
            command=command,
            source=self.source,
            source_folder=self.source_folder,
            results_folder=self.results_folder,
            dry_run=self.dry_run,
        )

    @contextlib.asynccontextmanager
    async def alone(self, what: Literal["submit", "results"]) -> AsyncIterator[None]:
        """Keeps other runs in this repository out: of making batches, or of writing results.

        Raises SealHeld when another run is busy for long.

        Where no lock can be made (a folder that only can be read) the run goes on: it looks for batches that were made twice
        in any case, because runs on other machines know nothing of a lock.
        """

        with contextlib.ExitStack() as stack:
            await asyncio.to_thread(stack.enter_context, self._locked(what))
            yield

    @contextlib.contextmanager
    def _locked(self, what: str) -> Iterator[None]:
        def taken() -> SealHeld:
            return SealHeld(
                f"Another `vsync batch` is at work in {self.root} (this run waited {self.lock_wait_s:.0f} s).",
                "Wait for its end, and run again.",
            )

        with contextlib.ExitStack() as stack:
            try:
                lock = self.root / f".vsync/batch-{what}.lock"
                stack.enter_context(exclusive(lock, self.lock_wait_s, self.stop, taken))
            except OSError as error:
                self.note(f"No lock against other runs could be made in {self.root}: {error.strerror}.")
            yield
