"""One line of JSON, whatever the values are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.records.json_line import json_line


def no_constant(name: str) -> Any:
    raise AssertionError(name)


def strict(line: str) -> Any:
    assert "\n" not in line
    return json.loads(line.encode("utf-8"), parse_constant=no_constant)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), _JSON, max_size=4))
def test_values_come_back_as_they_were(values: dict[str, Any]) -> None:
    assert strict(json_line(values)) == values


def test_text_stays_readable() -> None:
    assert json_line({"key": "Größe\n"}) == '{"key": "Größe\\n"}'


def test_half_of_a_surrogate_pair_is_escaped() -> None:
    assert strict(json_line({"key": "\ud800", "other": "ü"})) == {"key": "\ud800", "other": "ü"}


def test_numbers_that_json_lacks_become_text() -> None:
    values = json.loads('{"a": [NaN, {"b": -Infinity}], "c": 1.5}')
    assert strict(json_line(values)) == {"a": ["nan", {"b": "-inf"}], "c": 1.5}


@pytest.mark.parametrize("depth", [100, 100_000])
def test_a_value_nested_without_an_end_is_cut_where_it_must_be(depth: int) -> None:
    deep: Any = []
    for _ in range(depth):
        deep = [deep]
    found = strict(json_line({"key": deep, "position": 7}))
    assert found["position"] == 7
    if depth < 1000:
        assert found["key"] == deep
