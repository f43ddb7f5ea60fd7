"""Files that are attached, until the store has indexed them or their time is over.

Each batch is asked for by itself, ever more rarely, and not before all is attached or two seconds have passed: the
early batches are then most often ready at the first look. A batch whose counts do not add up is not believed: then
each of its Files is settled by its own status.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, replace

from vsync.report.observer import Observer
from vsync.store.api_errors import Refused
from vsync.store.entries import BatchProgress, StoreEntry
from vsync.store.vector_store import VectorStore
from vsync.system.stop import Stop
from vsync.transfer.tracker import Ledger, Pending

_LOOK_AT_S = (0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 2.9, 4.2)
_LOOK_LATER_EVERY_S = 5.0
_FIRST_LOOK_WITHIN_S = 2.0
_LAST_LOOK_S = 5.0
"""How long the question may take that is asked when a File's time is over."""

_STANDSTILL_S = 20.0
"""A batch whose counts stay as they are for so long is looked at File by File, once in that time."""

_LOOKS_SIDE_BY_SIDE = 8
_OVER = {"completed", "failed", "cancelled", "expired"}


def _next_look(age_s: float) -> float:
    """The age at which Files that were attached so long ago are asked for next: ever more rarely."""
    return next((look for look in _LOOK_AT_S if look > age_s), age_s + _LOOK_LATER_EVERY_S)


@dataclass(frozen=True, slots=True)
class Group:
    """Files attached together; without a batch id each is asked for by itself."""

    pending: Sequence[Pending]
    batch_id: str | None


class Indexing:
    """Waits for groups of Files. `all_attached` is set when no more of them come for now."""

    def __init__(self, store: VectorStore, ledger: Ledger, observer: Observer, stop: Stop, timeout_s: float) -> None:
        self.all_attached = asyncio.Event()
        self._store = store
        self._ledger = ledger
        self._observer = observer
        self._stop = stop
        self._timeout_s = timeout_s
        ledger.when_halted(self.all_attached)

    async def wait(self, group: Group) -> list[Pending]:
        """Until every File has ended, its time is over, or the run is. Gives those that the server left out of its batch."""
        wait = _Wait(group, time.monotonic())
        with contextlib.suppress(TimeoutError):  # to ask while uploads go on tells nothing that is of use then
            async with asyncio.timeout(_FIRST_LOOK_WITHIN_S):
                await self.all_attached.wait()
        look_at = _LOOK_AT_S[0]
        while wait.left and not self._ledger.halted:
            await self._stop.sleep(min(look_at, wait.first_deadline_s) - wait.age_s)
            look_at = _next_look(wait.age_s)
            if self._ledger.halted:
                break
            left_out = await self._look(wait)
            if left_out:
                return [replace(item, patience_s=item.patience_s - wait.age_s) for item in wait.left.values()]
            if wait.expired:
                await self._give_up(wait)
        return []

    # --- Looking --------------------------------------------------------------------------------------------

    async def _look(self, wait: _Wait) -> bool:
        """Settles what has ended; True when the batch is done and what still waits was never in it."""
        # A slow answer, or many tries of one question, must not hold Files longer than their time.
        limit_s = max(wait.first_deadline_s - wait.age_s, _LAST_LOOK_S)
        try:
            async with asyncio.timeout(limit_s):
                if wait.batch_id is None:
                    await self._ask_each(wait)
                    return False
                return await self._ask_batch(wait, wait.batch_id)
        except TimeoutError:
            return False
        except Refused:
            wait.batch_id = None  # no such endpoint, or not for this batch: each File is asked for by itself
            return False

    async def _ask_batch(self, wait: _Wait, batch_id: str) -> bool:
        progress = await self._store.batch_progress(batch_id)
        stands_still = wait.stands_still(progress)
        if progress.readable and progress.in_progress > 0 and progress.status not in _OVER and not stands_still:
            return False
        if _adds_up(progress, wait.sent):
            refused = await self._store.batch_entries(batch_id, "failed") if progress.failed else []
            if _are(refused, "failed", progress.failed):
                self._settle(wait, refused)
                for item in list(wait.left.values()):
                    self._confirm(wait, item)
                return False
        entries = await self._listed(wait, batch_id)
        self._settle(wait, entries)
        if progress.readable and progress.in_progress > 0:
            return False
        listed = {entry.file_id for entry in entries}
        return bool(wait.left) and not listed & wait.left.keys()

    async def _listed(self, wait: _Wait, batch_id: str) -> list[StoreEntry]:
        try:
            return await self._store.batch_entries(batch_id)
        except Refused:
            return await self._ask_each(wait)

    async def _ask_each(self, wait: _Wait) -> list[StoreEntry]:
        """Settles what has ended, and gives the entries that are there."""
        found: list[StoreEntry] = []
        slots = asyncio.Semaphore(_LOOKS_SIDE_BY_SIDE)

        async def one(file_id: str) -> None:
            async with slots:
                if self._ledger.halted:
                    return
                with contextlib.suppress(Refused):  # it is asked for again until its time is over
                    entry = await self._store.entry(file_id)
                    if entry is not None:
                        found.append(entry)
                        self._settle(wait, [entry])

        await all_of(one(file_id) for file_id in list(wait.left))
        return found

    # --- Settling -------------------------------------------------------------------------------------------

    def _settle(self, wait: _Wait, entries: Iterable[StoreEntry]) -> None:
        for entry in entries:
            item = wait.left.get(entry.file_id)
            if item is None or entry.status == "in_progress":
                continue
            if entry.status == "completed":
                self._confirm(wait, item)
                continue
            del wait.left[entry.file_id]
            code = entry.error_code or entry.status or "unknown"
            message = entry.error_message or f"the store reports the status {entry.status!r}"
            self._ledger.unindexed(item, code, message, wait.age_s)
            self._observer.advance("indexing")

    def _confirm(self, wait: _Wait, item: Pending) -> None:
        del wait.left[item.file_id]
        self._ledger.confirm(item)
        self._observer.advance("indexing")

    async def _give_up(self, wait: _Wait) -> None:
        if wait.batch_id is not None:
            # One File that hangs keeps its batch in progress; the others may be searchable long since.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_LOOK_S):
                    self._settle(wait, await self._listed(wait, wait.batch_id))
        for item in wait.expired:
            del wait.left[item.file_id]
            self._ledger.reject(
                item,
                "index-timeout",
                f"not indexed after {self._timeout_s:g} s; raise --index-timeout or run again",
            )
            self._observer.advance("indexing")


