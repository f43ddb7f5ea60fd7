"""What becomes of a transfer when the server, the network or the run itself goes wrong: no File is forgotten.

Each case ends in `checked`: what is confirmed is searchable once, and every other File is known to be in vain.
"""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.transfers import (
    BATCH,
    IN_BATCH,
    INTERNAL,
    LOOK,
    POLL,
    SINGLE,
    Ran,
    SickIndex,
    Skipping,
    document,
    fail_entries,
    numbered,
)
from tests.support.wire import (
    Fault,
    Forward,
    QuickStop,
    Sent,
    World,
    alter,
    answer,
    call,
    cut,
    delay,
    lose,
    refuse,
    response,
    unreachable,
)
from vsync.errors import ApiUnavailable, CredentialsRefused, Interrupted, RepositoryError, SealHeld
from vsync.plan.plan import Operation
from vsync.report.observer import Observer
from vsync.store import vector_store as store_module
from vsync.system.stop import Stop
from vsync.transfer import attach as attaching_module
from vsync.transfer import index as indexing_module

ATTACHED = "File file-x is already attached to this vector store."


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.make_store("docs")
    yield made
    made.wire.close()


def checked(ran: Ran) -> Ran:
    """Every File of the run is confirmed or discarded, no document is in the store twice but for those in vain."""
    ran.check()
    known = {entry.file_id for entry in ran.outcome.confirmed.values()} | set(ran.outcome.discarded)
    assert ran.world.uploaded().keys() == known
    assert len(ran.outcome.discarded) == len(set(ran.outcome.discarded))
    return ran


class Listening(Observer):
    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.announced: Counter[str] = Counter()
        self.advanced: Counter[str] = Counter()

    def stage(self, name: str, total: int) -> None:
        self.announced[name] += total

    def advance(self, name: str) -> None:
        self.advanced[name] += 1

    def failed(self, path: str, code: str, message: str) -> None:
        self.told.append((path, code))


def settle_then_refuse(world: World, errors: Mapping[str, object], listening: Listening) -> Fault:
    """The named documents end, with their errors; others are in progress. When the run knows it, the key is refused."""

    async def look(sent: Sent, forward: Forward) -> httpx2.Response:
        if listening.advanced["indexing"] == len(errors):
            return await refuse(401, "Incorrect API key provided.")(sent, forward)
        name = world.uploaded()[sent.path.rpartition("/")[2]]
        error = errors.get(name)
        status = "in_progress" if name not in errors else "failed" if error else "completed"
        return await alter(lambda entry: entry.update(status=status, last_error=error))(sent, forward)

    return look


# The server fails to index


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(("status", "error"), [("failed", INTERNAL), ("cancelled", None), ("failed", None)])
def test_a_document_that_the_server_failed_to_index_is_uploaded_again(
    world: World, count: int, times: int, status: str, error: object
) -> None:
    SickIndex(world, {"000.md": times}, status, error)
    ran = checked(Ran(world, numbered(count)))
    assert (len(ran.confirmed), ran.failed) == (count, {})
    assert len(world.wire.of("POST /files")) == count + times
    assert {world.uploaded()[file_id] for file_id in ran.outcome.discarded} == {"000.md"}
    assert ran.outcome.complete


def test_after_three_tries_a_document_is_reported_once_and_left_to_the_next_run(world: World) -> None:
    SickIndex(world, {"000.md": 9})
    observer = Listening()
    ran = checked(Ran(world, numbered(4), observer=observer))
    assert ran.failed == {"000.md": ("server_error", False)}
    assert ran.outcome.failed["000.md"].message == "An internal error occurred. (tried 3 times)"
    assert observer.told == [("000.md", "server_error")]
    assert len(ran.outcome.discarded) == 3
    assert not ran.outcome.complete
    assert ran.outcome.cause is None


def test_a_batch_that_is_cancelled_from_outside_is_tried_again(world: World) -> None:
    async def cancel(sent: Sent, forward: Forward) -> httpx2.Response:
        data = (await forward()).json()
        data.update(status="cancelled")
        data["file_counts"] = {"in_progress": 0, "completed": 0, "failed": 0, "cancelled": 6, "total": 6}
        return response(200, data)

    SickIndex(world, dict.fromkeys(numbered(6), 1), "cancelled", None)
    world.wire.when(POLL, cancel, times=1)
    ran = checked(Ran(world, numbered(6)))
    assert (len(ran.confirmed), ran.failed) == (6, {})
    assert len(ran.outcome.discarded) == 6


def test_a_server_that_indexes_nothing_gets_no_document_twice(world: World) -> None:
    SickIndex(world, dict.fromkeys(numbered(12), 9))
    ran = checked(Ran(world, numbered(12)))
    assert {code for code, _ in ran.failed.values()} == {"server_error"}
    assert {item.message for item in ran.outcome.failed.values()} == {"An internal error occurred. (tried once)"}
    assert len(world.wire.of("POST /files")) == len(ran.failed) == 12


