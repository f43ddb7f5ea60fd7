"""How fast records may come."""

from __future__ import annotations

import asyncio

import pytest

from vsync.records.pace import Pace


class Time:
    """A clock that goes on only while somebody sleeps. Each sleep takes `late_s` longer than it was asked to."""

    def __init__(self, late_s: float = 0.0) -> None:
        self.now, self.late_s = 100.0, late_s

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds + self.late_s


def admitted(time: Time, rate: float, burst: int, batches: list[int]) -> list[float]:
    """When each of the batches was admitted, in seconds from the start."""

    async def play() -> list[float]:
        pace, began = Pace(rate, burst, clock=time.clock, sleep=time.sleep), time.now
        times = []
        for size in batches:
            await pace.admit(size)
            times.append(round(time.now - began, 6))
        return times

    return asyncio.run(play())


def test_a_burst_comes_at_once_and_then_the_rate_holds() -> None:
    assert admitted(Time(), 10.0, 20, [20, 5, 5, 20]) == [0.0, 0.5, 1.0, 3.0]


@pytest.mark.parametrize("burst", [1, 5, 50])
def test_sleeps_that_take_too_long_do_not_lower_the_rate(burst: int) -> None:
    """A minute of small batches, on a machine that wakes vsync three milliseconds late."""
    times = admitted(Time(late_s=0.003), 200.0, burst, [1] * 12_000)
    assert times[-1] == pytest.approx((12_000 - burst) / 200.0, abs=0.01)


def test_no_time_holds_more_than_a_burst_and_what_the_rate_gives_it() -> None:
    sizes = [3, 1, 5, 2, 5, 4] * 50
    times = admitted(Time(late_s=0.004), 40.0, 5, sizes)
    come = 0
    for size, at in zip(sizes, times, strict=True):
        come += size
        assert come <= 5 + 40.0 * at + 1e-6


def test_what_was_not_used_is_saved_up_to_a_burst_and_no_further() -> None:
    time = Time()

    async def play() -> list[float]:
        pace = Pace(10.0, 10, clock=time.clock, sleep=time.sleep)
        await pace.admit(10)
        time.now += 3600.0
        began, times = time.now, []
        for _ in range(3):
            await pace.admit(10)
            times.append(time.now - began)
        return times

    assert asyncio.run(play()) == pytest.approx([0.0, 1.0, 2.0])
