"""What a value of front matter says as an attribute."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.documents.front_matter_values import one_line, value_of


@pytest.mark.parametrize(
    ("value", "attribute"),
    [
        (True, True),
        (False, False),
        (0, 0),
        (-7, -7),
        (1.5, 1.5),
        (2**53, 2**53),
        (2**53 + 1, "9007199254740993"),
        (-(2**60), "-1152921504606846976"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "nan"),
        (date(1970, 1, 2), 86_400),
        (date(1969, 12, 31), -86_400),
        (datetime(1970, 1, 1, 1), 3600),
        (datetime(1970, 1, 1, 1, tzinfo=UTC), 3600),
        (datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0),
        (datetime(1970, 1, 1, 0, 0, 0, 500_000), 0.5),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=23))), -62_135_679_600),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-23))), 253_402_383_599),
        (time(7, 32), "07:32:00"),
        ("text", "text"),
        ("  text \n", "text"),
        ("two\nlines \r\n  of\ttext\n\n", "two lines of text"),
        ("a\x00b\x1b[0m\x85c\u2028d\ud800", "ab[0m c d"),
        ("", None),
        (" \n\t\x00", None),
        (None, None),
        ({}, None),
        ({"a": 1}, None),
        ([], None),
        ([None, "", []], None),
        (["a"], "a"),
        (["a", " b\n", 1, 1.5, True, None, ["x"], {"x": 1}, date(2024, 1, 2), ""], "a, b, 1, 1.5, true, 2024-01-02"),
        ([datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), 2**60], "2024-01-02 03:04:05+00:00, 1152921504606846976"),
        (object, None),
    ],
)
def test_a_value_is_an_attribute_or_nothing(value: object, attribute: object) -> None:
    found = value_of(value)
    assert found == attribute
    assert type(found) is type(attribute)


def test_a_number_of_thousands_of_digits_is_nothing() -> None:
    assert value_of(16**5000) is None
    assert value_of(["a", -(16**5000), "b"]) == "a, b"


def test_a_very_long_list_is_not_joined_to_its_end() -> None:
    joined = value_of(["word"] * 1_000_000)
    assert isinstance(joined, str)
    assert joined.startswith("word, word, ")
    assert 4_000 < len(joined) < 5_000


@given(st.text())
def test_a_text_on_one_line_has_no_control_characters_and_stays_as_it_is_when_read_again(text: str) -> None:
    line = one_line(text)
    if line is None:
        return
    assert line == line.strip() != ""
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in line)
    assert line.splitlines() == [line]
    line.encode()
    assert one_line(line) == line
