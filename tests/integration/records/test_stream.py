"""A stream of records ends in the store: each key once, with its last document, and nothing of anybody else's touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.opencdc import record
from tests.support.streams import StreamWorld
from tests.support.wire import Sent, refuse
from vsync.system.secrets import Secrets


@pytest.fixture
def world(tmp_path: Path) -> StreamWorld:
    return StreamWorld(tmp_path / "world")


MIXED = [
    record("a", "one", 1),
    record("b", {"title": "two", "n": 2}, 2),
    record("c", "three", 3, representation="base64"),
    record("a", "one again", 4),
    b"not json",
    record("d", "four", 6),
    record("c", None, 7),
    record("b", {"title": "late"}, 1),
    record("e", None, 9),
    record("a", "", 10),
]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 500])
def test_each_key_has_its_last_document(world: StreamWorld, batch_size: int) -> None:
    report = world.run(MIXED, batch_size=batch_size)
    assert (report.error, report.exit_code, report.dead, report.read) == (None, 1, 2, 10)
    world.check(MIXED)
    world.check_acks(MIXED)
    assert [(letter["line"], letter["code"]) for letter in world.letters] == [(5, "not-json"), (10, "not-text")]
    assert {entry.path: entry.content for entry in world.ours()} == {
        "a": b"one again",
        "b": b'{"n": 2, "title": "two"}',
        "d": b"four",
    }
    world.is_quiet(MIXED, batch_size=batch_size)
    world.check(MIXED)


def test_where_the_store_refuses_the_last_record_of_a_key_the_one_before_it_counts(world: StreamWorld) -> None:
    def is_bad(sent: Sent) -> bool:
        return sent.is_("POST /files") and b"refused text" in sent.raw

    lines = [record("a", "first", 1), record("a", "second", 2), record("a", "refused text", 3), record("b", "other", 4)]
    world.wire.when(is_bad, refuse(400, "This content is not allowed.", "invalid_file"))
    report = world.run(lines)
    assert (report.failed, report.uploaded, report.superseded, report.exit_code) == (1, 2, 1, 1)
    assert [ack["outcome"] for ack in world.acks] == ["superseded", "uploaded", "failed", "uploaded"]
    world.check([lines[0], lines[1], lines[3]])


def test_the_reason_of_a_dead_letter_does_not_hold_the_key_of_the_api(world: StreamWorld) -> None:
    world.run([record("a", "text", 1, operation="my-own-key-123")], secrets=Secrets("my-own-key-123"))
    (letter,) = world.letters
    assert "***" in letter["reason"]
    assert "my-own-key-123" not in letter["reason"]
