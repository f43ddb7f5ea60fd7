"""Each fault at each request of a stream: nothing is lost, nothing is there twice, and the next run finishes the work."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from tests.deep.faults.kinds import INDEXING, KINDS, expire, leave_out, put, spoil, stale, undated
from tests.deep.seeds import places
from tests.support.opencdc import record
from tests.support.streams import StreamWorld
from tests.support.wire import lose
from vsync.errors import VsyncError

FIRST = [record("kept", "text", 1), record("replaced", "text", 2), record("deleted", "text", 3)]
THEN = [
    record("new", "new", 11),
    record("replaced", "changed", 12),
    record("deleted", None, 13),
    record("kept", "text", 14),
    record("last", {"a": 1}, 15),
]
ALL = [*FIRST, *THEN]


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here machines do not die."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> StreamWorld:
    """A world in which a stream ran before, beside strangers who use the same names. Nobody changes it."""
    world = StreamWorld(tmp_path_factory.mktemp("records") / "begun")
    assert world.run(FIRST).error is None
    world.plant(b"text", path="kept", owner="f" * 16, target=world.target, source=world.source, sha256="0" * 64)
    world.leave("new.txt", b"news")
    world.acks_path.unlink()
    return world


def requests(begun: StreamWorld, folder: Path) -> int:
    world = begun.copy(folder)
    assert world.run(THEN).error is None
    return len(world.wire.sent)


def finish(world: StreamWorld, left: list[bytes]) -> None:
    """The faults are over: the stream goes on from its last acknowledgement, and then comes once more from its beginning."""
    world.wire.calm()
    assert world.run(left).error is None
    # A record that failed for good was acknowledged. It is applied when the records come again.
    assert world.run(THEN).error is None
    world.check(ALL)
    world.is_quiet(THEN)
    world.check(ALL)
    world.wire.close()


@pytest.mark.parametrize("name", KINDS)
def test_a_stream_that_meets_a_fault_is_finished_by_the_next_run(begun: StreamWorld, tmp_path: Path, name: str) -> None:
    kind = KINDS[name]
    for at in places(requests(begun, tmp_path / "count"), 4, name):
        world = begun.copy(tmp_path / f"{at}")
        met = put(world, kind, at)
        error = None
        try:
            error = world.run(THEN, index_timeout_s=2.0).error  # some faults keep every look from telling anything
        except VsyncError as raised:
            error = raised
        place = f"{name} at request {at}: {met[0] if met else 'none'}"
        acked = [ack["line"] for ack in world.acks]
        assert acked == list(range(1, len(acked) + 1)), place
        if kind.passes:
            assert error is None, place
            assert all(ack["outcome"] not in {"failed", "dead"} for ack in world.acks), place
        if error is None:
            assert len(acked) == len(THEN), place
        else:
            assert error.exit_code == 3, place
        try:
            finish(world, THEN[len(acked) :])
        except AssertionError as wrong:
            raise AssertionError(place) from wrong


@pytest.mark.parametrize("name", INDEXING)
@pytest.mark.parametrize("filename", ["new.txt", "replaced.txt", "last.json"])
def test_a_document_that_is_not_indexed_leaves_its_old_version_and_the_others(
    begun: StreamWorld, tmp_path: Path, name: str, filename: str
) -> None:
    indexing = INDEXING[name]
    world = begun.copy(tmp_path / "world")
    spoilt = spoil(world, filename, indexing)
    with contextlib.suppress(VsyncError):
        world.run(THEN, index_timeout_s=0.3)
    assert spoilt
    outcomes = {ack["key"]: ack["outcome"] for ack in world.acks}
    spoilt_key = filename.partition(".")[0]
    assert len(outcomes) == len(THEN)
    assert (outcomes[spoilt_key] == "failed") is not indexing.passes
    bad = [key for key, outcome in outcomes.items() if outcome in {"failed", "dead"}]
    assert bad == ([] if indexing.passes else [spoilt_key])
    assert [letter["key"] for letter in world.letters] == bad
    if not indexing.passes:
        assert world.searchable("replaced") == [b"text" if spoilt_key == "replaced" else b"changed"]
    finish(world, [])


def test_a_file_of_a_lost_answer_without_a_date_is_named_and_not_deleted(begun: StreamWorld, tmp_path: Path) -> None:
    world = begun.copy(tmp_path / "world")
    world.wire.when(lambda _: True, undated())
    world.wire.when("POST /files", undated(lose()), times=1)
    report = world.run(THEN)
    assert report.error is None
    (orphan,) = [one for one in report.orphans if one.file_id not in world.loners]
    assert orphan.verdict == "listed"
    assert orphan.file_id in world.uploaded()
    world.check(ALL, left=1)


@pytest.mark.parametrize("lists", [1, 2])
def test_a_listing_that_lags_behind_leaves_nothing_twice_when_the_state_is_lost(
    begun: StreamWorld, tmp_path: Path, lists: int
) -> None:
    world = begun.copy(tmp_path / "world")
    lags = stale(world, lists)
    assert world.run(THEN).error is None
    world.lose_state()
    world.wire.when("GET /vector_stores/*/files", lags)
    assert world.run(THEN).error is None
    finish(world, [])


@pytest.mark.parametrize("lists", [1, 2, 20])
def test_a_listing_that_lags_behind_does_no_harm_to_a_state(begun: StreamWorld, tmp_path: Path, lists: int) -> None:
    world = begun.copy(tmp_path / "world")
    lags = stale(world, lists)
    assert world.run(THEN).error is None
    world.wire.when("GET /vector_stores/*/files", lags)
    assert world.run(THEN, rebuild=True).error is None
    finish(world, [])


def test_a_batch_that_leaves_a_file_out_ends_with_its_document_all_the_same(begun: StreamWorld, tmp_path: Path) -> None:
    world = begun.copy(tmp_path / "world")
    left_out = leave_out(world, "new.txt")
    world.run(THEN)
    assert left_out
    finish(world, THEN[len(world.acks) :])


def test_a_store_that_expired_ends_the_stream_before_it_begins(begun: StreamWorld, tmp_path: Path) -> None:
    world = begun.copy(tmp_path / "world")
    expire(world, world.store_id)
    with pytest.raises(VsyncError) as gone:
        world.run(THEN)
    assert gone.value.exit_code == 3
    assert world.acks == []
