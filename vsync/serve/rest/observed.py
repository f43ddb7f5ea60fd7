"""The outermost layer: gives each call an id, and writes a line for the log."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vsync.serve.rest.access_log import HUNG_UP, Call, log_line
from vsync.serve.rest.caller import AUTHORIZATION, KEY, TOKEN
from vsync.serve.rest.exchange import put_call, values_of
from vsync.serve.rest.request_id import request_id

_ALWAYS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))


class Observed:
    """`log` gets a line for each call. `secrets` are those of the server; those of a call stand in its headers."""

    def __init__(
        self,
        app: ASGIApp,
        log: Callable[[str], None],
        *,
        secrets: Sequence[str] = (),
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._app = app
        self._log = log
        self._secrets = secrets
        self._clock = clock
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = _secret_headers(scope)
        call = Call(
            request_id(values_of(scope, b"x-request-id"), self._new_id, headers),
            scope["method"],
            scope["path"],
            str((scope.get("client") or ("",))[0]),
            (*self._secrets, *(header.decode("latin-1").rpartition(" ")[2] for header in headers)),
        )
        put_call(scope, call)
        answer = _Answer(send, call)
        began = time.monotonic()
        try:
            await self._app(scope, receive, answer)
        except asyncio.CancelledError:
            call.status = HUNG_UP
            raise
        finally:
            call.cut = answer.begun and not answer.ended
            call.route = getattr(scope.get("route"), "path", None)
            self._log(log_line(call, self._clock(), time.monotonic() - began))


def _secret_headers(scope: Scope) -> list[bytes]:
    """The headers that hold a key or a token."""
    return [value for name in (KEY, AUTHORIZATION, TOKEN) for value in values_of(scope, name.encode())]


class _Answer:
    """Passes the answer on, with the headers that every answer has, and remembers how far it is."""

    def __init__(self, send: Send, call: Call) -> None:
        self._send = send
        self._call = call
        self.begun = False
        self.ended = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun, self._call.status = True, message["status"]
            given = list(message.get("headers", []))
            # The embedded store's answers have an id of their own, which its clients know.
            if all(name.lower() != b"x-request-id" for name, _ in given):
                given.append((b"x-request-id", self._call.request_id.encode()))
            message = {**message, "headers": [*given, *_ALWAYS]}
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            self.ended = True
        await self._send(message)