def test_a_server_that_indexes_one_of_many_is_worth_another_try(world: World) -> None:
    SickIndex(world, {name: 1 for name in numbered(12) if name != "007.md"})
    ran = checked(Ran(world, numbered(12)))
    assert (len(ran.confirmed), ran.failed) == (12, {})


@pytest.mark.parametrize("code", ["unsupported_file", "invalid_file"])
def test_content_that_cannot_be_indexed_is_final_and_not_tried_again(world: World, code: str) -> None:
    SickIndex(world, {"000.md": 9}, error={"code": code, "message": "No."})
    ran = checked(Ran(world, numbered(3)))
    assert ran.failed == {"000.md": (code, True)}
    assert ran.outcome.failed["000.md"].message == "No."
    assert len(world.wire.of("POST /files")) == 3
    assert len(world.wire.of(IN_BATCH)) == 1  # only for what failed: the counts tell the rest
    assert ran.outcome.complete


def test_a_document_whose_new_upload_is_refused_tells_that(world: World) -> None:
    SickIndex(world, {"000.md": 1})
    world.wire.when("POST /files", refuse(400, "Invalid extension md.", "unsupported"), skip=3)
    ran = checked(Ran(world, numbered(3)))
    assert ran.failed == {"000.md": ("unsupported", True)}
    assert ran.confirmed == ["001.md", "002.md"]


def test_a_stop_between_two_tries_ends_the_run_and_tells_of_the_first(world: World) -> None:
    class Stopping(QuickStop):
        async def sleep(self, seconds: float) -> None:
            if len(world.wire.of("POST /files")) == 3 and seconds == 2.0 and not world.wire.of(LOOK):
                self.request(signal.SIGTERM)
            await super().sleep(seconds)

    SickIndex(world, {"000.md": 9})
    ran = checked(Ran(world, numbered(3), stop=Stopping()))
    assert ran.failed == {"000.md": ("server_error", False)}
    assert "tried once" in ran.outcome.failed["000.md"].message
    assert len(world.wire.of("POST /files")) == 3
    assert isinstance(ran.outcome.cause, Interrupted)


def test_a_run_that_an_error_has_ended_waits_for_no_second_round(world: World) -> None:
    listening = Listening()
    slept: list[float] = []

    class Recording(QuickStop):
        async def sleep(self, seconds: float) -> None:
            slept.append(seconds)
            await super().sleep(seconds)

    world.wire.when(lambda sent: "/file_batches" in sent.path, refuse(404, "Invalid URL"))
    world.wire.when(LOOK, settle_then_refuse(world, {"000.md": INTERNAL}, listening))
    ran = checked(Ran(world, numbered(6), stop=Recording(), observer=listening))
    assert isinstance(ran.outcome.cause, CredentialsRefused)
    assert ran.failed == {"000.md": ("server_error", False)}
    assert 2.0 not in slept
    assert len(world.wire.of("POST /files")) == 6


# Waits are bounded


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("slow", [delay(60), refuse(500, "oops"), cut()], ids=["slow", "500", "cut"])
def test_polls_that_are_slow_or_fail_do_not_lengthen_the_wait(
    world: World, monkeypatch: pytest.MonkeyPatch, count: int, slow: Fault
) -> None:
    monkeypatch.setattr(indexing_module, "_LAST_LOOK_S", 0.1)

    async def fault(sent: Sent, forward: Forward) -> httpx2.Response:
        if sent.method == "GET":
            return await slow(sent, forward)
        return await forward()

    world.wire.when(lambda sent: sent.method == "GET", fault)
    began = time.monotonic()
    ran = Ran(world, numbered(count), index_timeout_s=0.3, timeout=20)
    assert time.monotonic() - began < 5
    if ran.outcome.cause is None:  # else the API is found to be away before the time is over
        assert ran.failed == dict.fromkeys(numbered(count), ("index-timeout", False))
    checked(ran)


def test_a_file_that_hangs_is_discarded_and_its_neighbours_stay(world: World) -> None:
    fail_entries(world, "in_progress", None, {"001.md"})
    ran = checked(Ran(world, numbered(3), index_timeout_s=0.1, timeout=5))
    assert ran.failed == {"001.md": ("index-timeout", False)}
    assert [world.uploaded()[file_id] for file_id in ran.outcome.discarded] == ["001.md"]


def test_a_last_look_that_hangs_as_well_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing_module, "_LAST_LOOK_S", 0.1)
    fail_entries(world, "in_progress", None, {"001.md"})
    world.wire.when(IN_BATCH, delay(60))
    ran = checked(Ran(world, numbered(3), index_timeout_s=0.1, timeout=5))
    assert {code for code, _ in ran.failed.values()} == {"index-timeout"}


