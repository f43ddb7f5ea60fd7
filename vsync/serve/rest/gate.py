"""What every call on stores and Files passes: key, rate, place, body. Then the call is ended when its caller hangs up."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vsync.serve.rest.call_rate import CallRate
from vsync.serve.rest.call_traffic import CURRENT
from vsync.serve.rest.caller import Caller, caller_of
from vsync.serve.rest.exchange import (
    BODY_TIMEOUT_S,
    DRAIN_TIMEOUT_S,
    Gone,
    call_of,
    drain,
    put_caller,
    read_body,
)
from vsync.serve.rest.failure import Failure
from vsync.serve.rest.limits import Limits
from vsync.serve.rest.places import Place, Places
from vsync.serve.rest.upstream import stopping
from vsync.system.stop import Stop

SEND_TIMEOUT_S = 60.0
"""How long a caller may take to receive a piece of its answer. One who reads nothing must not hold a place for ever."""


class Gate:
    """Lets a call through to `app`, with its caller in the scope. Raises Failure, and Gone when the caller has hung up.

    `digest` gives a key's digest. No key is kept here.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        stop: Stop,
        digest: Callable[[str], bytes],
        *,
        token: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._limits = limits
        self._stop = stop
        self._digest = digest
        self._token = token
        self._clock = clock
        self._rate = CallRate(limits.calls_per_minute)
        self._places = Places(limits.max_calls)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._stop.requested:
            raise stopping()
        try:
            caller, key = self._admitted(scope)
        except Failure:
            await self._drain(scope, receive)  # without a place: nobody without a key may keep one
            raise
        place = self._places.take(key, self._clock())
        try:
            put_caller(scope, caller)
            body = await self._body(scope, receive, place)
            CURRENT.set(call_of(scope))
            await until_hung_up(self._app, scope, body, receive, send)
        finally:
            self._places.leave(place)

    async def _body(self, scope: Scope, receive: Receive, place: Place) -> bytes:
        try:
            async with self._patience(BODY_TIMEOUT_S) as (patience, place.give_up):
                return await read_body(scope, receive, self._limits.max_body, patience)
        except Failure as failure:
            self._places.leave(place)
            if self._stop.requested:
                raise stopping() from None
            if failure.code != "request_timeout":
                await self._drain(scope, receive)
            raise
        finally:
            place.give_up = None

    async def _drain(self, scope: Scope, receive: Receive) -> None:
        async with self._patience(DRAIN_TIMEOUT_S) as (patience, _):
            await drain(scope, receive, patience)

    @contextlib.asynccontextmanager
    async def _patience(self, seconds: float) -> AsyncIterator[tuple[asyncio.Timeout, Callable[[], None]]]:
        """How long a body may take, and what ends the wait for it. It ends when the server stops, too."""
        patience, over = asyncio.timeout(seconds), False

        def give_up() -> None:
            if not over and not patience.expired():
                patience.reschedule(asyncio.get_running_loop().time())

        watch = asyncio.ensure_future(self._stop.wait())
        watch.add_done_callback(lambda done: None if done.cancelled() else give_up())
        try:
            yield patience, give_up
        finally:
            over = True
            watch.cancel()

    def _admitted(self, scope: Scope) -> tuple[Caller, bytes]:
        """The caller and the digest of its key, when it may make a call now."""
        caller = caller_of(scope["headers"], self._token)
        key = self._digest(caller.api_key)
        wait_s = self._rate.admit(key, self._clock())
        if wait_s > 0:
            raise Failure(
                429,
                "too_many_calls",
                f"This key has made more than {self._limits.calls_per_minute:,} calls in a minute. Wait, then go on.",
                retry_after=wait_s,
            )
        return caller, key


async def until_hung_up(app: ASGIApp, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
    """Runs the app on a body that is there already, and cancels it when the caller hangs up. Raises Gone then."""
    gone, ended, given = asyncio.Event(), False, False

    async def receive_again() -> Message:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def watched_send(message: Message) -> None:
        nonlocal ended
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await send(message)
        except TimeoutError:
            raise Gone from None
        ended = message["type"] == "http.response.body" and not message.get("more_body", False)

    async def hung_up() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    work = asyncio.ensure_future(app(scope, receive_again, watched_send))
    watch = asyncio.ensure_future(hung_up())
    try:
        await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done() and not ended:
            work.cancel()
        gone.set()
        await asyncio.wait({work})
    finally:
        work.cancel()
        watch.cancel()
        await asyncio.wait({work, watch})
    if work.cancelled():
        raise Gone
    work.result()
