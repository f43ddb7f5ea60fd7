"""What the state file is worth: it saves uploads and finds old versions, and proves nothing by itself."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.opencdc import record
from tests.support.streams import StreamWorld
from tests.support.wire import QuickStop, alter, die, refuse
from vsync.records.stream_report import StreamReport

FIRST = [record(f"key-{number}", f"text {number}", number) for number in range(5)]
THEN = [record("key-0", "changed", 10), record("key-1", "changed", 11), record("key-2", None, 12)]
LAST = [record("key-0", "changed again", 20), record("new", "new", 21)]


@pytest.fixture
def world(tmp_path: Path) -> StreamWorld:
    """A world in which a stream ran before, beside strangers who use the same names."""
    world = StreamWorld(tmp_path / "world")
    assert world.run(FIRST).error is None
    world.plant(b"text 1", path="key-1", owner="f" * 16, target=world.target, source=world.source, sha256="0" * 64)
    world.leave("key-3.txt", b"changed and more")
    return world


def write(world: StreamWorld, statement: str, *values: str) -> None:
    """Changes the state file past vsync."""
    with closing(sqlite3.connect(world.state_path)) as database, database:
        database.execute(statement, values)


@pytest.mark.parametrize("replay", [False, True], ids=["goes on", "comes again"])
def test_a_state_from_a_backup_is_noticed_and_leaves_nothing_twice(world: StreamWorld, replay: bool) -> None:
    machine = world.state_path.parent
    assert world.run([]).error is None  # remembers the size of the store, strangers and all
    shutil.copytree(machine, world.folder / "backup")
    assert world.run(THEN).error is None
    shutil.rmtree(machine)
    shutil.copytree(world.folder / "backup", machine)
    world.notes.clear()
    assert world.run([*THEN, *LAST] if replay else LAST).error is None
    assert any("is not as the last run left it" in note for note in world.notes)
    world.check([*FIRST, *THEN, *LAST])


def test_a_lost_state_is_made_again_and_nothing_is_uploaded(world: StreamWorld) -> None:
    world.lose_state()
    report = world.is_quiet(FIRST)
    assert report.unchanged == len(FIRST)
    assert "The state knows 5 documents now." in world.notes
    world.check(FIRST)


def test_with_a_lost_state_a_deleted_document_comes_back_until_its_delete_comes(world: StreamWorld) -> None:
    assert world.run(THEN).error is None
    world.lose_state()
    report = world.run([*FIRST, *THEN], batch_size=1)
    assert (report.error, report.uploaded, report.deleted) == (None, 1, 1)
    world.check([*FIRST, *THEN])


def test_an_entry_that_somebody_deleted_is_there_again_after_the_next_run_with_its_record(world: StreamWorld) -> None:
    assert world.run([]).error is None
    gone = next(entry for entry in world.ours() if entry.path == "key-3")
    world.ask("DELETE", f"/vector_stores/{world.store_id}/files/{gone.file_id}")
    world.ask("DELETE", f"/files/{gone.file_id}")
    report = world.run(FIRST)
    assert (report.error, report.uploaded, report.unchanged) == (None, 1, 4)
    world.check(FIRST)


def test_an_id_that_somebody_wrote_into_the_state_deletes_nothing(world: StreamWorld) -> None:
    stranger = world.plant(b"somebody else's")
    assert world.run([]).error is None
    [loner] = world.loners
    write(world, "UPDATE documents SET file_id = ? WHERE key = 'key-0'", stranger)
    for file_id in (stranger, loner):
        write(world, "INSERT INTO pending_delete(file_id) VALUES(?)", file_id)
    world.run([record("key-0", "changed", 10), record("key-4", None, 11)])
    kept = world.uploaded()
    assert {stranger, loner} <= kept.keys()
    assert stranger in {entry.file_id for entry in world.entries()}


def test_a_state_from_a_backup_is_noticed_also_where_runs_end_by_a_signal(world: StreamWorld) -> None:
    def interrupted(lines: list[bytes]) -> None:
        stop = QuickStop()

        def progress(report: StreamReport) -> None:
            if report.finished == len(lines):
                stop.request(15)

        report = world.run(lines, follow=True, resume=False, batch_delay_s=0.01, stop=stop, progress=progress)
        assert report.exit_code == 143

    machine = world.state_path.parent
    interrupted(FIRST)
    shutil.copytree(machine, world.folder / "backup")
    world.notes.clear()
    interrupted(THEN)
    assert not any("is not as the last run left it" in note for note in world.notes)
    shutil.rmtree(machine)
    shutil.copytree(world.folder / "backup", machine)
    interrupted(LAST)
    assert any("is not as the last run left it" in note for note in world.notes)
    world.check([*FIRST, *THEN, *LAST])


def test_a_document_whose_delete_was_begun_and_then_refused_stays_a_document(world: StreamWorld) -> None:
    text = record("key", "text", 101)
    assert world.run([text]).error is None
    assert world.run_and_die(
        lambda world: world.wire.when("DELETE /vector_stores/*/files/*", die(answered=False)),
        [record("key", None, 102)],
    )
    world.wire.when("DELETE /vector_stores/*/files/*", refuse(400, "Not now."), times=1)
    again = [record("key", None, 102), record("key", "text", 103)]
    assert world.run(again).error is None
    assert world.run([]).error is None
    assert [entry.path for entry in world.ours()].count("key") == 1


def test_an_old_version_whose_owner_could_not_be_seen_goes_with_a_rebuild(world: StreamWorld) -> None:
    assert world.run([record("key", "old", 101)]).error is None
    hide = alter(lambda entry: entry.update(attributes={}))
    world.wire.when(lambda sent: sent.is_("GET /vector_stores/*/files/*"), hide, times=2)
    assert world.run([record("key", "new", 102)]).error is None
    assert [entry.path for entry in world.ours()].count("key") == 2
    world.wire.calm()
    assert world.run([], rebuild=True).error is None
    assert [entry.content for entry in world.ours() if entry.path == "key"] == [b"new"]


def test_documents_that_somebody_deleted_are_told_and_come_back_with_their_records(world: StreamWorld) -> None:
    gone = [entry.file_id for entry in world.ours()][:2]
    for file_id in gone:
        world.ask("DELETE", f"/vector_stores/{world.store_id}/files/{file_id}")
    report = world.run([])
    assert ["2 documents of this stream are not in the store" in warning for warning in report.warnings] == [True]
    assert world.run(FIRST).uploaded == 2
    world.check(FIRST, left=2)


def test_what_was_indexed_when_the_api_went_away_is_not_uploaded_again(world: StreamWorld) -> None:
    world.wire.when("GET /vector_stores/*/file_batches/*", refuse(401, "This key is refused."))
    lines = [record("late-1", "one", 50), record("late-2", "two", 51)]
    assert world.run(lines).exit_code == 3
    world.wire.calm()
    report = world.run(lines)
    assert (report.error, report.uploaded, report.unchanged) == (None, 0, 2)
    world.check([*FIRST, *lines])
