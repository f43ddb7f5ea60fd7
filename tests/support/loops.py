"""The loop of a stream with everything around it made up: batches are done when a test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.support.opencdc import record
from vsync.documents.chunking import Chunking
from vsync.errors import VsyncError
from vsync.records.apply import Applied
from vsync.records.decide import Decided, Terms
from vsync.records.described import Rules, describe
from vsync.records.formats import reader
from vsync.records.index import Index
from vsync.records.order import is_older
from vsync.records.settled import Settled
from vsync.records.splitter import Line
from vsync.records.stream import Pacing, Stream
from vsync.system.stop import Stop

A, B, C = (record(key, "text", number) for number, key in enumerate("abc", 1))


class Input:
    """Batches that a test puts in. None is the end."""

    def __init__(self, stop: Stop) -> None:
        self.taken = 0
        self._stop = stop
        self._number = 0
        self._batches: asyncio.Queue[list[Line] | None] = asyncio.Queue()

    def put(self, *records: bytes) -> None:
        lines = []
        for raw in records:
            self._number += 1
            lines.append(Line(self._number, raw))
        self._batches.put_nowait(lines)

    def end(self) -> None:
        self._batches.put_nowait(None)

    async def batch(self, size: int, delay_s: float) -> list[Line] | None:
        getting, stopped = asyncio.create_task(self._batches.get()), asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({getting, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not getting.done():
                return None
            self.taken += 1
            return getting.result()
        finally:
            getting.cancel()
            stopped.cancel()


@dataclass
class Works:
    """An applier: a batch is done when the test says so. `under_way` are the paths of the batches that it has begun."""

    index: Index
    under_way: list[tuple[str, ...]] = field(default_factory=list)
    untold: set[str] = field(default_factory=set)
    """Paths whose records get no outcome."""
    _ends: dict[tuple[str, ...], asyncio.Future[Applied]] = field(default_factory=dict)

    async def apply(self, decided: Decided) -> Applied:
        paths = tuple(sorted(decided.work))
        self.under_way.append(paths)
        self._ends[paths] = asyncio.get_running_loop().create_future()
        applied = await self._ends[paths]
        if applied.cause is None:
            self.index.record([work.row._replace(file_id=f"file-{path}") for path, work in decided.work.items()])
            for path, work in decided.work.items():
                if path not in self.untold:
                    work.keyed.item.outcome, work.keyed.item.file_id = "uploaded", f"file-{path}"
        self.under_way.remove(paths)
        return applied

    def finish(self, *paths: str, applied: Applied | None = None) -> None:
        self._ends[tuple(paths)].set_result(applied or Applied())

    def fail(self, *paths: str, error: Exception) -> None:
        self._ends[tuple(paths)].set_exception(error)


@dataclass
class Heard:
    """A receiver. `acks` are the lines that are acknowledged, `letters` the lines of dead letters."""

    count: int = 0
    acks: list[int] = field(default_factory=list)
    letters: list[int] = field(default_factory=list)
    counted: list[int] = field(default_factory=list)
    batches: int = 0
    cut: int = 0
    error: VsyncError | None = None

    def read(self, count: int) -> None:
        self.count += count

    def applied(self, applied: Applied, decided: Decided) -> None:
        self.batches += 1
        self.cut += decided.cut

    async def release(self, settled: Settled) -> None:
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        self.letters += [item.line for item in settled.letters]
        self.acks += [item.line for item in settled.acknowledged]

    def released(self, settled: Settled) -> None:
        self.counted += [item.line for item in settled.acknowledged]


@dataclass
class Scene:
    """A stream and what surrounds it."""

    index: Index
    stop: Stop = field(default_factory=Stop)
    heard: Heard = field(default_factory=Heard)

    def play(self, script: Callable[[Scene], Awaitable[None]], **given: Any) -> Stream:
        """Runs a stream and, beside it, the script of a test. The script has an end, and so has the stream."""

        async def played() -> Stream:
            self.stop.attach()
            self.input, self.works = Input(self.stop), Works(self.index)
            rules = given.pop("rules", Rules())
            terms = Terms("acme", {}, Chunking(), partial(describe, rules=rules), is_older)
            pacing = given.pop("pacing", None) or Pacing(2, 0.0, 1)
            self.stream = Stream(
                self.input,
                reader("opencdc/json"),
                terms,
                self.index,
                self.works,  # type: ignore[arg-type]  # mypy: it is no Applier; the loop calls `apply` alone
                pacing,
                self.stop,
                self.heard,
                **given,
            )
            async with asyncio.timeout(10):
                running = asyncio.create_task(self.stream.run())
                try:
                    await script(self)
                    await running
                finally:
                    running.cancel()
            return self.stream

        return asyncio.run(played())


async def turns() -> None:
    """Lets everybody do what there is to do."""
    for _ in range(200):
        await asyncio.sleep(0)
