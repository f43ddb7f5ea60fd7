"""The law of the sliding window: no window holds more than the limit, and nobody waits longer than it takes."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from vsync.pace import SlidingWindow

SECONDS = 60.0


class Time:
    """A clock of whole quarters of seconds that goes on while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@given(st.integers(1, 5), st.lists(st.integers(0, 400).map(lambda quarters: quarters / 4), max_size=40))
def test_no_minute_holds_more_than_the_limit_and_nobody_waits_in_vain(limit: int, pauses: list[float]) -> None:
    time = Time()
    window = SlidingWindow(limit, SECONDS, clock=time.clock, sleep=time.sleep)
    asked: list[float] = []
    admitted: list[float] = []

    async def scenario() -> None:
        for pause in pauses:
            time.now += pause
            asked.append(time.now)
            await window.admit()
            admitted.append(time.now)

    asyncio.run(scenario())
    for number, at in enumerate(admitted):
        first = admitted[number - limit] if number >= limit else float("-inf")
        assert at - first >= SECONDS
        assert at == max(asked[number], first + SECONDS)
