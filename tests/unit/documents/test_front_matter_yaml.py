"""The YAML of front matter: which scalars are numbers, dates and booleans, and what is refused."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vsync.documents.front_matter_yaml import NotFrontMatter, line_at, read_yaml


def scalar(text: str) -> object:
    return read_yaml(f"key: {text}\n")["key"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("0", 0),
        ("-3", -3),
        ("1.5", 1.5),
        ("9007199254740991", 9007199254740991),
        ("2024-01-02", date(2024, 1, 2)),
        ("2024-01-02T03:04:05Z", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2024-01-02 03:04:05", datetime(2024, 1, 2, 3, 4, 5)),
        ("2024-01-02 3:04", datetime(2024, 1, 2, 3, 4)),
        (
            "2024-01-02t03:04:05.25+05:30",
            datetime(2024, 1, 2, 3, 4, 5, 250_000, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        ),
        ("2024-01-02 03:04:05 -0600", datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=-6)))),
        ("2024-01-02 03:04:05.1234567 -6", datetime(2024, 1, 2, 3, 4, 5, 123_456, timezone(timedelta(hours=-6)))),
        ("!!int '5'", 5),
        ("!!bool 'true'", True),
        ("[1, yes, 2024-01-02]", [1, "yes", date(2024, 1, 2)]),
        ("&a [x]", ["x"]),
    ],
)
def test_a_scalar_is_what_it_spells(text: str, value: object) -> None:
    read = scalar(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "text", ["", "~", "null", "Null", "# nothing", "!!null ''", "!expr x", "!!python/name:os.system x"]
)
def test_what_says_nothing_is_none(text: str) -> None:
    assert scalar(text) is None


@pytest.mark.parametrize(
    "text",
    "yes no on off y n Yes TrUe 12:30 1:2:3 007 0o7 0x10 0b1 1_000 1.10 1.0 +1 1e3 1e400 .inf -.inf .nan -0 1. .5 "
    "9007199254740993 99999999999999999999 2024-13-45 2024-02-30 0000-01-01 2024-1-2 2024-01-02T25:00:00 "
    "2024-01-02T03:04:60 2024-01-02T03:04:05+24:00 2024-01-02T03:04:05+5:99:9 2024-01 10-20-30 1-2 ١٢".split(),
)
def test_what_other_tools_write_as_a_number_or_boolean_of_its_own_stays_text(text: str) -> None:
    assert scalar(text) == text


@pytest.mark.parametrize("text", ["true", "5", "2024-01-02", "null", "1.5", ""])
def test_quotes_make_a_text(text: str) -> None:
    assert scalar(f"'{text}'") == text
    assert scalar(f'"{text}"') == text
    assert scalar(f"!!str {text}") == text
    assert scalar(f"|-\n  {text}") == text


def test_keys_are_texts_as_they_are_written() -> None:
    assert read_yaml("2024-01-02: a\n10: b\ntrue: c\n~: d\n'x y': e\n1.10: f\n") == {
        "2024-01-02": "a",
        "10": "b",
        "true": "c",
        "~": "d",
        "x y": "e",
        "1.10": "f",
    }


@pytest.mark.parametrize("text", ["", "# only a comment\n", "~\n", "{}\n"])
def test_a_block_without_keys_has_none(text: str) -> None:
    assert read_yaml(text) == {}


def test_an_alias_is_what_it_names_also_where_it_names_a_key() -> None:
    assert read_yaml("a: &x [1, 2]\nb: *x\n&k key: 1\nc: *k\n") == {"a": [1, 2], "b": [1, 2], "key": 1, "c": "key"}


def test_a_collection_with_a_tag_of_its_own_is_left_out() -> None:
    assert read_yaml("a: !!set {x, y}\nb: !custom [1]\nc: !!map {x: 1}\nd: !!seq [1]\n") == {
        "a": None,
        "b": None,
        "c": {"x": 1},
        "d": [1],
    }


@pytest.mark.parametrize(
    ("raw", "line", "reason"),
    [
        ("- a\n- b\n", 2, "it has no keys with values"),
        ("just text\n", 2, "it has no keys with values"),
        ("!!set {a, b}\n", 2, "it has no keys with values"),
        ("a: 1\nb: 2\na: 3\n", 4, "a key is there twice"),
        ("a:\n  b: 1\n  b: 2\n", 4, "a key is there twice"),
        ("a: 1\n? [b]\n: 2\n", 3, "a key is no text"),
        ("a: &k x\n*k : 2\n", 3, "a key is no text"),
        ("{{ define }}: x\n", 2, "a key is no text"),
        ("a: *b\n", 2, "an alias names nothing that stands before it"),
        ("a: &b [*b]\n", 2, "an alias names nothing that stands before it"),
        ("a: 1\n--- b\n", 3, "it holds more than one YAML document"),
        ("a: 1\nb: \x07\n", 3, "YAML does not allow the character U+0007"),
        ("a: \ud800\n", 2, "YAML does not allow the character U+D800"),
        ("a: b: c\n", 2, "it is not valid YAML: mapping values are not allowed in this context"),
        ("a: 'x\n", 3, "it is not valid YAML: found unexpected end of stream"),
        ("a:\n\tb: 1\n", 3, "it is not valid YAML: found character that cannot start any token"),
        ("%TAG ! x\n", 3, "it is not valid YAML: did not find expected <document start>"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(raw: str, line: int, reason: str) -> None:
    with pytest.raises(NotFrontMatter) as caught:
        read_yaml(raw)
    assert (caught.value.line, caught.value.reason) == (line, reason)


def test_a_reason_does_not_repeat_the_document() -> None:
    secret = "k" * 500
    for raw in (
        f"a: *{secret}\n",
        f"a: !{secret}!x 1\n",
        f"{secret}: 1\n{secret}: 2\n",
        f"a: [{secret}\n",
        f"@{secret}: 1\n",
    ):
        with pytest.raises(NotFrontMatter) as caught:
            read_yaml(raw)
        assert secret not in str(caught.value)


def test_without_the_parser_in_c_the_one_in_python_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert read_yaml("a: [1, yes]\nb: '2'\n") == {"a": [1, "yes"], "b": "2"}
    with pytest.raises(NotFrontMatter, match="it is not valid YAML: expected"):
        read_yaml("a: [1\nb: 2\n")
    assert sys.getrecursionlimit() > 900


def test_a_position_in_the_block_is_in_the_line_of_the_document() -> None:
    assert [line_at("ab\nc\n", position) for position in (0, 2, 3, 4)] == [2, 2, 3, 3]


TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff\x85\u2028\u2029"), max_size=12
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), TEXTS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_values_that_json_writes_are_read_again(values: dict[str, Any]) -> None:
    assert read_yaml(json.dumps(values, ensure_ascii=False)) == values


@given(st.dictionaries(TEXTS, VALUES, max_size=5), st.booleans())
def test_values_that_yaml_writes_are_read_again(values: dict[str, Any], flow: bool) -> None:
    # Without its own marks: the writer makes an alias of a list that is there twice, which reads the same.
    assert read_yaml(yaml.safe_dump(values, default_flow_style=flow, allow_unicode=True)) == values
