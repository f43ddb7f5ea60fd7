"""Times and rates as options give them."""

from __future__ import annotations

import pytest

from vsync.cli.amounts import rate_of, seconds_of, wait_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("200ms", 0.2), ("1s", 1), ("1", 1), ("2m", 120), ("1h", 3600), ("0", 0), ("0.5s", 0.5), (" 3 S ", 3), ("0ms", 0)],
)
def test_a_time_is_a_number_with_a_unit(text: str, seconds: float) -> None:
    assert seconds_of(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "-1s", "1d", "1 s 2", "1e3", "١s", "1.s", "nan", "inf"])
def test_another_text_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="such as 200ms or 2s"):
        seconds_of(text)


def test_a_time_of_more_than_an_hour_is_refused() -> None:
    with pytest.raises(ValueError, match="at most one hour"):
        seconds_of("61m")


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("45m", 2_700), ("25h", 90_000), ("2d", 172_800), ("0", 0), ("500ms", 0.5)]
)
def test_a_wait_may_last_for_days(text: str, seconds: float) -> None:
    assert wait_of(text) == pytest.approx(seconds)


@pytest.mark.parametrize(("text", "said"), [("31d", "at most 30 days"), ("1w", "such as 45m or 25h"), ("", "such as")])
def test_a_wait_without_an_end_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        wait_of(text)


@pytest.mark.parametrize(("text", "rate"), [("250", 250), ("0", 0), ("0.5", 0.5), (" 1 ", 1)])
def test_a_rate_is_a_number(text: str, rate: float) -> None:
    assert rate_of(text) == rate


@pytest.mark.parametrize("text", ["", "-1", "1/s", "many", "nan", "inf", "1e9", "1."])
def test_another_text_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="records in a second"):
        rate_of(text)
