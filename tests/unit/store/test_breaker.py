"""A run ends early when a kind of request only fails, and not for a short outage or a single document."""

from __future__ import annotations

from vsync.store.breaker import Breaker


class Clock:
    def __init__(self) -> None:
        self.now = 500.0

    def __call__(self) -> float:
        return self.now


def failing(breaker: Breaker, clock: Clock, times: int, every: float, kind: str = "POST /files") -> list[bool]:
    told = []
    for _ in range(times):
        told.append(breaker.failed(kind))
        clock.now += every
    return told


def test_failures_that_go_on_for_long_enough_are_hopeless() -> None:
    clock = Clock()
    assert failing(Breaker(failures=4, seconds=30.0, clock=clock), clock, 6, 10.0) == [False] * 3 + [True] * 3


def test_many_failures_at_once_are_a_short_outage_until_it_lasts() -> None:
    clock = Clock()
    breaker = Breaker(failures=4, seconds=30.0, clock=clock)
    assert not any(failing(breaker, clock, 50, 0.0))
    clock.now += 29.9
    assert not breaker.failed("POST /files")
    clock.now += 0.1
    assert breaker.failed("POST /files")


def test_two_failures_over_a_long_time_are_not_hopeless() -> None:
    clock = Clock()
    assert not any(failing(Breaker(failures=4, seconds=30.0, clock=clock), clock, 2, 3600.0))


def test_three_failures_of_a_server_that_hangs_are_hopeless() -> None:
    clock = Clock()
    assert failing(Breaker(clock=clock), clock, 3, 120.0) == [False, False, True]
    clock = Clock()
    assert not any(failing(Breaker(clock=clock), clock, 3, 119.0))


def test_a_success_begins_the_count_again() -> None:
    clock = Clock()
    breaker = Breaker(failures=4, seconds=30.0, clock=clock)
    for _ in range(5):
        assert not any(failing(breaker, clock, 3, 60.0))
        breaker.succeeded("POST /files")
    breaker.succeeded("GET /files")  # one that never failed
    assert failing(breaker, clock, 4, 10.0) == [False, False, False, True]


def test_each_kind_of_request_is_counted_by_itself() -> None:
    clock = Clock()
    breaker = Breaker(failures=4, seconds=30.0, clock=clock)
    assert failing(breaker, clock, 3, 20.0, "POST /files") == [False] * 3
    assert failing(breaker, clock, 3, 20.0, "DELETE /files/{id}") == [False] * 3
    breaker.succeeded("DELETE /files/{id}")
    assert breaker.failed("POST /files")
    assert not breaker.failed("DELETE /files/{id}")


def test_what_is_usual_is_ten_failures_within_half_a_minute() -> None:
    clock = Clock()
    assert failing(Breaker(clock=clock), clock, 12, 4.0) == [False] * 9 + [True] * 3
