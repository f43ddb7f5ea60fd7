from __future__ import annotations

import asyncio
from typing import Any

import pytest

from vsync.serve.rest import exchange, gate
from vsync.serve.rest.exchange import Gone, drain, read_body
from vsync.serve.rest.failure import Failure
from vsync.serve.rest.gate import until_hung_up


class Caller:
    """Sends these pieces of a body; then it hangs up, or waits for ever."""

    def __init__(self, *pieces: bytes, hangs_up: bool = False, whole: bool = True) -> None:
        self.left = list(pieces)
        self.read = 0
        self.hangs_up = hangs_up
        self.whole = whole

    async def receive(self) -> dict[str, Any]:
        await asyncio.sleep(0)
        if self.left:
            self.read += 1
            body = self.left.pop(0)
            return {"type": "http.request", "body": body, "more_body": bool(self.left) or not self.whole}
        if self.hangs_up:
            return {"type": "http.disconnect"}
        await asyncio.get_running_loop().create_future()
        raise AssertionError("nothing ends the wait")


def scope(**headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "headers": named}


def read(caller: Caller, most: int = 10, **headers: str) -> bytes:
    return asyncio.run(read_body(scope(**headers), caller.receive, most))


def test_a_body_comes_in_pieces() -> None:
    assert read(Caller(b"ab", b"", b"cd")) == b"abcd"
    assert read(Caller(b"x" * 10), content_length="10") == b"x" * 10


@pytest.mark.parametrize("length", ["11", "9" * 5_000])
def test_an_announced_length_that_is_too_large_is_refused_before_anything_is_read(length: str) -> None:
    caller = Caller(b"x" * 11)
    with pytest.raises(Failure) as caught:
        read(caller, content_length=length)
    assert (caught.value.status, caller.read) == (413, 0)
    assert caught.value.all_headers()["connection"] == "close"


@pytest.mark.parametrize("length", [None, "1", "-1", "x"])
def test_what_arrives_is_counted_whatever_was_announced(length: str | None) -> None:
    caller = Caller(b"x" * 6, b"x" * 6, b"x" * 6)
    with pytest.raises(Failure) as caught:
        asyncio.run(read_body(scope(**({} if length is None else {"content_length": length})), caller.receive, 10))
    assert (caught.value.status, caller.read) == (413, 2)


def test_a_body_that_does_not_arrive_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "BODY_TIMEOUT_S", 0.01)
    with pytest.raises(Failure) as caught:
        read(Caller(b"x", whole=False))
    assert (caught.value.status, caught.value.code) == (408, "request_timeout")


def test_a_caller_who_hangs_up_is_gone() -> None:
    with pytest.raises(Gone):
        read(Caller(b"x", whole=False, hangs_up=True))


def test_what_is_left_of_a_refused_body_is_read_within_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_MOST_DRAINED", 10)
    caller = Caller(*[b"xxxx"] * 5)
    asyncio.run(drain(scope(), caller.receive))
    assert caller.read == 3
    whole = Caller(b"xxxx", b"xxxx")
    asyncio.run(drain(scope(), whole.receive))
    assert whole.read == 2


@pytest.mark.parametrize("headers", [{"expect": "100-continue"}, {"content_length": "99999999999"}])
def test_a_caller_who_waits_for_leave_or_announces_too_much_is_not_read(headers: dict[str, str]) -> None:
    caller = Caller(b"x")
    asyncio.run(drain(scope(**headers), caller.receive))
    assert caller.read == 0


def test_a_slow_body_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "DRAIN_TIMEOUT_S", 0.01)
    caller = Caller(b"x", whole=False)
    asyncio.run(drain(scope(), caller.receive))
    assert caller.read == 1


# --- Hanging up ---------------------------------------------------------------------------------------------


async def nowhere(message: Any) -> None:
    """Takes what is sent."""


def test_an_app_sees_its_body_once_and_then_the_end() -> None:
    seen: list[Any] = []

    async def app(_: Any, receive: Any, send: Any) -> None:
        seen.append(await receive())
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b""})

    asyncio.run(until_hung_up(app, {}, b"body", Caller().receive, nowhere))
    assert seen == [{"type": "http.request", "body": b"body", "more_body": False}]


def test_an_app_whose_caller_hangs_up_is_cancelled_and_may_clean_up() -> None:
    cleaned: list[str] = []

    async def app(*_: Any) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0)
            cleaned.append("done")

    with pytest.raises(Gone):
        asyncio.run(until_hung_up(app, {}, b"", Caller(hangs_up=True).receive, nowhere))
    assert cleaned == ["done"]


def test_a_caller_who_reads_nothing_of_its_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "SEND_TIMEOUT_S", 0.01)

    async def send(_: Any) -> None:
        await asyncio.get_running_loop().create_future()

    async def app(_: Any, __: Any, answer: Any) -> None:
        await answer({"type": "http.response.start", "status": 200})

    with pytest.raises(Gone):
        asyncio.run(until_hung_up(app, {}, b"", Caller().receive, send))


def test_an_error_of_the_app_is_raised_as_it_is() -> None:
    async def app(*_: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(until_hung_up(app, {}, b"", Caller().receive, nowhere))


def test_the_end_of_a_whole_answer_is_no_hang_up() -> None:
    """The server says that the caller is gone as soon as the answer has left; what follows in the app must still run."""
    sent, after = asyncio.Event(), []

    async def receive() -> dict[str, Any]:
        await sent.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            sent.set()

    async def app(_: Any, __: Any, answer: Any) -> None:
        await answer({"type": "http.response.start", "status": 200})
        await answer({"type": "http.response.body", "body": b""})
        for _ in range(5):
            await asyncio.sleep(0)
        after.append("ran")

    asyncio.run(until_hung_up(app, {}, b"", receive, send))
    assert after == ["ran"]


def test_a_call_that_is_cancelled_from_outside_takes_its_app_with_it() -> None:
    cancelled: list[str] = []

    async def app(*_: Any) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            cancelled.append("app")
            raise

    async def main() -> None:
        task = asyncio.ensure_future(until_hung_up(app, {}, b"", Caller().receive, nowhere))
        for _ in range(3):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert cancelled == ["app"]
