"""Rates of requests, kept exactly by a sliding window."""

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
"""The shortest sleep: a rounding error must not cause endless sleeps of zero seconds."""


RISES_AFTER_S = 600.0
"""After so many seconds without a 429 a limit that was lowered rises again. A stream of records runs for weeks."""


class SlidingWindow:
    """At most `limit` requests in any `seconds`, as the server counts them. Below the limit nobody waits.

    Requests take different times to reach the server. So a request counts from its admission until `seconds` after its end:
    the requests that the server sees within one window then all count here at one moment. A leaky bucket would exceed the
    limit, or slow down small runs. First come, first served. Only one event loop may use a window at a time.

    `usual` is the limit that the first 429 brings where there was no limit to speak of.
    """

    def __init__(
        self,
        limit: int,
        seconds: float = 60.0,
        *,
        usual: int | None = None,
        clock: Clock = time.monotonic,
        sleep: Sleep = asleep,
    ) -> None:
        self._limit = max(1, limit)
        self._given = self._limit
        self._least = max(1, self._limit // 10)
        self._usual = usual
        self._changed_at = clock()
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._counted = 0
        """The weights of all requests that are under way or have ended within the window."""
        self._ended: deque[tuple[float, int]] = deque()
        self._waiting: deque[asyncio.Event] = deque()
        self._lowered = 0
        self._last_ended = 0

    @property
    def limit(self) -> int:
        return self._limit

    def admit(self, weight: int = 1) -> Admission:
        """Enter it around one request: the body of `async with window.admit():` starts when the request may be sent.

        A weight greater than the limit counts as the whole limit. A request that is cancelled while it waits does not count;
        a request that is cancelled under way does.
        """
        return Admission(self, weight)

    def lower(self, admission: Admission | None = None) -> None:
        """Halves the limit, because the server has answered a request with 429. After RISES_AFTER_S without a 429 it doubles.

        A tenth of the first limit is always left: a server that refuses for some minutes must not stop the run. A 429 for a
        request that was admitted before the last reduction is ignored. Without an `admission` the refused request is the one
        that ended last, so call this as soon as the request has ended.
        """
        admitted_at = self._last_ended if admission is None else admission.lowered
        if admitted_at != self._lowered:
            return
        if self._usual is not None and self._limit > self._usual:
            self._limit, self._least = self._usual, max(1, self._usual // 10)
        else:
            self._limit = max(self._least, self._limit // 2)
        self._lowered += 1
        self._changed_at = self._clock()

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
        """None: there is room. Else the seconds until a request leaves the window; 0.0: not before a request ends."""
        now = self._clock()
        if self._limit < self._given and now - self._changed_at >= RISES_AFTER_S:
            self._limit, self._changed_at = min(self._given, 2 * self._limit), now
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
    """One request's place in a window. `lowered` says how often the limit had been lowered when the request was admitted."""

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


UPLOADS_PER_MINUTE, WRITES_PER_MINUTE, ATTACHED_PER_MINUTE = 1000, 300, 2000
DELETES_PER_MINUTE = 1000
"""Of Files and of whole stores. The API's limit for deletes is not documented, so this is its limit for uploads."""
_NO_LIMIT = 2**62


class Rates:
    """The windows that all targets of a run share. `uploads` counts requests, `attached` counts Files, each of all stores together.
    `deletes` counts the deletes of Files and of whole stores.

    A limit of None is no limit, until the server answers 429: then it is the limit of OpenAI's API. These limits stand in https://platform.openai.com/docs/api-reference/files/create.
    """

    def __init__(
        self,
        uploads_per_minute: int | None = UPLOADS_PER_MINUTE,
        writes_per_minute: int | None = WRITES_PER_MINUTE,
        attached_per_minute: int | None = ATTACHED_PER_MINUTE,
        deletes_per_minute: int | None = DELETES_PER_MINUTE,
        *,
        sleep: Sleep = asleep,
        clock: Clock = time.monotonic,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._writes_per_minute = writes_per_minute
        self._writes: dict[str, SlidingWindow] = {}
        self.uploads = self._window(uploads_per_minute, UPLOADS_PER_MINUTE)
        self.attached = self._window(attached_per_minute, ATTACHED_PER_MINUTE)
        self.deletes = self._window(deletes_per_minute, DELETES_PER_MINUTE)

    def writes(self, store_id: str) -> SlidingWindow:
        """The window for the changes of one store."""
        if store_id not in self._writes:
            self._writes[store_id] = self._window(self._writes_per_minute, WRITES_PER_MINUTE)
        return self._writes[store_id]

    @property
    def limits(self) -> str:
        """The limits as they are now, in words."""
        writes = min((window.limit for window in self._writes.values()), default=self._writes_per_minute or _NO_LIMIT)
        named = {"uploads": self.uploads.limit, "changes of a store": writes, "deletes": self.deletes.limit}
        words = (f"{what} {'unlimited' if limit >= _NO_LIMIT else limit}" for what, limit in named.items())
        return f"per minute: {', '.join(words)}"

    def _window(self, limit: int | None, usual: int) -> SlidingWindow:
        if limit is None:
            return SlidingWindow(_NO_LIMIT, usual=usual, clock=self._clock, sleep=self._sleep)
        return SlidingWindow(limit, clock=self._clock, sleep=self._sleep)


_LONG_WAIT_S = 5.0


def make_rates(
    uploads_per_minute: int | None,
    writes_per_minute: int | None,
    pause: Sleep,
    note: Callable[[str], None] = lambda _: None,
    *,
    deletes_per_minute: int | None = None,
    unlimited: bool = False,
) -> Rates:
    """The rates of a run. `pause` waits; `note` gets a line for waits longer than five seconds.

    A rate that is not given is the limit of OpenAI's API. `unlimited`: the store has only the limits that are given, as the
    embedded store does.
    """
    uploads = uploads_per_minute or (None if unlimited else UPLOADS_PER_MINUTE)
    writes = writes_per_minute or (None if unlimited else WRITES_PER_MINUTE)
    deletes = deletes_per_minute or (None if unlimited else DELETES_PER_MINUTE)

    async def noted_pause(wait_s: float) -> None:
        if wait_s > _LONG_WAIT_S:
            note(f"Waiting {wait_s:.0f} s for a rate limit ({rates.limits}).")
        await pause(wait_s)

    rates = Rates(uploads, writes, None if unlimited else ATTACHED_PER_MINUTE, deletes, sleep=noted_pause)
    return rates
