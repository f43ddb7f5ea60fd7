"""A word has a meaning only where all parsers of YAML agree."""

from __future__ import annotations

import pytest
import yaml

from vsync.config.config_mistakes import START
from vsync.config.scalars import Unfit, described, is_nothing, switch_of, text_of, value_of, whole_of
from vsync.config.yaml_nodes import Items, Pairs, Scalar

QUOTE = "Put it in quotes"


def word(text: str) -> Scalar:
    return Scalar(START, text, plain=True)


def quoted(text: str) -> Scalar:
    return Scalar(START, text, plain=False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("0", 0),
        ("-3", -3),
        ("1.50", 1.5),
        ("1.0", 1),
        ("1e3", 1000),
        ("2.5E-3", 0.0025),
        ("999999999999999", 999999999999999),
        ("docs", "docs"),
        ("y", "y"),
        ("v1.2", "v1.2"),
        ("1.2.3", "1.2.3"),
        ("12 apples", "12 apples"),
        ("tRUE", "tRUE"),
    ],
)
def test_a_word_is_the_value_that_every_parser_reads(text: str, value: object) -> None:
    found = value_of(word(text))
    assert (found, type(found)) == (value, type(value))


ODD = (
    "yes No ON off 012 0o14 0x1F 0b11 1_000 12:30 1:2:3 .5 5. +5 -012 .inf -.INF .nan .NaN 2024-01-01 2024-1-1 1e400 -1e999 "
    "1234567890123456 0.1234567890123456 190:20:30.15"
).split()


@pytest.mark.parametrize("text", [*ODD, "2024-01-01 10:00:00", "2024-01-01T10:00:00Z"])
def test_a_word_that_parsers_read_differently_is_no_value(text: str) -> None:
    with pytest.raises(Unfit, match="a text, a number, or true or false") as caught:
        value_of(word(text))
    assert "quotes" in caught.value.hint
    assert value_of(quoted(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *ODD,
        "a",
        "true",
        "null",
        "~",
        "=",
        "<<",
        "1e3",
        "1.5",
        "-1",
        "0",
        "0.5",
        "1.",
        "+1.5",
        "-.5",
        "1__0",
        "0_7",
        "0x",
        "0b2",
    ],
)
def test_a_word_without_quotes_never_means_something_else_to_another_parser(text: str) -> None:
    """What is taken as a text is a text for YAML 1.1 as well, and numbers are the same numbers."""
    try:
        value = value_of(word(text))
    except Unfit:
        return
    if text not in {"=", "<<", "1e3"}:  # special types without a value here; 1.1 wants a dot in a float
        assert yaml.safe_load(text) == value


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_nothing_is_neither_a_text_nor_a_value(text: str) -> None:
    assert is_nothing(word(text))
    assert not is_nothing(quoted(text))
    for read in (value_of, lambda node: text_of(node, "a text")):
        with pytest.raises(Unfit):
            read(word(text))
        assert read(quoted(text)) == text


@pytest.mark.parametrize("text", [word for word in ODD if word.lower() not in {"true", "false"}])
def test_a_text_is_taken_as_it_is_written(text: str) -> None:
    assert text_of(word(text), "a text") == text


def test_true_is_no_text() -> None:
    with pytest.raises(Unfit) as caught:
        text_of(word("True"), "a text")
    assert caught.value.hint == 'Put it in quotes if it is a text: "True".'


@pytest.mark.parametrize("text", ["true", "True", "TRUE"])
def test_true_has_three_spellings(text: str) -> None:
    assert switch_of(word(text)) is True
    assert switch_of(quoted(text)) is None


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("10", 10)])
def test_a_whole_number_has_limits(text: str, number: int) -> None:
    assert whole_of(word(text), 1, 10, "a number") == number


@pytest.mark.parametrize(
    "text", ["0", "11", "-1", "1.0", "1e0", "01", "1_0", "+1", "0x1", "١", "", "a", "9" * 100, "1 "]
)
def test_what_is_no_whole_number_or_outside_of_its_limits_is_unfit(text: str) -> None:
    with pytest.raises(Unfit):
        whole_of(word(text), 1, 10, "a number")


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (Items(START), "a list"),
        (Pairs(START), "a mapping"),
        (word(""), "nothing"),
        (word("~"), "nothing"),
        (word("12"), "12"),
        (word("no"), "no"),
        (word("012"), "012"),
        (word("true"), "true"),
        (word("a b"), "'a b' (text)"),
        (quoted("12"), "'12' (text)"),
        (quoted("a\x1b"), "'a\\x1b' (text)"),
        (word("9" * 100), f"'{'9' * 59}…' (text)"),
        (quoted("ghp_" + "x" * 30), "a text that looks like a secret"),
    ],
)
def test_what_was_found_is_described(node: Scalar | Items | Pairs, said: str) -> None:
    assert described(node) == said
