"""Fields of a record are found by names with dots."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.changes import change
from vsync.errors import ConfigurationError
from vsync.records.change import BadRecord
from vsync.records.fields import MISSING, Fields, look, parse_field

ROW: dict[str, Any] = {
    "id": 1,
    "author": {"name": "Ada", "e.mail": "ada@example.org"},
    "tags": ["x", {"y": 2}],
    "a.b": "dotted",
    "none": None,
    "key": "of the row",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", 1),
        ("author.name", "Ada"),
        ("author.e.mail", "ada@example.org"),
        ("tags.0", "x"),
        ("tags.1.y", 2),
        ("a.b", "dotted"),
        ("none", None),
        ("author", ROW["author"]),
        ("nobody", MISSING),
        ("author.age", MISSING),
        ("id.x", MISSING),
        ("none.x", MISSING),
        ("tags.2", MISSING),
        ("tags.-1", MISSING),
        ("tags.²", MISSING),
        ("tags.99999999999", MISSING),
        ("a.b.c", MISSING),
    ],
)
def test_a_field_is_looked_up(name: str, value: object) -> None:
    assert look(ROW, parse_field(name)) is value or look(ROW, parse_field(name)) == value


@pytest.mark.parametrize("value", [None, 5, "text", [], True])
def test_what_is_no_object_has_no_fields(value: object) -> None:
    assert look(value, ("a",)) is MISSING


@pytest.mark.parametrize("name", ["", ".", "a.", ".a", "a..b"])
def test_a_name_without_an_end_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="empty part"):
        parse_field(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", 1),
        ("key", {"id": 7, "lang": "en"}),
        ("key.lang", "en"),
        ("payload.key", "of the row"),
        ("payload.author.name", "Ada"),
        ("payload", ROW),
        ("metadata.opencdc.version", "v1"),
        ("metadata.nothing", MISSING),
        ("metadata", MISSING),
        ("collection", "users"),
        ("collection.x", MISSING),
        ("position", "cG9z"),
    ],
)
def test_names_reach_all_parts_of_a_record(name: str, value: object) -> None:
    fields = Fields(
        change(
            content=ROW,
            key_value={"id": 7, "lang": "en"},
            metadata={"opencdc.version": "v1"},
            collection="users",
            position="cG9z",
        )
    )
    found = fields.get(parse_field(name))
    assert found is value or found == value


def test_text_that_is_json_has_fields() -> None:
    fields = Fields(change(content='{"title": "A"}', key_value='{"id": 3}'))
    assert fields.get(("title",)) == "A"
    assert fields.get(("payload",)) == '{"title": "A"}'
    assert fields.get(("key", "id")) == 3


def test_a_key_that_is_text_has_no_fields() -> None:
    assert Fields(change(key_value="k")).get(("key", "id")) is MISSING
    assert Fields(change(key_value="k")).get(("key",)) == "k"


def test_text_that_is_not_json_has_no_fields_and_says_so() -> None:
    with pytest.raises(
        BadRecord, match=r"text without fields: it is not JSON \(Expecting value at character 1\)"
    ) as bad:
        Fields(change(content="plain text")).get(("title",))
    assert bad.value.code == "no-field"


def test_bytes_have_no_fields_and_are_no_text() -> None:
    with pytest.raises(BadRecord, match="3 bytes are not UTF-8") as bad:
        Fields(change(content=b"\xff\xfe\xfd")).get(("title",))
    assert bad.value.code == "not-text"


def test_a_record_without_a_collection_has_an_empty_one() -> None:
    assert Fields(change()).get(("collection",)) == ""