def test_one_poll_that_is_refused_does_not_hide_the_other_files(world: World) -> None:
    world.wire.when(lambda sent: "/file_batches" in sent.path, refuse(404, "Invalid URL"))
    (first,) = numbered(1)
    world.wire.when(
        lambda sent: sent.is_(LOOK) and world.uploaded().get(sent.path.split("/")[-1]) == first, refuse(400, "no")
    )
    ran = checked(Ran(world, numbered(5), index_timeout_s=0.2, timeout=10))
    assert ran.failed == {first: ("index-timeout", False)}
    assert len(ran.confirmed) == 4


def test_an_api_that_goes_away_while_files_are_looked_at_ends_the_run(world: World) -> None:
    world.wire.when(lambda sent: "/file_batches" in sent.path, refuse(404, "Invalid URL"))
    listening = Listening()
    world.wire.when(LOOK, settle_then_refuse(world, dict.fromkeys(numbered(3)), listening))
    ran = checked(Ran(world, numbered(6), observer=listening))
    assert isinstance(ran.outcome.cause, CredentialsRefused)
    assert ran.confirmed == [*numbered(3)]
    assert ran.failed == {}


# Batches that are not what they say


def counts(**given: int) -> dict[str, int]:
    return {"in_progress": 0, "completed": 0, "failed": 0, "cancelled": 0, "total": 0} | given


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("completed", counts()),
        ("completed", counts(total=5)),
        ("completed", counts(completed=4, total=5)),
        ("completed", counts(completed=3, failed=1, total=5)),
        ("completed", counts(completed=3, failed=2, total=5)),
        ("completed", counts(completed=4, failed=1, total=6)),
        ("completed", counts(completed=5, total=4)),
        ("completed", counts(completed=6, failed=-1, total=5)),
        ("completed", counts(completed=9, total=9)),
        ("completed", counts(completed=4, in_progress=1, total=5)),
        ("failed", counts(in_progress=5, total=5)),
        ("failed", counts(failed=5, total=5)),
        ("cancelled", counts(cancelled=5, total=5)),
        ("cancelled", counts(in_progress=5, total=5)),
        ("expired", counts(in_progress=2, completed=3, total=5)),
    ],
)
def test_files_of_a_batch_whose_counts_are_wrong_are_settled_by_their_own_status(
    world: World, status: str, said: dict[str, int]
) -> None:
    SickIndex(world, {"001.md": 9}, error={"code": "invalid_file", "message": "No."})
    world.wire.when(POLL, alter(lambda data: data.update(status=status, file_counts=said)))
    ran = checked(Ran(world, numbered(5), index_timeout_s=2.0))
    assert ran.failed == {"001.md": ("invalid_file", True)}
    assert len(ran.confirmed) == 4
    assert not world.wire.of(SINGLE)


def test_a_batch_that_stands_still_is_looked_at_file_by_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some server's counts never end, though the Files have."""
    monkeypatch.setattr(indexing_module, "_STANDSTILL_S", 0.1)
    said = counts(in_progress=2, completed=3, total=5)
    world.wire.when(POLL, alter(lambda data: data.update(status="in_progress", file_counts=said)))
    began = time.monotonic()
    ran = checked(Ran(world, numbered(5), index_timeout_s=30.0))
    assert (len(ran.confirmed), ran.failed) == (5, {})
    assert time.monotonic() - began < 5
    assert len(world.wire.of(IN_BATCH)) == 1


def test_a_batch_that_stands_still_for_a_moment_is_only_asked_for(world: World) -> None:
    said = counts(in_progress=2, completed=3, total=5)
    world.wire.when(POLL, alter(lambda data: data.update(status="in_progress", file_counts=said)), times=4)
    ran = checked(Ran(world, numbered(5)))
    assert len(ran.confirmed) == 5
    assert (len(world.wire.of(POLL)), len(world.wire.of(IN_BATCH))) == (5, 0)


def test_what_is_announced_is_done_in_the_end(world: World) -> None:
    """Of Files that are indexed, fail, are tried again or hang."""
    observer = Listening()
    SickIndex(world, {"001.md": 1, "002.md": 9})
    fail_entries(world, "in_progress", None, {"003.md"})
    ran = checked(Ran(world, numbered(6), observer=observer, index_timeout_s=0.5))
    assert {path: code for path, (code, _) in ran.failed.items()}["003.md"] == "index-timeout"
    assert observer.advanced["indexing"] == observer.announced["indexing"] >= 6
    assert observer.advanced["uploading"] == observer.announced["uploading"] >= 6


