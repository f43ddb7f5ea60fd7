"""The batches of a project: one request each, whatever the network does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.support.batch_api import BatchWire
from tests.support.wire import Fault, answer, client, cut, lose, refuse, unreachable
from vsync.errors import ApiUnavailable, EndlessListing, PermissionDenied
from vsync.store.api_errors import AnswerLost, Refused
from vsync.store.batch_info import BatchInfo
from vsync.store.batches import Batches
from vsync.store.pages import PAGE

T = TypeVar("T")


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[BatchWire]:
    made = BatchWire(tmp_path / "store.db")
    yield made
    made.close()


def run(wire: BatchWire, ask: Callable[[Batches], Awaitable[T]]) -> T:
    async def main() -> T:
        async with client(wire) as (api, _):
            return await ask(Batches(api))

    return asyncio.run(main())


def create(wire: BatchWire) -> BatchInfo:
    return run(
        wire,
        lambda batches: batches.create(
            input_file_id="file-9", endpoint="/v1/embeddings", window="24h", metadata={"path": "a/b.jsonl"}
        ),
    )


def test_a_batch_is_made_of_what_was_given(wire: BatchWire) -> None:
    info = create(wire)
    assert (info.id, info.status, info.ended) == ("batch_1", "validating", False)
    assert wire.of("POST /batches")[0].json == {
        "input_file_id": "file-9",
        "endpoint": "/v1/embeddings",
        "completion_window": "24h",
        "metadata": {"path": "a/b.jsonl"},
    }
    assert info.metadata == {"path": "a/b.jsonl"}


@pytest.mark.parametrize(
    "fault", [lose(), cut(), answer(200, "<html>"), refuse(500, "oops"), answer(200, {"id": "batch_1"})]
)
def test_a_batch_whose_answer_is_lost_is_not_asked_for_again(wire: BatchWire, fault: Fault) -> None:
    wire.when("POST /batches", fault)
    with pytest.raises(AnswerLost):
        create(wire)
    assert len(wire.of("POST /batches")) == 1


@pytest.mark.parametrize("fault", [unreachable(), refuse(429, "slow down")])
def test_a_batch_that_was_surely_not_made_is_asked_for_again(wire: BatchWire, fault: Fault) -> None:
    wire.when("POST /batches", fault, times=1)
    assert create(wire).id == "batch_1"
    assert len(wire.server.batches) == 1


UNKNOWN = refuse(400, "Cannot find file file-9, or project proj_1 does not have access to it.")


def test_a_file_that_the_api_does_not_know_yet_is_waited_for(wire: BatchWire) -> None:
    wire.when("POST /batches", UNKNOWN, times=3)
    assert create(wire).id == "batch_1"
    assert len(wire.of("POST /batches")) == 4


def test_a_file_that_the_api_never_knows_is_refused(wire: BatchWire) -> None:
    wire.when("POST /batches", UNKNOWN)
    with pytest.raises(Refused, match="Cannot find file"):
        create(wire)
    assert len(wire.of("POST /batches")) == 7


def test_any_other_refusal_is_final(wire: BatchWire) -> None:
    wire.when("POST /batches", refuse(400, "Invalid metadata", "invalid_metadata"))
    with pytest.raises(Refused) as caught:
        create(wire)
    assert caught.value.code == "invalid_metadata"
    assert len(wire.of("POST /batches")) == 1


@pytest.mark.parametrize("code", ["insufficient_quota", "billing_hard_limit_reached"])
@pytest.mark.parametrize("status", [400, 429])
def test_an_account_without_money_ends_the_run_at_once(wire: BatchWire, status: int, code: str) -> None:
    wire.when("POST /batches", refuse(status, "You exceeded your quota.", code))
    with pytest.raises(ApiUnavailable, match="no quota left"):
        create(wire)
    assert len(wire.of("POST /batches")) == 1


@pytest.mark.parametrize("count", [0, 1, PAGE, PAGE + 1, 2 * PAGE + 3])
def test_every_batch_is_listed_once(wire: BatchWire, count: int) -> None:
    for _ in range(count):
        wire.server.batch()
    listed = run(wire, lambda batches: batches.list())
    assert [info.id for info in listed] == [f"batch_{number}" for number in range(count, 0, -1)]


@pytest.mark.parametrize("odd", [{"status": None}, {"id": "batch/1"}, {"id": None}])
@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE + 3])
def test_an_item_that_is_no_batch_hides_no_batch(wire: BatchWire, count: int, odd: dict[str, object]) -> None:
    all_of = wire.server.batches
    all_of["first"] = {"object": "batch", "id": "batch_first", "status": "completed", **odd}
    sound = [wire.server.batch()["id"] for _ in range(count)]
    all_of["last"] = {**all_of["first"], "id": odd.get("id", "batch_last")}
    listed = run(wire, lambda batches: batches.list())
    assert [info.id for info in listed] == sound[::-1]


def test_a_batch_of_vsync_that_cannot_be_read_ends_the_run(wire: BatchWire) -> None:
    wire.server.batch()
    wire.server.batch(metadata={"made_by": "vsync"})
    wire.server.batches["batch_2"]["id"] = None
    with pytest.raises(ApiUnavailable, match="not one of the OpenAI API"):
        run(wire, lambda batches: batches.list())


def test_a_server_that_caps_its_pages_and_ignores_the_cursor_hides_no_batch(wire: BatchWire) -> None:
    for _ in range(25):
        wire.server.batch()
    first_page = [*wire.server.batches.values()][:20]
    wire.when("GET /batches", answer(200, {"object": "list", "data": first_page, "has_more": True}))
    with pytest.raises(EndlessListing, match="the same 20 items again"):
        run(wire, lambda batches: batches.list())


def test_a_server_that_shows_all_batches_in_one_page_is_believed(wire: BatchWire) -> None:
    for _ in range(3):
        wire.server.batch()
    wire.when("GET /batches", answer(200, {"object": "list", "data": [*wire.server.batches.values()]}))
    assert len(run(wire, lambda batches: batches.list())) == 3


def test_a_server_without_batches_says_so(wire: BatchWire) -> None:
    wire.when("GET /batches", refuse(404, "no such path"))
    with pytest.raises(ApiUnavailable) as caught:
        run(wire, lambda batches: batches.list())
    assert "may have no Batch API" in caught.value.remedy
    assert caught.value.answer is not None


def test_a_listing_that_is_refused_ends_the_run(wire: BatchWire) -> None:
    wire.when("GET /batches", refuse(400, "not now"))
    with pytest.raises(ApiUnavailable, match="not now"):
        run(wire, lambda batches: batches.list())


def test_a_batch_is_looked_up(wire: BatchWire) -> None:
    wire.server.batch("completed")
    found = run(wire, lambda batches: batches.get("batch_1"))
    assert found is not None
    assert found.ended
    assert run(wire, lambda batches: batches.get("batch_2")) is None


def test_an_answer_about_another_batch_is_not_believed(wire: BatchWire) -> None:
    wire.server.batch()
    wire.when("GET /batches/*", answer(200, wire.server.batches["batch_1"]))
    with pytest.raises(ApiUnavailable, match="not one of the OpenAI API"):
        run(wire, lambda batches: batches.get("batch_7"))


def test_a_batch_is_cancelled_even_if_the_answer_is_lost(wire: BatchWire) -> None:
    wire.server.batch("in_progress")
    wire.when("POST /batches/*/cancel", lose(), times=1)
    assert run(wire, lambda batches: batches.cancel("batch_1")).status == "cancelling"


@pytest.mark.parametrize("status", ["completed", "failed", "expired", "cancelled"])
def test_a_batch_that_has_ended_need_not_be_cancelled(wire: BatchWire, status: str) -> None:
    wire.server.batch(status)
    assert run(wire, lambda batches: batches.cancel("batch_1")).status == status
    assert len(wire.sent) == 2


def test_a_batch_that_goes_on_is_not_taken_for_cancelled(wire: BatchWire) -> None:
    wire.server.batch("in_progress")
    wire.when("POST /batches/*/cancel", refuse(400, "not now"))
    with pytest.raises(Refused, match="not now"):
        run(wire, lambda batches: batches.cancel("batch_1"))


def test_a_batch_that_is_not_there_cannot_be_cancelled(wire: BatchWire) -> None:
    with pytest.raises(Refused) as caught:
        run(wire, lambda batches: batches.cancel("batch_1"))
    assert caught.value.status == 404


@pytest.mark.parametrize(
    "ask",
    [
        lambda batches: batches.list(),
        lambda batches: batches.get("batch_1"),
        lambda batches: batches.cancel("batch_1"),
        lambda batches: batches.create(input_file_id="file-1", endpoint="/v1/responses", window="24h", metadata={}),
    ],
    ids=["list", "get", "cancel", "create"],
)
def test_a_missing_permission_is_named(wire: BatchWire, ask: Callable[[Batches], Awaitable[object]]) -> None:
    wire.when(lambda _: True, refuse(401, "You have insufficient permissions. Missing scopes: api.batch.write"))
    with pytest.raises(PermissionDenied) as caught:
        run(wire, ask)
    assert caught.value.remedy == "Give it write access to Files and the Batch API, or use an unrestricted key."
    assert caught.value.answer is not None
