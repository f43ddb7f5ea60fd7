"""One connection of a caller. It must not wait for ever, and callers who say nothing must not keep others out.

Each connection takes a file descriptor, and a process has few of them. The HTTP server closes a connection only when it is
idle after a call.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEAD_TIMEOUT_S = 15.0
"""How long a caller may take to send the head of a call."""


def connection_class(most: int) -> type[H11Protocol]:
    """The connections of a server that keeps at most `most` of them. Past that, one is closed that
    waits for a call, or else for the body of a call."""

    class Connection(H11Protocol):
        _timer: asyncio.TimerHandle | None = None
        _since = 0.0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
            super().connection_made(transport)
            self._since = self.loop.time()
            self._watch()
            if len(self.connections) > most:
                self._make_room()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            self._unwatch()

        def _watch(self) -> None:
            """Starts the time for a head when there is no call. More bytes of the same head give no more time."""
            if not self._waits():
                self._unwatch()
            elif self._timer is None:
                self._timer = self.loop.call_later(HEAD_TIMEOUT_S, self._give_up)

        def _unwatch(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _waits(self) -> bool:
            """Whether no call is under way."""
            cycle: RequestResponseCycle | None = self.cycle
            return cycle is None or cycle.response_complete

        def _give_up(self) -> None:
            self._timer = None
            if self._waits() and not self.transport.is_closing():
                self.transport.close()

        def _make_room(self) -> None:
            ours = [each for each in self.connections if isinstance(each, Connection)]
            waiting = [each for each in ours if each._waits()]
            # Only this one waits: then a call goes whose body has not arrived.
            free = waiting if waiting != [self] else [each for each in ours if each._waits() or each.cycle.more_body]
            oldest = min(free, key=lambda each: each._since)
            self.connections.discard(oldest)
            oldest.transport.close()

    return Connection
