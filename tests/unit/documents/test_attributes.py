"""Attributes: of the user and reserved ones, within the API's limits."""

from __future__ import annotations

import hashlib
import json

import pytest

from vsync.documents.attributes import (
    MAX_ATTRIBUTES,
    MAX_KEY_CHARACTERS,
    MAX_VALUE_CHARACTERS,
    RESERVED_ATTRIBUTES,
    AttributeValue,
    Identity,
    entry_attributes,
    parse_attribute_value,
    parse_attributes,
    path_attribute,
)
from vsync.errors import ConfigurationError


@pytest.mark.parametrize("path", ["a.md", "x" * MAX_VALUE_CHARACTERS, "日" * MAX_VALUE_CHARACTERS])
def test_a_path_that_fits_is_its_own_attribute(path: str) -> None:
    assert path_attribute(path) == path


def test_a_long_path_is_cut_and_ends_in_its_hash() -> None:
    path = "docs/" + "x" * 300 + ".md"
    shown = path_attribute(path)
    assert len(shown) == MAX_VALUE_CHARACTERS
    assert shown.startswith("docs/xxx")
    assert shown.endswith("…#" + hashlib.sha256(path.encode()).hexdigest())


def test_long_paths_that_begin_alike_have_attributes_of_their_own() -> None:
    beginning = "docs/" + "x" * 300
    assert path_attribute(beginning + "1.md") != path_attribute(beginning + "2.md")


def test_no_path_has_the_attribute_of_a_cut_one() -> None:
    long = "x" * 300 + ".md"
    impostor = path_attribute(long)
    assert path_attribute(impostor) != path_attribute(long)


IDENTITY = Identity("owner-1", "default", "acme/docs")


def test_an_entry_has_the_users_attributes_and_the_reserved_ones() -> None:
    assert entry_attributes("a.md", "5ha", IDENTITY, "c0ffee", {"team": "docs", "draft": False}) == {
        "path": "a.md",
        "sha256": "5ha",
        "owner": "owner-1",
        "target": "default",
        "source": "acme/docs",
        "commit": "c0ffee",
        "team": "docs",
        "draft": False,
    }


def test_without_a_commit_there_is_no_commit_attribute() -> None:
    assert entry_attributes("a.md", "5ha", IDENTITY, None, {}).keys() == RESERVED_ATTRIBUTES - {"commit"}


def test_no_attribute_can_pass_itself_off_as_a_reserved_one() -> None:
    assert entry_attributes("a.md", "5ha", IDENTITY, None, {"owner": "me"})["owner"] == "owner-1"


def test_all_attributes_fit_in_an_entry() -> None:
    most = {f"k{number}": "v" for number in range(MAX_ATTRIBUTES - len(RESERVED_ATTRIBUTES))}
    assert len(entry_attributes("a.md", "5ha", IDENTITY, "c0ffee", parse_attributes(most))) == MAX_ATTRIBUTES


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("docs", "docs"),
        ("", ""),
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("7", 7),
        ("-7", -7),
        ("0", 0),
        ("2.5", 2.5),
        ("-0.125", -0.125),
        ("007", "007"),
        ("+7", "+7"),
        ("-0", "-0"),
        ("1.0", "1.0"),
        ("1_000", "1_000"),
        ("1e400", "1e400"),
        ("1e5", "1e5"),
        ("9007199254740993", "9007199254740993"),
        ("١", "١"),
        ("3.11", 3.11),
        ("3.10", "3.10"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("-inf", "-inf"),
    ],
)
def test_an_attribute_becomes_what_it_says(text: str, value: AttributeValue) -> None:
    parsed = parse_attribute_value(text)
    assert parsed == value
    assert type(parsed) is type(value)
    json.dumps(parsed, allow_nan=False)


def test_attributes_become_values() -> None:
    assert parse_attributes({"team": "docs", "public": "true", "level": "3"}) == {
        "team": "docs",
        "public": True,
        "level": 3,
    }
    assert parse_attributes({}) == {}


@pytest.mark.parametrize("name", sorted(RESERVED_ATTRIBUTES))
def test_a_reserved_attribute_cannot_be_given(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"'{name}' is set by vsync") as caught:
        parse_attributes({name: "x"})
    assert name in caught.value.remedy


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ({"k" * (MAX_KEY_CHARACTERS + 1): "v"}, "65"),
        ({"": "v"}, "0"),
        ({"k": "v" * (MAX_VALUE_CHARACTERS + 1)}, "257"),
        ({f"k{number}": "v" for number in range(11)}, "11"),
    ],
)
def test_attributes_beyond_the_apis_limits_are_refused(given: dict[str, str], number: str) -> None:
    with pytest.raises(ConfigurationError, match=number):
        parse_attributes(given)


def test_attributes_at_the_apis_limits_are_taken() -> None:
    given = {"k" * MAX_KEY_CHARACTERS: "v" * MAX_VALUE_CHARACTERS}
    assert parse_attributes(given) == given
