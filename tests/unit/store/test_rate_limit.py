"""Rates are kept exactly, and are lowered when the server refuses."""

from __future__ import annotations

import asyncio

import pytest

from vsync.store.rate_limit import Admission, Rates, SlidingWindow, make_rates


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
        async with rate.admit():
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
            async with rate.admit():
                admitted.append(time.now - 1_000.0)
        return admitted

    assert asyncio.run(scenario()) == [0.0, 40.0, 60.0, 100.0]


def test_a_sleep_that_ends_early_lets_nobody_through() -> None:
    assert asyncio.run(admissions(Time(early=0.5), 1, 3)) == [0.0, 60.0, 120.0]


def test_those_who_ask_together_are_let_through_one_by_one_in_their_order() -> None:
    time = Time()

    async def scenario() -> list[tuple[int, float]]:
        rate = window(time, 3)
        admitted: list[tuple[int, float]] = []

        async def one(number: int) -> None:
            async with rate.admit():
                admitted.append((number, time.now - 1_000.0))

        await asyncio.gather(*(one(number) for number in range(7)))
        return admitted

    admitted = asyncio.run(scenario())
    assert [number for number, _ in admitted] == list(range(7))
    assert [at for _, at in admitted] == [0.0] * 3 + [60.0] * 3 + [120.0]


def test_a_request_counts_until_a_minute_after_it_has_ended() -> None:
    """It may have reached the server at any time before that."""
    time = Time()

    async def scenario() -> list[float]:
        rate, admitted = window(time, 1), []
        for took in (45.0, 0.0, 0.0):
            async with rate.admit():
                admitted.append(time.now - 1_000.0)
                time.now += took
        return admitted

    assert asyncio.run(scenario()) == [0.0, 105.0, 165.0]


def test_a_request_that_fails_counts_like_any_other() -> None:
    time = Time()

    async def scenario() -> float:
        rate = window(time, 1)
        with pytest.raises(ConnectionError):
            async with rate.admit():
                raise ConnectionError
        async with rate.admit():
            return time.now - 1_000.0

    assert asyncio.run(scenario()) == 60.0


def test_as_long_as_all_are_under_way_the_next_waits_for_one_to_end() -> None:
    time = Time()

    async def scenario() -> list[float]:
        rate, admitted, answered = window(time, 1), list[float](), asyncio.Event()

        async def one() -> None:
            async with rate.admit():
                admitted.append(time.now - 1_000.0)
                await answered.wait()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(one())
            tasks.create_task(one())
            for _ in range(10):
                await asyncio.sleep(0)
            assert admitted == [0.0]
            assert time.slept == []
            time.now += 500.0
            answered.set()
        return admitted

    assert asyncio.run(scenario()) == [0.0, 560.0]


def test_who_is_cancelled_while_waiting_leaves_no_place_taken() -> None:
    time = Time()

    async def scenario() -> list[float]:
        rate, admitted, answered = window(time, 1), list[float](), asyncio.Event()

        async def one() -> None:
            async with rate.admit():
                admitted.append(time.now - 1_000.0)
                await answered.wait()

        tasks = [asyncio.create_task(one()) for _ in range(4)]
        await asyncio.sleep(0)
        for cancelled in (tasks[1], tasks[2]):  # the one whose turn is next, and one behind it
            cancelled.cancel()
            with pytest.raises(asyncio.CancelledError):
                await cancelled
        answered.set()
        await asyncio.gather(tasks[0], tasks[3])
        return admitted

    assert asyncio.run(scenario()) == [0.0, 60.0]


def test_a_wait_that_is_ended_by_an_error_lets_the_next_go_on() -> None:
    class Stopped(Exception):
        pass

    async def stopped(seconds: float) -> None:
        raise Stopped

    async def scenario() -> list[BaseException | None]:
        rate = SlidingWindow(1, clock=Time().clock, sleep=stopped)

        async def one() -> None:
            async with rate.admit():
                pass

        return await asyncio.gather(*(one() for _ in range(4)), return_exceptions=True)

    told = asyncio.run(scenario())
    assert told[0] is None
    assert all(isinstance(error, Stopped) for error in told[1:])


