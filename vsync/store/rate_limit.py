"""How fast and how often to ask: an exact sliding window for rates, and waits between tries."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from vsync.system.retry import Clock, Sleep, asleep

if TYPE_CHECKING:
    import asyncio

_LEAST_SLEEP_S = 0.001
"""A rounding error must not become a wait of nothing, again and again."""


class SlidingWindow:
    """At most `limit` admissions in any `seconds` as the server counts them; below that they cost no time.

    Requests take different times on their way, so an admission counts from when it is given until `seconds` after its
    request has ended: whatever the server saw in one window was all admitted, and not yet past, at one moment here. A leaky
    bucket would either let through more than the limit or pace small runs. First come, first served. Used by one event
    loop at a time, by several after one another.
    """

    def __init__(
        self,
        limit: int,
        seconds: float = 60.0,
        *,
        clock: Clock = time.monotonic,
        sleep: Sleep = asleep,
    ) -> None:
        self._limit = max(1, limit)
        self._least = max(1, self._limit // 10)
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._counted = 0
        """The weights of all that is under way or has ended within the window."""
        self._ended: deque[tuple[float, int]] = deque()
        self._waiting: deque[asyncio.Event] = deque()
        self._lowered = 0
        self._last_ended = 0

    @property
    def limit(self) -> int:
        return self._limit

    def admit(self, weight: int = 1) -> Admission:
        """To be entered around one request: `async with window.admit(): …` starts when the request may go.

        A weight greater than the limit is admitted as the whole of it. Whoever is cancelled while it waits leaves nothing
        behind; one whose request is under way counts all the same.
        """
        return Admission(self, weight)

    def lower(self, admission: Admission | None = None) -> None:
        """Halves the limit, to a tenth at least: the server has refused a request for its rate.

        It does not rise again in a run, and a server that refuses for some minutes must not leave it at next to nothing.

        Refusals of requests that were admitted before the last lowering say nothing new and are ignored. Without an
        `admission` the refused request is the one that ended last, so this is to be called as soon as it has ended.
        """
        admitted_at = self._last_ended if admission is None else admission.lowered
        if admitted_at == self._lowered:
            self._limit = max(self._least, self._limit // 2)
            self._lowered += 1

    async def _enter(self, admission: Admission) -> None:
        if self._waiting or self._wait(admission.weight) is not None:
            await self._queue(admission)
        else:
            self._count(admission)

    async def _queue(self, admission: Admission) -> None:
        import asyncio

        turn = asyncio.Event()
        self._waiting.append(turn)
        try:
            while self._waiting[0] is not turn:
                turn.clear()
                await turn.wait()
            while (wait := self._wait(admission.weight)) is not None:
                if wait > 0.0:
                    await self._sleep(max(wait, _LEAST_SLEEP_S))
                else:
                    turn.clear()
                    await turn.wait()
            self._count(admission)
        finally:
            self._waiting.remove(turn)
            self._wake()

    def _wait(self, weight: int) -> float | None:
        """Seconds until something leaves the window; 0.0: not before a request ends; None: there is room."""
        now = self._clock()
        while self._ended and self._ended[0][0] <= now - self._seconds:
            self._counted -= self._ended.popleft()[1]
        if self._counted + min(weight, self._limit) <= self._limit:
            return None
        return self._ended[0][0] + self._seconds - now if self._ended else 0.0

    def _count(self, admission: Admission) -> None:
        admission.counted = min(admission.weight, self._limit)
        admission.lowered = self._lowered
        self._counted += admission.counted

    def _leave(self, admission: Admission) -> None:
        self._ended.append((self._clock(), admission.counted))
        self._last_ended = admission.lowered
        self._wake()

    def _wake(self) -> None:
        if self._waiting:
            self._waiting[0].set()


class Admission:
    """One request's place in a window. `lowered` is how often the limit had been lowered when it was given."""

    __slots__ = ("_window", "counted", "lowered", "weight")

    def __init__(self, window: SlidingWindow, weight: int) -> None:
        self._window = window
        self.weight = weight
        self.counted = self.lowered = 0

    async def __aenter__(self) -> Admission:
        await self._window._enter(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._window._leave(self)


class Rates:
    """The windows that all targets of a run share. `uploads` counts requests, and `attached` Files, of all stores together.

    https://platform.openai.com/docs/api-reference/files/create names the limits.
    """

    def __init__(
        self,
        uploads_per_minute: int = 1000,
        writes_per_minute: int = 300,
        attached_per_minute: int = 2000,
        *,
        sleep: Sleep = asleep,
        clock: Clock = time.monotonic,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._writes_per_minute = writes_per_minute
        self._writes: dict[str, SlidingWindow] = {}
        self.uploads = self._window(uploads_per_minute)
        self.attached = self._window(attached_per_minute)

    def writes(self, store_id: str) -> SlidingWindow:
        """The window for changes of that store."""
        if store_id not in self._writes:
            self._writes[store_id] = self._window(self._writes_per_minute)
        return self._writes[store_id]

    def _window(self, limit: int) -> SlidingWindow:
        return SlidingWindow(limit, clock=self._clock, sleep=self._sleep)


_LONG_WAIT_S = 5.0


def make_rates(
    uploads_per_minute: int,
    writes_per_minute: int,
    pause: Sleep,
    note: Callable[[str], None] = lambda _: None,
) -> Rates:
    """The rates of a run. `pause` waits; `note` is told of waits longer than five seconds."""
    limits = f"per minute: uploads {uploads_per_minute}, changes of a store {writes_per_minute}"

    async def noted_pause(wait_s: float) -> None:
        if wait_s > _LONG_WAIT_S:
            note(f"Waiting {wait_s:.0f} s for a rate limit ({limits}).")
        await pause(wait_s)

    return Rates(uploads_per_minute, writes_per_minute, sleep=noted_pause)
