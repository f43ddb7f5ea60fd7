"""Values as text."""

from __future__ import annotations

from typing import Any

import pytest

from vsync.records.change import BadRecord
from vsync.records.spelling import as_json, bare, spelled


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (None, ""),
        (7, "7"),
        (True, "true"),
        (1.5, "1.5"),
        (12345678901234567890, "12345678901234567890"),
        ({"$oid": "596e"}, "596e"),
        ({"$numberLong": "1004"}, "1004"),
        ({"$date": {"$numberLong": "1558965508000"}}, "1558965508000"),
        ({"b": "ü", "a": [None]}, '{"a": [null], "b": "ü"}'),
    ],
)
def test_text_stays_and_other_values_are_json(value: Any, text: str) -> None:
    assert spelled(value) == text


def test_a_value_that_json_cannot_hold_is_bad() -> None:
    with pytest.raises(BadRecord, match="too large for JSON") as bad:
        as_json([float("inf")])
    assert bad.value.code == "not-text"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"$numberInt": "7"}, 7),
        ({"$numberDouble": "1.5"}, 1.5),
        ({"$numberDecimal": "1.10"}, "1.10"),
        ({"$date": "2024-01-02T03:04:05Z"}, "2024-01-02T03:04:05Z"),
        ({"$numberLong": "many"}, {"$numberLong": "many"}),
        ({"$numberLong": None}, {"$numberLong": None}),
        ({"$set": 1}, {"$set": 1}),
        ({"$oid": "a", "b": 1}, {"$oid": "a", "b": 1}),
        ({}, {}),
        ("a", "a"),
    ],
)
def test_values_of_mongodb_are_found_in_their_objects(value: Any, found: Any) -> None:
    assert bare(value) == found
