"""The law of the sliding window: no window of the server holds more than the limit, and nobody waits longer than it takes."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable

from hypothesis import given
from hypothesis import strategies as st

from vsync.store.rate_limit import SlidingWindow

SECONDS = 60.0


class Time:
    """A clock of whole quarters of seconds that goes on when everybody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._count = 0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self._count += 1
        heapq.heappush(self._sleepers, (self.now + seconds, self._count, woken))
        await woken.wait()

    async def run(self, *everything: Awaitable[None]) -> None:
        done = asyncio.gather(*everything)
        while not done.done():
            for _ in range(20):  # whoever is awake goes on until it sleeps
                await asyncio.sleep(0)
            if self._sleepers:
                self.now, _, woken = heapq.heappop(self._sleepers)
                woken.set()
        await done


def quarters(most: int) -> st.SearchStrategy[float]:
    return st.integers(0, 4 * most).map(lambda number: number / 4)


@given(st.integers(1, 5), st.lists(quarters(100), max_size=40))
def test_nobody_waits_longer_than_it_takes(limit: int, pauses: list[float]) -> None:
    """With answers that take no time."""
    time = Time()
    window = SlidingWindow(limit, SECONDS, clock=time.clock, sleep=time.sleep)
    asked: list[float] = []
    admitted: list[float] = []

    async def scenario() -> None:
        for pause in pauses:
            time.now += pause
            asked.append(time.now)
            async with window.admit():
                admitted.append(time.now)

    asyncio.run(time.run(scenario()))
    for number, at in enumerate(admitted):
        first = admitted[number - limit] if number >= limit else float("-inf")
        assert at - first >= SECONDS
        assert at == max(asked[number], first + SECONDS)


@given(
    st.integers(1, 6),
    st.lists(st.tuples(quarters(90), quarters(50), quarters(50), st.integers(1, 4)), max_size=25),
)
def test_no_minute_of_the_server_holds_more_than_the_limit(
    limit: int, requests: list[tuple[float, float, float, int]]
) -> None:
    """Requests take different times to the server, and their answers back."""
    time = Time()
    window = SlidingWindow(limit, SECONDS, clock=time.clock, sleep=time.sleep)
    arrived: list[tuple[float, int]] = []
    order: list[int] = []

    async def request(number: int, at: float, there: float, back: float, weight: int) -> None:
        await time.sleep(at)
        async with window.admit(weight):
            order.append(number)
            await time.sleep(there)
            arrived.append((time.now, min(weight, limit)))
            await time.sleep(back)

    asyncio.run(time.run(*(request(number, *given) for number, given in enumerate(requests))))
    assert len(arrived) == len(requests)
    assert order == sorted(range(len(requests)), key=lambda number: (requests[number][0], number))
    for start, _ in arrived:
        assert sum(weight for at, weight in arrived if start <= at < start + SECONDS) <= limit
