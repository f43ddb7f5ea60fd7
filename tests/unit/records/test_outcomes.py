"""The acknowledgement of a record is one line of JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.records.outcomes import Item, ack_line

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(JSON, JSON, st.text(), st.text())
def test_an_acknowledgement_is_one_line_that_says_what_was_given(
    position: Any, key: Any, code: str, reason: str
) -> None:
    item = Item(7, b"{}", position, key, file_id="file-1")
    item.fail("failed", code, reason)
    line = ack_line(item)
    assert line.isascii()
    assert line.isprintable()
    told = {"line": 7, "position": position, "key": key, "file_id": "file-1", "outcome": "failed"}
    assert json.loads(line) == told | ({"code": code, "reason": reason} if code else {})


def test_a_record_without_a_file_names_none() -> None:
    assert ack_line(Item(3, b"", "p", "k", "absent")) == (
        '{"line": 3, "position": "p", "key": "k", "file_id": null, "outcome": "absent"}'
    )


@pytest.mark.parametrize(
    "value",
    [float("inf"), [float("-inf")], float("nan"), json.loads("[" * 900 + "]" * 900)],
    ids=["inf", "list", "nan", "deep"],
)
def test_a_value_that_json_cannot_hold_does_not_break_the_line(value: Any) -> None:
    line = ack_line(Item(3, b"", value, value, "dead", code="not-json", reason="It is odd."))
    told = json.loads(line, parse_constant=lambda constant: pytest.fail(f"{constant} is not JSON"))
    assert (told["line"], told["outcome"], told["code"]) == (3, "dead", "not-json")
