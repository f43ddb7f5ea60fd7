"""How long to wait between tries. Pure, except `asleep`."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping

from vsync.system.clocks import http_date

Sleep = Callable[[float], Awaitable[None]]

Clock = Callable[[], float]


async def asleep(seconds: float) -> None:
    """Sleeps. asyncio is imported here because that takes 40 ms, and a run with nothing to do needs no event loop."""
    import asyncio

    await asyncio.sleep(seconds)


def backoff(
    attempt: int, *, first: float = 0.5, most: float = 8.0, jitter: Callable[[], float] = random.random
) -> float:
    """Seconds to wait after failed try number `attempt` (from 0). They double, and chance takes up to a quarter off."""
    return min(most, first * 2.0**attempt) * (1.0 - 0.25 * jitter())


def server_time(headers: Mapping[str, str], now: float) -> float:
    """When a server gave this answer, by its own clock. `now`, where the answer names no time."""
    told = http_date(headers.get("date", ""))
    return now if told is None else told


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that a server asks to wait, in `retry-after-ms` or `retry-after` (seconds or an HTTP date).

    A date counts from the `date` of the same answer: this machine's clock may be wrong. `now` is for an answer without one.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if not text:
            continue
        try:
            wait = float(text) * unit
        except ValueError:
            until = http_date(text)
            if until is None:
                continue
            wait = until - server_time(headers, now)
        # NaN is refused as well: it compares false with every number.
        if 0 <= wait < float("inf"):
            return wait
    return None
