"""How a stream ends when something around its records goes wrong: what was done is always reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.opencdc import record
from tests.support.streams import StreamWorld
from tests.support.wire import Fault, alter, lose, refuse, unreachable
from vsync.errors import ApiUnavailable, VsyncError
from vsync.records.apply import Applied, Applier
from vsync.records.decide import Decided

LINES = [record("a", "one", 1), record("b", "two", 2)]

REFUSALS = pytest.mark.parametrize(
    "fault",
    [unreachable(), refuse(400, "This cannot be served."), refuse(401, "Incorrect API key.", "invalid_api_key")],
    ids=["unreachable", "400", "401"],
)


@pytest.fixture
def world(tmp_path: Path) -> StreamWorld:
    return StreamWorld(tmp_path / "world")


@REFUSALS
def test_a_store_whose_size_cannot_be_asked_at_the_end_is_listed_by_the_next_run(
    world: StreamWorld, fault: Fault
) -> None:
    world.run(LINES[:1])
    world.wire.sent.clear()
    world.wire.when("GET /vector_stores/*", fault, skip=1)
    report = world.run(LINES)
    assert (report.error, report.uploaded, report.unchanged) == (None, 1, 1)
    assert any("The size of the store could not be asked" in warning for warning in report.warnings)
    world.wire.calm()
    world.run(LINES)
    world.check(LINES)


@REFUSALS
def test_files_of_lost_answers_that_cannot_be_looked_for_are_left_to_the_next_run(
    world: StreamWorld, fault: Fault
) -> None:
    world.run(LINES[:1])
    world.wire.when("POST /files", lose(), times=1)
    world.wire.when("GET /files", fault)
    report = world.run(LINES)
    assert report.error is not None
    assert (report.exit_code, report.uploaded, len(world.acks)) == (3, 1, 3)
    world.wire.calm()
    assert world.run(LINES).error is None
    world.check(LINES)


@REFUSALS
def test_a_stream_begins_although_files_of_a_run_before_it_cannot_be_looked_for(
    world: StreamWorld, fault: Fault
) -> None:
    world.wire.when("POST /files", lose(), times=1)
    world.wire.when("GET /files", fault)
    world.run(LINES[:1])
    report = world.run(LINES)
    assert any("Files of runs that died could not be looked for" in warning for warning in report.warnings)
    assert report.uploaded == 1
    world.wire.calm()
    assert world.run(LINES).error is None
    world.check(LINES)


def test_a_stream_does_not_begin_when_the_api_refuses_the_deletes_of_the_run_before_it(world: StreamWorld) -> None:
    world.run(LINES)
    world.wire.when("DELETE /vector_stores/*/files/*", unreachable())
    then = [record("a", "other", 3)]
    assert world.run(then).exit_code == 3
    before = len(world.acks)
    with pytest.raises(ApiUnavailable):
        world.run([record("c", "three", 4)])
    assert len(world.acks) == before
    world.wire.calm()
    world.run([*then, record("c", "three", 4)])
    world.check([*LINES, *then, record("c", "three", 4)])


def test_a_defect_is_raised_when_what_was_done_is_acknowledged(
    world: StreamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = Applier.apply

    async def broken(applier: Applier, decided: Decided) -> Applied:
        if "b" in decided.work:
            raise RuntimeError("a defect")
        return await apply(applier, decided)

    monkeypatch.setattr(Applier, "apply", broken)
    with pytest.raises(RuntimeError, match="a defect"):
        world.run(LINES, batch_size=1)
    assert [ack["key"] for ack in world.acks] == ["a"]
    monkeypatch.undo()
    world.run(LINES)
    world.check(LINES)


def test_a_listing_that_stays_short_changes_nothing_when_the_state_is_lost(world: StreamWorld) -> None:
    world.run(LINES)
    world.lose_state()
    world.wire.sent.clear()

    def short(data: dict[str, object]) -> None:
        data["data"] = []

    world.wire.when("GET /vector_stores/*/files", alter(short))
    with pytest.raises(VsyncError, match="shows 0 of 2 entries") as refused:
        world.run(LINES)
    assert refused.value.exit_code == 3
    assert all(sent.method == "GET" for sent in world.wire.sent)
    world.wire.calm()
    world.is_quiet(LINES)
    world.check(LINES)


def test_a_deleted_document_whose_file_stays_is_deleted_and_its_file_goes_with_the_next_run(world: StreamWorld) -> None:
    world.run(LINES)
    then = [record("a", None, 3)]
    world.wire.when("DELETE /files/*", refuse(400, "This File cannot be deleted."))
    report = world.run(then)
    (warning,) = report.warnings
    assert (report.deleted, report.exit_code) == (1, 0)
    assert warning.endswith(
        "is not needed any more and could not be deleted: This File cannot be deleted. The next run tries again."
    )
    world.wire.calm()
    assert world.run([]).error is None
    world.check([*LINES, *then])


def test_a_document_whose_entry_stays_is_not_deleted_and_the_next_delete_tries_again(world: StreamWorld) -> None:
    world.run(LINES)
    then = [record("a", None, 3)]
    world.wire.when("DELETE /vector_stores/*/files/*", refuse(400, "This entry cannot be deleted."))
    report = world.run(then)
    assert (report.failed, report.exit_code, world.acks[-1]["code"]) == (1, 1, "not-deleted")
    world.check(LINES)
    world.wire.calm()
    assert world.run(then).deleted == 1
    world.check([*LINES, *then])
