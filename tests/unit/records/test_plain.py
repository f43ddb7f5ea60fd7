"""Plain JSON objects are documents, and fields of them are their keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vsync.records.change import BadRecord, Change
from vsync.records.fields import Path
from vsync.records.plain import plain_reader

ROW = {"id": 7, "lang": "en", "title": "A"}
ID: tuple[Path, ...] = (("id",),)


def read(row: Any, keys: tuple[Path, ...] = ID, delete_field: Path | None = None) -> Change:
    return plain_reader(keys, delete_field)(json.dumps(row).encode(), 3)


def test_an_object_is_a_document() -> None:
    change = read(ROW)
    assert (change.line, change.position, change.order) == (3, 3, "")
    assert (change.key, change.key_value, change.path) == (7, 7, "7")
    assert (change.deletes, change.content, change.collection, change.metadata) == (False, ROW, "", {})


def test_several_fields_make_a_key() -> None:
    assert read(ROW, (("id",), ("lang",))).key == {"id": 7, "lang": "en"}


@pytest.mark.parametrize("value", [True, 1, "true", "t", "yes", " TRUE ", "2024-01-02T03:04:05Z"])
def test_a_field_that_says_yes_deletes(value: Any) -> None:
    change = read({**ROW, "__deleted": value}, delete_field=("__deleted",))
    assert (change.deletes, change.content) == (True, None)


@pytest.mark.parametrize("value", [False, 0, None, "", "false", "False ", "f", "0", "no", "n", "NULL"])
def test_a_field_that_says_no_keeps(value: Any) -> None:
    row = {**ROW, "__deleted": value}
    change = read(row, delete_field=("__deleted",))
    assert (change.deletes, change.content) == (False, row)


def test_a_field_that_is_missing_keeps() -> None:
    assert read(ROW, delete_field=("__deleted",)).deletes is False


@pytest.mark.parametrize("row", [{}, {"id": None}, {"id": ""}, {"id": {}}])
def test_an_object_without_its_key_is_bad(row: Any) -> None:
    with pytest.raises(BadRecord, match="key") as bad:
        read(row)
    assert (bad.value.code, bad.value.position) == ("no-key", 3)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(BadRecord, match=r"no value for the key: id, a\.b"):
        read(ROW, (("id",), ("a", "b")))


@pytest.mark.parametrize(("value", "shown"), [("maybe", "'maybe'"), (17, "a number"), ({"a": 1}, "an object")])
def test_a_field_that_says_neither_yes_nor_no_makes_the_record_bad(value: Any, shown: str) -> None:
    with pytest.raises(BadRecord, match=f"The field 'gone.at' of --delete-field is {shown}") as bad:
        read({**ROW, "gone": {"at": value}}, delete_field=("gone", "at"))
    assert (bad.value.code, bad.value.position, bad.value.key) == ("not-a-record", 3, 7)
