from __future__ import annotations

from typing import Any

import pytest

from vsync.embedded.filters import MAX_DEPTH, predicate
from vsync.embedded.messages import ApiError


def holds(kind: str, value: Any, **attributes: Any) -> bool:
    return predicate({"type": kind, "key": "k", "value": value})(attributes)


@pytest.mark.parametrize(
    ("kind", "value", "below", "equal", "above"),
    [
        ("eq", 5, False, True, False),
        ("ne", 5, True, False, True),
        ("gt", 5, False, False, True),
        ("gte", 5, False, True, True),
        ("lt", 5, True, False, False),
        ("lte", 5, True, True, False),
        ("in", [5, 7], False, True, False),
        ("nin", [5, 7], True, False, True),
    ],
)
def test_comparisons(kind: str, value: Any, below: bool, equal: bool, above: bool) -> None:
    assert [holds(kind, value, k=n) for n in (4, 5, 6)] == [below, equal, above]


def test_text_is_compared_as_text() -> None:
    assert holds("eq", "a", k="a")
    assert holds("lt", "b", k="a")
    assert not holds("gt", "b", k="a")


@pytest.mark.parametrize("kind", ["gt", "gte", "lt", "lte"])
@pytest.mark.parametrize(("value", "attribute"), [(1, "1"), ("1", 1), (1, True), (True, 1), (True, True)])
def test_different_kinds_have_no_order(kind: str, value: Any, attribute: Any) -> None:
    assert not holds(kind, value, k=attribute)


def test_true_is_not_one() -> None:
    assert holds("eq", True, k=True)
    assert not holds("eq", 1, k=True)
    assert not holds("in", [1], k=True)
    assert holds("ne", 0, k=False)
    assert holds("eq", 1, k=1.0)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [("eq", 1, False), ("ne", 1, True), ("in", [1], False), ("nin", [1], True), ("gt", 1, False), ("in", [], False)],
)
def test_a_missing_attribute_equals_nothing(kind: str, value: Any, expected: bool) -> None:
    assert holds(kind, value, other=1) is expected


def test_compounds_nest() -> None:
    one = {"type": "eq", "key": "a", "value": 1}
    two = {"type": "eq", "key": "b", "value": 2}
    either = predicate({"type": "or", "filters": [one, {"type": "and", "filters": [two, one]}]})
    both = predicate({"type": "and", "filters": [one, {"type": "or", "filters": [two]}]})
    assert [either({"a": 1}), either({"b": 2}), both({"a": 1}), both({"a": 1, "b": 2})] == [
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    "value",
    [
        5,
        [],
        {},
        {"type": "eq"},
        {"type": "eq", "key": "k"},
        {"type": "eq", "key": 5, "value": 1},
        {"type": "eq", "key": "k", "value": [1]},
        {"type": "eq", "key": "k", "value": {}},
        {"type": "in", "key": "k", "value": 1},
        {"type": "in", "key": "k", "value": [[1]]},
        {"type": "like", "key": "k", "value": 1},
        {"type": ["eq"], "key": "k", "value": 1},
        {"type": "eq", "key": "k", "value": 1, "more": 1},
        {"type": "and"},
        {"type": "and", "filters": []},
        {"type": "and", "filters": [5]},
        {"type": "or", "filters": {}},
    ],
)
def test_a_malformed_filter_is_refused(value: Any) -> None:
    with pytest.raises(ApiError) as error:
        predicate(value)
    assert error.value.status == 400
    assert (error.value.param or "").startswith("filters")


def test_deep_nesting_is_refused() -> None:
    value: dict[str, Any] = {"type": "eq", "key": "k", "value": 1}
    for _ in range(MAX_DEPTH):
        value = {"type": "and", "filters": [value]}
    assert predicate(value)({"k": 1})
    with pytest.raises(ApiError, match="nested too deeply"):
        predicate({"type": "and", "filters": [value]})
