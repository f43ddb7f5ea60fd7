"""Attached Files are waited for until the store has indexed them, or until their time is over.

Each batch has its own questions, asked ever more rarely. The first question waits until all Files are attached, but at
most two seconds: most of the early batches are then ready. Where the counts of a batch do not add up, each of its Files
is settled by its own status.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from vsync.report.observer import Observer
from vsync.store.api_errors import Refused
from vsync.store.entries import BatchProgress, StoreEntry
from vsync.store.polling import ask_for_each
from vsync.store.vector_store import VectorStore
from vsync.system.retry import Clock
from vsync.transfer.halt import Halt
from vsync.transfer.tracker import Pending, Tracker

_FIRST_LOOK_WITHIN_S = 2.0
_LAST_LOOK_S = 5.0
"""How long the last question may take, which is asked when the time of a File is over."""

_STANDSTILL_S = 20.0
"""When the counts of a batch have not changed for so long, its Files are asked for one by one, once in that time."""

_OVER = {"completed", "failed", "cancelled", "expired"}


@dataclass(frozen=True, slots=True)
class Group:
    """Files that were attached together. Without a batch id each File is asked for by itself."""

    pending: Sequence[Pending]
    batch_id: str | None


class Indexing:
    """Waits for groups of Files. `all_attached` is set while no more groups are expected."""

    def __init__(
        self, store: VectorStore, tracker: Tracker, halt: Halt, observer: Observer, timeout_s: float, clock: Clock
    ) -> None:
        self.all_attached = asyncio.Event()
        self._store = store
        self._tracker = tracker
        self._halt = halt
        self._observer = observer
        self._timeout_s = timeout_s
        self._clock = clock
        halt.wakes(self.all_attached)

    async def wait(self, group: Group) -> list[Pending]:
        """Waits until every File is settled, its time is over, or the run must end.

        Returns the Files that the server left out of its batch.
        """
        wait, times = _Wait(group, self._clock), self._store.poll_times
        with contextlib.suppress(TimeoutError):  # while uploads go on, an answer would be of no use
            async with asyncio.timeout(_FIRST_LOOK_WITHIN_S):
                await self.all_attached.wait()
        look_at_s = times.first_s[0]
        while wait.left and not self._halt.requested:
            await self._halt.sleep(min(look_at_s, wait.first_deadline_s) - wait.age_s)
            look_at_s = times.after(wait.age_s)
            if self._halt.requested:
                break
            if await self._look(wait):
                return [replace(item, patience_s=item.patience_s - wait.age_s) for item in wait.left.values()]
            if wait.expired:
                await self._give_up(wait)
        return []

    # --- Looking --------------------------------------------------------------------------------------------

    async def _look(self, wait: _Wait) -> bool:
        """Settles what has ended. True: the batch is done, and the Files that are left were never in it."""
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
            wait.batch_id = None  # the server knows no batches, or not this one: each File is asked for by itself
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
        """Settles what has ended, and returns the entries that are there."""
        found: list[StoreEntry] = []

        def answered(_: str, entry: StoreEntry | None) -> None:
            if entry is not None:
                found.append(entry)
                self._settle(wait, [entry])

        await ask_for_each(self._store, list(wait.left), answered, go_on=lambda: not self._halt.requested)
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
            self._tracker.unindexed(item, code, message, wait.age_s)
            self._observer.advance("indexing")

    def _confirm(self, wait: _Wait, item: Pending) -> None:
        del wait.left[item.file_id]
        self._tracker.confirm(item)
        self._observer.advance("indexing")

    async def _give_up(self, wait: _Wait) -> None:
        """Rejects the Files whose time is over."""
        if wait.batch_id is not None:
            # One File that hangs keeps its whole batch in progress. The other Files may have been searchable for long.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_LOOK_S):
                    self._settle(wait, await self._listed(wait, wait.batch_id))
        for item in wait.expired:
            del wait.left[item.file_id]
            self._tracker.reject(
                item,
                "index-timeout",
                f"not indexed after {self._timeout_s:g} s; raise --index-timeout or run again",
            )
            self._observer.advance("indexing")


class _Wait:
    """One group while it is waited for. `left` are the Files that are not settled yet."""

    def __init__(self, group: Group, clock: Clock) -> None:
        self.left = {item.file_id: item for item in group.pending}
        self.batch_id = group.batch_id
        self.sent = len(group.pending)
        self._clock = clock
        self._since = clock()
        self._seen: BatchProgress | None = None
        self._seen_at_s = 0.0

    @property
    def age_s(self) -> float:
        return self._clock() - self._since

    @property
    def first_deadline_s(self) -> float:
        return min(item.patience_s for item in self.left.values())

    @property
    def expired(self) -> list[Pending]:
        age_s = self.age_s
        return [item for item in self.left.values() if age_s >= item.patience_s]

    def stands_still(self, progress: BatchProgress) -> bool:
        """Whether these counts have not changed for `_STANDSTILL_S`. After a yes, the time counts again."""
        same = progress == self._seen
        if same and self.age_s - self._seen_at_s < _STANDSTILL_S:
            return False
        self._seen, self._seen_at_s = progress, self.age_s
        return same


def _adds_up(progress: BatchProgress, sent: int) -> bool:
    """Whether the counts of a batch that is done can be true: every File that was sent is completed or failed."""
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
