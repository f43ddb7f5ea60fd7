"""A line is a JSON object, or it says why not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.records.change import BadRecord
from vsync.records.parsing import kind, parse_json, parse_object, shown


@pytest.mark.parametrize("line", [b'{"a":1}', b' {"a":1}', b'{"a":1} \t', b'{"a":1}\r'])
def test_white_space_around_an_object_does_not_matter(line: bytes) -> None:
    assert parse_object(line) == {"a": 1}


def test_numbers_keep_all_their_digits() -> None:
    assert parse_object(b'{"a":12345678901234567890123}') == {"a": 12345678901234567890123}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "Expecting value at character 1"),
        (b"plain text", "Expecting value at character 1"),
        (b'{"a":1', "at character 7"),
        (b'{"a":1}{"b":2}', "Extra data at character 8"),
        (b'{"a":\xff}', "the byte at 5 is not UTF-8"),
        (b'{"a":NaN}', "NaN is not JSON"),
        (b'{"a":-Infinity}', "-Infinity is not JSON"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "it is nested too deep"),
        (b'{"a":' + b"1" * 5000 + b"}", "a number with too many digits"),
        (b'{"a":"\n"}', "Invalid control character"),
    ],
)
def test_what_is_not_json_says_why(line: bytes, reason: str) -> None:
    with pytest.raises(BadRecord) as bad:
        parse_object(line)
    assert bad.value.code == "not-json"
    assert reason in bad.value.reason


@pytest.mark.parametrize(
    ("line", "what"),
    [(b"[]", "a list"), (b"null", "null"), (b"5", "a number"), (b"true", "a boolean"), (b'"a"', "a string")],
)
def test_json_that_is_no_object_is_no_record(line: bytes, what: str) -> None:
    with pytest.raises(BadRecord, match=f"The line is {what}") as bad:
        parse_object(line)
    assert bad.value.code == "not-a-record"


@pytest.mark.parametrize("text", ["", "{", "NaN", "[" * 100_000, "1" * 5000, "1 2"])
def test_a_text_that_is_not_json_is_told_as_one_kind_of_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


def test_values_are_called_by_their_kinds() -> None:
    values: list[Any] = [None, True, 1, 1.5, "a", [], {}]
    assert [kind(value) for value in values] == [
        "null",
        "a boolean",
        "a number",
        "a number",
        "a string",
        "a list",
        "an object",
    ]
    assert (shown("a" * 99), shown(["a"])) == (repr("a" * 60), "a list")


@given(st.dictionaries(st.text(), st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()))
def test_every_object_is_read_as_it_was_written(value: dict[str, object]) -> None:
    assert parse_object(json.dumps(value).encode()) == value


def tried(line: bytes) -> dict[str, Any] | BadRecord:
    try:
        return parse_object(line)
    except BadRecord as bad:
        return bad


@given(st.binary())
def test_any_bytes_give_an_object_or_a_reason(line: bytes) -> None:
    found = tried(line)
    if isinstance(found, BadRecord):
        assert found.code in {"not-json", "not-a-record"}
        assert found.reason.endswith(".")
    else:
        assert isinstance(found, dict)
