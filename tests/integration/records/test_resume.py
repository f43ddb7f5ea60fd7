"""A run goes on behind the last acknowledged line of its file, and never behind a line that is not acknowledged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.opencdc import record
from tests.support.streams import StreamWorld
from tests.support.wire import QuickStop, die, refuse
from vsync.records.acks import Acks
from vsync.records.described import Rules
from vsync.records.stream_report import StreamReport

LINES = [record(f"key-{number}", f"text {number}", number) for number in range(1, 9)]
MORE = [record("key-1", None, 9), record("key-9", "text 9", 10)]


@pytest.fixture
def world(tmp_path: Path) -> StreamWorld:
    return StreamWorld(tmp_path / "world")


def follow(world: StreamWorld, count: int, lines: list[bytes] | None = None, **given: Any) -> StreamReport:
    """A run that follows the file, and is told to stop when so many records are finished."""
    stop = QuickStop()

    def progress(report: StreamReport) -> None:
        if report.finished >= count:
            stop.request(15)

    return world.run(lines, follow=True, batch_delay_s=0.01, stop=stop, progress=progress, **given)


def numbers(world: StreamWorld) -> list[int]:
    return [ack["line"] for ack in world.acks]


def test_a_run_that_resumes_reads_what_was_added(world: StreamWorld) -> None:
    world.run(LINES)
    report = world.run([*LINES, *MORE], resume=True)
    assert (report.read, report.deleted, report.uploaded) == (2, 1, 1)
    assert numbers(world) == [*range(1, 11)]
    assert f"Going on behind line 8 of {world.input_path}." in world.notes
    world.check([*LINES, *MORE])
    assert world.run(resume=True).read == 0


def test_a_followed_file_goes_on_by_itself_and_other_runs_begin_at_the_beginning(world: StreamWorld) -> None:
    follow(world, 8, LINES)
    assert follow(world, 2, [*LINES, *MORE]).read == 2
    assert numbers(world) == [*range(1, 11)]
    assert follow(world, 10, resume=False).read == 10
    assert world.run().read == 10


def test_records_that_were_dead_or_failed_are_not_read_again(world: StreamWorld) -> None:
    world.wire.when(lambda sent: sent.is_("POST /files") and b"text 2" in sent.raw, refuse(400, "No.", "invalid_file"))
    report = world.run([*LINES, b"not json"])
    assert (report.dead, report.failed) == (1, 1)
    report = world.run([*LINES, b"not json", *MORE], resume=True)
    assert (report.read, report.exit_code) == (2, 0)
    assert len(world.letters) == 2


def test_a_stream_that_stopped_at_a_bad_record_begins_at_that_record(world: StreamWorld) -> None:
    lines = [*LINES[:3], b"not json", *LINES[3:]]
    assert world.run(lines, on_error="stop").exit_code == 1
    assert numbers(world) == [1, 2, 3]
    world.run(lines, on_error="stop", resume=True)
    assert numbers(world) == [1, 2, 3]
    assert [letter["line"] for letter in world.letters] == [4, 4]
    world.run(lines, resume=True)
    assert numbers(world) == [*range(1, 10)]


def test_a_lost_state_and_a_rebuild_begin_at_the_beginning(world: StreamWorld) -> None:
    world.run(LINES)
    assert world.run(resume=True, rebuild=True).read == 8
    world.lose_state()
    assert world.run(resume=True).read == 8


def test_a_rebuild_that_dies_leaves_no_place_behind(world: StreamWorld) -> None:
    world.run(LINES)
    assert world.run_and_die(lambda world: world.wire.when(lambda sent: True, die(answered=True)), LINES, rebuild=True)
    assert world.run(resume=True).read == 8


def test_a_followed_file_is_read_anew_when_other_documents_are_wanted(world: StreamWorld) -> None:
    follow(world, 8, LINES)
    report = follow(world, 8, rules=Rules(extension=".md"))
    assert (report.read, report.replaced) == (8, 8)
    assert f"The options are not those of the run before: {world.input_path} is read from its beginning." in world.notes
    assert world.run(resume=True).read == 0  # who gives the option means it


def test_another_file_is_read_from_its_beginning(world: StreamWorld) -> None:
    world.run(LINES)
    world.input_path.rename(world.input_path.with_suffix(".1"))
    other = [record("other", "text", 1)]
    assert world.run(other, resume=True).read == 1
    assert world.run(LINES, resume=True).read == 8
    note = f"{world.input_path} is not as the run before left it: it is read from its beginning."
    assert any(said.startswith(note) for said in world.notes)


def test_a_followed_file_that_was_rotated_before_it_was_read_to_its_end_is_read_on_first(world: StreamWorld) -> None:
    follow(world, 8, LINES)
    world.input_path.write_bytes(b"".join(line + b"\n" for line in [*LINES, *MORE]))
    world.input_path.rename(world.input_path.with_suffix(".1"))
    newest = record("key-11", "text 11", 12)
    assert follow(world, 3, [newest]).read == 3
    assert numbers(world) == [*range(1, 9), 9, 10, 1]
    world.check([*LINES, *MORE, newest])
    (note,) = (said for said in world.notes if said.startswith("Going on behind line 8"))
    assert f"of {world.input_path.with_suffix('.1')}, which was called {world.input_path} before" in note


def test_where_the_rest_of_a_rotated_file_is_gone_the_report_says_so(world: StreamWorld) -> None:
    follow(world, 8, LINES)
    world.input_path.unlink()
    report = follow(world, 1, [record("key-11", "text 11", 12)])
    (warning,) = report.warnings
    assert "what stood behind line 8 of the file before is not read" in warning


def test_a_run_of_another_file_does_not_lose_the_place_of_the_first(world: StreamWorld, tmp_path: Path) -> None:
    follow(world, 8, LINES)
    other = tmp_path / "other.jsonl"
    other.write_bytes(record("other", "text", 11) + b"\n")
    assert world.run(input=other).read == 1
    assert follow(world, 2, [*LINES, *MORE]).read == 2


def test_a_file_that_is_replaced_while_it_is_followed_goes_on_in_the_new_file(world: StreamWorld) -> None:
    def rotate(report: StreamReport) -> None:
        if report.finished == len(LINES) and world.input_path.stat().st_ino == first:
            world.input_path.rename(world.input_path.with_suffix(".1"))
            world.input_path.write_bytes(b"".join(line + b"\n" for line in MORE))
        if report.finished == len(LINES) + len(MORE):
            stop.request(15)

    stop = QuickStop()
    world.input_path.write_bytes(b"".join(line + b"\n" for line in LINES))
    first = world.input_path.stat().st_ino
    world.run(follow=True, batch_delay_s=0.01, stop=stop, progress=rotate)
    assert numbers(world) == [*range(1, 9), 1, 2]
    assert follow(world, 1, [*MORE, record("key-10", "text", 11)]).read == 1
    assert numbers(world)[-1] == 3


@pytest.mark.parametrize("batch_size", [1, 3, 500])
@pytest.mark.parametrize("request_number", [4, 7, 11])
def test_a_run_that_died_is_gone_on_with_without_a_gap(
    world: StreamWorld, request_number: int, batch_size: int
) -> None:
    def prepare(world: StreamWorld) -> None:
        world.wire.when(lambda sent: sent.number == request_number, die(answered=True))

    assert world.run_and_die(prepare, LINES, batch_size=batch_size)
    acknowledged = numbers(world)
    assert world.run(LINES, resume=True).error is None
    again = numbers(world)[len(acknowledged) :]
    assert acknowledged == [*range(1, len(acknowledged) + 1)]
    assert again == [*range(again[0], 9)]
    assert again[0] <= len(acknowledged) + 1
    world.check(LINES)


def test_a_place_is_never_ahead_of_acknowledgements_that_were_lost(world: StreamWorld) -> None:
    with Path("/dev/full").open("w") as stream:
        job = world.job(acks=Acks(stream))
        world.input_path.write_bytes(b"".join(line + b"\n" for line in LINES))
        report = world.run(acks=job.acks)
    assert report.uploaded == 8
    report = world.run(resume=True)
    assert (report.read, report.unchanged) == (8, 8)
