"""The loop of a stream: batches are read, folded, decided, carried out side by side, and acknowledged in their order.

A batch begins while earlier ones are still under way, unless it names a key that one of them works on. A batch is
acknowledged when all before it are. What is not acknowledged comes again when the stream is resumed, and changes nothing
where it was applied already.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from vsync.errors import ApiUnavailable, Interrupted, VsyncError
from vsync.records.apply import Applied, Applier
from vsync.records.change import BadRecord, Change
from vsync.records.decide import Decided, Folded, Keyed, Terms, decide, fold
from vsync.records.index import Index
from vsync.records.outcomes import Hopeless, Item
from vsync.records.pace import Pace
from vsync.records.settled import CUT, Settled, settle
from vsync.records.splitter import Line
from vsync.system.stop import Stop

T = TypeVar("T")

_FEW_BATCHES = 4
"""So many batches may be under way, or more where they are small."""

_MOST_BYTES = 24 * 1024 * 1024
"""No batch begins while those under way have more bytes of lines. Each is in memory as a line, as a record and as a document."""

_BLOCK = 100
"""After so many records other tasks get their turn."""


class Source(Protocol):
    """Where lines come from."""

    async def batch(self, size: int, delay_s: float) -> list[Line] | None: ...


class Receiver(Protocol):
    """Who hears what becomes of the records."""

    def read(self, count: int) -> None:
        """So many records were read."""

    def applied(self, applied: Applied, decided: Decided) -> None:
        """A batch was carried out."""

    async def release(self, settled: Settled) -> None:
        """Writes the dead letters, and then the acknowledgements. Raises VsyncError."""

    def released(self, settled: Settled) -> None:
        """They are written. Raises VsyncError."""


@dataclass(slots=True)
class Batch:
    """A batch that is under way. `paths` are those that it works on. `task` None: nothing had to be done for it.

    `size` counts the bytes of its lines.
    """

    folded: Folded
    decided: Decided
    paths: frozenset[str] = frozenset()
    task: asyncio.Task[Applied] | None = None
    size: int = 0

    @property
    def is_done(self) -> bool:
        return self.task is None or self.task.done()


@dataclass(slots=True)
class Pacing:
    """How many records a batch has, how long it waits for them, and how fast they may come. `rate` None: as they come."""

    batch: int
    delay_s: float
    workers: int
    rate: Pace | None = None

    @property
    def batches(self) -> int:
        """How many batches may be under way."""
        return max(_FEW_BATCHES, 2 * self.workers // self.batch)


@dataclass(slots=True)
class Stream:
    """One stream on its way. `cause` says why it ended early, `defect` is the error behind a cause that nobody foresaw."""

    lines: Source
    read: Callable[[bytes, int], Change]
    terms: Terms
    index: Index
    applier: Applier
    pacing: Pacing
    stop: Stop
    receiver: Receiver
    stop_at_bad: bool = False
    cause: VsyncError | None = None
    defect: Exception | None = None
    _open: deque[Batch] = field(default_factory=deque)
    _hopeless: Hopeless = field(default_factory=Hopeless)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _held: list[Item] = field(default_factory=list)
    _acknowledges: bool = True

    async def run(self) -> None:
        """Reads until the input ends, the stream must end, or the run is told to stop; then waits for what is under way."""
        releasing = asyncio.create_task(self._release_meanwhile())
        try:
            while (
                lines := await self._unless_over(self.lines.batch(self.pacing.batch, self.pacing.delay_s))
            ) is not None:
                if self.pacing.rate is not None:
                    await self.pacing.rate.admit(len(lines))
                await self._take(lines)
        except VsyncError as error:
            self._end(error)
        finally:
            await self._wait_for_all()
            releasing.cancel()
        if self.stop.signum is not None and not isinstance(self.cause, Interrupted):
            told = Interrupted(self.stop.signum, remedy="Run again: what is not acknowledged is applied then.")
            self.cause = told if self.cause is None else self.stop.cause(self.cause)

    def _end(self, cause: VsyncError, defect: Exception | None = None) -> None:
        """Ends the stream. Of several causes the first counts."""
        self.cause, self.defect = self.cause or cause, self.defect or defect
        self._over.set()
        self._changed.set()

    async def _unless_over(self, work: Coroutine[Any, Any, T]) -> T | None:
        """The result of `work`; None where the stream ends meanwhile."""
        working, over = asyncio.create_task(work), asyncio.create_task(self._over.wait())
        await asyncio.wait({working, over}, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if self._over.is_set():
            working.cancel()
            await asyncio.wait({working})
            return None
        return await working

    # --- One batch ------------------------------------------------------------------------------------------

    async def _take(self, lines: Sequence[Line]) -> None:
        self.receiver.read(len(lines))
        folded = fold(await self._read(lines), self.terms.is_older)
        for item, line in zip(folded.items, lines, strict=True):
            item.at = line
        while self.cause is None and (self._is_full() or self._is_in_use(folded)):
            self._changed.clear()
            await self._release_what_is_done()
            if self._is_full() or self._is_in_use(folded):
                await self._changed.wait()
        if self.cause is not None:
            return
        rows = self.index.rows([keyed.key for keyed in folded.by_path.values()])
        decided = decide(folded, rows, self.terms)
        batch = Batch(folded, decided, size=sum(len(line.raw) for line in lines))
        if decided.work:
            batch.paths = frozenset(decided.work)
            batch.task = asyncio.create_task(self._carry_out(decided))
            batch.task.add_done_callback(lambda _: self._changed.set())
        else:
            self.index.move(decided.moved)
            self.index.record(decided.tombstones)
        self._open.append(batch)
        await self._release_what_is_done()

    async def _read(self, lines: Sequence[Line]) -> list[Change | Item]:
        """What the lines say. A line that is no record is an item that is dead already."""
        read, changes = self.read, list[Change | Item]()
        for number, line in enumerate(lines, 1):
            if line.fault is not None:
                changes.append(_faulty(line))
                continue
            try:
                changes.append(read(line.raw, line.number))
            except BadRecord as bad:
                item = Item(line.number, line.raw, bad.position, bad.key)
                item.be_bad(bad.code, bad.reason)
                changes.append(item)
            if not number % _BLOCK and self._open:
                await asyncio.sleep(0)
        return changes

    async def _carry_out(self, decided: Decided) -> Applied:
        try:
            applied = await self.applier.apply(decided)
            while applied.cause is None and (earlier := self._superseded_by_failures(decided)):
                rows = self.index.rows([keyed.key for keyed in earlier.values()])
                decided = decide(Folded(by_path=earlier), rows, self.terms)
                applied += await self.applier.apply(decided)
        except Exception as error:
            # It is raised when what was done is recorded and acknowledged.
            unforeseen = VsyncError(f"An unexpected error ended the stream: {error!r}.", "Run again.")
            applied = Applied(unforeseen, error)
        if applied.cause is not None:
            self._end(applied.cause, applied.defect)
        return applied

    def _superseded_by_failures(self, decided: Decided) -> dict[str, Keyed]:
        """The keys whose last record failed, and for which an earlier record of the batch counts now."""
        return {
            path: work.keyed
            for path, work in decided.work.items()
            if work.keyed.item.outcome == "failed" and work.keyed.without_bad(self.terms.is_older)
        }

    # --- Batches that are under way -------------------------------------------------------------------------

    def _is_full(self) -> bool:
        """Whether so much is under way that no further batch begins."""
        return len(self._open) >= self.pacing.batches or sum(batch.size for batch in self._open) >= _MOST_BYTES

    def _is_in_use(self, folded: Folded) -> bool:
        """Whether a batch that is under way works on a key of this one."""
        return any(not batch.is_done and not batch.paths.isdisjoint(folded.by_path) for batch in self._open)

    async def _wait_for_all(self) -> None:
        await self._release_what_is_done()
        while self._open:
            tasks = [batch.task for batch in self._open if batch.task is not None and not batch.task.done()]
            if tasks:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await self._release_what_is_done()

    async def _release_meanwhile(self) -> None:
        """Acknowledges batches that are done while the loop waits for input."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._release_what_is_done()

    async def _release_what_is_done(self) -> None:
        """Acknowledges the batches that are done, as far as none before them is under way."""
        async with self._turn:
            while self._open and self._open[0].is_done:
                batch = self._open[0]
                self.receiver.applied(Applied() if batch.task is None else batch.task.result(), batch.decided)
                if self._acknowledges:
                    await self._release(batch.folded.items)
                self._open.popleft()
                self._changed.set()

    async def _release(self, items: Sequence[Item]) -> None:
        more = len(self._open) > 1
        settled = settle(items, self._hopeless, stop_at_bad=self.stop_at_bad, held=self._held, more=more)
        self._held, self._acknowledges = settled.held, settled.whole
        try:
            await self.receiver.release(settled)
            self.receiver.released(settled)
        except VsyncError as error:
            self._acknowledges = False
            self._end(error)
            return
        if settled.cause is not None:
            self._end(settled.cause)
        elif not settled.whole and self.cause is None and not self.stop.requested:
            # Without this the stream would go on, and acknowledge nothing for ever.
            self._end(_untold(next(item for item in items if item.outcome is None)))


def _untold(item: Item) -> VsyncError:
    """The error of a batch that ended, and of one of whose records nothing is known: the API's answers contradict each other."""
    return ApiUnavailable(
        f"What became of the document of line {item.line} is not known: the answers of the API contradict each other.",
        "Run again: the record is not acknowledged, and comes again.",
    )


def _faulty(line: Line) -> Item:
    """A line that cannot be read as a record."""
    item = Item(line.number, line.raw, whole=line.fault == CUT)
    if line.fault == CUT:
        item.fail("dead", CUT, "The input ended in the middle of this record.")
    else:
        item.fail("dead", "too-large", f"The line has {line.size:,} bytes, more than a record may have.")
    return item
