"""How long to wait between tries. Pure, except `asleep`."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

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


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that a server asks to wait, in `retry-after-ms` or `retry-after` (seconds or an HTTP date)."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if not text:
            continue
        try:
            wait = float(text) * unit
        except ValueError:
            try:
                date = parsedate_to_datetime(text)
                # Python gives "-0000" no zone. All dates of HTTP are in GMT.
                wait = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
            except (ValueError, OverflowError):
                continue
        # NaN is refused as well: it compares false with every number.
        if 0 <= wait < float("inf"):
            return wait
    return None
