"""Uploaded Files are attached to the store while uploads go on.

Every second, or every hundred Files, what is uploaded is attached. So a run that dies leaves few Files that no store
knows of. Most servers take Files in batches (`InBatches`). A server without batches takes each by itself (`OneByOne`).
"""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from vsync.documents.attributes import Identity
from vsync.report.observer import Observer
from vsync.store.api_errors import AnswerLost, Refused
from vsync.store.entries import StoreEntry, belongs
from vsync.store.refusals import is_attached_already, is_final, is_unknown_file
from vsync.store.send_once import send_once
from vsync.store.vector_store import MAX_BATCH, VectorStore
from vsync.system.tasks import all_of
from vsync.transfer.gateway import Gateway
from vsync.transfer.halt import Halt, unanswerable
from vsync.transfer.index import Group, Indexing
from vsync.transfer.tracker import Pending, Tracker

T = TypeVar("T")

FLUSH_EVERY_S = 1.0
FLUSH_AT = 100
MAX_LOST = 8
"""How many answers to the attaching of the same Files may be lost before it is given up."""

_FRESH_FILE_WAITS_S = (0.5, 1.0, 2.0, 4.0)
"""The waits for a server that does not know a File which was uploaded a moment ago."""

_FRESH_BATCH_WAITS_S = _FRESH_FILE_WAITS_S[:2]
_AT_ONCE = 8
_GIVEN_UP_IN_A_ROW = 3
_REFUSED_AT_FIRST = 3

_NO_SUCH_ENDPOINT = {404, 405, 410, 501}

Attached = Callable[[Sequence[Pending], str | None], None]
"""Takes Files that are attached now, and their batch if they have one."""


class Method(Protocol):
    """A way to attach Files."""

    async def attach(self, files: Sequence[Pending], attached: Attached) -> Sequence[Pending]:
        """Attaches the Files. Returns the Files that this server does not take in this way."""


