"""The loop of a stream: batches side by side, acknowledgements in order, and how it ends."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.opencdc import record
from vsync.documents.chunking import Chunking
from vsync.errors import ApiUnavailable, Interrupted, PublicationFailed, VsyncError
from vsync.records.apply import Applied
from vsync.records.decide import Decided, Terms
from vsync.records.described import Rules, describe
from vsync.records.formats import reader
from vsync.records.index import Index
from vsync.records.order import is_older
from vsync.records.pace import Pace
from vsync.records.settled import Settled, StoppedAtBadRecord
from vsync.records.splitter import Line
from vsync.records.stream import Pacing, Stream
from vsync.system.stop import Stop


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
                self.works,  # type: ignore[arg-type]  # of an applier the loop needs `apply` alone
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


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with closing(Index.open(tmp_path / "records.db")) as index:
        yield Scene(index)


A, B, C, D, E, F = (record(key, "text", number) for number, key in enumerate("abcdef", 1))


# --- Batches side by side ----------------------------------------------------------------------------------------


def test_a_batch_begins_while_one_before_it_is_under_way(scene: Scene) -> None:
    async def script(scene: Scene) -> None:
        scene.input.put(A, B)
        scene.input.put(C)
        scene.input.end()
        await turns()
        assert scene.works.under_way == [("a", "b"), ("c",)]
        scene.works.finish("a", "b")
        scene.works.finish("c")

    assert scene.play(script).cause is None
    assert scene.heard.acks == scene.heard.counted == [1, 2, 3]
    assert scene.heard.batches == 2


def test_a_batch_with_a_key_in_use_waits(scene: Scene) -> None:
    async def script(scene: Scene) -> None:
        scene.input.put(A, B)
        scene.input.put(record("b", "other", 9))
        scene.input.put(C)
        await turns()
        assert scene.works.under_way == [("a", "b")]
        scene.works.finish("a", "b")
        await turns()
        assert scene.works.under_way == [("b",), ("c",)]
        scene.works.finish("c")
        scene.works.finish("b")
        scene.input.end()

    scene.play(script)
    assert scene.heard.acks == [1, 2, 3, 4]


def test_a_record_that_changes_nothing_waits_for_the_work_on_its_key(scene: Scene) -> None:
    async def script(scene: Scene) -> None:
        scene.input.put(A)
        scene.input.put(A)
        await turns()
        scene.works.finish("a")
        scene.input.end()

    scene.play(script)
    assert scene.heard.acks == [1, 2]
    assert scene.index.rows(["a"])["a"].file_id == "file-a"


def test_a_later_batch_that_is_done_first_is_acknowledged_after_the_earlier_ones(scene: Scene) -> None:
    async def script(scene: Scene) -> None:
        scene.input.put(A)
        scene.input.put(B)
        scene.input.put(b"not json")
        await turns()
        scene.works.finish("b")
        await turns()
        assert scene.heard.acks == []
        scene.works.finish("a")
        await turns()
        assert scene.heard.acks == [1, 2, 3]
        scene.input.end()

    scene.play(script)
    assert scene.heard.letters == [3]


def test_what_is_done_is_acknowledged_while_no_input_comes(scene: Scene) -> None:
    async def script(scene: Scene) -> None:
        scene.input.put(A)
        await turns()
        scene.works.finish("a")
        await turns()
        assert scene.heard.acks == [1]
        scene.input.put(A)
        await turns()
        assert scene.heard.acks == [1, 2]
        scene.input.end()

    scene.play(script)


@pytest.mark.parametrize(("pacing", "most"), [(Pacing(2, 0.0, 1), 4), (Pacing(1, 0.0, 8), 16)])
def test_no_more_batches_are_under_way_than_there_may_be(scene: Scene, pacing: Pacing, most: int) -> None:
    async def script(scene: Scene) -> None:
        for number in range(20):
            scene.input.put(record(f"k{number}", "text"))
        scene.input.end()
        await turns()
        assert len(scene.works.under_way) == most
        assert scene.input.taken == most + 1
        scene.works.finish("k1")
        await turns()
        assert (
            len(scene.works.under_way) == most - 1
        )  # the first is not done: the batches after it are not acknowledged
        while scene.works.under_way:
            scene.works.finish(*scene.works.under_way[0])
            await turns()

    scene.play(script, pacing=pacing)
    assert scene.heard.acks == list(range(1, 21))


# --- The rate ----------------------------------------------------------------------------------------------------


class Time:
    """A clock that goes on only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def test_records_come_no_faster_than_the_rate(scene: Scene) -> None:
    time, began = Time(), list[float]()
    pacing = Pacing(5, 0.0, 1, Pace(5.0, 5, clock=time.clock, sleep=time.sleep))

    async def script(scene: Scene) -> None:
        for _ in range(4):
            scene.input.put(*[b"bad"] * 5)
        scene.input.end()
        while len(began) < 4:
            if scene.heard.batches > len(began):
                began.append(time.now)
            await asyncio.sleep(0)

    scene.play(script, pacing=pacing)
    assert began == [0.0, 1.0, 2.0, 3.0]
    assert len(scene.heard.acks) == 20


# --- How a stream ends -------------------------------------------------------------------------------------------


def test_a_batch_that_ends_the_stream_leaves_nothing_acknowledged_from_there_on(scene: Scene) -> None:
    down = ApiUnavailable("The API is down.", "Run again later.")

    async def script(scene: Scene) -> None:
        scene.input.put(A)
        scene.input.put(B)
        scene.input.put(C)
        await turns()
        scene.works.finish("b", applied=Applied(down))
        await turns()
        assert scene.heard.acks == []
        scene.works.finish("a")
        scene.works.finish("c")

    assert scene.play(script).cause is down
    assert scene.heard.acks == [1]
    assert scene.heard.batches == 3


