"""The loop of a stream: batches side by side, and acknowledgements in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.loops import A, B, C, Scene, turns
from tests.support.opencdc import record
from vsync.records.index import Index
from vsync.records.pace import Pace
from vsync.records.stream import Pacing


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with closing(Index.open(tmp_path / "records.db")) as index:
        yield Scene(index)


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
