"""A stream that dies at any request, before it reaches the server or after, goes on as if nothing had happened."""

from __future__ import annotations

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


def _requests(folder: Path, given: dict[str, Any]) -> int:
    world = _begun(folder)
    assert world.run(THEN, **given).error is None
    return len(world.wire.sent)


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("given", HOW)
def test_a_stream_that_died_anywhere_is_resumed(tmp_path: Path, given: dict[str, Any], answered: bool) -> None:
    most = _requests(tmp_path / "count", given)
    assert most > 15
    for number in range(1, most + 1):
        world = _begun(tmp_path / f"{number}")

        def at(world: StreamWorld, number: int = number) -> None:
            world.wire.when(lambda sent: sent.number == number, die(answered=answered))

        died = world.run_and_die(at, THEN, **given)
        assert died or number > most - 3  # batches side by side may need a few requests less
        world.wire.calm()
        acked = world.acks[-1]["line"] if world.acks else 0
        world.check_acks(THEN[:acked])
        left = THEN[acked:]
        report = world.run(left, **given)
        assert report.error is None, number
        assert [ack["line"] for ack in world.acks[acked:]] == list(range(1, len(left) + 1))
        world.check(ALL)
        world.is_quiet([*THEN], **given)
        world.check(ALL)
