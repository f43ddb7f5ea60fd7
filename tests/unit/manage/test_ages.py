"""Ages as people write and read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.manage.ages import age_text, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45s", 45),
        ("90m", 5_400),
        ("12h", 43_200),
        ("30d", 2_592_000),
        ("2w", 1_209_600),
        (" 30 D ", 2_592_000),
        ("0d", 0),
    ],
)
def test_an_age_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1.5d", "1y", "1d2h", "٣d", "1d\n2d", "1" * 10 + "d"])
def test_anything_else_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"30d or 12h"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (119, "119 s"),
        (120, "2 m"),
        (7_199, "119 m"),
        (7_200, "2 h"),
        (172_799, "47 h"),
        (172_800, "2 d"),
        (864_000, "10 d"),
    ],
)
def test_a_time_is_told_in_the_largest_unit_of_which_there_are_two(seconds: int, text: str) -> None:
    assert age_text(seconds) == text


@given(st.integers(0, 10**9))
def test_what_is_told_can_be_given_again_and_is_not_more(seconds: int) -> None:
    again = seconds_of(age_text(seconds))
    assert again <= seconds
    assert seconds - again < max(1, seconds // 2)