class UploadQueue:
    """The uploaded Files that are to be attached. They are taken when there are enough, or after a second."""

    def __init__(self, halt: Halt) -> None:
        self.closed = False
        self._files: list[Pending] = []
        self._wake = asyncio.Event()
        halt.wakes(self._wake)

    def add(self, item: Pending) -> None:
        self._files.append(item)
        if len(self._files) >= FLUSH_AT:
            self._wake.set()

    def close(self) -> None:
        """No more Files will be added."""
        self.closed = True
        self._wake.set()

    async def take(self) -> Sequence[Pending]:
        """The Files that have come, perhaps none. Returns at once when the queue is closed or the run must end."""
        if not self.closed:
            try:
                async with asyncio.timeout(FLUSH_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                pass
        self._wake.clear()
        files, self._files = self._files, []
        return files


class Attaching:
    """Attaches what a queue brings, and has each File waited for."""

    def __init__(
        self,
        store: VectorStore,
        in_batches: InBatches,
        one_by_one: OneByOne,
        indexing: Indexing,
        halt: Halt,
        observer: Observer,
    ) -> None:
        self._method: Method = in_batches
        self._one_by_one = one_by_one
        self._store = store
        self._indexing = indexing
        self._halt = halt
        self._observer = observer

    async def run(self, queue: UploadQueue, tasks: asyncio.TaskGroup) -> None:
        """Attaches until the queue is closed and empty. In `tasks` the attached Files are waited for."""
        self._indexing.all_attached.clear()
        attached = functools.partial(self._attached, tasks)
        last = False
        while not last:
            files = await queue.take()
            last = queue.closed
            size = min(MAX_BATCH, self._store.max_batch)
            for start in range(0, len(files), size):
                await self._halt.guarded(self._attach(files[start : start + size], attached))
        self._indexing.all_attached.set()

    async def _attach(self, files: Sequence[Pending], attached: Attached) -> None:
        left = await self._method.attach(files, attached)
        if left:
            self._method = self._one_by_one  # for the rest of the run
            await self._one_by_one.attach(left, attached)

    def _attached(self, tasks: asyncio.TaskGroup, files: Sequence[Pending], batch_id: str | None) -> None:
        if files:
            self._observer.stage("indexing", len(files))
            tasks.create_task(self._halt.guarded(self._wait(Group(files, batch_id), tasks)))

    async def _wait(self, group: Group, tasks: asyncio.TaskGroup) -> None:
        left_out = await self._indexing.wait(group)
        await self._one_by_one.attach(left_out, functools.partial(self._attached, tasks))


class InBatches:
    """Attaches many Files with one request.

    A batch that is refused is halved until the File at fault is alone. That File is then tried by itself.
    """

    def __init__(
        self,
        store: VectorStore,
        gateway: Gateway,
        halt: Halt,
        identity: Identity,
        one_by_one: OneByOne,
        still_ours: Callable[[], None],
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._halt = halt
        self._identity = identity
        self._one_by_one = one_by_one
        self._still_ours = still_ours
        self._taken = 0
        self._refused = 0
        self._no_such_endpoint = False

    @property
    def _usable(self) -> bool:
        """A server that refuses every batch, whatever is in it, does not take Files with attributes of their own."""
        return not self._no_such_endpoint and (self._taken > 0 or self._refused < _REFUSED_AT_FIRST)

    async def attach(self, files: Sequence[Pending], attached: Attached) -> Sequence[Pending]:
        parts: deque[Sequence[Pending]] = deque([files])
        while parts and self._usable and self._halt.may_attach:
            part = parts.popleft()
            if len(part) == 1:
                await self._one_by_one.attach(part, attached)
                continue
            refused = await self._attach_batch(part, attached)
            middle = (len(refused) + 1) // 2
            parts += [half for half in (refused[:middle], refused[middle:]) if half]
        return [] if self._usable else [item for part in parts for item in part]

    async def _attach_batch(self, files: Sequence[Pending], attached: Attached) -> Sequence[Pending]:
        """Attaches Files with one request. Returns the Files of a batch that the server refused."""
        left = list(files)

        async def request() -> str:
            self._still_ours()
            return await self._store.attach_batch([item.entry for item in left])

        async def find_again() -> str | None:
            """Takes the Files that the store has from those that are left. Empty when it has all of them."""
            found = await self._store.newest_entries([item.file_id for item in left])
            there = [item for item in left if _is_ours(found.get(item.file_id), self._identity)]
            attached(there, None)
            left[:] = [item for item in left if item not in there]
            return None if left else ""

        waits = iter(_FRESH_BATCH_WAITS_S)
        while True:
            try:
                batch_id = await _sent_once(request, find_again, self._halt)
            except AnswerLost as lost:
                _raise_when_useless(lost, self._halt)
                # The store can be asked, and takes no batch. The size may be at fault, or one of the Files.
                self._refused += 1
                return left
            except Refused as error:
                before = len(left)
                if is_attached_already(error) and await find_again() == "":
                    return []
                if len(left) < before:
                    continue
                wait_s = next(waits, None) if is_unknown_file(error) else None
                if wait_s is None or self._halt.requested:
                    self._refused += 1
                    self._no_such_endpoint |= error.status in _NO_SUCH_ENDPOINT and not is_unknown_file(error)
                    return left
                await self._halt.sleep(wait_s)
            else:
                if left:
                    self._taken += 1
                    self._gateway.answered("attach")
                    attached(left, batch_id)
                return []


class OneByOne:
    """Attaches each File with a request of its own, some of them side by side."""

    def __init__(
        self,
        store: VectorStore,
        tracker: Tracker,
        gateway: Gateway,
        halt: Halt,
        identity: Identity,
        still_ours: Callable[[], None],
    ) -> None:
        self._store = store
        self._tracker = tracker
        self._gateway = gateway
        self._halt = halt
        self._identity = identity
        self._still_ours = still_ours
        self._given_up_in_a_row = 0

    async def attach(self, files: Sequence[Pending], attached: Attached) -> Sequence[Pending]:
        slots = asyncio.Semaphore(_AT_ONCE)
        taken: list[Pending] = []

        async def attach(item: Pending) -> None:
            async with slots:
                if self._halt.may_attach and await self._attach_one(item):
                    self._given_up_in_a_row = 0
                    self._gateway.answered("attach")
                    taken.append(item)

        # Each of them ends before an error goes on, so that no File is missed which was attached meanwhile.
        await all_of(self._halt.guarded(attach(item)) for item in files)
        attached(taken, None)
        return []

    async def _attach_one(self, item: Pending) -> bool:
        async def request() -> bool:
            self._still_ours()
            await self._store.attach(item.entry)
            return True

        async def find_again() -> bool | None:
            try:
                entry = await self._store.entry(item.file_id)
            except Refused as error:
                raise unanswerable(error) from error
            return True if _is_ours(entry, self._identity) else None

        waits = iter(_FRESH_FILE_WAITS_S)
        while True:
            try:
                return await _sent_once(request, find_again, self._halt)
            except AnswerLost as lost:
                _raise_when_useless(lost, self._halt)
                return self._give_up(item, lost)
            except Refused as error:
                if is_attached_already(error) and await find_again():
                    return True
                wait_s = next(waits, None) if is_unknown_file(error) else None
                if wait_s is None or self._halt.requested:
                    self._tracker.reject(item, error.code, self._gateway.reason(error), final=is_final(error))
                    await self._gateway.judge("attach", item.document.path, error)
                    return False
                await self._halt.sleep(wait_s)

    def _give_up(self, item: Pending, lost: AnswerLost) -> bool:
        """The store can be asked, and does not take this File. When it takes no File, the run ends."""
        self._given_up_in_a_row += 1
        if self._given_up_in_a_row >= _GIVEN_UP_IN_A_ROW:
            raise lost.error from lost
        self._tracker.reject(item, "unanswered", f"{lost.error.message} (tried {MAX_LOST} times)")
        return False


async def _sent_once(
    request: Callable[[], Awaitable[T]], find_again: Callable[[], Awaitable[T | None]], halt: Halt
) -> T:
    return await send_once(request, find_again, wait=halt.sleep, tries=MAX_LOST, halted=lambda: halt.requested)


def _raise_when_useless(lost: AnswerLost, halt: Halt) -> None:
    """Raises the cause of a lost answer when another request would be useless: the run ends."""
    if not lost.again or halt.requested:
        raise lost.error from lost


def _is_ours(entry: StoreEntry | None, identity: Identity) -> bool:
    """Whether a File of a known id is in the store. Some servers list entries without their attributes."""
    return entry is not None and (not entry.attributes or belongs(entry, identity))
