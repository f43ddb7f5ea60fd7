"""How fast records may come: so many in a second, after a burst."""

from __future__ import annotations

import time

from vsync.system.retry import Clock, Sleep, asleep

_LEAST_SLEEP_S = 0.001
"""The shortest sleep: a rounding error must not cause endless sleeps of zero seconds."""


class Pace:
    """A bucket of `burst` tokens that gets `rate` new ones a second. Each record takes one.

    A batch that finds too few tokens goes into debt, and waits until the debt is paid. So a sleep that takes too long
    does not lower the rate: the next sleep is shorter. In t seconds there are at most burst + rate × t records.
    """

    def __init__(self, rate: float, burst: int, *, clock: Clock = time.monotonic, sleep: Sleep = asleep) -> None:
        self._rate, self._burst = rate, burst
        self._clock, self._sleep = clock, sleep
        self._tokens, self._at = float(burst), clock()

    async def admit(self, records: int) -> None:
        """Returns when so many records may come. Only one task may wait."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate) - records
        self._at = now
        until = now - min(0.0, self._tokens) / self._rate
        while (left := until - self._clock()) > 0:
            await self._sleep(max(left, _LEAST_SLEEP_S))
