"""A request that makes something: sent again only when its answer is lost and what it made cannot be found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from vsync.errors import ApiUnavailable
from vsync.store.api_errors import AnswerLost, Refused
from vsync.store.send_once import MAX_TRIES, send_once


class Server:
    """Answers with the next of `answers`, finds the next of `found`, and keeps the order of what it is asked."""

    def __init__(self, answers: list[str | Exception], found: list[str | None] | None = None) -> None:
        self.answers = iter(answers)
        self.found = iter(found or [])
        self.order: list[str] = []
        self.waits: list[float] = []

    async def request(self) -> str:
        self.order.append("send")
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def find_again(self) -> str | None:
        self.order.append("look")
        return next(self.found)

    async def wait(self, seconds: float) -> None:
        self.order.append("wait")
        self.waits.append(seconds)


def lost(wait_s: float | None = None, *, again: bool = True) -> AnswerLost:
    return AnswerLost(ApiUnavailable("no answer", "run again"), wait_s, again=again)


def sent(server: Server, *, tries: int = MAX_TRIES, halted: Callable[[], bool] = lambda: False) -> str:
    return asyncio.run(send_once(server.request, server.find_again, wait=server.wait, tries=tries, halted=halted))


def test_an_answer_that_comes_is_the_result() -> None:
    server = Server(["made"])
    assert sent(server) == "made"
    assert server.order == ["send"]


def test_what_a_lost_request_made_is_found_and_not_made_twice() -> None:
    server = Server([lost()], ["found"])
    assert sent(server) == "found"
    assert server.order == ["send", "wait", "look"]


def test_what_cannot_be_found_is_sent_for_again() -> None:
    server = Server([lost(), lost(), "made"], [None, None])
    assert sent(server) == "made"
    assert server.order == ["send", "wait", "look"] * 2 + ["send"]


def test_without_a_way_to_look_the_request_is_sent_again() -> None:
    server = Server([lost(), "made"])
    assert asyncio.run(send_once(server.request, wait=server.wait)) == "made"
    assert server.order == ["send", "wait", "send"]


def test_waits_grow_and_a_server_that_names_a_wait_is_obeyed() -> None:
    server = Server([lost(), lost(7.0), lost(), "made"], [None] * 3)
    sent(server)
    first, named, third = server.waits
    assert 0.375 <= first <= 0.5
    assert named == 7.0
    assert 1.5 <= third <= 2.0


@pytest.mark.parametrize("tries", [1, 3, MAX_TRIES])
def test_the_last_lost_answer_is_raised_without_a_wait(tries: int) -> None:
    answers = [lost() for _ in range(tries)]
    server = Server([*answers], [None] * tries)
    with pytest.raises(AnswerLost) as raised:
        sent(server, tries=tries)
    assert raised.value is answers[-1]
    assert server.order == ["send", "wait", "look"] * (tries - 1) + ["send"]


def test_a_useless_try_is_not_made() -> None:
    server = Server([lost(again=False)])
    with pytest.raises(AnswerLost):
        sent(server)
    assert server.order == ["send"]


@pytest.mark.parametrize(("halts_after", "order"), [(1, ["send"]), (2, ["send", "wait"])], ids=["before", "meanwhile"])
def test_a_run_that_must_end_sends_nothing_more(halts_after: int, order: list[str]) -> None:
    server = Server([lost()])
    with pytest.raises(AnswerLost):
        sent(server, halted=lambda: len(server.order) >= halts_after)
    assert server.order == order


def test_another_error_is_raised_at_once() -> None:
    server = Server([Refused(400, "bad", "no")])
    with pytest.raises(Refused):
        sent(server)
    assert server.order == ["send"]
