"""Clocks that are apart: by how much, and how that is told."""

from __future__ import annotations

import pytest

from vsync.system.clocks import apart, clock_warnings, http_date, in_words


@pytest.mark.parametrize(
    ("shown", "earliest", "latest", "ahead"),
    [
        (1000, 1000, 1000, 0),
        (1299, 1000, 1000, 0),
        (1300, 1000, 1000, 300),
        (701, 1000, 1000, 0),
        (700, 1000, 1000, -300),
        (1000, 0, 5000, 0),
        (1600, 1000, 1200, 400),
        (500, 1000, 1200, -500),
        (500, float("-inf"), 1000, 0),
        (1500, float("-inf"), 1000, 500),
    ],
)
def test_a_clock_is_apart_when_it_showed_a_time_minutes_outside(
    shown: float, earliest: float, latest: float, ahead: int
) -> None:
    assert apart(shown, earliest, latest) == ahead


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (60, "1 minute"),
        (600, "10 minutes"),
        (-600, "10 minutes"),
        (3600, "1 hour"),
        (9000, "2 hours"),
        (864_000, "10 days"),
    ],
)
def test_a_difference_is_told_in_the_unit_that_fits(seconds: int, shown: str) -> None:
    assert in_words(seconds) == shown


def test_a_clock_that_is_right_is_not_told() -> None:
    assert clock_warnings(0) == ()


@pytest.mark.parametrize(
    ("ahead", "words", "who"),
    [(600, "10 minutes behind", "on another machine may"), (-600, "10 minutes ahead of", "A sync here may")],
)
def test_a_clock_that_is_wrong_is_told_with_what_follows_from_it(ahead: int, words: str, who: str) -> None:
    (warning,) = clock_warnings(ahead)
    assert who in warning
    assert "{" not in warning
    assert f"This machine's clock is {words} the API's clock." in warning
    assert "does not delete them" in warning


@pytest.mark.parametrize("text", ["", "soon", "99", "Thu, 99 Jan 2026 00:00:00 GMT"])
def test_what_is_no_date_tells_no_time(text: str) -> None:
    assert http_date(text) is None


def test_a_date_of_http_is_in_gmt() -> None:
    assert http_date("Thu, 01 Jan 1970 00:01:00 GMT") == http_date("Thu, 01 Jan 1970 00:01:00 -0000") == 60
