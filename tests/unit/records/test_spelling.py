"""Values as text."""

from __future__ import annotations

from typing import Any

import pytest

from vsync.records.change import BadRecord
from vsync.records.spelling import as_json, spelled


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (None, ""),
        (7, "7"),
        (True, "true"),
        (1.5, "1.5"),
        (12345678901234567890, "12345678901234567890"),
        ({"b": "ü", "a": [None]}, '{"a": [null], "b": "ü"}'),
    ],
)
def test_text_stays_and_other_values_are_json(value: Any, text: str) -> None:
    assert spelled(value) == text


def test_a_value_that_json_cannot_hold_is_bad() -> None:
    with pytest.raises(BadRecord, match="too large for JSON") as bad:
        as_json([float("inf")])
    assert bad.value.code == "not-text"
