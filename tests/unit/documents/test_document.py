"""A document's name, attributes, chunking and fingerprint follow from its path and the settings."""

from __future__ import annotations

import hashlib
import json

import pytest

from vsync.config.targets import Target
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
from vsync.documents.chunking import Chunking
from vsync.documents.document import (
    media_type,
    observed_tag,
    same_content_rules,
    upload_filename,
)
from vsync.errors import ConfigurationError

TARGET = Target(source="acme/docs", attributes={"team": "docs"})


@pytest.mark.parametrize(
    ("size", "overlap", "expected"),
    [
        (None, None, Chunking(800, 400)),
        (800, 400, Chunking()),
        (400, None, Chunking(400, 200)),
        (101, None, Chunking(101, 50)),
        (None, 100, Chunking(800, 100)),
        (100, 0, Chunking(100, 0)),
        (4096, 2048, Chunking(4096, 2048)),
    ],
)
def test_chunking_follows_what_is_given(size: int | None, overlap: int | None, expected: Chunking) -> None:
    assert Chunking.parse(size, overlap) == expected


@pytest.mark.parametrize(
    ("size", "overlap", "named"),
    [
        (99, None, "chunk-size"),
        (4097, None, "chunk-size"),
        (0, None, "chunk-size"),
        (-1, -1, "chunk-size"),
        (100, 51, "chunk-overlap"),
        (None, 401, "chunk-overlap"),
        (800, -1, "chunk-overlap"),
    ],
)
def test_chunking_outside_of_the_apis_limits_is_refused(size: int | None, overlap: int | None, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named) as caught:
        Chunking.parse(size, overlap)
    assert str(overlap if named == "chunk-overlap" else size) in caught.value.message


def test_the_servers_own_chunking_is_not_spelled_out() -> None:
    assert Chunking().to_api() == {"type": "auto"}
    assert Chunking.parse(800, 400).to_api() == {"type": "auto"}


@pytest.mark.parametrize("chunking", [Chunking(), Chunking(400, 0), Chunking(4096, 2048)])
def test_chunking_comes_back_from_the_api_as_it_was_sent(chunking: Chunking) -> None:
    assert Chunking.from_api(chunking.to_api()) == chunking


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        (None, None),
        ({}, None),
        ({"type": "other"}, None),
        ({"type": "auto"}, Chunking()),
        ({"type": "static", "static": None}, None),
        ({"type": "static", "static": {"max_chunk_size_tokens": 800}}, None),
        ({"type": "static", "static": {"max_chunk_size_tokens": "800", "chunk_overlap_tokens": 400}}, None),
        ({"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}, Chunking()),
    ],
)
def test_chunking_that_the_server_does_not_tell_is_unknown(
    strategy: dict[str, object] | None, expected: Chunking | None
) -> None:
    assert Chunking.from_api(strategy) == expected


@pytest.mark.parametrize(
    ("path", "filename", "sent_as"),
    [
        ("docs/a.md", "docs/a.md", "text/markdown"),
        ("docs/a.rst", "docs/a.rst.txt", "text/plain"),
        ("docs/a.mdx", "docs/a.mdx.md", "text/markdown"),
        ("LICENSE", "LICENSE.txt", "text/plain"),
        ("a.pdf", "a.pdf", "application/pdf"),
        ("a.unknown", "a.unknown", "text/plain"),
    ],
)
def test_a_document_is_sent_under_a_name_that_the_store_can_index(path: str, filename: str, sent_as: str) -> None:
    assert upload_filename(path) == filename
    assert media_type(path) == sent_as


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
    ("target", "same_content"),
    [
        (Target(source="acme/docs", attributes={"team": "web"}), True),
        (Target(source="acme/docs"), True),
        (Target(source="acme/renamed", attributes={"team": "docs"}), True),
        (Target(source="acme/docs", attributes={"team": "docs"}, chunking=Chunking(400, 200)), False),
    ],
)
def test_the_tag_tells_an_upload_from_a_retag(target: Target, same_content: bool) -> None:
    before, after = TARGET.tag("a.md"), target.tag("a.md")
    assert before != after
    assert same_content_rules(before, after) is same_content


def test_another_filename_needs_another_upload() -> None:
    assert not same_content_rules(TARGET.tag("a.md"), TARGET.tag("b.md"))


def test_the_tag_does_not_depend_on_the_order_of_attributes() -> None:
    assert Target(source="s", attributes={"a": 1, "b": 2}).tag("a.md") == Target(
        source="s", attributes={"b": 2, "a": 1}
    ).tag("a.md")


def test_the_tag_is_the_same_in_every_version() -> None:
    # Another tag for the same document would upload everybody's documents anew.
    assert TARGET.tag("docs/a.md") == "bf6e2460903b.a2cb3f5ff7e6"


def test_the_tag_can_be_told_from_what_the_store_shows() -> None:
    assert observed_tag("a.md", Chunking(), "acme/docs", {"team": "docs"}) == TARGET.tag("a.md")
    assert observed_tag("a.md", None, "acme/docs", {"team": "docs"}) != TARGET.tag("a.md")


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
