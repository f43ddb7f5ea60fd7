"""A job of a call ends before its call does, whatever becomes of the caller."""

from __future__ import annotations

import asyncio
import signal
import threading

import pytest

from vsync.errors import Interrupted
from vsync.serve.rest.call_end import to_its_end
from vsync.system.stop import Stop


def test_what_the_work_gives_or_raises_is_passed_on() -> None:
    async def gives(stop: Stop) -> int:
        return 3

    async def raises(stop: Stop) -> int:
        raise KeyError("k")

    assert asyncio.run(to_its_end(gives, Stop())) == 3
    with pytest.raises(KeyError):
        asyncio.run(to_its_end(raises, Stop()))


def test_the_work_of_a_caller_who_hangs_up_is_told_to_stop_and_waited_for() -> None:
    told, may_end, ended = threading.Event(), threading.Event(), []

    def in_thread(stop: Stop) -> None:
        while not stop.requested:
            may_end.wait(0.001)
        told.set()
        may_end.wait(10)
        ended.append(stop.signum)

    async def main() -> None:
        call = asyncio.ensure_future(to_its_end(lambda stop: asyncio.to_thread(in_thread, stop), Stop()))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.to_thread(told.wait, 10)
        assert not call.done()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(main())
    assert ended == [signal.SIGHUP]


def test_an_error_that_nobody_hears_of_is_no_complaint(caplog: pytest.LogCaptureFixture) -> None:
    async def work(stop: Stop) -> None:
        await stop.pause(10)

    async def main() -> None:
        call = asyncio.ensure_future(to_its_end(work, Stop()))
        await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(main())
    assert caplog.text == ""


def test_the_server_s_request_to_stop_ends_the_work() -> None:
    async def main() -> None:
        server = Stop()
        server.attach()
        call = asyncio.ensure_future(to_its_end(lambda stop: stop.pause(10), server))
        await asyncio.sleep(0)
        server.request(signal.SIGTERM)
        with pytest.raises(Interrupted, match="SIGTERM"):
            await call

    asyncio.run(main())


def test_who_cancels_twice_waits_no_longer() -> None:
    async def main() -> None:
        never = asyncio.Event()
        call = asyncio.ensure_future(to_its_end(lambda stop: never.wait(), Stop()))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.sleep(0.01)
        assert not call.done()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(main())
