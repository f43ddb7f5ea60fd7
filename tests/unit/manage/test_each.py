"""The work for each of many things: what becomes of each, and what ends the job."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from vsync.errors import ApiAnswer, CredentialsRefused, GatewayRefused, InternalError, Interrupted, StoreGone
from vsync.manage.bulk_report import Failure
from vsync.manage.each import Done, Working, each
from vsync.report.observer import Observer
from vsync.store.api_errors import BY_GATEWAY, Refused
from vsync.system.stop import Stop

Work = Callable[[str], Awaitable[Failure | None]]


class Heard(Observer):
    def __init__(self) -> None:
        self.heard: list[tuple[object, ...]] = []

    def stage(self, name: str, total: int) -> None:
        self.heard.append(("stage", name, total))

    def advance(self, name: str) -> None:
        self.heard.append(("advance", name))

    def failed(self, path: str, code: str, message: str) -> None:
        self.heard.append(("failed", path, message))


async def fine(_: str) -> None:
    return None


def run(items: list[str], work: Work, *, concurrency: int = 2, **given: Any) -> Done:
    return asyncio.run(each(items, work, Working(concurrency=concurrency, **given), "deleting"))


def failing(error: Exception, at: str = "b") -> Work:
    async def work(item: str) -> None:
        if item == at:
            raise error

    return work


def test_each_is_worked_on_and_told() -> None:
    observer = Heard()
    done = run(["a", "b"], fine, observer=observer, concurrency=1)
    assert done.of(["a", "b"]).success == ["a", "b"]
    assert observer.heard == [("stage", "deleting", 2), ("advance", "deleting"), ("advance", "deleting")]


def test_without_anything_nothing_is_done() -> None:
    assert run([], fine) == Done()


def test_a_refusal_is_the_failure_of_that_one_alone() -> None:
    observer = Heard()
    done = run(["a", "b", "c"], failing(Refused(409, "busy", "in use")), observer=observer)
    assert done.of(["a", "b", "c"]).failed == [Failure("b", "in use", 409)]
    assert (sorted(done.success), done.cause) == (["a", "c"], None)
    assert ("failed", "b", "in use") in observer.heard


def test_a_failure_that_the_work_gives_is_kept() -> None:
    async def work(item: str) -> Failure:
        return Failure(item, "no")

    done = run(["a"], work)
    assert (done.failed, done.success) == ([Failure("a", "no")], [])


def test_an_error_of_the_api_ends_the_job_and_the_rest_was_not_tried() -> None:
    error = CredentialsRefused("no key")
    error.answer = ApiAnswer(401)
    done = run(["a", "b", "c", "d"], failing(error), concurrency=1)
    told = done.of(["a", "b", "c", "d"])
    assert (told.success, done.cause) == (["a"], error)
    assert told.failed == [
        Failure("b", "no key", 401),
        Failure("c", "not tried: no key", 401),
        Failure("d", "not tried: no key", 401),
    ]


@pytest.mark.parametrize("status", [401, 403, 407, 451])
def test_what_a_gateway_denies_to_one_it_denies_to_all(status: int) -> None:
    denied = Refused(status, BY_GATEWAY, "Access denied", by_api=False)
    done = run(["a", "b", "c"], failing(denied), concurrency=1)
    assert isinstance(done.cause, GatewayRefused)
    assert [failure.id for failure in done.of(["a", "b", "c"]).failed] == ["b", "c"]


def test_a_page_with_another_status_is_the_failure_of_that_one_alone() -> None:
    done = run(["a", "b", "c"], failing(Refused(404, BY_GATEWAY, "no page", by_api=False)), concurrency=1)
    assert (done.cause, done.success) == (None, ["a", "c"])


def test_others_that_are_under_way_are_waited_for() -> None:
    went = asyncio.Event()

    async def work(item: str) -> None:
        if item == "bad":
            went.set()
            raise StoreGone("gone")
        await went.wait()
        await asyncio.sleep(0)

    done = run(["slow", "bad", "never"], work)
    told = done.of(["slow", "bad", "never"])
    assert told.success == ["slow"]
    assert [failure.error for failure in told.failed] == ["gone", "not tried: gone"]


def test_a_request_to_stop_ends_the_job_between_two() -> None:
    stop = Stop()

    async def work(item: str) -> None:
        if item == "b":
            stop.request(15)

    done = run(["a", "b", "c"], work, stop=stop, concurrency=1)
    told = done.of(["a", "b", "c"])
    assert (told.success, told.failed) == (["a", "b"], [Failure("c", "not tried: Interrupted by SIGTERM.")])
    assert isinstance(done.cause, Interrupted)


def test_a_request_to_stop_that_comes_after_the_last_one_changes_nothing() -> None:
    stop = Stop()

    async def work(_: str) -> None:
        stop.request(15)

    assert run(["a"], work, stop=stop) == Done(success=["a"])


def test_what_was_interrupted_is_not_known_to_be_deleted() -> None:
    done = run(["a"], failing(Interrupted(2), at="a"))
    (failure,) = done.of(["a"]).failed
    assert "not known" in failure.error


def test_a_defect_is_raised_when_the_others_have_ended() -> None:
    ended: list[str] = []

    async def work(item: str) -> None:
        if item == "b":
            raise ZeroDivisionError
        await asyncio.sleep(0)
        ended.append(item)

    with pytest.raises(ZeroDivisionError):
        run(["a", "b"], work)
    assert ended == ["a"]


def test_no_more_than_so_many_work_at_once() -> None:
    now = most = 0

    async def work(_: str) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1

    run([str(number) for number in range(50)], work, concurrency=7)
    assert most == 7


def test_a_caller_that_goes_away_leaves_no_task_running() -> None:
    started: list[str] = []
    cancelled: list[str] = []
    busy = asyncio.Event()

    async def work(item: str) -> None:
        started.append(item)
        if len(started) == 3:
            busy.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(item)
            raise

    async def job() -> set[asyncio.Task[Any]]:
        task = asyncio.ensure_future(each(list("abcdef"), work, Working(concurrency=3), "deleting"))
        await busy.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(job()) == set()
    assert sorted(cancelled) == ["a", "b", "c"]


def test_a_task_that_ends_by_itself_does_not_end_the_job_as_if_all_were_done() -> None:
    async def work(_: str) -> None:
        raise asyncio.CancelledError

    done = run(["a", "b"], work)
    assert isinstance(done.cause, InternalError)
    assert [failure.id for failure in done.of(["a", "b"]).failed] == ["a", "b"]


def test_the_order_is_the_one_in_which_things_were_asked_for() -> None:
    done = Done(success=["c", "a"], failed=[Failure("d", ""), Failure("b", "")])
    told = done.of(["a", "b", "c", "d"])
    assert (told.success, [failure.id for failure in told.failed]) == (["a", "c"], ["b", "d"])


def test_a_thing_that_stands_twice_in_the_list_is_told_once() -> None:
    done = Done(success=["a"], cause=StoreGone("gone"))
    told = done.of(["a", "b", "a", "b"])
    assert (told.success, [failure.id for failure in told.failed]) == (["a"], ["b"])


def test_a_hundred_thousand_things_take_little_memory() -> None:
    items = [f"file-{number:024}" for number in range(100_000)]
    tracemalloc.start()
    try:
        done = run(items, failing(StoreGone("gone"), at=items[50_000]), concurrency=16)
        told = done.of(items)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(told.success) + len(told.failed) == len(items)
    assert peak < 60_000_000
