from __future__ import annotations

import pytest

from vsync.serve.rest.call_rate import CallRate

KEY, OTHER = b"key", b"other"


def test_all_calls_of_a_minute_may_come_at_once_and_then_one_after_another() -> None:
    rate = CallRate(6)
    assert [rate.admit(KEY, 100.0) for _ in range(6)] == [0.0] * 6
    assert rate.admit(KEY, 100.0) == pytest.approx(10.0)
    assert rate.admit(KEY, 109.0) == pytest.approx(1.0)
    assert rate.admit(KEY, 110.0) == 0.0
    assert rate.admit(KEY, 110.0) > 0


def test_a_refused_call_takes_nothing() -> None:
    rate = CallRate(1)
    assert rate.admit(KEY, 0.0) == 0.0
    assert rate.admit(KEY, 30.0) == pytest.approx(30.0)
    assert rate.admit(KEY, 30.0) == pytest.approx(30.0)
    assert rate.admit(KEY, 60.0) == 0.0


def test_keys_do_not_share() -> None:
    rate = CallRate(1)
    assert [rate.admit(KEY, 0.0), rate.admit(OTHER, 0.0)] == [0.0, 0.0]
    assert rate.admit(KEY, 0.0) > 0


def test_a_long_rest_saves_no_more_than_a_minute() -> None:
    rate = CallRate(2)
    rate.admit(KEY, 0.0)
    assert [rate.admit(KEY, 9_999.0) for _ in range(2)] == [0.0, 0.0]
    assert rate.admit(KEY, 9_999.0) > 0


def test_invented_keys_take_no_more_memory_than_allowed() -> None:
    rate = CallRate(1, most_keys=3)
    for number in range(100):
        rate.admit(str(number).encode(), 0.0)
    assert len(rate._buckets) == 3
    assert rate.admit(b"99", 0.0) > 0, "the newest are remembered"
