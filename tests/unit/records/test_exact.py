"""A number stands in documents, keys and acknowledgements as the record spells it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.records.change import compact
from vsync.records.exact import Exact, encode_exactly, parse_number
from vsync.records.formats import reader
from vsync.records.json_line import json_line
from vsync.records.outcomes import Item, ack_line
from vsync.records.parsing import parse_json
from vsync.records.spelling import as_json, spelled
from vsync.records.stream_report import StreamReport

LONG = "0.12345678901234567890"

NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?", fullmatch=True).filter(
    "-0".__ne__
)
VALUES = st.recursive(
    NUMBERS | st.text(max_size=5).map(json.dumps) | st.sampled_from(["null", "true"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
    max_leaves=8,
)


@pytest.mark.parametrize("text", ["1.5", "0.1", "-3.25", "1e+16", "0.0", "1663858188.836"])
def test_a_number_that_a_float_spells_alike_is_a_float(text: str) -> None:
    assert type(parse_number(text)) is float


@pytest.mark.parametrize("text", [LONG, "19.90", "1.10", "1e5", "1E-7", "12345678901234567890.5", "-0.00"])
def test_a_number_that_a_float_would_change_keeps_its_spelling(text: str) -> None:
    assert repr(parse_number(text)) == text
    assert spelled(parse_number(text)) == text
    assert as_json({"b": parse_number(text), "a": "ü"}) == f'{{"a": "ü", "b": {text}}}'


class Spelling(str):
    """A number as its text."""


@given(VALUES)
def test_what_was_read_is_written_with_the_same_numbers(text: str) -> None:
    def numbers(line: str) -> Any:
        return json.loads(line, parse_float=Spelling, parse_int=Spelling)

    written = as_json(parse_json(text))
    assert numbers(written) == numbers(text)
    assert as_json(parse_json(written)) == written


@given(st.lists(st.sampled_from(["an exact number", "19.90", "x"]) | st.just(Exact("19.90")), max_size=5))
def test_a_text_that_looks_like_the_mark_stays_a_text(values: list[Any]) -> None:
    found = json.loads(encode_exactly({"a": values}), parse_float=Decimal)["a"]
    assert found == [Decimal("19.90") if isinstance(value, Exact) else value for value in values]


def test_what_is_no_json_is_still_refused() -> None:
    with pytest.raises(TypeError, match="set is no JSON"):
        encode_exactly({1, 2})


def test_keys_that_differ_after_many_digits_are_two_keys() -> None:
    one, other = parse_json('{"id":12345678901234567890.5}'), parse_json('{"id":12345678901234567891.5}')
    assert compact(one) == '{"id":12345678901234567890.5}'
    assert compact(other) == '{"id":12345678901234567891.5}'


@pytest.mark.parametrize(("one", "other"), [("1", "1.0"), ("1.0", "1.00"), ("1.1", "1.10"), ("100.0", "1e2")])
def test_a_number_as_a_key_is_known_by_its_spelling(one: str, other: str) -> None:
    read = reader("json", key_field="id")
    assert read(f'{{"id": {one}}}'.encode(), 1).path == one
    assert read(f'{{"id": {other}}}'.encode(), 1).path == other


def test_acknowledgements_and_letters_have_the_number_as_it_was() -> None:
    key = parse_json('{"id": 1.10}')
    line = ack_line(Item(1, b"", [Exact(LONG)], key, "uploaded"))
    assert f'"position": [{LONG}], "key": {{"id": 1.10}}' in line
    assert json_line({"key": key}) == '{"key": {"id": 1.10}}'
    assert json_line({"key": key, "inf": float("inf")}) == '{"key": {"id": 1.10}, "inf": "inf"}'


def test_the_report_takes_a_position_with_such_a_number() -> None:
    report = StreamReport(target="t", source="s", vector_store_id="v", input="-", last_position={"at": Exact("1.50")})
    assert json.loads(json.dumps(report.to_json()))["last_position"] == {"at": 1.5}
