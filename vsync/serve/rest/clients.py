"""The clients of the API: callers with the same key, organization and project share one, and nobody else.

A client has connections, cookies, rates and a breaker of its own. So nothing of one key reaches another.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from vsync.serve.rest.caller import Caller
from vsync.serve.rest.failure import Failure
from vsync.store.client import Api
from vsync.store.rate_limit import Rates
from vsync.system.redaction import forget_secrets
from vsync.system.secrets import Secrets

_IDLE_S = 60.0
MOST = 200
"""How many clients are kept. More only where more calls may be under way at the same time."""
_LOOK_EVERY_S = 10.0


@dataclass(slots=True)
class Client:
    """One key's way to the API, and the rates that its calls keep together."""

    api: Api
    rates: Rates


@dataclass(slots=True)
class _Held:
    """A client in the pool. `uses` counts the calls that use it, `since` is when the last of them ended."""

    made: asyncio.Future[Client]
    closing: AsyncExitStack = field(default_factory=AsyncExitStack)
    uses: int = 0
    since: float = 0.0


class Clients:
    """The pool. Use it as a context manager: at the end all clients are closed.

    | argument | meaning |
    | --- | --- |
    | `connect` | opens a client for a caller |
    | `rates` | makes the rates of a new client |
    | `most` | how many clients there are at most |
    | `idle_s` | after how many seconds without a call a client is closed |
    """

    def __init__(
        self,
        connect: Callable[[Caller], AbstractAsyncContextManager[Api]],
        rates: Callable[[], Rates],
        *,
        most: int = MOST,
        idle_s: float = _IDLE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._rates = rates
        self._most = most
        self._idle_s = idle_s
        self._clock = clock
        self._held: dict[bytes, _Held] = {}
        self._salt = secrets.token_bytes(32)
        self._sweeper: asyncio.Task[None] | None = None
        self._closings: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._held)

    def digest(self, *parts: str | None) -> bytes:
        """Stands for secrets in memory. It changes with each start of the server, so it cannot be looked up."""
        return hashlib.blake2b(json.dumps(parts).encode(), key=self._salt, digest_size=32).digest()

    def secrets(self) -> Iterator[str]:
        """The secrets of all clients that there are just now."""
        for held in list(self._held.values()):
            if held.made.done() and not _failed(held.made):
                yield from held.made.result().api.secrets

    @contextlib.asynccontextmanager
    async def of(self, caller: Caller) -> AsyncIterator[Client]:
        """The caller's client, for the time of one call."""
        held = self._hold(self.digest(caller.api_key, caller.organization, caller.project), caller)
        held.uses += 1
        try:
            yield await asyncio.shield(held.made)
        finally:
            held.uses -= 1
            held.since = self._clock()

    def _hold(self, key: bytes, caller: Caller) -> _Held:
        held = self._held.get(key)
        if held is None or _failed(held.made):
            self._make_room()
            closing = AsyncExitStack()
            held = self._held[key] = _Held(asyncio.ensure_future(self._open(caller, closing)), closing)
        return held

    async def _open(self, caller: Caller, closing: AsyncExitStack) -> Client:
        api = await closing.enter_async_context(self._connect(caller))
        return Client(api, self._rates())

    def _make_room(self) -> None:
        """Closes the client that has been idle for longest, when there are too many."""
        if len(self._held) < self._most:
            return
        idle = [key for key, held in self._held.items() if held.uses == 0]
        if not idle:
            raise Failure(503, "too_many_keys", "The server works for too many keys. Try again later.", retry_after=5)
        oldest = min(idle, key=lambda key: self._held[key].since)
        closing = asyncio.ensure_future(_close(self._held.pop(oldest)))
        self._closings.add(closing)
        closing.add_done_callback(self._closings.discard)

    async def sweep(self) -> None:
        """Closes the clients that nobody has used for some time."""
        until = self._clock() - self._idle_s
        idle = [key for key, held in self._held.items() if held.uses == 0 and held.since <= until]
        # All leave the pool before the first is closed: to close one takes time, in which a call could take the next.
        await asyncio.gather(*map(_close, [self._held.pop(key) for key in idle]))
        forget_secrets()

    async def _sweep_always(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            await self.sweep()

    async def __aenter__(self) -> Self:
        self._sweeper = asyncio.ensure_future(self._sweep_always())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
        held, self._held = list(self._held.values()), {}
        await asyncio.gather(*map(_close, held), *self._closings)


class CallersSecrets(Secrets):
    """The secrets of the callers, for the log of libraries. A secret is forgotten when its client is closed."""

    def __init__(self, clients: Clients) -> None:
        super().__init__()
        self._clients = clients

    def __iter__(self) -> Iterator[str]:
        return self._clients.secrets()


def _failed(made: asyncio.Future[Client]) -> bool:
    return made.done() and (made.cancelled() or made.exception() is not None)


async def _close(held: _Held) -> None:
    with contextlib.suppress(Exception):  # a client that could not be opened has nothing to close
        await asyncio.wait({held.made})
        await held.closing.aclose()
