"""The inputs of an embedding request are counted, whatever form they have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.batch.embedding_inputs import count_inputs
from vsync.batch.limits import MAX_INPUTS


def count(value: Any, **layout: Any) -> int | None:
    return count_inputs(memoryview(json.dumps(value, **layout).encode()))


@pytest.mark.parametrize(
    ("value", "inputs"),
    [
        ("a text", 1),
        ("", 1),
        (["a"], 1),
        (["a", 'b "],[" \\', ""], 3),
        ([1], 1),
        ([1, -2, 3e5], 1),
        ([[1, 2], [3]], 2),
        (["a", [1]], 2),
    ],
)
def test_each_text_and_each_list_of_tokens_is_an_input(value: Any, inputs: int) -> None:
    assert count(value) == count(value, separators=(",", ":")) == count(value, indent=1) == inputs


@pytest.mark.parametrize(
    "value",
    [
        [],
        [[]],
        [[[1]]],
        None,
        3,
        True,
        {},
        {"a": 1},
        [None],
        ["a", None],
        ["a", 1],
        [1, "a"],
        [1, None],
        [["a"]],
        [[1], 2],
        [{}],
    ],
)
def test_anything_else_is_no_input(value: Any) -> None:
    assert count(value) is None


def test_counting_stops_above_the_limit() -> None:
    assert count(["x"] * MAX_INPUTS) == MAX_INPUTS
    assert count(["x"] * (MAX_INPUTS + 1)) == MAX_INPUTS + 1
    assert count(["x"] * (MAX_INPUTS + 5_000)) == MAX_INPUTS + 1


INPUT = st.text() | st.lists(st.integers(), min_size=1, max_size=4)


@given(inputs=st.lists(INPUT, min_size=1, max_size=6), ascii=st.booleans())
def test_as_many_are_counted_as_there_are(inputs: list[Any], ascii: bool) -> None:  # noqa: A002 - json's name
    written = json.dumps(inputs, ensure_ascii=ascii).encode("utf-8", "surrogatepass")
    assert count_inputs(written) == len(inputs)
