"""The JSON schema of the config: made from the table of keys, kept in the repository, and never stricter than the reader."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.support.places import ROOT
from tests.unit.config.test_config_parser import EVERY_KEY, LINES, parsed
from vsync.config.keys import TARGET_KEYS
from vsync.config.schema import json_schema
from vsync.errors import ConfigurationError

SCHEMA = json_schema()
VALIDATOR = jsonschema_rs.Draft7Validator(SCHEMA)


def accepts(value: Any) -> bool:
    return VALIDATOR.is_valid(value)


def test_it_is_a_schema() -> None:
    assert jsonschema_rs.meta.is_valid(SCHEMA)


def test_the_schema_in_the_repository_is_the_one_that_vsync_prints() -> None:
    """`vsync schema > docs/vsync.schema.json` makes it."""
    printed = json.dumps(SCHEMA, ensure_ascii=False, indent=2)
    assert (ROOT / "docs" / "vsync.schema.json").read_text() == f"{printed}\n"


def test_every_key_is_described() -> None:
    properties = SCHEMA["definitions"]["target"]["properties"]
    assert [(name, each["description"]) for name, each in properties.items()] == [
        (key.name, key.says) for key in TARGET_KEYS
    ]


def test_a_config_with_every_key_is_accepted() -> None:
    assert accepts(yaml.safe_load(EVERY_KEY))
    (docs, _) = yaml.safe_load(EVERY_KEY)["targets"].values()
    assert accepts({"version": 1, **docs})


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"version": 1},
        {"version": 1, "targets": {"a": None}},
        {"version": 1, "include": "docs/"},
        {"version": 1, "front-matter": "title"},
        {"version": 1, "front-matter": {"title": "name"}},
        {"version": 1, "directory": True, "content": {"heading": False}},
        {"version": 1, "branch": 2024},
    ],
)
def test_what_the_reader_takes_is_accepted(value: Any) -> None:
    parsed(yaml.safe_dump(value))
    assert accepts(value)


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        {"version": 2},
        {"version": "1"},
        {"version": 1, "foo": 1},
        {"version": 1, "targets": {}},
        {"version": 1, "targets": {"a b": {}}},
        {"version": 1, "targets": {"a": {"foo": 1}}},
        {"version": 1, "targets": {"a": {}}, "include": "b"},
        {"version": 1, "vector-store-id": "a", "vector-store-name": "b"},
        {"version": 1, "targets": {"a": {"vector-store-id": "a", "vector-store-name": "b"}}},
        {"version": 1, "chunking": {"size": 99}},
        {"version": 1, "rules": [{}]},
        {"version": 1, "rules": [{"match": []}]},
        {"version": 1, "checks": [{"question": "a"}]},
        {"version": 1, "types": "docs"},
        {"version": 1, "directory": 9},
        {"version": 1, "include": None},
        {"version": 1, "limits": {"max-delete": "a"}},
        {"version": 1, "convert": {"log": ".txt"}},
        {"version": 1, "attributes": {"a": None}},
        {"version": 1, "attributes": {f"a{n}": 1 for n in range(11)}},
    ],
)
def test_an_editor_marks_what_is_wrong(value: Any) -> None:
    assert not accepts(value)
    with pytest.raises(ConfigurationError):
        parsed(yaml.safe_dump(value))


def test_an_editor_marks_most_mistakes() -> None:
    """What it does not mark concerns several keys, names of files, or the way in which a value is written."""
    marked = []
    for text, _ in LINES:
        try:
            value = yaml.safe_load(f"version: 1\n{text}")
        except yaml.YAMLError:
            continue
        marked.append(not accepts(value))
    assert sum(marked) > len(marked) / 2