def test_one_that_is_cancelled_under_way_keeps_its_place_taken() -> None:
    time = Time()

    async def scenario() -> float:
        rate = window(time, 1)

        async def hanging() -> None:
            async with rate.admit():
                await asyncio.Event().wait()

        task = asyncio.create_task(hanging())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with rate.admit():
            return time.now - 1_000.0

    assert asyncio.run(scenario()) == 60.0


def test_a_request_may_weigh_more_than_one() -> None:
    time = Time()

    async def scenario() -> list[float]:
        rate, admitted = window(time, 10), []
        for weight in (4, 6, 7, 3, 1):
            async with rate.admit(weight):
                admitted.append(time.now - 1_000.0)
        return admitted

    assert asyncio.run(scenario()) == [0.0, 0.0, 60.0, 60.0, 120.0]


def test_one_that_weighs_more_than_the_limit_takes_the_whole_window() -> None:
    time = Time()

    async def scenario() -> list[float]:
        rate, admitted = window(time, 10), []
        for weight in (1, 500, 1):
            async with rate.admit(weight):
                admitted.append(time.now - 1_000.0)
        return admitted

    assert asyncio.run(scenario()) == [0.0, 60.0, 120.0]


def test_a_heavy_one_is_not_overtaken_for_ever() -> None:
    time = Time()

    async def scenario() -> list[str]:
        rate, order = window(time, 10), list[str]()

        async def one(name: str, weight: int) -> None:
            async with rate.admit(weight):
                order.append(name)

        weights = {"first": 5, "heavy": 10, "light": 1}
        await asyncio.gather(*(one(name, weight) for name, weight in weights.items()))
        return order

    assert asyncio.run(scenario()) == ["first", "heavy", "light"]


def test_a_refusal_halves_the_limit() -> None:
    time = Time()

    async def scenario() -> list[float]:
        rate, admitted = window(time, 5), []
        for number in range(7):
            async with rate.admit():
                admitted.append(time.now - 1_000.0)
            if number == 1:
                rate.lower()
        assert rate.limit == 2
        return admitted

    assert asyncio.run(scenario()) == [0.0, 0.0, 60.0, 60.0, 120.0, 120.0, 180.0]


def test_a_limit_rises_again_step_by_step_after_ten_minutes_without_a_refusal() -> None:
    time = Time()

    async def scenario() -> list[int]:
        rate, limits = window(time, 20), list[int]()
        for wait_s in (0.0, 0.0, 599.0, 1.0, 599.0, 1.0, 600.0):
            time.now += wait_s
            async with rate.admit():
                pass
            if not limits or limits == [10]:
                rate.lower()
            limits.append(rate.limit)
        return limits

    assert asyncio.run(scenario()) == [10, 5, 5, 10, 10, 20, 20]


def test_refusals_of_requests_that_were_under_way_together_count_once() -> None:
    time = Time()

    async def scenario() -> list[int]:
        rate, limits = window(time, 16), list[int]()

        async def refused() -> None:
            async with rate.admit():
                await asyncio.sleep(0)
            rate.lower()

        for _ in range(5):
            await asyncio.gather(*(refused() for _ in range(rate.limit)))
            limits.append(rate.limit)
            time.now += 60.0
        return limits

    assert asyncio.run(scenario()) == [8, 4, 2, 1, 1]


def test_a_refusal_is_told_of_the_request_that_it_answers() -> None:
    """Where others have ended before it is told, only the admission itself says when the request was let go."""

    async def scenario() -> list[int]:
        rate, limits = window(Time(), 8), list[int]()
        async with rate.admit() as early:
            pass
        async with rate.admit() as other:
            rate.lower(early)
            limits.append(rate.limit)
            rate.lower(other)
            limits.append(rate.limit)
        async with rate.admit() as late:
            pass
        async with rate.admit():
            pass
        rate.lower(late)
        limits.append(rate.limit)
        return limits

    assert asyncio.run(scenario()) == [4, 4, 2]


