"""A format is chosen by its name, and reads every line as a change or says why not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.errors import ConfigurationError
from vsync.records.change import BadRecord, Change
from vsync.records.formats import FORMATS, Read, reader

CONDUIT = (
    b'{"position":"c3RhbmRpbmc=","operation":"update","metadata":{"opencdc.version":"v1"},"key":"cGFkbG9jay1rZXk=",'
    b'"payload":{"before":"eWVsbG93","after":{"bool":true,"string":"orange"}}}'
)

READERS: list[Read] = [
    reader("opencdc/json"),
    reader("opencdc/json", raw="base64"),
    reader("opencdc/json", raw="text"),
    reader("debezium/json"),
    reader("debezium/json", key_field="id"),
    reader("json", key_field="id,name", delete_field="deleted"),
]


def test_a_record_of_conduit_is_read() -> None:
    change = reader("opencdc/json")(CONDUIT, 7)
    assert (change.line, change.raw, change.position, change.order) == (7, CONDUIT, "c3RhbmRpbmc=", "standing")
    assert (change.key, change.path, change.key_value) == ("cGFkbG9jay1rZXk=", "padlock-key", "padlock-key")
    assert (change.deletes, change.content) == (False, {"bool": True, "string": "orange"})


def test_each_format_has_its_reader() -> None:
    line = b'{"operation":"delete","key":"a","op":"d","before":{"id":"b"},"id":"c"}'
    keys = [reader(name, key_field=None if name == "opencdc/json" else "id")(line, 1).path for name in FORMATS]
    assert keys == ["a", "b", "c"]


def test_what_was_told_of_raw_strings_reaches_the_reader() -> None:
    line = b'{"operation":"delete","key":"Zm9v"}'
    assert [reader("opencdc/json", raw=mode)(line, 1).path for mode in ("auto", "base64", "text")] == [
        "foo",
        "foo",
        "Zm9v",
    ]


def test_several_key_fields_have_commas_between_them() -> None:
    assert reader("json", key_field="a.b, c")(b'{"a":{"b":1},"c":2}', 1).key == {"a.b": 1, "c": 2}


def test_a_field_tells_deletes() -> None:
    read = reader("json", key_field="id", delete_field="meta.gone")
    assert read(b'{"id":1,"meta":{"gone":true}}', 1).deletes is True
    assert read(b'{"id":1}', 1).deletes is False


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"name": "xml"}, "Choose one of: opencdc/json, debezium/json, json"),
        ({"name": "opencdc/json", "raw": "hex"}, "Choose one of: auto, base64, text"),
        ({"name": "json"}, "--key-field id"),
        ({"name": "json", "key_field": ""}, "empty part"),
        ({"name": "json", "key_field": "a,,b"}, "empty part"),
        ({"name": "json", "key_field": "a", "raw": "text"}, "--raw means nothing"),
        ({"name": "json", "key_field": "a", "delete_field": "."}, "empty part"),
        ({"name": "opencdc/json", "key_field": "a"}, "--key-field means nothing"),
        ({"name": "opencdc/json", "delete_field": "a"}, "--delete-field means nothing"),
        ({"name": "debezium/json", "delete_field": "a"}, "--delete-field means nothing"),
        ({"name": "debezium/json", "raw": "base64"}, "--raw means nothing"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, str], reason: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        reader(**options)
    assert reason in str(refused.value)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=3), SCALARS, max_size=2)
WORDS = st.sampled_from(["create", "update", "delete", "snapshot", "c", "u", "d", "r", "t", "m", "postgresql", "mysql"])
NAMES = st.sampled_from(
    "position operation metadata key payload before after op source value topic partition offset id name deleted "
    "connector db table schema lsn file pos row ts_ms ord opencdc.collection commit_lsn change_lsn".split()
)
MEMBERS = st.dictionaries(NAMES, WORDS | VALUES, max_size=4)
RECORDS = st.dictionaries(NAMES, WORDS | VALUES | MEMBERS, max_size=6)


def tried(read: Read, line: bytes) -> Change | BadRecord:
    try:
        return read(line, 1)
    except BadRecord as bad:
        return bad


def assert_read_or_refused(line: bytes) -> None:
    for read in READERS:
        found = tried(read, line)
        if isinstance(found, BadRecord):
            assert found.reason
        else:
            assert found.path
            assert found.path.encode()
            assert (found.content is None) == found.deletes


@given(RECORDS)
def test_any_record_is_read_or_refused(record: Any) -> None:
    assert_read_or_refused(json.dumps(record).encode())


@given(RECORDS, RECORDS)
def test_any_message_is_read_or_refused(key: Any, value: Any) -> None:
    message = {"topic": "t", "partition": 0, "offset": 1, "key": json.dumps(key), "payload": json.dumps(value)}
    assert_read_or_refused(json.dumps(message).encode())


@given(st.binary())
def test_any_bytes_are_refused_or_read(line: bytes) -> None:
    assert_read_or_refused(line)


@pytest.mark.parametrize("depth", [300, 900, 990, 995, 1000, 100_000])
@pytest.mark.parametrize(
    "line",
    [
        '{"operation":"create","key":"a","id":1,"name":2,"op":"c","after":{"id":1},"payload":{"after":{"a":DEEP}}}',
        '{"operation":"create","key":DEEP,"id":DEEP,"name":2,"op":"c","after":{"id":DEEP},"payload":{"after":{}}}',
        '{"operation":"create","position":DEEP,"key":"a","op":"c","after":{"id":1},"source":{"connector":DEEP,"name":DEEP}}',
        '{"key":{"a":DEEP},"key_schema_id":1,"value":{"op":"c","after":{"a":DEEP},"ts_ms":{"long":1}}}',
        '{"operation":DEEP,"op":DEEP,"id":1,"name":DEEP}',
    ],
)
def test_values_within_values_are_no_fault(line: str, depth: int) -> None:
    assert_read_or_refused(line.replace("DEEP", "[" * depth + "]" * depth).encode())
