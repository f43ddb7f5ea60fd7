"""One HTTP exchange on the level of ASGI: its headers, its answers, its body.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable

from starlette.types import Receive, Scope, Send

from vsync.serve.rest.access_log import Call
from vsync.serve.rest.caller import Caller
from vsync.serve.rest.failure import Failure

BODY_TIMEOUT_S = 30.0
"""How long a caller may take to send its body."""

_MOST_DRAINED = 64_000_000
DRAIN_TIMEOUT_S = 10.0
"""How much of a body is read that is refused already, and for how long."""

_CLOSE = {"connection": "close"}
"""What is left of the body is not read, so the connection cannot be used again."""

_CALL, _CALLER = "vsync.call", "vsync.caller"


def call_of(scope: Scope) -> Call:
    """What the log will say of this exchange."""
    call: Call = scope[_CALL]
    return call


def put_call(scope: Scope, call: Call) -> None:
    scope[_CALL] = call


def caller_in(scope: Scope) -> Caller:
    """Who calls. The gate has put it there."""
    caller: Caller = scope[_CALLER]
    return caller


def put_caller(scope: Scope, caller: Caller) -> None:
    scope[_CALLER] = caller


def values_of(scope: Scope, name: bytes) -> list[bytes]:
    """The values of a header."""
    return [value for given, value in scope["headers"] if given.lower() == name]


async def send_failure(send: Send, failure: Failure, call: Call) -> None:
    """Answers with an error."""
    body = json.dumps(failure.body(call.request_id, call.secrets)).encode()
    await send_whole(send, failure.status, body, {"content-type": "application/json", **failure.all_headers()}.items())


async def send_whole(send: Send, status: int, body: bytes, headers: Iterable[tuple[str, str]]) -> None:
    """Answers with a body that is there as a whole."""
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


class Gone(Exception):
    """The caller has hung up."""


class BrokenOff(Exception):
    """An answer that has begun cannot go on. The caller sees that it is not whole."""


async def read_body(scope: Scope, receive: Receive, most: int, patience: asyncio.Timeout | None = None) -> bytes:
    """The body of the exchange. `patience` says until when it must be there.

    Raises Failure for one that is too large or too slow, and Gone when the caller hangs up.
    """
    if _length(scope) > most:
        raise _too_large(most)
    pieces: list[bytes] = []
    size = 0
    try:
        async with patience or asyncio.timeout(BODY_TIMEOUT_S):
            async for piece in _pieces(receive):
                pieces.append(piece)
                size += len(piece)
                if size > most:
                    raise _too_large(most)
    except TimeoutError:
        raise Failure(
            408,
            "request_timeout",
            f"The body did not arrive in time: within {BODY_TIMEOUT_S:.0f} s, and sooner while the server is busy. Send it again.",
            headers=_CLOSE,
        ) from None
    return b"".join(pieces)


async def drain(scope: Scope, receive: Receive, patience: asyncio.Timeout | None = None) -> None:
    """Reads what is left of a body, within limits, and forgets it.

    Most programs look for an answer only when they have sent all. If the server closed the connection before, they would
    see a broken connection in place of the answer. Raises Gone when the caller hangs up.
    """
    if values_of(scope, b"expect") or _length(scope) > _MOST_DRAINED:
        return
    left = _MOST_DRAINED
    with contextlib.suppress(TimeoutError):
        async with patience or asyncio.timeout(DRAIN_TIMEOUT_S):
            async for piece in _pieces(receive):
                left -= len(piece)
                if left < 0:
                    return


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


def _length(scope: Scope) -> int:
    """The length that the caller announces; 0: none."""
    return max((int(value[:20]) for value in values_of(scope, b"content-length") if value.isdigit()), default=0)


def _too_large(most: int) -> Failure:
    message = f"The body is larger than {most:,} bytes. Send the ids in several calls, or use a filter."
    return Failure(413, "body_too_large", message, headers=_CLOSE)
