"""A field says yes, or no, or nobody knows. Only a certain yes deletes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.records.exact import Exact
from vsync.records.fields import MISSING
from vsync.records.yes_or_no import says_yes


@pytest.mark.parametrize(
    "value",
    [
        *(True, 1, 1.0, "1", "t", "T", "true", " TRUE ", "y", "yes", "Yes", "on", "\x01", "base64:type16:AQ=="),
        *({"$numberInt": "1"}, {"$numberLong": "1"}, Exact("1.00"), "1.0"),
        *("2024-01-02", "2024-01-02T03:04:05Z", "2024-01-02 03:04:05.123456+00", "2024-01-02 03:04:05 UTC", "20240102"),
        *("2024/01/02 03:04", 1663858188, 1663858188836, 1663858188.836, "1663858188"),
        *({"$date": "2024-01-02T03:04:05Z"}, {"$date": {"$numberLong": "1558965508000"}}),
    ],
)
def test_a_yes_and_a_time_say_yes(value: Any) -> None:
    assert says_yes(value) is True


@pytest.mark.parametrize(
    "value",
    [
        *(MISSING, None, False, 0, 0.0, Exact("0.00"), "", " ", "0", "0.0", "0.00", "-", "f", "F", "false", "False "),
        *("n", "no", "No", "off", "OFF", "none", "None", "nil", "null", "NULL", "\\N", "\0", "base64:type16:AA=="),
        *("0000-00-00", "0000-00-00 00:00:00", "0001-01-01T00:00:00Z", {"$numberInt": "0"}, {"$numberLong": "0"}),
    ],
)
def test_a_no_says_no(value: Any) -> None:
    assert says_yes(value) is False


@pytest.mark.parametrize(
    "value",
    [
        *("maybe", "deleted", "active", "2", 2, -1, 17, "-1", 0.5, {}, [], [True], {"a": 1}, float("inf"), 10**400),
        *("1970-01-01", "1970-01-01T00:00:00Z", "9999-12-31", "12345678", "2024-13-01", "02-JAN-24", "AA==", "\u0661"),
        *({"$numberInt": "many"}, {"$date": {"$numberLong": "17"}}, "9" * 400, "nope", "yesterday", "0000-00-00x"),
    ],
)
def test_of_everything_else_nobody_knows(value: Any) -> None:
    assert says_yes(value) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["$date", "$numberInt"]), inner),
    max_leaves=4,
)


@given(JSON)
def test_every_value_has_an_answer(value: Any) -> None:
    assert says_yes(value) in {True, False, None}
