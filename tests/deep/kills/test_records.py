"""A stream that dies at any request, before it reaches the server or after, goes on as if nothing had happened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.opencdc import record
from tests.support.streams import StreamWorld
from tests.support.wire import die

FIRST = [record(f"key-{number}", f"text {number}", number) for number in range(4)]
THEN = [
    record("key-0", "changed", 10),
    record("new-1", "new", 11),
    record("key-1", None, 12),
    record("key-2", "text 2", 13),
    record("new-2", {"a": 1}, 14, operation="snapshot"),
    record("new-1", "newer", 15),
    record("key-3", "changed", 16, representation="base64"),
    record("key-3", "changed again", 17),
    record("new-3", "short-lived", 18),
    record("new-3", None, 19),
]
ALL = [*FIRST, *THEN]

HOW: list[Any] = [
    pytest.param({"batch_size": 3, "workers": 1}, id="small batches"),
    pytest.param({}, id="one batch"),
]


def _begun(folder: Path) -> StreamWorld:
    """A world in which a stream ran before, beside strangers who use the same names."""
    world = StreamWorld(folder)
    assert world.run(FIRST).error is None
    world.plant(b"text 1", path="key-1", owner="f" * 16, target=world.target, source=world.source, sha256="0" * 64)
    world.plant(b"text 2", path="key-2", sha256="0" * 64)
    world.leave("key-3.txt", b"changed and more")
    world.acks_path.unlink()
    world.wire.sent.clear()
    return world


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here processes die, not machines: what was written is there."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def _deaths(folder: Path, given: dict[str, Any], *, answered: bool) -> Iterator[StreamWorld]:
    """Worlds whose stream died: at each of its requests, before or after the server had done it."""
    number = 0
    while True:
        number += 1
        world = _begun(folder / f"{number}")

        def at(world: StreamWorld, number: int = number) -> None:
            world.wire.when(lambda sent: sent.number == number, die(answered=answered))

        if not world.run_and_die(at, THEN, **given):
            break
        yield world
        world.wire.close()
    assert number > 15


def _acknowledged(world: StreamWorld) -> int:
    """The last line that was acknowledged. None before it was left out."""
    acked = world.acks[-1]["line"] if world.acks else 0
    world.check_acks(THEN[:acked])
    return acked


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("given", HOW)
def test_a_stream_that_died_anywhere_is_resumed(tmp_path: Path, given: dict[str, Any], answered: bool) -> None:
    for world in _deaths(tmp_path, given, answered=answered):
        acked = _acknowledged(world)
        left = THEN[acked:]
        assert world.run(left, **given).error is None
        assert [ack["line"] for ack in world.acks[acked:]] == list(range(1, len(left) + 1))
        world.check(ALL)
        world.is_quiet(THEN, **given)
        world.check(ALL)


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
def test_a_stream_that_died_anywhere_goes_on_in_its_file_without_a_gap(tmp_path: Path, answered: bool) -> None:
    given = {"batch_size": 2, "workers": 1, "resume": True}
    for world in _deaths(tmp_path, given, answered=answered):
        acked = _acknowledged(world)
        assert world.run(THEN, **given).error is None
        again = [ack["line"] for ack in world.acks[acked:]]
        assert again == [*range(acked + 1, len(THEN) + 1)]
        world.check(ALL)
        assert world.run(THEN, **given).read == 0


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
def test_a_stream_that_died_anywhere_is_resumed_without_its_state(tmp_path: Path, answered: bool) -> None:
    given = {"batch_size": 3}
    for world in _deaths(tmp_path, given, answered=answered):
        left = THEN[_acknowledged(world) :]
        world.lose_state()
        assert world.run(left, **given).error is None
        # Nothing tells whose the Files are that were uploaded and not attached.
        world.check(ALL, left=len(THEN))
        world.is_quiet(THEN[:8], **given)


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
def test_a_stream_that_died_twice_is_resumed(tmp_path: Path, answered: bool) -> None:
    given = {"batch_size": 3}
    for number, world in enumerate(_deaths(tmp_path, given, answered=answered)):
        left = THEN[_acknowledged(world) :]
        acked = len(world.acks)

        def again(world: StreamWorld, number: int = number) -> None:
            world.wire.sent.clear()
            world.wire.when(lambda sent: sent.number == number % 7 + 1, die(answered=not answered))

        world.run_and_die(again, left, **given)
        left = left[len(world.acks) - acked :]
        assert world.run(left, **given).error is None
        world.check(ALL)
        world.is_quiet(THEN, **given)
        world.check(ALL)
