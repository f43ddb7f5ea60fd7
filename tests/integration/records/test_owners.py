"""Whose documents a stream touches: its own, and nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.opencdc import record
from tests.support.streams import NAME, StreamWorld
from tests.support.wire import lose
from vsync.errors import ConfigurationError, SealHeld, StoreConflict, VsyncError
from vsync.records.state_lock import held
from vsync.system.stop import Stop

LINES = [record("a", "one", 1), record("b", "two", 2), record("c", "three", 3)]


@pytest.fixture
def world(tmp_path: Path) -> StreamWorld:
    return StreamWorld(tmp_path / "world")


def plant_look_alikes(world: StreamWorld, store_id: str | None = None, *, namesake: bool = True) -> None:
    """Entries and Files of others that differ from ours in one thing.

    `namesake`: one entry differs in its owner alone. A stream without a state would take it for its own.
    """
    ours = {"path": "a", "sha256": "0" * 64, "target": "records", "source": "acme"}
    if namesake:
        world.plant(b"one", store_id, **ours, owner="f" * 16)
    world.plant(b"one", store_id, **ours | {"target": "other", "owner": "f" * 16})
    world.plant(b"one", store_id, **ours | {"source": "other", "owner": "f" * 16})
    world.plant(b"one", store_id, **ours)
    world.plant(b"one", store_id, path="a")
    world.plant(b"one", store_id)
    world.leave("a.txt", b"one")
    world.leave("b.txt", b"another")


def test_entries_and_files_that_look_alike_are_not_touched(world: StreamWorld) -> None:
    world.run(LINES)
    plant_look_alikes(world)
    then = [record("a", "other", 11), record("b", None, 12), record("d", "four", 13)]
    for lines in (then, [*LINES, *then]):
        assert world.run(lines).error is None
        world.check([*LINES, *then])
    world.run(LINES, rebuild=True)
    world.check([*LINES, *then])


def test_a_store_that_is_given_by_its_id_may_hold_other_streams(world: StreamWorld) -> None:
    world.store = world.make_store("everybody's")
    plant_look_alikes(world, world.store, namesake=False)
    assert world.run(LINES).error is None
    world.check(LINES)
    world.is_quiet(LINES)


def test_two_streams_with_names_of_their_own_share_a_store(tmp_path: Path) -> None:
    one = StreamWorld(tmp_path / "one")
    one.store = one.make_store("shared")
    one.run(LINES)
    entries = one.entries()
    other = StreamWorld(tmp_path / "other", source="other", store=one.store)
    other.wire = one.wire
    other.strangers = {entry.file_id: one.store for entry in entries}
    other.seen = {entry.file_id: entry for entry in entries}
    other.run([record("a", None, 1), record("b", "other", 2)])
    other.check([record("b", "other", 2)])
    other.lose_state()
    other.run([record("b", "other", 2), record("c", "three", 3)])
    other.check([record("b", "other", 2), record("c", "three", 3)])


def test_documents_of_two_owners_under_one_name_are_refused(world: StreamWorld) -> None:
    world.store = world.make_store("everybody's")
    for owner in ("e" * 16, "f" * 16):
        world.plant(b"one", path="a", sha256="0" * 64, owner=owner, target="records", source="acme")
    with pytest.raises(StoreConflict, match="documents of 2 streams that are called 'acme'"):
        world.run(LINES)
    assert (world.acks, len(world.entries())) == ([], 2)


def test_a_document_whose_entry_became_somebody_elses_is_not_deleted(world: StreamWorld) -> None:
    world.run(LINES)
    entry = world.entry("a")
    changed = {**entry.attributes, "owner": "f" * 16}
    world.ask("POST", f"/vector_stores/{world.store_id}/files/{entry.file_id}", {"attributes": changed})
    report = world.run([record("a", None, 4)])
    assert (report.exit_code, world.acks[-1]["outcome"], world.acks[-1]["code"]) == (1, "failed", "not-ours")
    assert entry.file_id in world.uploaded()
    assert [kept.attributes["owner"] for kept in world.entries() if kept.file_id == entry.file_id] == ["f" * 16]


def test_a_new_version_leaves_an_old_one_that_became_somebody_elses(world: StreamWorld) -> None:
    world.run(LINES)
    entry = world.entry("a")
    changed = {**entry.attributes, "owner": "f" * 16}
    world.ask("POST", f"/vector_stores/{world.store_id}/files/{entry.file_id}", {"attributes": changed})
    world.strangers[entry.file_id] = world.store_id
    report = world.run([record("a", "other", 4)])
    assert report.replaced == 1
    assert any(entry.file_id in warning for warning in report.warnings)
    world.check([*LINES, record("a", "other", 4)])


# --- The state ---------------------------------------------------------------------------------------------------


def test_entries_that_somebody_deleted_come_again_with_their_records_after_a_rebuild(world: StreamWorld) -> None:
    world.run(LINES)
    for path in ("a", "b"):
        entry = world.entry(path)
        world.ask("DELETE", f"/vector_stores/{world.store_id}/files/{entry.file_id}")
        world.ask("DELETE", f"/files/{entry.file_id}")
    assert world.run(LINES, rebuild=True).counts["uploaded"] == 2
    world.check(LINES)
    world.is_quiet(LINES)


def test_a_rebuild_leaves_one_of_several_entries_of_a_key(world: StreamWorld) -> None:
    world.run(LINES)
    entry = world.entry("a")
    extra = world.upload("a.txt", b"one")
    world.ask("POST", f"/vector_stores/{world.store_id}/files", {"file_id": extra, "attributes": entry.attributes})
    assert len(world.ours()) == 4
    world.run(LINES, rebuild=True)
    world.check(LINES)


def test_a_state_that_is_lost_in_the_middle_is_made_again(world: StreamWorld) -> None:
    lines = [record(f"k{number}", f"text {number}", number) for number in range(20)]
    world.run(lines[:12])
    world.lose_state()
    world.wire.sent.clear()
    world.run(lines, batch_size=6)
    assert len(world.wire.of("POST /files")) == 8
    world.check(lines)
    world.is_quiet(lines)


@pytest.mark.parametrize(
    ("change", "error"),
    [({"source": "other"}, "its source is 'acme'"), ({"target": "other"}, "its target is 'records'")],
    ids=str,
)
def test_the_state_of_another_stream_is_refused(world: StreamWorld, change: dict[str, str], error: str) -> None:
    world.run(LINES)
    for name, value in change.items():
        setattr(world, name, value)
    _refused(world, ConfigurationError, error)


def test_the_state_of_another_api_is_refused(world: StreamWorld) -> None:
    world.run(LINES)
    _refused(world, ConfigurationError, "belongs to another stream: its api is", api="https://other.test/v1")


def test_the_state_of_another_store_is_refused(world: StreamWorld) -> None:
    world.run(LINES)
    world.store = world.make_store("another")
    _refused(world, StoreConflict, "belongs to the vector store")


def _refused(world: StreamWorld, kind: type[VsyncError], error: str, **given: str) -> None:
    before, requests = len(world.acks), len(world.wire.sent)
    with pytest.raises(kind, match=error) as refused:
        world.run([record("z", "new", 9)], **given)
    assert refused.value.exit_code == 2
    assert len(world.acks) == before
    assert all(sent.method == "GET" for sent in world.wire.sent[requests:])


def test_a_second_consumer_of_a_state_does_nothing(world: StreamWorld) -> None:
    world.run(LINES)
    world.wire.sent.clear()
    with held(world.state_path, 0.0, Stop()), pytest.raises(SealHeld, match="Another consumer"):
        world.run([record("z", "new", 9)])
    assert world.wire.sent == []
    assert len(world.acks) == 3


def test_the_store_of_another_stream_with_the_name_is_not_used(world: StreamWorld) -> None:
    world.make_store(NAME, vsync_source="somebody", vsync_target="records")
    with pytest.raises(StoreConflict, match="was not made by vsync for 'acme'"):
        world.run(LINES)
    assert world.uploaded() == {}


@pytest.mark.parametrize("shared", [False, True], ids=["a store of its own", "a store that others may use"])
def test_a_file_of_a_lost_answer_is_deleted_only_where_nobody_else_can_have_made_it(
    world: StreamWorld, shared: bool
) -> None:
    if shared:
        world.store = world.make_store("shared")
    world.wire.when("POST /files", lose(), times=1)
    report = world.run([record("a", "text", 1)])
    assert (report.error, report.uploaded) == (None, 1)
    (orphan,) = report.orphans
    assert orphan.verdict == ("listed" if shared else "deleted")
    assert (orphan.file_id in world.uploaded()) == shared
