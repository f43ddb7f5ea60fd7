"""OpenCDC records as Conduit writes them are read as changes."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from vsync.records.change import BadRecord, Change
from vsync.records.opencdc import opencdc_reader
from vsync.records.raw import RawMode


def b64(content: str | bytes) -> str:
    return b64encode(content.encode() if isinstance(content, str) else content).decode()


def record(**changes: Any) -> dict[str, Any]:
    return {
        "position": b64("10"),
        "operation": "create",
        "metadata": {"opencdc.version": "v1"},
        "key": b64("key-1"),
        "payload": {"before": None, "after": b64("a text")},
        **changes,
    }


def read(value: Any, mode: RawMode = "auto", line: int = 1) -> Change:
    return opencdc_reader(mode)(json.dumps(value).encode(), line)


def bad(value: Any, mode: RawMode = "auto") -> BadRecord:
    with pytest.raises(BadRecord) as caught:
        read(value, mode)
    return caught.value


def test_a_raw_record_is_text() -> None:
    change = read(record(), line=7)
    assert (change.line, change.position, change.order) == (7, "MTA=", "10")
    assert (change.key, change.key_value, change.path) == (b64("key-1"), "key-1", "key-1")
    assert (change.deletes, change.content, change.collection) == (False, "a text", "")
    assert change.metadata == {"opencdc.version": "v1"}


def test_the_line_is_kept_as_it_was() -> None:
    line = b' {"operation":"delete" , "key":"a"}'
    assert opencdc_reader("auto")(line, 1).raw is line


def test_a_structured_record_of_postgres_has_its_table_in_its_identity() -> None:
    position = '{"type":2,"last_lsn":"0/16B3748"}'
    after = {"id": 1, "name": "Ada", "tags": ["x"]}
    change = read(
        record(
            position=b64(position),
            operation="update",
            metadata={"opencdc.collection": "users", "postgres.table": "users"},
            key={"id": 1},
            payload={"before": {"id": 1, "name": "A"}, "after": after},
        )
    )
    assert change.order == position
    assert (change.path, change.key_value, change.collection) == ('users/{"id":1}', {"id": 1}, "users")
    assert change.content == after


@pytest.mark.parametrize("operation", ["create", "update", "snapshot"])
def test_these_operations_put_a_document(operation: str) -> None:
    assert read(record(operation=operation)).deletes is False


@pytest.mark.parametrize("payload", [None, {}, {"before": "eA==", "after": None}, {"before": None, "after": "eA=="}])
def test_a_delete_needs_no_payload(payload: Any) -> None:
    change = read(record(operation="delete", payload=payload))
    assert (change.deletes, change.content, change.path) == (True, None, "key-1")


def test_a_delete_without_any_payload_is_one() -> None:
    value = record(operation="delete")
    del value["payload"], value["metadata"], value["position"]
    change = read(value)
    assert (change.deletes, change.position, change.order, change.metadata) == (True, None, "", {})


def test_keys_in_base64_and_as_text_are_one_key() -> None:
    assert read(record(key=b64("key-1"))).path == read(record(key="key-1")).path == "key-1"


@pytest.mark.parametrize(
    ("key", "path"),
    [(7, "7"), ({"b": 1, "a": "x"}, '{"a":"x","b":1}'), ([1, 2], "[1,2]"), (b64(b"\xff\xfe"), "//4="), (True, "true")],
)
def test_other_keys_are_taken_too(key: Any, path: str) -> None:
    assert read(record(key=key)).path == path


@pytest.mark.parametrize("key", [None, "", {}, []])
def test_a_record_without_a_key_is_bad(key: Any) -> None:
    found = bad(record(key=key))
    assert (found.code, found.position) == ("no-key", "MTA=")


def test_a_record_whose_payload_is_bytes_keeps_them() -> None:
    assert read(record(payload={"after": b64(b"\x89PNG\r\n\x1a\n")})).content == b"\x89PNG\r\n\x1a\n"


def test_a_payload_may_be_a_list() -> None:
    assert read(record(payload={"after": [1, {"a": "x"}]})).content == [1, {"a": "x"}]


def test_an_empty_payload_is_an_empty_text() -> None:
    assert read(record(payload={"after": ""})).content == ""


def test_text_is_taken_as_it_is_where_that_was_told() -> None:
    change = read(record(key="Zm9v", payload={"after": "YmFy"}), "text")
    assert (change.path, change.content) == ("Zm9v", "YmFy")


def test_strings_that_are_not_base64_are_bad_where_base64_was_told() -> None:
    assert bad(record(payload={"after": "plain text"}), "base64").code == "not-text"
    found = bad(record(key="plain text"), "base64")
    assert (found.code, found.key) == ("no-key", "plain text")


@pytest.mark.parametrize(
    ("value", "order"),
    [
        ("MTA=", "10"),
        ("10", "10"),
        ("1400", "1400"),
        ("not base64", "not base64"),
        (b64(b"\xff\xfe"), "//4="),
        (17, "17"),
        ({"b": 1, "a": "x"}, '{"a":"x","b":1}'),
        (None, ""),
        ("", ""),
        ({"a": float("1e400")}, ""),
        ("\ud800x", ""),
        ({"a": "\ud800"}, ""),
        ("a\0b", ""),
    ],
)
def test_the_order_comes_from_the_position(value: Any, order: str) -> None:
    line = json.dumps(record(position=value)).replace("Infinity", "1e400").encode()
    change = opencdc_reader("auto")(line, 1)
    assert change.order == order
    assert change.position == value


@pytest.mark.parametrize(
    ("operation", "metadata", "order"),
    [
        ("update", {"opencdc.readAt": "1663858188836816000"}, "7~1663858188836816000"),
        ("snapshot", {"opencdc.readAt": "1663858188836816000"}, "7~s1663858188836816000"),
        ("snapshot", {}, "7~s"),
        ("snapshot", {"opencdc.readAt": 5}, "7~s"),
        ("create", {"opencdc.readAt": "yesterday"}, "7"),
    ],
)
def test_the_order_says_whether_and_when_a_snapshot_was_read(operation: str, metadata: Any, order: str) -> None:
    line = json.dumps(record(position="7", operation=operation, metadata=metadata)).encode()
    assert opencdc_reader("auto")(line, 1).order == order


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"operation": "upsert"}, "The operation is 'upsert'. It must be create"),
        ({"operation": None}, "The operation is null"),
        ({"operation": ["create"]}, "The operation is a list"),
        ({"payload": None}, "no payload.after"),
        ({"payload": "text"}, "no payload.after"),
        ({"payload": {"before": "eA=="}}, "no payload.after"),
        ({"payload": {"after": None}}, "no payload.after"),
        ({"payload": {"after": 5}}, "payload.after is a number, not text"),
        ({"payload": {"after": True}}, "payload.after is a boolean"),
        ({"metadata": []}, "metadata of the record is a list"),
        (
            {
                "metadata": {
                    "opencdc.file.chunked": "true",
                    "opencdc.file.chunk.index": "2",
                    "opencdc.file.chunk.count": "9",
                }
            },
            "piece of a file ('2' of '9')",
        ),
    ],
)
def test_what_is_no_record_says_why_and_where(changes: dict[str, Any], reason: str) -> None:
    found = bad(record(**changes))
    assert found.code == "not-a-record"
    assert reason in found.reason
    assert (found.position, found.key) == ("MTA=", b64("key-1"))


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ({}, "An OpenCDC record has position"),
        ({"op": "c", "after": {}}, "--format debezium/json"),
        ({"schema": None, "payload": {"op": "c", "after": {}}}, "--format debezium/json"),
        ({"topic": "t", "partition": 0, "offset": 5, "key": None, "payload": "{}"}, "without -J"),
    ],
)
def test_records_of_other_kinds_are_told_by_name(value: Any, hint: str) -> None:
    found = bad(value)
    assert found.code == "not-a-record"
    assert hint in found.reason


def test_a_collection_that_is_no_name_is_none() -> None:
    assert read(record(metadata={"opencdc.collection": 5})).path == "key-1"
    assert read(record(metadata=None)).path == "key-1"


def test_a_collection_that_is_no_unicode_is_bad() -> None:
    found = bad(record(metadata={"opencdc.collection": "\ud800x"}, position="MQ=="))
    assert (found.code, found.position) == ("no-key", "MQ==")


@pytest.mark.parametrize(
    ("line", "format"),
    [
        ({"topic": "t", "offset": 5, "key": None, "payload": "{}"}, "debezium/json"),
        ({"op": "c", "after": {}}, "debezium/json"),
        ({"id": 1}, "--format json"),
    ],
)
def test_a_record_of_another_format_names_it(line: Any, format: str) -> None:
    assert format in bad(line).reason
