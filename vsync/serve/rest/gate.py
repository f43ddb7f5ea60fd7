"""What every call on stores and Files passes: places, key, rate, body. Then the call is ended when its caller hangs up."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vsync.serve.rest.call_rate import CallRate
from vsync.serve.rest.call_traffic import CURRENT
from vsync.serve.rest.caller import Caller, caller_of
from vsync.serve.rest.exchange import Gone, call_of, drain, put_caller, read_body
from vsync.serve.rest.failure import Failure
from vsync.serve.rest.limits import Limits
from vsync.serve.rest.upstream import stopping
from vsync.system.stop import Stop

_BUSY_S = 1.0

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
        self._calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._place():
            try:
                put_caller(scope, self._admitted(scope))
                body = await read_body(scope, receive, self._limits.max_body)
            except Failure:
                await drain(scope, receive)
                raise
            CURRENT.set(call_of(scope))
            await until_hung_up(self._app, scope, body, receive, send)

    def _admitted(self, scope: Scope) -> Caller:
        """The caller, when it may make a call now."""
        caller = caller_of(scope["headers"], self._token)
        wait_s = self._rate.admit(self._digest(caller.api_key), self._clock())
        if wait_s > 0:
            raise Failure(
                429,
                "too_many_calls",
                f"This key has made more than {self._limits.calls_per_minute:,} calls in a minute. Wait, then go on.",
                retry_after=wait_s,
            )
        return caller

    @contextlib.asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        if self._stop.requested:
            raise stopping()
        if self._calls >= self._limits.max_calls:
            message = f"The server is answering {self._calls:,} calls already. Try again in a moment."
            raise Failure(503, "too_busy", message, retry_after=_BUSY_S)
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1


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
