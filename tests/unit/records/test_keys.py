"""A key as text, and the identity of a document."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.records.change import BadRecord, compact
from vsync.records.keys import document_path, key_of_fields, key_text


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("a", "a"),
        ("docs/a.md", "docs/a.md"),
        ("日本", "日本"),
        (7, "7"),
        (True, "true"),
        (1.5, "1.5"),
        ({"id": 1}, '{"id":1}'),
        ({"id": -1}, '{"id":-1}'),
        ({"id": True}, '{"id":true}'),
        ({'a"b': 1}, '{"a\\"b":1}'),
        ({"größe": 1}, '{"größe":1}'),
        ({"b": 1, "a": {"d": "ü", "c": None}}, '{"a":{"c":null,"d":"ü"},"b":1}'),
        ([1, "a"], '[1,"a"]'),
        (0, "0"),
        (False, "false"),
        ({"id": 0, "lang": None}, '{"id":0,"lang":null}'),
        ("a\0b", "a\\u0000b"),
        ({"id": "\0"}, '{"id":"\\u0000"}'),
    ],
)
def test_a_key_has_one_text(key: Any, text: str) -> None:
    assert key_text(key) == text


@pytest.mark.parametrize("key", [None, "", {}, [], {"id": None}, {"id": ""}, {"id": None, "x": {}}, [None]])
def test_an_empty_key_is_none(key: Any) -> None:
    with pytest.raises(BadRecord, match="no key") as bad:
        key_text(key)
    assert bad.value.code == "no-key"


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("key", ["\ud800", {"a": "\ud800"}, {"a": float("inf")}, nested(100_000)])
def test_a_key_that_no_text_can_hold_is_bad(key: Any) -> None:
    with pytest.raises(BadRecord) as bad:
        key_text(key)
    assert bad.value.code == "no-key"


KEYS = st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3) | st.none(), max_size=3)


@given(KEYS)
def test_the_text_of_a_structured_key_is_compact_json(key: dict[str, Any]) -> None:
    expected = json.dumps(key, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert compact(key) == expected


@pytest.mark.parametrize(
    ("collection", "key", "path"),
    [
        ("", "a/b", "a/b"),
        ("users", "1", "users/1"),
        ("public.users", '{"id":1}', 'public.users/{"id":1}'),
        ("a/b", "c", "a%2Fb/c"),
        ("a%2Fb", "c", "a%252Fb/c"),
        ("a\0b", "c", "a\\u0000b/c"),
    ],
)
def test_the_identity_is_the_key_after_its_collection(collection: str, key: str, path: str) -> None:
    assert document_path(collection, key) == path


@given(*[st.text("ab/%2F", min_size=1, max_size=4)] * 4)
def test_documents_of_two_collections_are_never_the_same(one: str, key: str, two: str, other: str) -> None:
    same = document_path(one, key) == document_path(two, other)
    assert same is ((one, key) == (two, other))


ROW = {"id": 1, "lang": "en", "none": None, "nested": {"id": "x"}}


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ([("id",)], 1),
        ([("nested", "id")], "x"),
        ([("id",), ("lang",)], {"id": 1, "lang": "en"}),
        ([("nested", "id"), ("id",)], {"nested.id": "x", "id": 1}),
        ([("none",)], None),
        ([("id",), ("none",)], None),
        ([("id",), ("nobody",)], None),
    ],
)
def test_fields_of_a_row_make_its_key(fields: list[tuple[str, ...]], key: Any) -> None:
    assert key_of_fields(ROW, fields) == key


def test_a_collection_that_is_no_unicode_is_bad() -> None:
    with pytest.raises(BadRecord, match="The collection is not valid Unicode") as bad:
        document_path("\ud800x", "k")
    assert bad.value.code == "no-key"
