"""The name of an upload: made of a key, harmless, with an ending that the store knows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.documents.filetypes import file_type
from vsync.records.file_names import LONGEST, file_name, name_of_key


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("padlock-key", "padlock-key"),
        ("docs/a.md", "docs/a.md"),
        (7, "7"),
        ({"id": 7}, "7"),
        ({"id": 7, "lang": "en"}, "7-en"),
        ({"a": {"b": 1, "c": ["x", True]}, "d": None}, "1-x-true-"),
        ({"id": '{"$oid" : "596e"}'}, "596e"),
        ({"_id": {"$numberLong": "1004"}}, "1004"),
        ('{"id": 7, "lang": "en"}', "7-en"),
        ("{not json", "{not json"),
        ({"id": "{not json"}, "{not json"),
    ],
)
def test_a_key_is_a_name(key: Any, name: str) -> None:
    assert name_of_key(key) == name


@pytest.mark.parametrize(
    ("name", "ending", "result"),
    [
        ("key-1", ".txt", "key-1.txt"),
        ("key-1", ".md", "key-1.md"),
        ("key-1", ".json", "key-1.json"),
        ("a.txt", ".txt", "a.txt"),
        ("a.md", ".txt", "a.md"),
        ("a.MD", ".txt", "a.md"),
        ("a.TXT", ".txt", "a.txt"),
        ("docs/a.html", ".md", "docs/a.html"),
        ("a.json", ".json", "a.json"),
        ("a.JSON", ".json", "a.json"),
        ("a.md", ".json", "a.md.json"),
        ("a.json", ".txt", "a.json.txt"),
        ("a.rst", ".txt", "a.rst.txt"),
        ("a.pdf", ".txt", "a.pdf.txt"),
        ("v1.2", ".txt", "v1.2.txt"),
        ("www.example.org", ".md", "www.example.org.md"),
        (".md", ".md", ".md.md"),
        ("日本 ü", ".txt", "日本 ü.txt"),
        ("👩‍🚀", ".txt", "👩‍🚀.txt"),
    ],
)
def test_a_name_has_an_ending_that_the_store_knows(name: str, ending: str, result: str) -> None:
    assert file_name(name, ending) == result


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("a\nb", "a_b.txt"),
        ("a\r\n::error::b", "a__::error::b.txt"),
        ("a\0b\x1b[31m", "a_b_[31m.txt"),
        ("a\u202egpj.md", "a_gpj.md"),
        ("a\u2028b", "a_b.txt"),
        ("a\ud800b", "a_b.txt"),
        ("a\x85b", "a_b.txt"),
    ],
)
def test_characters_that_do_something_are_replaced(name: str, result: str) -> None:
    assert file_name(name, ".txt") == result


@pytest.mark.parametrize("name", ["", ".", "..", "/", "docs/", "docs/..", " ", "_", "\n"])
def test_a_name_that_names_nothing_is_told_by_its_hash(name: str) -> None:
    made = file_name(name, ".txt")
    last = made.rpartition("/")[2]
    assert last.endswith(".txt")
    assert len(last.removesuffix(".txt").strip("._ …")) == 8


def test_a_long_name_is_cut_and_keeps_its_ending() -> None:
    one, other = file_name("a" * 500 + ".md", ".txt"), file_name("a" * 501 + ".md", ".txt")
    assert len(one) == len(other) == LONGEST
    assert one.endswith(".md")
    assert "…" in one
    assert one != other
    assert file_name("a" * (LONGEST - 4), ".txt") == "a" * (LONGEST - 4) + ".txt"


@given(st.text(st.characters(), max_size=300), st.sampled_from([".txt", ".md", ".json", ".html"]))
def test_any_name_is_made_one_that_the_store_takes(name: str, ending: str) -> None:
    made = file_name(name, ending)
    kind = file_type(made)
    assert kind is not None
    assert kind.text
    assert not kind.suffix
    assert 0 < len(made) <= LONGEST
    assert made.encode()
    assert not any(character in made for character in "\0\n\r\x1b\u2028\u202e")
    assert ending != ".json" or made.endswith(".json")
    assert file_name(name, ending) == made
