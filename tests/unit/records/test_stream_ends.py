"""The loop of a stream ends: by its input, by errors, by defects, or because it is told to."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.loops import A, B, C, Scene, turns
from vsync.errors import ApiUnavailable, Interrupted, PublicationFailed, StoppedAtBadRecord, VsyncError
from vsync.records.apply import Applied
from vsync.records.described import Rules
from vsync.records.index import Index
from vsync.records.splitter import Line


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with closing(Index.open(tmp_path / "records.db")) as index:
        yield Scene(index)


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

        scene.input.batch = broken  # type: ignore[method-assign]  # mypy: a method is replaced; from here on this input is damaged
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