class _Wait:
    """One group while it is waited for."""

    def __init__(self, group: Group, since: float) -> None:
        self.left = {item.file_id: item for item in group.pending}
        self.batch_id = group.batch_id
        self.sent = len(group.pending)
        self._since = since
        self._seen: BatchProgress | None = None
        self._seen_at_s = 0.0

    @property
    def age_s(self) -> float:
        return time.monotonic() - self._since

    @property
    def first_deadline_s(self) -> float:
        return min(item.patience_s for item in self.left.values())

    @property
    def expired(self) -> list[Pending]:
        age_s = self.age_s
        return [item for item in self.left.values() if age_s >= item.patience_s]

    def stands_still(self, progress: BatchProgress) -> bool:
        """Whether these counts have been the same for long. Asked again, they must be so once more."""
        same = progress == self._seen
        if same and self.age_s - self._seen_at_s < _STANDSTILL_S:
            return False
        self._seen, self._seen_at_s = progress, self.age_s
        return same


def _adds_up(progress: BatchProgress, sent: int) -> bool:
    """Whether the counts of a batch that is done can be true: all that was sent is completed or failed."""
    return (
        progress.readable
        and progress.total == sent
        and progress.in_progress == progress.cancelled == 0
        and progress.completed >= 0
        and progress.failed >= 0
        and progress.completed + progress.failed == sent
    )


def _are(entries: Sequence[StoreEntry], status: str, count: int) -> bool:
    return len(entries) == count and all(entry.status == status for entry in entries)


async def all_of(works: Iterable[Awaitable[None]]) -> None:
    """Waits for all of them, also when one fails; then raises the first error."""
    for answer in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(answer, BaseException):
            raise answer
