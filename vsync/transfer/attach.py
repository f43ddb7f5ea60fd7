"""Uploaded Files on their way into the store: in batches while uploads go on, one by one where batches fail.

Every second or hundred Files what was uploaded is attached, so that a run that dies leaves little that no store knows
of. A batch that is refused is split until the culprit is alone; it is then tried by itself. Where an answer is lost,
the store is asked which of the Files it has: their ids are known, so that nothing is attached twice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from vsync.documents.attributes import Identity
from vsync.report.observer import Observer
from vsync.store.api_errors import AnswerLost, Refused
from vsync.store.entries import StoreEntry, belongs
from vsync.store.refusals import is_attached_already, is_final, is_unknown_file
from vsync.store.vector_store import MAX_BATCH, VectorStore
from vsync.system.retry import backoff
from vsync.system.stop import Stop
from vsync.transfer.index import Group, Indexing, all_of
from vsync.transfer.tracker import Ledger, Pending

FLUSH_EVERY_S = 1.0
FLUSH_AT = 100
MAX_LOST = 8
"""How many answers to one attach may be lost before it is given up."""

_FRESH_FILE_WAITS_S = (0.5, 1.0, 2.0, 4.0)
_SIDE_BY_SIDE = 8
_GIVEN_UP_IN_A_ROW = 3
_QUICK_S = 0.5
"""For so long after a stop is what was uploaded still attached: what takes longer would outlast the grace time."""

_NO_SUCH_ENDPOINT = {404, 405, 410, 501}


class Attaching:
    """Takes Files as they are uploaded, attaches them and has them waited for."""

    def __init__(
        self,
        store: VectorStore,
        ledger: Ledger,
        indexing: Indexing,
        identity: Identity,
        observer: Observer,
        stop: Stop,
        still_ours: Callable[[], None],
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._indexing = indexing
        self._identity = identity
        self._observer = observer
        self._stop = stop
        self._still_ours = still_ours
        self._uploaded: list[Pending] = []
        self._all_uploaded = False
        self._wake = asyncio.Event()
        self._batches_taken = 0
        self._batches_refused = 0
        self._no_batches = False
        self._given_up_in_a_row = 0
        ledger.when_halted(self._wake)

    def add(self, item: Pending) -> None:
        self._uploaded.append(item)
        if len(self._uploaded) >= FLUSH_AT:
            self._wake.set()

    def no_more(self) -> None:
        """All is uploaded."""
        self._all_uploaded = True
        self._wake.set()

    async def run(self, tasks: asyncio.TaskGroup) -> None:
        """Attaches what is added until `no_more`. Waiting for what is attached goes on in `tasks`."""
        self._all_uploaded = False
        self._wake.clear()
        self._indexing.all_attached.clear()
        while True:
            if not self._all_uploaded:
                await self._enough_or_a_second()
            last = self._all_uploaded
            self._wake.clear()
            taken, self._uploaded = self._uploaded, []
            size = min(MAX_BATCH, self._store.max_batch)
            for start in range(0, len(taken), size):
                await self._ledger.guarded(self._attach(taken[start : start + size], tasks))
            if last:
                break
        self._indexing.all_attached.set()

    async def _enough_or_a_second(self) -> None:
        try:
            async with asyncio.timeout(FLUSH_EVERY_S):
                await self._wake.wait()
        except TimeoutError:
            return

    @property
    def _may_go_on(self) -> bool:
        stopped_s = self._stop.requested_for
        return self._ledger.outcome.cause is None and (stopped_s is None or stopped_s < _QUICK_S)

    async def _attach(self, pending: Sequence[Pending], tasks: asyncio.TaskGroup) -> None:
        parts: deque[Sequence[Pending]] = deque([pending])
        while parts and self._may_go_on:
            part = parts.popleft()
            # A server that refuses every batch, whatever is in it, does not take Files with attributes of their own.
            hopeless = self._no_batches or (self._batches_taken == 0 and self._batches_refused >= 3)
            if len(part) == 1 or hopeless:
                await self._attach_singly(part, tasks)
                continue
            left = await self._attach_batch(part, tasks)
            middle = (len(left) + 1) // 2
            parts += [half for half in (left[:middle], left[middle:]) if half]

    def _expect(self, pending: Sequence[Pending], batch_id: str | None, tasks: asyncio.TaskGroup) -> None:
        if pending:
            self._observer.stage("indexing", len(pending))
            tasks.create_task(self._ledger.guarded(self._follow(Group(pending, batch_id), tasks)))

    async def _follow(self, group: Group, tasks: asyncio.TaskGroup) -> None:
        left_out = await self._indexing.wait(group)
        if left_out:
            await self._attach_singly(left_out, tasks)

    # --- In batches -----------------------------------------------------------------------------------------

    async def _attach_batch(self, part: Sequence[Pending], tasks: asyncio.TaskGroup) -> Sequence[Pending]:
        """Attaches in one batch. Gives those that the server would not take, or not so."""
        unknown_waits = iter(_FRESH_FILE_WAITS_S[:2])
        lost = 0
        while part:
            self._still_ours()
            try:
                batch_id = await self._store.attach_batch([item.entry for item in part])
            except AnswerLost as loss:
                lost += 1
                if lost == MAX_LOST:
                    # The store can be asked, and takes no batch: it may be this one's size, or one of its Files.
                    self._batches_refused += 1
                    return part
                await self._wait_after(loss, lost)
                part = await self._without_those_there(part, tasks)
            except Refused as error:
                if is_attached_already(error):
                    left = await self._without_those_there(part, tasks)
                    if len(left) < len(part):
                        part = left
                        continue
                wait = next(unknown_waits, None) if is_unknown_file(error) else None
                if wait is None or self._ledger.halted:
                    self._batches_refused += 1
                    self._no_batches |= error.status in _NO_SUCH_ENDPOINT and not is_unknown_file(error)
                    return part
                await self._stop.sleep(wait)
            else:
                self._batches_taken += 1
                self._expect(part, batch_id, tasks)
                return []
        return []

    async def _without_those_there(self, part: Sequence[Pending], tasks: asyncio.TaskGroup) -> list[Pending]:
        """What is left of these when those that the store has are waited for."""
        found = await self._store.newest_entries([item.file_id for item in part])
        there = [item for item in part if self._is_ours(found.get(item.file_id))]
        self._expect(there, None, tasks)
        return [item for item in part if not self._is_ours(found.get(item.file_id))]

    # --- One by one -----------------------------------------------------------------------------------------

    async def _attach_singly(self, part: Sequence[Pending], tasks: asyncio.TaskGroup) -> None:
        slots = asyncio.Semaphore(_SIDE_BY_SIDE)
        taken: list[Pending] = []

        async def one(item: Pending) -> None:
            async with slots:
                if self._may_go_on and await self._attach_one(item):
                    self._given_up_in_a_row = 0
                    taken.append(item)

        # All of them end before an error goes on: what is attached meanwhile must not be missed.
        await all_of(self._ledger.guarded(one(item)) for item in part)
        self._expect(taken, None, tasks)

    async def _attach_one(self, item: Pending) -> bool:
        unknown_waits = iter(_FRESH_FILE_WAITS_S)
        lost = 0
        while True:
            self._still_ours()
            try:
                await self._store.attach(item.entry)
            except AnswerLost as loss:
                lost += 1
                if lost == MAX_LOST:
                    return self._give_up(item, loss)
                await self._wait_after(loss, lost)
                if self._is_ours(await self._store.entry(item.file_id)):
                    return True
            except Refused as error:
                if is_attached_already(error) and self._is_ours(await self._store.entry(item.file_id)):
                    return True
                wait = next(unknown_waits, None) if is_unknown_file(error) else None
                if wait is None or self._ledger.halted:
                    self._ledger.reject(item, error.code, error.message, final=is_final(error))
                    return False
                await self._stop.sleep(wait)
            else:
                return True

    async def _wait_after(self, loss: AnswerLost, lost: int) -> None:
        """Waits before the store is asked what became of it; raises the cause when the run is to end."""
        if loss.again and not self._ledger.halted:
            await self._stop.sleep(backoff(lost - 1) if loss.wait_s is None else loss.wait_s)
        if not loss.again or self._ledger.halted:
            raise loss.error from loss

    def _give_up(self, item: Pending, loss: AnswerLost) -> bool:
        """The store can be asked and does not take this File. When it takes none, the run ends."""
        self._given_up_in_a_row += 1
        if self._given_up_in_a_row >= _GIVEN_UP_IN_A_ROW:
            raise loss.error from loss
        self._ledger.reject(item, "unanswered", f"{loss.error.message} (tried {MAX_LOST} times)")
        return False

    def _is_ours(self, entry: StoreEntry | None) -> bool:
        """Whether a File of a known id is in the store; some listings leave attributes out."""
        return entry is not None and (not entry.attributes or belongs(entry, self._identity))