def test_no_batch_begins_after_the_cause(scene: Scene) -> None:
    async def script(scene: Scene) -> None:
        scene.input.put(A)
        scene.input.put(A)
        scene.input.put(B)
        await turns()
        scene.works.finish("a", applied=Applied(ApiUnavailable("It is down.", "")))

    scene.play(script)
    assert scene.heard.acks == []
    assert scene.works.under_way == []
    assert scene.input.taken == 2


def test_a_record_of_which_nothing_becomes_known_ends_the_stream(scene: Scene) -> None:
    async def script(scene: Scene) -> None:
        scene.works.untold.add("b")
        scene.input.put(A, B)
        await turns()
        scene.works.finish("a", "b")
        await turns()
        scene.input.put(C)

    stream = scene.play(script)
    assert stream.cause is not None
    assert (stream.cause.exit_code, "line 2" in str(stream.cause), scene.heard.acks) == (3, True, [1])


def test_a_defect_ends_the_stream_and_is_kept(scene: Scene) -> None:
    defect = RuntimeError("a defect")

    async def script(scene: Scene) -> None:
        scene.input.put(A)
        scene.input.put(B)
        await turns()
        scene.works.fail("b", error=defect)
        scene.works.finish("a")

    stream = scene.play(script)
    assert stream.defect is defect
    assert stream.cause is not None
    assert "a defect" in stream.cause.message
    assert scene.heard.acks == [1]


def test_a_defect_in_the_middle_of_the_loop_does_not_lose_what_is_under_way(scene: Scene) -> None:
    async def script(scene: Scene) -> None:
        scene.input.put(A)
        await turns()
        scene.stream.read = _broken
        scene.input.put(B)
        await turns()
        scene.works.finish("a")

    with pytest.raises(RuntimeError, match="a defect of the reader"):
        scene.play(script)
    assert scene.heard.acks == [1]


def _broken(raw: bytes, line: int) -> Any:
    raise RuntimeError("a defect of the reader")


def test_an_input_that_cannot_be_read_on_ends_the_stream_after_what_was_read(scene: Scene) -> None:
    class Damaged(VsyncError):
        exit_code = 1

    async def script(scene: Scene) -> None:
        scene.input.put(A)
        await turns()

        async def broken(size: int, delay_s: float) -> list[Line] | None:
            raise Damaged("It is damaged.", "")

        scene.input.batch = broken  # type: ignore[method-assign]  # from here on the input is damaged
        scene.input.put(B)
        await turns()
        scene.works.finish("a")
        scene.works.finish("b")

    assert isinstance(scene.play(script).cause, Damaged)
    assert scene.heard.acks == [1, 2]


def test_a_request_to_stop_ends_the_stream_when_what_is_under_way_is_done(scene: Scene) -> None:
    async def script(scene: Scene) -> None:
        scene.input.put(A)
        await turns()
        scene.stop.request(signal.SIGTERM)
        await turns()
        assert scene.heard.acks == []
        scene.works.finish("a")

    stream = scene.play(script)
    assert isinstance(stream.cause, Interrupted)
    assert stream.cause.exit_code == 143
    assert scene.heard.acks == [1]


def test_a_request_to_stop_comes_before_the_errors_that_follow_from_it(scene: Scene) -> None:
    async def script(scene: Scene) -> None:
        scene.input.put(A)
        await turns()
        scene.stop.request(signal.SIGINT)
        scene.works.finish("a", applied=Applied(ApiUnavailable("The connection broke.", "Run again.")))

    stream = scene.play(script)
    assert isinstance(stream.cause, Interrupted)
    assert "The connection broke." in stream.cause.message
    assert scene.heard.acks == []


def test_a_stream_that_stops_at_a_bad_record_acknowledges_what_stood_before_it(scene: Scene) -> None:
    async def script(scene: Scene) -> None:
        scene.input.put(A, b"bad")
        scene.input.put(B)
        await turns()
        scene.works.finish("b")
        scene.works.finish("a")

    stream = scene.play(script, stop_at_bad=True)
    assert isinstance(stream.cause, StoppedAtBadRecord)
    assert (scene.heard.acks, scene.heard.letters) == ([1], [2])


def test_acknowledgements_that_cannot_be_written_end_the_stream(scene: Scene) -> None:
    async def script(scene: Scene) -> None:
        scene.heard.error = PublicationFailed("The disk is full.", "")
        scene.input.put(A)
        scene.input.put(B)
        await turns()
        scene.works.finish("a")
        await turns()
        scene.heard.error = None
        scene.works.finish("b")

    assert scene.play(script).cause is not None
    assert (scene.heard.acks, scene.heard.counted) == ([], [])


def test_lines_that_are_no_records_are_dead_and_keep_their_place(scene: Scene) -> None:
    async def script(scene: Scene) -> None:
        scene.input._batches.put_nowait(
            [Line(1, b"x" * 9, "too-large", 40_000_000), Line(2, A), Line(3, b'{"posi', "cut")]
        )
        scene.input.end()
        await turns()
        scene.works.finish("a")

    scene.play(script)
    assert (scene.heard.acks, scene.heard.letters) == ([1, 2], [1, 3])


def test_attributes_that_were_cut_are_told(scene: Scene) -> None:
    async def script(scene: Scene) -> None:
        raw = json.loads(A)
        raw["metadata"] = {"kind": "x" * 300}
        scene.input.put(json.dumps(raw).encode())
        scene.input.end()
        await turns()
        scene.works.finish("a")

    scene.play(script, rules=Rules(attributes={"kind": ("metadata", "kind")}))
    assert scene.heard.cut == 1