def test_a_window_goes_on_in_the_next_event_loop() -> None:
    time = Time()
    rate = window(time, 1)

    async def two() -> list[float]:
        admitted = []

        async def one() -> None:
            async with rate.admit():
                await asyncio.sleep(0)
                admitted.append(time.now - 1_000.0)

        await asyncio.gather(one(), one())
        return admitted

    assert asyncio.run(two()) == [0.0, 60.0]
    assert asyncio.run(two()) == [120.0, 180.0]


def test_the_stores_of_a_run_share_their_uploads_and_have_writes_of_their_own() -> None:
    time = Time()
    rates = Rates(3, 2, 5, sleep=time.sleep, clock=time.clock)
    assert rates.writes("vs_1") is rates.writes("vs_1")
    assert rates.writes("vs_1") is not rates.writes("vs_2")
    limits = (rates.uploads.limit, rates.writes("vs_1").limit, rates.writes("vs_2").limit, rates.attached.limit)
    assert limits == (3, 2, 2, 5)

    async def scenario() -> float:
        for store_id in ("vs_1", "vs_2", "vs_1", "vs_2"):
            async with rates.writes(store_id).admit():
                pass
        assert time.slept == []
        async with rates.writes("vs_1").admit():
            return time.now - 1_000.0

    assert asyncio.run(scenario()) == 60.0


def test_what_is_usual_are_the_limits_of_the_api() -> None:
    rates = Rates()
    assert (rates.uploads.limit, rates.writes("vs_1").limit, rates.attached.limit) == (1000, 300, 2000)


def test_however_often_a_server_refuses_a_tenth_of_the_rate_is_left() -> None:
    window = SlidingWindow(1000)
    for _ in range(20):
        window.lower(_latest(window))
    assert window.limit == 100


def _latest(window: SlidingWindow) -> Admission:
    """A request that was admitted after the last lowering."""
    admission = Admission(window, 1)
    admission.lowered = window._lowered
    return admission


def test_a_long_wait_for_a_rate_is_told_and_a_short_one_is_not() -> None:
    waited: list[float] = []
    told: list[str] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    wait = make_rates(1000, 1, pause, told.append).writes("vs_1")._sleep

    async def both() -> None:
        await wait(0.5)
        await wait(42.0)

    asyncio.run(both())
    assert waited == [0.5, 42.0]
    assert told == ["Waiting 42 s for a rate limit (per minute: uploads 1000, changes of a store 1, deletes 1000)."]


def test_a_rate_that_is_not_given_is_the_apis_and_the_embedded_store_has_none() -> None:
    rates = make_rates(None, None, asyncio.sleep)
    assert (rates.uploads.limit, rates.writes("vs_1").limit, rates.attached.limit) == (1000, 300, 2000)
    embedded = make_rates(None, None, asyncio.sleep, unlimited=True)
    assert min(embedded.uploads.limit, embedded.writes("vs_1").limit, embedded.attached.limit) > 10**12


def test_a_rate_that_is_given_holds_for_the_embedded_store_too() -> None:
    rates = make_rates(3, None, asyncio.sleep, unlimited=True)
    assert rates.uploads.limit == 3
    assert rates.writes("vs_1").limit > 10**12
    assert make_rates(None, 2, asyncio.sleep, unlimited=True).writes("vs_1").limit == 2


def test_the_rates_of_a_run_are_those_that_are_given() -> None:
    rates = make_rates(3, 2, asyncio.sleep)
    assert (rates.uploads.limit, rates.writes("vs_1").limit, rates.attached.limit) == (3, 2, 2000)


def test_the_first_429_of_a_rate_without_a_limit_brings_the_apis_limit_and_the_next_halves_it() -> None:
    rates = make_rates(None, None, asyncio.sleep, unlimited=True)
    rates.uploads.lower()
    assert rates.uploads.limit == 1000
    rates.uploads.lower(_latest(rates.uploads))
    assert rates.uploads.limit == 500
