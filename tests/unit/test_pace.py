"""Rates are kept exactly, waits grow, and a server's wish is understood in any of its forms."""

from __future__ import annotations

import asyncio

import pytest

from vsync.pace import SlidingWindow, backoff, retry_after


class Time:
    """A clock that goes on only while somebody sleeps; `early` wakes sleepers before their time."""

    def __init__(self, early: float = 1.0) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []
        self._early = early

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds * self._early if seconds > 0.5 else seconds
        await asyncio.sleep(0)


def window(time: Time, limit: int, seconds: float = 60.0) -> SlidingWindow:
    return SlidingWindow(limit, seconds, clock=time.clock, sleep=time.sleep)


async def admissions(time: Time, limit: int, count: int) -> list[float]:
    rate, admitted = window(time, limit), []
    for _ in range(count):
        await rate.admit()
        admitted.append(time.now - 1_000.0)
    return admitted


def test_a_burst_below_the_limit_costs_no_time() -> None:
    time = Time()
    assert asyncio.run(admissions(time, 5, 5)) == [0.0] * 5
    assert time.slept == []


def test_one_more_waits_until_the_first_has_left_the_window() -> None:
    assert asyncio.run(admissions(Time(), 2, 5)) == [0.0, 0.0, 60.0, 60.0, 120.0]


def test_the_window_slides() -> None:
    time = Time()

    async def scenario() -> list[float]:
        rate, admitted = window(time, 2), []
        for pause in (0.0, 40.0, 0.0, 0.0):
            time.now += pause
            await rate.admit()
            admitted.append(time.now - 1_000.0)
        return admitted

    assert asyncio.run(scenario()) == [0.0, 40.0, 60.0, 100.0]


def test_a_sleep_that_ends_early_lets_nobody_through() -> None:
    assert asyncio.run(admissions(Time(early=0.5), 1, 3)) == [0.0, 60.0, 120.0]


def test_those_who_ask_together_are_let_through_one_by_one() -> None:
    time = Time()

    async def scenario() -> list[float]:
        rate = window(time, 3)
        admitted: list[float] = []

        async def one() -> None:
            await rate.admit()
            admitted.append(time.now - 1_000.0)

        await asyncio.gather(*(one() for _ in range(7)))
        return admitted

    assert asyncio.run(scenario()) == [0.0] * 3 + [60.0] * 3 + [120.0]


def test_waits_double_up_to_a_limit() -> None:
    assert [backoff(attempt, jitter=lambda: 0.0) for attempt in range(6)] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert backoff(3, first=1.0, most=5.0, jitter=lambda: 0.0) == 5.0
    assert backoff(60, jitter=lambda: 0.0) == 8.0


def test_waits_are_shortened_by_up_to_a_quarter() -> None:
    assert backoff(0, jitter=lambda: 1.0) == 0.375
    assert all(0.375 <= backoff(0) <= 0.5 for _ in range(50))


NOW = 1_445_412_480.0  # Wed, 21 Oct 2015 07:28:00 GMT


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "5"}, 5.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "5"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "5"}, 5.0),
        ({"retry-after-ms": "-1", "retry-after": "5"}, 5.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2015 09:28:30 +0200"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:27:30 GMT"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Wed, 99 Oct 2015 07:28:30 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 99999999999999 07:28:00 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 -9999999999999"}, None),
    ],
)
def test_a_server_asks_to_wait_in_several_forms(headers: dict[str, str], wait: float | None) -> None:
    assert retry_after(headers, NOW) == wait


def test_a_date_without_a_zone_is_in_gmt_wherever_this_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:30 -0000"}, NOW) == 30.0
        assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:30"}, NOW) == 30.0
    finally:
        monkeypatch.undo()
        time.tzset()
