"""Waits between tries. Pure, but for the sleep."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass

Sleep = Callable[[float], Awaitable[None]]

Clock = Callable[[], float]


async def asleep(seconds: float) -> None:
    """Sleeps. The event loop is imported where one runs: it takes 40 ms, and a run with nothing to do has none."""
    import asyncio

    await asyncio.sleep(seconds)


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