def test_a_batch_that_makes_progress_is_not_listed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing_module, "_STANDSTILL_S", 0.05)
    done = 0

    def grow(data: dict[str, Any]) -> None:
        nonlocal done
        done = min(done + 1, 5)
        status = "completed" if done == 5 else "in_progress"
        data.update(status=status, file_counts=counts(in_progress=5 - done, completed=done, total=5))

    async def slowly(sent: Sent, forward: Forward) -> httpx2.Response:
        await delay(0.03)(sent, forward)
        return await alter(grow)(sent, forward)

    world.wire.when(POLL, slowly)
    ran = checked(Ran(world, numbered(5)))
    assert len(ran.confirmed) == 5
    assert not world.wire.of(IN_BATCH)


def test_a_batch_that_becomes_its_store_and_has_failed_files_is_read_from_them(world: World) -> None:
    """https://github.com/openai/openai-python/issues/2724"""
    SickIndex(world, {"001.md": 9}, error={"code": "invalid_file", "message": "No."})
    world.wire.when(POLL, answer(200, world.ask("GET", f"/vector_stores/{world.store_id}")))
    ran = checked(Ran(world, numbered(4)))
    assert ran.failed == {"001.md": ("invalid_file", True)}
    assert len(ran.confirmed) == 3


def test_a_batch_that_cannot_be_listed_and_does_not_add_up_is_looked_at_file_by_file(world: World) -> None:
    SickIndex(world, {"001.md": 9}, error={"code": "invalid_file", "message": "No."})
    world.wire.when(POLL, alter(lambda data: data.update(file_counts=counts(completed=5, total=4))))
    world.wire.when(IN_BATCH, refuse(404, "Invalid URL"))
    ran = checked(Ran(world, numbered(5)))
    assert ran.failed == {"001.md": ("invalid_file", True)}
    assert len(ran.confirmed) == 4
    assert not world.wire.of(SINGLE)


