"""Waits between tries grow, and a wait that a server asks for is read in any of its forms."""

from __future__ import annotations

import time

import pytest

from vsync.system.retry import backoff, retry_after


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
        ({"retry-after": "Wed, 21 Oct 2015 08:28:30 GMT", "date": "Wed, 21 Oct 2015 08:28:00 GMT"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": "today"}, 30.0),
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
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:30 -0000"}, NOW) == 30.0
        assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:30"}, NOW) == 30.0
    finally:
        monkeypatch.undo()
        time.tzset()
