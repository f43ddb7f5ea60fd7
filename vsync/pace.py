"""How fast and how often to ask: an exact sliding window for rates, and waits between tries."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

Sleep = Callable[[float], Awaitable[None]]
Clock = Callable[[], float]


class SlidingWindow:
    """At most `limit` admissions in any `seconds`; below that they cost no time.

    A leaky bucket would either let through more than the limit or pace small runs.
    """

    def __init__(
        self,
        limit: int,
        seconds: float = 60.0,
        *,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._admitted: deque[float] = deque()
        self._turn = asyncio.Lock()

    async def admit(self) -> None:
        """Returns when one more may go."""
        async with self._turn:
            while True:
                now = self._clock()
                while self._admitted and self._admitted[0] <= now - self._seconds:
                    self._admitted.popleft()
                if len(self._admitted) < self._limit:
                    self._admitted.append(now)
                    return
                await self._sleep(self._admitted[0] + self._seconds - now)


def backoff(
    attempt: int, *, first: float = 0.5, most: float = 8.0, jitter: Callable[[], float] = random.random
) -> float:
    """Seconds to wait after the failed try number `attempt` (from 0): doubling, with up to a quarter less."""
    return min(most, first * 2.0**attempt) * (1.0 - 0.25 * jitter())


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds a server asks to wait, from `retry-after-ms` or `retry-after` (seconds or an HTTP date)."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if not text:
            continue
        try:
            wait = float(text) * unit
        except ValueError:
            try:
                date = parsedate_to_datetime(text)
                # "-0000" is a date without a zone, and HTTP's dates are all in GMT.
                wait = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
            except (ValueError, OverflowError):
                continue
        # NaN compares false with everything, and so falls through.
        if 0 <= wait < float("inf"):
            return wait
    return None