@pytest.mark.parametrize("status", [404, 405, 410, 501])
def test_when_batches_cease_to_exist_the_others_are_attached_one_by_one(
    world: World, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(attaching_module, "MAX_BATCH", 5)
    monkeypatch.setattr(attaching_module, "FLUSH_EVERY_S", 60.0)
    gone = refuse(status, "Invalid URL")
    world.wire.when(BATCH, gone, skip=1)
    world.wire.when(lambda sent: sent.is_(POLL) or sent.is_(IN_BATCH), gone)
    ran = checked(Ran(world, numbered(20)))
    assert (len(ran.confirmed), ran.failed, ran.outcome.cause) == (20, {}, None)
    assert (len(world.wire.of(BATCH)), len(world.wire.of(SINGLE))) == (2, 15)


def test_files_that_are_left_out_of_a_batch_get_no_new_time(world: World) -> None:
    stop = Skipping()

    async def take_some(sent: Sent, forward: Forward) -> httpx2.Response:
        sent.raw = json.dumps({"files": sent.json["files"][:2]}).encode()
        return await forward()

    def dawdle(data: dict[str, Any]) -> None:
        if stop.now() < 1.0:
            data.update(status="in_progress", file_counts=counts(in_progress=2, total=2))

    world.wire.when(BATCH, take_some)
    world.wire.when(POLL, alter(dawdle))
    world.wire.when(LOOK, alter(lambda data: data.update(status="in_progress")))
    ran = checked(Ran(world, numbered(6), index_timeout_s=1.5, stop=stop, clock=stop.now))
    assert 1.5 <= stop.now() < 1.6
    assert Counter(code for code, _ in ran.failed.values()) == {"index-timeout": 4}
    assert len(ran.confirmed) == 2


# Lost answers to attaching


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("fault", [lose(), cut(), refuse(502, "Bad gateway")], ids=["lost", "cut", "502"])
def test_a_batch_whose_answer_is_lost_is_completed_from_what_the_store_has(
    world: World, fault: Fault, times: int
) -> None:
    world.wire.when(BATCH, fault, times=times)
    ran = checked(Ran(world, numbered(7)))
    assert (len(ran.confirmed), ran.failed, ran.outcome.cause) == (7, {}, None)
    assert len(world.entries()) == 7
    assert len(world.wire.of(BATCH)) <= times + 1
    assert not world.wire.of(SINGLE)


def test_a_batch_that_was_half_taken_when_its_answer_was_lost_gets_the_rest_alone(world: World) -> None:
    async def half(sent: Sent, forward: Forward) -> httpx2.Response:
        sent.raw = json.dumps({"files": sent.json["files"][:3]}).encode()
        return await lose()(sent, forward)

    world.wire.when(BATCH, half, times=1)
    ran = checked(Ran(world, numbered(7)))
    assert (len(ran.confirmed), ran.failed) == (7, {})
    first, second = world.wire.of(BATCH)
    assert len(second.json["files"]) == 4
    assert {item["file_id"] for item in first.json["files"]}.isdisjoint({i["file_id"] for i in second.json["files"]})


def test_a_file_of_a_lost_batch_that_fails_to_be_indexed_is_uploaded_again(world: World) -> None:
    world.wire.when(BATCH, lose(), times=1)
    SickIndex(world, {"001.md": 1})
    ran = checked(Ran(world, numbered(3)))
    assert (len(ran.confirmed), ran.failed) == (3, {})
    assert len(ran.outcome.discarded) == 1


def test_a_batch_that_the_server_takes_after_it_was_asked_for_is_not_attached_twice(world: World) -> None:
    """The answer is lost, a list shows nothing yet, and the second request is refused: they are there by then."""
    late: list[Callable[[], Any]] = []

    async def later(sent: Sent, forward: Forward) -> httpx2.Response:
        late.append(lambda: world.ask("POST", sent.path, sent.json))
        return await cut()(sent, forward)

    async def refuse_twins(sent: Sent, forward: Forward) -> httpx2.Response:
        if late:
            late.pop()()
        there = {entry.file_id for entry in world.entries()}
        if any(item["file_id"] in there for item in sent.json["files"]):
            return response(400, {"error": {"message": ATTACHED, "code": None}})
        return await forward()

    world.wire.when(BATCH, refuse_twins)
    world.wire.when(BATCH, later, times=1)
    ran = checked(Ran(world, numbered(5)))
    assert (len(ran.confirmed), ran.failed) == (5, {})
    assert len(world.entries()) == 5
    assert len(world.wire.of(BATCH)) == 2


@pytest.mark.parametrize("fault", [cut(), refuse(503, "busy")], ids=["cut", "503"])
def test_where_no_batch_is_ever_answered_files_are_attached_one_by_one(world: World, fault: Fault) -> None:
    """It may be a proxy that does not let a large body through."""
    world.wire.when(BATCH, fault)
    ran = checked(Ran(world, numbered(4)))
    assert (len(ran.confirmed), ran.failed, ran.outcome.cause) == (4, {}, None)
    assert len(world.wire.of(BATCH)) <= 3 * attaching_module.MAX_LOST


def test_where_nothing_can_be_attached_the_run_ends_and_knows_its_files(world: World) -> None:
    for what in (BATCH, SINGLE):
        world.wire.when(what, cut())
    ran = checked(Ran(world, numbered(40)))
    assert isinstance(ran.outcome.cause, ApiUnavailable)
    assert len(ran.outcome.discarded) == 40
    assert len([sent for sent in world.wire.sent if sent.is_(BATCH) or sent.is_(SINGLE)]) < 200


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("fault", [lose(), cut(), refuse(500, "oops")], ids=["lost", "cut", "500"])
def test_a_single_file_whose_answer_is_lost_is_attached_once(world: World, fault: Fault, times: int) -> None:
    world.wire.when(SINGLE, fault, times=times)
    ran = checked(Ran(world, numbered(1)))
    assert (ran.confirmed, ran.failed, ran.outcome.cause) == (["000.md"], {}, None)
    assert len(world.entries()) == 1


def test_one_file_that_the_server_never_answers_for_fails_alone(world: World) -> None:
    async def poison(sent: Sent, forward: Forward) -> httpx2.Response:
        items = sent.json.get("files", [sent.json])
        if any(world.uploaded()[item["file_id"]] == "002.md" for item in items):
            return await refuse(500, "oops")(sent, forward)
        return await forward()

    for what in (BATCH, SINGLE):
        world.wire.when(what, poison)
    ran = checked(Ran(world, numbered(6), timeout=60))
    assert list(ran.failed) == ["002.md"]
    assert len(ran.confirmed) == 5
    assert ran.outcome.cause is None


@pytest.mark.parametrize("status", [400, 409])
@pytest.mark.parametrize("count", [1, 5])
def test_a_file_that_is_attached_already_counts_as_taken(world: World, count: int, status: int) -> None:
    async def deny(sent: Sent, forward: Forward) -> httpx2.Response:
        await forward()
        return response(status, {"error": {"message": ATTACHED, "code": None}}, {"x-should-retry": "false"})

    world.wire.when(lambda sent: sent.is_(BATCH) or sent.is_(SINGLE), deny)
    ran = checked(Ran(world, numbered(count)))
    assert (len(ran.confirmed), ran.failed) == (count, {})
    assert len(world.entries()) == count


@pytest.mark.parametrize("there", [False, True])
def test_a_file_that_is_said_to_be_attached_and_is_not_ours_fails(world: World, there: bool) -> None:
    async def deny(sent: Sent, forward: Forward) -> httpx2.Response:
        if there:
            body = sent.json | {"attributes": {"owner": "somebody", "target": "default"}}
            sent.raw = json.dumps(body).encode()
            await forward()
        return response(400, {"error": {"message": ATTACHED, "code": "duplicate"}})

    world.wire.when(SINGLE, deny)
    ran = checked(Ran(world, numbered(1)))
    assert ran.failed == {"000.md": ("duplicate", False)}
    assert len(ran.outcome.discarded) == 1


def test_a_batch_of_which_none_is_there_after_all_is_split(world: World) -> None:
    world.wire.when(BATCH, refuse(400, ATTACHED))
    ran = checked(Ran(world, numbered(6)))
    assert (len(ran.confirmed), ran.failed) == (6, {})


# The seal


def test_each_upload_and_attach_makes_sure_that_the_seal_is_ours(world: World) -> None:
    asked = 0

    def still_ours() -> None:
        nonlocal asked
        asked += 1
        if asked > 4:
            raise SealHeld("Another run has taken over.")

    ran = checked(Ran(world, numbered(10), still_ours=still_ours, concurrency=1))
    assert isinstance(ran.outcome.cause, SealHeld)
    assert len(world.wire.of("POST /files")) == 4
    assert not world.entries()
    assert len(ran.outcome.discarded) == 4


def test_no_attributes_are_changed_when_the_seal_is_anothers(world: World) -> None:
    first = Ran(world, numbered(1))
    entry = first.outcome.confirmed["000.md"]
    world.wire.calm()

    def taken() -> None:
        raise SealHeld("Another run has taken over.")

    operation = Operation("retag", "000.md", document("000.md", attributes={"team": "x"}), entry)
    ran = Ran(world, {}, [operation], still_ours=taken, attributes={"team": "x"})
    assert isinstance(ran.outcome.cause, SealHeld)
    assert {sent.method for sent in world.wire.sent} == {"GET"}


# Stops


def timed(world: World, stop: Stop, count: int = 40, **given: Any) -> tuple[Ran, float]:
    """A transfer, and the seconds that it went on after the stop."""
    ran = Ran(world, numbered(count), stop=stop, **given)  # type: ignore[arg-type]  # any Stop will do
    since = stop.requested_for
    assert since is not None
    return ran, since


@pytest.mark.parametrize("what", ["POST /files", BATCH, POLL])
def test_after_a_stop_a_run_ends_with_what_is_in_the_air(
    world: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Real seconds: requests take 0.8 s, and at most one follows another after the stop."""
    monkeypatch.setattr(attaching_module, "FLUSH_EVERY_S", 0.1)
    stop = Stop()

    async def stopping(sent: Sent, forward: Forward) -> httpx2.Response:
        if sent.is_(what):
            stop.request(signal.SIGTERM)
        return await delay(0.8)(sent, forward)

    fail_entries(world, "in_progress", None, set())
    world.wire.when(lambda sent: stop.requested, delay(0.8))
    world.wire.when(what, stopping)
    ran, since = timed(world, stop, count=8, concurrency=4, index_timeout_s=60.0)
    checked(ran)
    assert since < 0.8 + 0.8 + 0.3
    assert isinstance(ran.outcome.cause, Interrupted)


def test_after_a_stop_no_new_upload_begins_and_slow_ones_are_not_attached_late(world: World) -> None:
    stop = Stop()

    async def slow(sent: Sent, forward: Forward) -> httpx2.Response:
        stop.request(signal.SIGINT)
        return await delay(0.7)(sent, forward)

    world.wire.when("POST /files", slow)
    ran, since = timed(world, stop, count=30, concurrency=4)
    checked(ran)
    assert since < 1.2
    assert len(world.wire.of("POST /files")) == 4
    assert not world.entries()
    assert len(ran.outcome.discarded) == 4


def test_a_stop_ends_the_wait_for_the_first_look(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look comes up to two seconds after the attach, while uploads go on."""
    monkeypatch.setattr(attaching_module, "FLUSH_EVERY_S", 0.05)
    stop = Stop()

    async def last(sent: Sent, forward: Forward) -> httpx2.Response:
        stop.request(signal.SIGTERM)
        return await forward()

    world.wire.when("POST /files", delay(0.01))
    world.wire.when("POST /files", last, skip=20)
    ran, since = timed(world, stop, count=40, concurrency=1)
    checked(ran)
    assert since < 0.5
    assert world.wire.of(BATCH)
    assert not world.wire.of(POLL)


def test_what_was_confirmed_before_a_stop_stays_confirmed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attaching_module, "FLUSH_AT", 5)
    monkeypatch.setattr(indexing_module, "_FIRST_LOOK_WITHIN_S", 0.001)
    stop = QuickStop()
    world.wire.when("POST /files", delay(0.01))
    world.wire.when("POST /files", call(lambda: stop.request(signal.SIGTERM)), skip=25)
    ran = checked(Ran(world, numbered(60), stop=stop, concurrency=1))
    assert isinstance(ran.outcome.cause, Interrupted)
    assert ran.confirmed
    assert ran.outcome.unfinished


def test_a_request_that_fails_because_of_a_stop_is_told_as_the_stop(world: World) -> None:
    stop = QuickStop()

    async def fault(sent: Sent, forward: Forward) -> httpx2.Response:
        stop.request(signal.SIGTERM)
        return await unreachable()(sent, forward)

    world.wire.when("POST /files", fault, skip=2)
    ran = checked(Ran(world, numbered(9), stop=stop, concurrency=1))
    assert isinstance(ran.outcome.cause, Interrupted)
    assert ran.outcome.cause.exit_code == 143


@pytest.mark.parametrize(("what", "count"), [(BATCH, 5), (SINGLE, 1)])
def test_an_attach_without_an_answer_is_not_sent_again_after_a_stop(world: World, what: str, count: int) -> None:
    stop = QuickStop()

    async def fault(sent: Sent, forward: Forward) -> httpx2.Response:
        stop.request(signal.SIGTERM)
        return await lose()(sent, forward)

    world.wire.when(what, fault)
    ran = checked(Ran(world, numbered(count), stop=stop))
    assert isinstance(ran.outcome.cause, Interrupted)
    assert len(world.wire.of(what)) == 1
    assert len(ran.outcome.discarded) == count


def test_a_stop_ends_a_look_at_many_files(world: World) -> None:
    stop = QuickStop()
    world.wire.when(lambda sent: "/file_batches" in sent.path, refuse(404, "Invalid URL"))
    world.wire.when(LOOK, call(lambda: stop.request(signal.SIGTERM)))
    checked(Ran(world, numbered(40), stop=stop))
    assert 1 <= len(world.wire.of(LOOK)) <= 8


# Defects: what nobody foresaw


class Broken(Exception):
    """What nobody foresaw."""


@pytest.mark.parametrize("method", ["upload", "attach_batch", "batch_progress"])
def test_a_defect_ends_the_run_and_no_file_is_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    original = getattr(store_module.VectorStore, method)
    calls = 0

    async def broken(self: Any, *given: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > (6 if method == "upload" else 1):
            raise Broken(method)
        return await original(self, *given)

    monkeypatch.setattr(attaching_module, "FLUSH_AT", 4)
    monkeypatch.setattr(store_module.VectorStore, method, broken)
    world.wire.when("POST /files", delay(0.002))
    ran = checked(Ran(world, numbered(30), concurrency=2))
    assert isinstance(ran.outcome.defect, Broken)
    assert ran.outcome.cause is not None
    assert ran.outcome.unfinished
    assert len(ran.confirmed) < 30


def test_a_defect_beside_single_attaches_does_not_lose_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = store_module.VectorStore.attach
    calls = 0

    async def broken(self: Any, entry: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Broken
        return await original(self, entry)

    world.wire.when(lambda sent: "/file_batches" in sent.path, refuse(404, "Invalid URL"))
    monkeypatch.setattr(store_module.VectorStore, "attach", broken)
    ran = checked(Ran(world, numbered(12)))
    assert isinstance(ran.outcome.defect, Broken)


def test_a_source_with_a_defect_does_not_lose_what_is_uploaded(world: World) -> None:
    ran = checked(Ran(world, numbered(8) | {"005.md": Broken()}, concurrency=1))
    assert isinstance(ran.outcome.defect, Broken)
    assert "005.md" not in ran.failed
    assert len(world.wire.of("POST /files")) == 5


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (RepositoryError("It is gone."), "It is gone."),
    ],
)
def test_a_document_that_cannot_be_read_fails_alone(world: World, error: Exception, message: str) -> None:
    ran = checked(Ran(world, numbered(3) | {"001.md": error}))
    assert ran.failed == {"001.md": ("unreadable", False)}
    assert ran.outcome.failed["001.md"].message == message
    assert ran.outcome.cause is None


def test_a_source_that_is_out_of_reach_ends_the_run(world: World) -> None:
    ran = checked(Ran(world, numbered(3) | {"001.md": ApiUnavailable("The remote is away.")}, concurrency=1))
    assert isinstance(ran.outcome.cause, ApiUnavailable)
    assert ran.failed == {}


# Whole runs


@pytest.fixture
def synced(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.commit(numbered(4))
    assert made.sync().exit_code == 0
    made.wire.calm()
    yield made
    made.wire.close()


def paths(world: World) -> list[str]:
    return sorted(sent.upload.filename for sent in world.wire.of("POST /files"))


def test_the_next_run_tries_just_what_may_succeed(synced: World) -> None:
    """Of an upload that is refused for good, one that is refused for now, a failed indexing of each kind and a hang."""
    changed = {f"{number:03}.md": b"# new %d" % number for number in range(4)} | {"004.md": b"# 4", "005.md": b"# 5"}
    before = {name: synced.entry(name).file_id for name in numbered(4)}
    synced.commit(changed)

    def upload_of(name: str) -> Callable[[Sent], bool]:
        return lambda sent: sent.is_("POST /files") and sent.upload.filename == name

    SickIndex(synced, {"000.md": 9, "001.md": 0})
    synced.wire.when(upload_of("001.md"), refuse(400, "Invalid extension md.", "unsupported"))
    synced.wire.when(upload_of("002.md"), refuse(400, "Try later.", "busy"))
    synced.wire.when(upload_of("004.md"), refuse(413, "Too big"))
    report = synced.sync()
    assert report.exit_code == 1
    assert {item["path"]: item["code"] for item in report.documents.failed} == {
        "000.md": "server_error",
        "001.md": "unsupported",
        "002.md": "busy",
        "004.md": "http_413",
    }
    assert (report.documents.updated, report.documents.added) == (("003.md",), ("005.md",))
    # What failed keeps its old version, and nothing that was uploaded in vain is left.
    for name in ("000.md", "001.md", "002.md"):
        assert [entry.file_id for entry in synced.ours() if entry.path == name] == [before[name]]
    assert len(synced.uploaded()) == len(synced.entries()) == 5
    assert synced.state.failed.keys() == {"001.md", "004.md"}
    assert synced.state.commit != synced.head

    synced.wire.calm()
    again = synced.sync()
    assert paths(synced) == ["000.md", "002.md"]
    assert not [sent for sent in synced.wire.sent if sent.is_("GET /vector_stores/*/files")]
    assert again.exit_code == 1
    assert {item["path"] for item in again.documents.failed} == {"001.md", "004.md"}
    assert again.documents.updated == ("000.md", "002.md")
    assert synced.state.commit == synced.head

    synced.wire.calm()
    third = synced.sync()
    assert synced.wire.sent == []
    assert {item["path"] for item in third.documents.failed} == {"001.md", "004.md"}

    synced.commit({"001.md": b"# mended", "004.md": None})
    last = synced.sync()
    assert last.exit_code == 0
    assert paths(synced) == ["001.md"]
    synced.audit()


def test_a_hang_leaves_the_old_version_and_the_next_run_tries_it_alone(synced: World) -> None:
    synced.commit({"000.md": b"# new", "001.md": b"# new too"})
    before = synced.entry("000.md").file_id

    def hangs(item: dict[str, Any]) -> bool:
        return item["id"] != before and synced.uploaded().get(item["id"]) == "000.md"

    def hang(data: dict[str, Any]) -> None:
        for item in data.get("data", [data]):
            if hangs(item):
                item.update(status="in_progress")

    said = counts(in_progress=1, completed=1, total=2)
    synced.wire.when(POLL, alter(lambda data: data.update(status="in_progress", file_counts=said)))
    synced.wire.when(lambda sent: sent.is_(LOOK) or sent.is_(IN_BATCH), alter(hang))
    report = synced.sync(index_timeout="0.2")
    assert [(item["path"], item["code"]) for item in report.documents.failed] == [("000.md", "index-timeout")]
    assert synced.entry("000.md").file_id == before
    assert len(synced.uploaded()) == 4
    synced.wire.calm()
    assert synced.sync().exit_code == 0
    assert paths(synced) == ["000.md"]
    synced.audit()
    synced.settled()


def test_a_defect_is_raised_when_all_is_recorded_and_the_next_run_mends_it(
    synced: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> Any:
        raise Broken

    synced.commit({f"{number:03}.md": b"# new %d" % number for number in range(4)})
    with monkeypatch.context() as patched:
        patched.setattr(store_module.VectorStore, "attach_batch", broken)
        with pytest.raises(Broken):
            synced.sync()
    assert len(synced.state.pending_delete) == 4
    assert synced.seal is not None
    assert synced.seal.state == "open"
    assert synced.sync().exit_code == 0
    assert synced.audit() == set()
    synced.settled()


def test_a_run_that_was_stopped_is_taken_up_by_the_next_without_a_twin(synced: World) -> None:
    stop = QuickStop()
    synced.commit({f"{number:03}.md": b"# new %d" % number for number in range(12)})
    synced.wire.when(POLL, call(lambda: stop.request(signal.SIGTERM)))
    report = synced.sync(stop=stop)
    assert report.exit_code == 143
    synced.wire.calm()
    assert synced.sync().exit_code == 0
    assert paths(synced) == []  # all of them were attached, and are found there
    assert synced.audit() == set()
    synced.settled()
